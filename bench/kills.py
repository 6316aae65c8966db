"""Kills the server while sections are saved, and asks whether what it acknowledged is there: `kills.py --kills 200`.

Works on the database of DATABASE_URL, or that of HINDSIGHT_DATA, and adds three incidents and a person to it: use one
of your own. `--syncs` kills nothing: it counts what the server writes out to the disk (strace) while so many saves are
acknowledged.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
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
from tests.killing import killed, synced  # noqa: E402


def main() -> None:
    """Kill so many times; ends with 1 when anything was lost or half written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="How often (default: 50).")
    parser.add_argument("--moment", type=float, default=1.0, help="Seconds at most between a save and a kill (1).")
    parser.add_argument("--syncs", type=int, default=0, help="Count what is synced to the disk in so many saves.")
    given = parser.parse_args()
    call_command("migrate", interactive=False, verbosity=0)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        if given.syncs:
            saved, synced_to_disk = synced(Path(place), given.syncs)
            print(f"{connection.vendor}: {saved} saves acknowledged, {synced_to_disk} fdatasync or fsync of the server")
            sys.exit(0 if synced_to_disk >= saved or connection.vendor != "sqlite" else 1)
        saved, wrong = killed(Path(place), given.kills, Random(), moment=given.moment)  # noqa: S311
    wrong += search.check()
    print(f"{connection.vendor}: {given.kills} kills, {saved:,} saves acknowledged, {time.monotonic() - began:,.0f} s")
    print("\n".join(f"  {said}" for said in wrong) or "  nothing lost, nothing half written")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
