"""Whether the time of an answer tells that a restricted incident is there: `timing.py --samples 1000`.

Over the database of DATABASE_URL, or that of HINDSIGHT_DATA: adds restricted incidents in a transaction that is taken
back, and asks, as somebody who is not signed in, in turn for what is hidden, for what never was, and for another thing
that never was. The difference between the last two is what the measurement itself is worth.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.contrib.auth.models import AnonymousUser  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from actionables.models import Actionable  # noqa: E402
from postmortems.models import Incident  # noqa: E402
from postmortems.refresh import refresh_incident  # noqa: E402
from postmortems.search import suggest  # noqa: E402

NUMBER, HIDDEN = 999_990_000, 20
WORD, NEVER, OTHER = "quaggaword", "wombatword", "dingoesword"
NOBODY = AnonymousUser()
# What is asked: hidden, never there, never there either. All of one length.
PAGES = {
    "page of an incident": "/incidents/{0}-0/",
    "page by its former address": "/incidents/former-{0}-0/",
    "list, searching a word": "/incidents/?q={0}",
    "list, searching a phrase": "/incidents/?q=%22{0}+overload%22",
    "list, searching a beginning": "/incidents/?q={0:.6}",
}


def add_hidden() -> None:
    """Restricted incidents that have a word of their own."""
    for place in range(HIDDEN):
        incident = Incident(
            title=f"The {WORD} overload", slug=f"former-{WORD}-{place}", number=NUMBER + place, status="published",
            visibility="restricted", severity="SEV1", summary=f"{WORD} overload again. " * 20, impact=WORD * 40,
        )  # fmt: skip
        incident.save()
        incident.slug = f"{WORD}-{place}"
        incident.save()
        Actionable.objects.create(number=NUMBER + place, incident=incident, title=f"{WORD} work", kind="prevent")
        refresh_incident(incident)


def asked() -> dict[str, list[Callable[[], object]]]:
    """For each kind of question: of what is hidden, of what never was, and of something else that never was."""
    client = Client(raise_request_exception=False, headers={"host": settings.ALLOWED_HOSTS[0]})
    found: dict[str, list[Callable[[], object]]] = {}
    for name, page in PAGES.items():
        words = (f"{WORD:x<11}"[:11], f"{NEVER:x<11}"[:11], OTHER) if "beginning" in name else (WORD, NEVER, OTHER)
        found[name] = [_get(client, page.format(word)) for word in words]
    for kind in ("INC", "ACT"):
        numbers = (NUMBER, NUMBER + 5_000, NUMBER + 6_000)
        found[f"{kind}-n"] = [_get(client, f"/{kind}-{number}") for number in numbers]
    found["suggestions"] = [_suggest(word) for word in (WORD, NEVER, OTHER)]
    return found


def _get(client: Client, address: str) -> Callable[[], object]:
    return lambda: client.get(address)


def _suggest(word: str) -> Callable[[], object]:
    return lambda: suggest(word, NOBODY)


def timed(questions: list[Callable[[], object]], samples: int, clock: Callable[[], float]) -> list[list[float]]:
    """Milliseconds of each question, asked in turn in an order that chance decides; no garbage is collected within."""
    times: list[list[float]] = [[] for _ in questions]
    order = list(range(len(questions)))
    random = Random(1)  # noqa: S311
    for number in range(samples + 20):
        random.shuffle(order)
        for place in order:
            before = clock()
            questions[place]()
            spent = clock() - before
            if number >= 20:
                times[place].append(spent * 1000)
        if number % 50 == 0:
            gc.collect()
    return times


def chance(one: list[float], two: list[float], rounds: int = 400) -> float:
    """How often two medians differ as much when it is drawn by lot which sample is whose (a permutation test)."""
    random = Random(2)  # noqa: S311
    seen, both, more = abs(median(one) - median(two)), [*one, *two], 0
    for _ in range(rounds):
        random.shuffle(both)
        more += abs(median(both[: len(one)]) - median(both[len(one) :])) >= seen
    return (more + 1) / (rounds + 1)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000, help="Of each address (default: 1000).")
    parser.add_argument(
        "--wall", action="store_true", help="Time as a visitor sees it, not processor time; for PostgreSQL."
    )
    given = parser.parse_args()
    clock = time.perf_counter if given.wall else time.thread_time
    logging.disable(logging.CRITICAL)
    gc.disable()
    print(f"{Incident.objects.count():,} incidents on {connection.vendor}, {given.samples:,} samples, milliseconds")
    print(f"{'':28} {'hidden':>8} {'never':>8} {'other':>8} {'hidden - never':>16} {'never - other':>14}")
    with transaction.atomic():
        add_hidden()
        for name, questions in asked().items():
            hidden, never, other = timed(questions, given.samples, clock)
            ours, noise = median(hidden) - median(never), median(never) - median(other)
            print(
                f"{name:28} {median(hidden):8.3f} {median(never):8.3f} {median(other):8.3f} "
                f"{ours:+9.3f} {ours / median(never):+7.1%} {noise:+14.3f}   "
                f"by lot as often: {chance(hidden, never):.1%}, {chance(never, other):.1%}",
                flush=True,
            )
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
