"""Fills the database of DATABASE_URL, or that of HINDSIGHT_DATA, with made-up incidents: `generate.py 10000`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import django
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")
django.setup()

from bench.drafts import USUAL  # noqa: E402 - needs the settings
from bench.loading import analyse, fill  # noqa: E402


def _say(words: str) -> None:
    print(f"\r{words}   ", end="", flush=True)


def main() -> None:
    """Migrate, fill, let the planner look, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="How many incidents to add.")
    parser.add_argument("--seed", type=int, default=1, help="The same seed gives the same incidents (default: 1).")
    parser.add_argument("--without-search", action="store_true", help="Leave the search index to `manage.py reindex`.")
    parser.add_argument("--actionables", type=float, default=USUAL, help=f"Of an incident, on average ({USUAL}).")
    given = parser.parse_args()
    begun = time.perf_counter(), time.process_time()
    call_command("migrate", interactive=False, verbosity=0)
    index = fill(given.count, given.seed, _say, searchable=not given.without_search, work=given.actionables)
    size = analyse()
    wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    print(f"\r{given.count:,} incidents in {wall:.0f} s ({cpu:.0f} s of CPU, the search index {index:.0f} s of them); "
          f"the database holds {size / 1e6:,.0f} MB.")  # fmt: skip


if __name__ == "__main__":
    main()
