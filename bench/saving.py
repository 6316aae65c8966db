"""Times saving a section against one insert and one update: `saving.py` with the DATABASE_URL of a filled database.

Each save is a whole request (session, form, version, what is derived, search index) to the application in this process;
the floor is one transaction that adds a row and changes another on the same database. Saves stay in the database.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")
django.setup()

from django.conf import settings  # noqa: E402 - needs the settings
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from kb.accounts.roles import give_role  # noqa: E402
from kb.filing import SECTIONS  # noqa: E402
from postmortems.models import Incident, Unsaved  # noqa: E402

WORST = 3  # times the floor that are wanted at most


def timed(work: Callable[[int], None], count: int) -> tuple[float, float]:
    """Median milliseconds of clock and of processor time."""
    clock, processor = [], []
    for number in range(count):
        began, used = time.perf_counter(), time.process_time()
        work(number)
        clock.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - used) * 1000)
    return statistics.median(clock), statistics.median(processor)


def main() -> None:
    """Time both, and say how many times the floor a save is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="How many of each (default: 60).")
    given = parser.parse_args()
    settings.ALLOWED_HOSTS.append("testserver")
    person, _ = User.objects.get_or_create(username="saving")
    give_role(person, "Author")
    client, random = Client(), Random(1)  # noqa: S311
    client.force_login(person)
    numbers = list(Incident.objects.filter(is_open=1).values_list("number", flat=True)[:2_000])
    chosen = [Incident.objects.get(number=number) for number in random.sample(numbers, given.count)]
    forms = [{**section_of(incident), "impact": f"{incident.impact}\n\nOne line more."} for incident in chosen]

    def save(number: int) -> None:
        answer = client.post(f"/INC-{chosen[number].number}/edit/impact/", forms[number])
        assert answer.status_code == 302, answer.status_code

    def floor(number: int) -> None:
        with transaction.atomic():
            Unsaved.objects.create(
                user=person, place=f"bench {number} {time.time()}", fields=forms[number]["impact"], at=timezone.now()
            )
            Incident.objects.filter(pk=chosen[number].pk).update(responders=f"bench {number}")

    save(0)
    forms[0] = {**section_of(Incident.objects.get(pk=chosen[0].pk)), "impact": "Again."}
    least, saved = timed(floor, given.count), timed(save, given.count)
    Unsaved.objects.filter(user=person).delete()
    print(f"{connection.vendor}, {Incident.objects.count():,} incidents, median of {given.count}:")
    for name, (clock, processor) in (("one insert and one update", least), ("a save of a section", saved)):
        print(f"  {name}: {clock:.1f} ms, of them {processor:.1f} ms of this processor")
    print(f"  {saved[0] / least[0]:.1f} times the floor; wanted at most {WORST}")


def section_of(incident: Incident) -> dict[str, str]:
    """What a browser would send of the section, untouched."""
    form = SECTIONS["impact"].form(instance=incident)  # type: ignore[call-arg]
    return {**form.shown(), "marks": form.marks()}


if __name__ == "__main__":
    main()
