"""Named queries over actionables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from postmortems.models import Incident
from postmortems.momentfields import columns
from postmortems.moments import Precision

from .choices import FINISHED

if TYPE_CHECKING:
    import datetime

    from postmortems.access import Reader

    from .actionables import Actionable

SOON = timedelta(days=14)


class ActionableQuerySet(models.QuerySet["Actionable"]):
    """Named queries over actionables."""

    def visible_to(self, user: Reader) -> ActionableQuerySet:
        """Those of incidents this reader may see."""
        # EXISTS, not a join: the database then walks the actionables in their own order and stops when it has enough.
        return self.filter(Exists(Incident.objects.visible_to(user).filter(pk=OuterRef("incident_id"))))

    def main(self) -> ActionableQuerySet:
        """Without those that were only considered as a way of doing another."""
        return self.filter(alternative_to=None)

    def unfinished(self) -> ActionableQuerySet:
        """Open, in progress or blocked."""
        return self.filter(unfinished=1)

    def overdue(self, today: datetime.date) -> ActionableQuerySet:
        """Unfinished with a due date before `today`."""
        return self.unfinished().filter(due_on__lt=today)

    def due_soon(self, today: datetime.date) -> ActionableQuerySet:
        """Unfinished and due within 14 days, today included."""
        return self.unfinished().filter(due_on__gte=today, due_on__lte=today + SOON)

    def undated(self) -> ActionableQuerySet:
        """Unfinished without a due date."""
        return self.unfinished().filter(due_on=None)

    def settle(self) -> int:
        """Work out anew when each was opened and closed, from its history (one query); returns how many there are.

        It was opened with a first change that comes from nothing, and closed with its last when it is finished.
        """
        history = apps.get_model("actionables", "StatusChange").objects.filter(actionable=OuterRef("pk"))
        ends = history.filter(to_status__in=FINISHED, actionable__status__in=FINISHED)
        values: dict[str, Any] = {}
        for name, found in (
            ("opened", history.filter(from_status="").order_by("position")),
            ("closed", ends.order_by("-position")),
        ):
            values |= {column.replace("when", name): Subquery(found.values(column)[:1]) for column in columns("when")}
            values[f"{name}_precision"] = Coalesce(values[f"{name}_precision"], Value(str(Precision.UNKNOWN)))
        return self.update(**values)

    def get_by_natural_key(self, number: int) -> Actionable:
        """The row a fixture means."""
        return self.get(number=number)
