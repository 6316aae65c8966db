"""`manage.py tell_watchers`: mail to whoever watches a cause that came back, or an incident that was changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from postmortems.mail import letter, named, site
from postmortems.models import CauseWatch, Incident
from postmortems.watching import TELLERS, tell_all


class Command(BaseCommand):
    """One mail for each watched cause with new incidents, and for each watched incident with new versions."""

    help = (
        "Mail people about what they watch: a cause that came back, changes of an incident. Run it every few minutes."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many."""
        sent = tell_all(_send) + sum(tell() for tell in TELLERS)
        if options["verbosity"]:
            self.stdout.write(f"Sent {sent} message{'' if sent == 1 else 's'}.")


def _send(watch: CauseWatch, incidents: list[Incident]) -> None:
    letter(watch.user, f"It came back: {watch.cause.name}", _text(watch, incidents)).send()


def _text(watch: CauseWatch, incidents: list[Incident]) -> str:
    lines = [f"{named(one, one)}\n{site()}{one.get_absolute_url()}" for one in incidents]
    about = f"{site()}{watch.cause.get_absolute_url()}"
    return "\n\n".join(
        [f"The cause “{watch.cause.name}” was seen in:", *lines, f"All of it: {about}", "You watch this cause."]
    )
