"""`manage.py recount`: the tallies of follow-through, made anew or only checked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from actionables import occurrences, tallying
from postmortems.models import Edition

SHOWN = 20


class Command(BaseCommand):
    """Counts per owner, service and month, which follow every change by themselves."""

    help = (
        "Count actionables per owner, service and month, and what is reckoned of causes in incidents, anew, while the "
        "site is used. Both follow every change by themselves; only what was written to the database by hand needs "
        "this. With --check nothing is written: it names what is wrong, and ends with status 1 if anything is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to look only."""
        parser.add_argument("--check", action="store_true", help="Compare with what is stored, and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, or compare."""
        if not options["check"]:
            wrong, others = tallying.rebuild(), occurrences.rebuild()
            Edition.renew()
            self.stdout.write(f"Counted; {wrong} incident{'' if wrong == 1 else 's'} had to be counted otherwise.")
            if others:
                self.stdout.write(f"{others} rows of causes in incidents were wrong.")
        elif found := [*tallying.differences(), *occurrences.differences()]:
            more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
            raise CommandError("\n".join(["The tallies are wrong:", *found[:SHOWN], *more]))
        else:
            self.stdout.write("The tallies are right.")
