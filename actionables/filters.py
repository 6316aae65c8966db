"""Filters of the actionables table: every one a plain repeated parameter of the address."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.utils import timezone

from postmortems.filters import Declared, Values
from postmortems.models import Cause
from postmortems.rows import linked

from .models import UNFINISHED, Actionable, Kind, Status

STATUSES = {"unfinished": "Unfinished", **dict(Status.choices)}
DUE = {"overdue": "Overdue", "none": "No date"}
NO_OWNER = "none"
SORTS = {"newest": "Newest first", "due": "Due first"}
ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": ("-number",),
    "due": (F("due_on").asc(nulls_last=True), "number"),
}


class ActionableFilter(django_filters.FilterSet):
    """Status, kind, owner, due date, cause; values of one kind are alternatives, kinds must all hold."""

    status = django_filters.MultipleChoiceFilter(choices=tuple(STATUSES.items()), method="by_status")
    kind = django_filters.MultipleChoiceFilter(choices=Kind.choices, method="by_kind")
    owner = Values(method="by_owner")
    due = django_filters.ChoiceFilter(choices=tuple(DUE.items()), method="by_due")
    cause = Values(method="by_cause")
    sort = django_filters.ChoiceFilter(choices=tuple(SORTS.items()), method="keep")

    class Meta:
        model = Actionable
        fields: list[str] = []

    def by_status(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """One of the statuses; "unfinished" stands for open, in progress and blocked."""
        wanted = {value for value in values if value != "unfinished"}
        return rows.filter(status__in=wanted | set(UNFINISHED if "unfinished" in values else ()))

    def by_kind(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """One of the kinds."""
        return rows.filter(kind__in=values)

    def by_owner(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """One of the owners; "none" stands for nobody."""
        return rows.filter(owner__in=["" if value == NO_OWNER else value for value in values])

    def by_due(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Unfinished and overdue today, or unfinished without a date."""
        unfinished = rows.filter(status__in=UNFINISHED)
        if value == "overdue":
            return unfinished.filter(due_on__lt=timezone.now().date())
        return unfinished.filter(due_on=None)

    def by_cause(self, rows: QuerySet[Actionable], name: str, values: list[str]) -> QuerySet[Actionable]:
        """Aimed at one of the causes, by slug."""
        causes = Cause.objects.filter(slug__in=values)
        aimed = Actionable.causes.through.objects.filter(cause__in=causes)
        return linked(rows, aimed, "actionable_id")

    def keep(self, rows: QuerySet[Actionable], name: str, value: str) -> QuerySet[Actionable]:
        """Sorting comes last, see `ordered`."""
        return rows

    @property
    def order(self) -> str:
        """The chosen order."""
        return self.form.cleaned_data.get("sort") or "newest"

    def ordered(self) -> QuerySet[Actionable]:
        """The matching actionables in the chosen order."""
        return self.qs.order_by(*ORDERS[self.order])

    def notices(self) -> list[str]:
        """What of the address was not understood and is therefore ignored, in words."""
        known = {*self.filters, "page"}
        odd = [f"There is no filter named “{name}”; it is ignored." for name in self.data if name not in known]
        wrong = [f"The value given for {name} is not one it can have; it is ignored." for name in self.errors]
        return (odd + wrong)[:5]


ActionableFilter.base_filters = Declared(ActionableFilter.base_filters)  # type: ignore[attr-defined]
