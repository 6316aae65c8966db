"""Asks the database of DATABASE_URL, or that of HINDSIGHT_DATA, hostile questions: `hostile.py 10000`.

Each text goes through the search with its passages and suggestions, and each address through the whole page. Says what
went wrong, and the processor time of single calls; on PostgreSQL with that of the server's process.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
django.setup()

from django.conf import settings as django_settings  # noqa: E402 - needs the settings
from django.contrib.auth.models import AnonymousUser  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis.strategies import SearchStrategy  # noqa: E402

from postmortems import search  # noqa: E402
from postmortems.models import Incident  # noqa: E402
from tests.hostile import ADDRESSES, INJECTED, TEXTS  # noqa: E402

NOBODY = AnonymousUser()
BAR = 100  # milliseconds
AGAIN = 2  # times that what took longer is asked again, because a busy machine adds to it
CLIENT = Client(raise_request_exception=True)
VISITS = count(1)


def ask(text: str) -> str:
    """What a page of results and the box above it ask for; says what is wrong with the answer."""
    results = search.search(text, NOBODY)
    shown = search.passages(results.ids, results.words)
    search.suggest(text[:200], NOBODY)
    html = "".join(str(one.html) for passages in shown.values() for one in passages)
    return "unescaped" if "<" in html.replace("<mark>", "").replace("</mark>", "") else ""


def visit(address: str) -> str:
    """The page at this address, or where it leads with what was typed as parameters; says what is wrong with it."""
    asked = address + "&" * (next(VISITS) % 5)  # pages are kept by address
    response = CLIENT.get("/incidents/", QUERY_STRING=asked, follow=True)
    if response.status_code not in (200, 304, 400):
        return f"status {response.status_code}"
    return "injected" if INJECTED.encode() in response.content else ""


def server_time() -> float:
    """Seconds of processor time of the database server's process for this connection, where it can be seen."""
    if connection.vendor != "postgresql":
        return 0.0
    try:
        pid = connection.connection.info.backend_pid
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except (AttributeError, OSError):
        return 0.0


def timed(call: Callable[[str], str], text: str) -> tuple[float, str]:
    """Milliseconds of processor time, and what is wrong."""
    begun = time.process_time() + server_time()
    try:
        said = call(text)
    except Exception:  # noqa: BLE001 - told by `run`
        said = traceback.format_exc(limit=-3)
    return (time.process_time() + server_time() - begun) * 1_000, said


def run(name: str, strategy: SearchStrategy[str], call: Callable[[str], str], most: int, start: int) -> int:
    """Ask so many, print figures and faults; returns the number of faults."""
    spent: list[tuple[float, float, str]] = []
    wrong: dict[str, list[str]] = {}

    @seed(start)
    @settings(max_examples=most, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def every(text: str) -> None:
        first, said = timed(call, text)
        least = min(first, *(timed(call, text)[0] for _ in range(AGAIN))) if first > BAR else first
        spent.append((first, least, text))
        if said:
            wrong.setdefault(said, []).append(text)

    every()
    times = sorted(first for first, _, _ in spent)
    slow = sorted((one for one in spent if one[0] > BAR), key=lambda one: one[1])
    longest = max(least for _, least, _ in spent)
    print(f"{name}: {len(times):,} asked, {sum(map(len, wrong.values()))} wrong; ms of CPU: "
          f"median {times[len(times) // 2]:.1f}, 95 % {times[len(times) * 95 // 100]:.1f}, "
          f"99 % {times[len(times) * 99 // 100]:.1f}, most {times[-1]:.1f}")  # fmt: skip
    print(f"  over {BAR}: {len(slow)}; when asked again {sum(least > BAR for _, least, _ in slow)}, most {longest:.1f}",
          flush=True)  # fmt: skip
    for said, texts in wrong.items():
        print(f"  {len(texts)} x {said.strip()}\n    as for {min(texts, key=len)[:300]!a}")
    for first, least, text in slow[-8:]:
        print(f"  {first:.0f} ms, {least:.0f} at least: {len(text)} characters, {text[:150]!a}")
    return sum(map(len, wrong.values()))


def main() -> None:
    """Ask, and end with 1 when anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="How many to ask; a third of them are addresses.")
    parser.add_argument("--seed", type=int, default=1, help="The same seed asks the same (default: 1).")
    given_ = parser.parse_args()
    django_settings.ALLOWED_HOSTS.append("testserver")
    call_command("collectstatic", interactive=False, verbosity=0)
    ask("restart")
    visit("q=restart")
    print(f"{connection.vendor}, {Incident.objects.count():,} incidents")
    wrong = run("texts", TEXTS, ask, given_.count * 2 // 3, given_.seed)
    wrong += run("addresses", ADDRESSES, visit, given_.count // 3, given_.seed)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
