"""`manage.py tell_watchers`: mail to whoever watches a cause that came back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.management.base import BaseCommand

from postmortems.models import CauseWatch, Incident, Visibility
from postmortems.watching import tell_all


class Command(BaseCommand):
    """One mail for each watched cause with new incidents."""

    help = "Mail people who watch a cause about its new incidents. Run it every few minutes; each is told once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many."""
        sent = tell_all(_send)
        if options["verbosity"]:
            self.stdout.write(f"Sent {sent} message{'' if sent == 1 else 's'}.")


def _send(watch: CauseWatch, incidents: list[Incident]) -> None:
    send_mail(f"It came back: {watch.cause.name}", _text(watch, incidents), None, [watch.user.email])


def _named(incident: Incident) -> str:
    """A restricted one by its reference alone, because mails leave the site."""
    return incident.reference if incident.visibility == Visibility.RESTRICTED else str(incident)


def _text(watch: CauseWatch, incidents: list[Incident]) -> str:
    lines = [f"{_named(one)}\n{settings.SITE_URL}{one.get_absolute_url()}" for one in incidents]
    about = f"{settings.SITE_URL}{watch.cause.get_absolute_url()}"
    return "\n\n".join(
        [f"The cause “{watch.cause.name}” was seen in:", *lines, f"All of it: {about}", "You watch this cause."]
    )
