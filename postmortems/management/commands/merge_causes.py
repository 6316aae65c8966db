"""`manage.py merge_causes FROM INTO`: merge causes that are in very many incidents."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from postmortems.models import Action, Cause, record
from postmortems.taxonomy import merge


class Command(BaseCommand):
    """The same as on the page of a cause, however many incidents it takes."""

    help = "Merge one cause into another, both named by their slugs. Its edit page undoes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("cause")
        parser.add_argument("into")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """In one transaction."""
        try:
            found = [Cause.objects.get(slug=options[name]) for name in ("cause", "into")]
            merge(*found, limited=False)
        except (Cause.DoesNotExist, ValidationError) as error:
            raise CommandError(str(error)) from error
        said = f"merged into {found[1].slug}, by the command line"
        record(Action.TAXONOMY_CHANGED, f"cause {found[0].slug}", detail=said)
        self.stdout.write(f"{found[0].name} was merged into {found[1].name}.")
