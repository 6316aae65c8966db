"""Kills what saves and what builds the index, and asks whether the index is sound: `crash.py --kills 50`.

Works on the database of DATABASE_URL, or that of HINDSIGHT_DATA, and adds ten incidents to it: use one of your own.
Three processes save and one builds the index anew, while a reader searches; each kill takes one of the four.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import django
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")
django.setup()

from django.db import connection  # noqa: E402 - needs the settings

from postmortems import search  # noqa: E402
from postmortems.models import Incident  # noqa: E402
from tests.savers import TITLE, faults, prepare, saves, started  # noqa: E402

INCIDENTS = 10
AT_WORK = ("rebuild", "a", "b", "c")


class Reader(threading.Thread):
    """Searches all the while, and counts what it sees that cannot be."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.reads = 0
        self.seen: Counter[str] = Counter()
        self.over = threading.Event()

    def run(self) -> None:
        """Until it is over."""
        while not self.over.is_set():
            self.seen.update(faults(INCIDENTS))
            self.reads += 1
        connection.close()


def killed(random: Random, running: dict[str, subprocess.Popen[str]]) -> list[str]:
    """Kill one after a moment and start it again; returns what is wrong."""
    time.sleep(random.random())
    name = random.choice(AT_WORK)
    ended = [one for one, process in running.items() if process.poll() is not None]
    running[name].send_signal(signal.SIGKILL)
    running[name].wait()
    for one in {name, *ended}:
        running[one] = started(one if one == "rebuild" else str(random.random()))
    return [f"{one} ended by itself" for one in ended]


def main() -> None:
    """Kill so many times; ends with 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="How often (default: 50).")
    given = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    if not Incident.objects.filter(title__startswith=TITLE).exists():
        prepare(INCIDENTS)
    random, reader, before = Random(1), Reader(), saves()  # noqa: S311
    running = {name: started(name) for name in AT_WORK}
    reader.start()
    wrong: Counter[str] = Counter()
    for number in range(1, given.kills + 1):
        wrong.update(killed(random, running))
        if number % 5 == 0:
            wrong.update(_checked(running))
            print(
                f"{number} kills, {saves() - before:,} saves, {reader.reads:,} reads, wrong: {dict(wrong)}", flush=True
            )
    reader.over.set()
    reader.join()
    wrong.update(reader.seen)
    print(
        f"{connection.vendor}: {given.kills} kills, {saves() - before:,} saves, {reader.reads:,} reads of four searches"
    )
    print("\n".join(f"  {count} x {said}" for said, count in wrong.items()) or "  nothing wrong")
    for process in running.values():
        process.kill()
        process.wait()
    sys.exit(1 if wrong else 0)


def _checked(running: dict[str, subprocess.Popen[str]]) -> list[str]:
    """Kill all that is running and say how the index then differs from the incidents; start them again."""
    for process in running.values():
        process.kill()
        process.wait()
    wrong = search.check()
    running.update({name: started(name) for name in AT_WORK})
    return wrong


if __name__ == "__main__":
    main()
