"""`manage.py prune_audit`: the one way out of the audit log."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from postmortems.models import AuditEntry

# Less would let whoever got onto the machine wipe what they have just done in one step.
AT_LEAST, AT_MOST = 30, 36_500


class Command(BaseCommand):
    """Delete old entries of the audit log."""

    help = "Delete entries of the audit log that are older than so many days. That it was done is written into the log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--days", type=int, required=True, help=f"How long entries are kept ({AT_LEAST} or more).")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        """Delete them."""
        if not AT_LEAST <= days <= AT_MOST:
            raise CommandError(f"--days is a number from {AT_LEAST} to {AT_MOST}.")
        number = AuditEntry.objects.all().forget(timezone.now() - timedelta(days=days))
        self.stdout.write(f"{number} entries deleted.")
