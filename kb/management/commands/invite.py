"""`manage.py invite`: a link that makes one account, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from kb.accounts.roles import ROLES
from kb.models import Invitation
from postmortems.models import Action, record


class Command(BaseCommand):
    """Print an invitation."""

    help = "Print a link with which somebody makes their account. It works once, and for a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        roles = [role.lower() for role in ROLES]
        parser.add_argument(
            "role", nargs="?", choices=roles, default="admin", help="What they may do (default: admin)."
        )

        parser.add_argument(
            "--site",
            default=settings.SITE_URL or "http://127.0.0.1:8000",
            help="Where the site is reached (default: SITE_URL, or port 8000 of this machine).",
        )

    def handle(self, *args: Any, role: str, site: str, **options: Any) -> None:
        """Make and print it."""
        secret = Invitation.objects.invite(role.capitalize())
        record(Action.INVITED, role, detail="by the command line")
        self.stdout.write(f"{site.rstrip('/')}{reverse('welcome', args=[secret])}")
        self.stderr.write(f"Makes one account, {role}. Works once, until a day from now. Whoever has it can use it.")
