"""`manage.py reindex`: bring the search index up to date with the incidents, or say how it differs from them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from postmortems import search


class Command(BaseCommand):
    """Every incident's words, and the vocabulary."""

    help = (
        "Bring the search index up to date. Searching and editing go on meanwhile; it can be stopped at any time and "
        "run again. With --check nothing is changed: it lists what is wrong and ends with 1 when anything is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="List differences; change nothing.")
        parser.add_argument("--force", action="store_true", help="Index also what is indexed as it should be.")

    def handle(self, *args: Any, check: bool = False, force: bool = False, **options: Any) -> None:
        """One of the two."""
        if check:
            self._check()
            return
        self.told = options["verbosity"] > 0
        changed = search.rebuild(self._say, force=force)
        if self.told:
            self.stdout.write(f"{changed:,} incidents indexed anew; the others were as they should be.")

    def _check(self) -> None:
        wrong = search.check()
        for line in wrong[:100]:
            self.stdout.write(line)
        if wrong:
            raise CommandError(f"{len(wrong):,} differences. `manage.py reindex` mends them.", returncode=1)
        self.stdout.write("The search index is sound.")

    def _say(self, done: int, of: int) -> None:
        """A line that is written over on a terminal; every tenth part elsewhere."""
        if not self.told:
            return
        if sys.stdout.isatty():
            self.stdout.write(f"\r{done:,} of {of:,}", ending="\n" if done == of else "")
            self.stdout.flush()
        elif done * 10 // of > (done - 50) * 10 // of:
            self.stdout.write(f"{done:,} of {of:,}")
