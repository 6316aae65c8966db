"""`manage.py send_reminders`: mail to the owners of what is due; once a day is enough, more often does no harm."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from actionables.reminders import send_all


class Command(BaseCommand):
    """Reminders and weekly digests."""

    help = (
        "Mail owners before an actionable is due, when it is, and weekly while it is overdue; and once a week all that "
        "is theirs. Run twice, it sends once. Everybody can switch it off for themselves under My work."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many."""
        sent = send_all()
        if options["verbosity"]:
            self.stdout.write(f"Sent {sent} message{'' if sent == 1 else 's'}.")
