"""`manage.py refresh`: what every app keeps worked out, made anew; takes the place of the command of `postmortems`."""

from __future__ import annotations

from typing import Any

from actionables import occurrences, tallying
from actionables.models import Actionable
from postmortems.management.commands import refresh


class Command(refresh.Command):
    """Everything derived from incidents and causes, and from the history of actionables."""

    def handle(self, *args: Any, **options: Any) -> None:
        """When each actionable was opened and closed, what is counted, then the rest, which says that pages are new."""
        Actionable.objects.settle()
        tallying.rebuild()
        occurrences.rebuild()
        super().handle(*args, **options)
