"""`manage.py relearn`: what suggestions and similar incidents go by, made anew or compared with the incidents."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from postmortems import similar, suggest_learning
from postmortems.models import Incident

BATCH = 50


class Command(BaseCommand):
    """The counters of suggestions, and the key terms of every incident."""

    help = (
        "Learn anew from the causes of all incidents, and keep the terms by which similar ones are found. Safe to run "
        "at any time. With --check nothing is changed: it lists what is wrong and ends with 1 when anything is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--check", action="store_true", help="List differences; change nothing.")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        """One of the two."""
        if check:
            self._check()
            return
        ids = list(Incident.objects.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(ids), BATCH):
            with transaction.atomic():
                for incident in Incident.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk"):
                    similar.index(incident)
        changed = suggest_learning.relearn()
        if options["verbosity"]:
            self.stdout.write(f"Learned anew from {changed:,} incidents; the others were as they should be.")

    def _check(self) -> None:
        wrong = suggest_learning.check()
        for line in wrong[:100]:
            self.stdout.write(line)
        if wrong:
            raise CommandError(f"{len(wrong):,} differences. `manage.py relearn` mends them.", returncode=1)
        self.stdout.write("What was learned is sound.")
