"""Filters of the incident list: every one a plain repeated parameter of the address."""

from __future__ import annotations

import re
from copy import copy
from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet

from .models import Detection, Incident, IncidentCause, Severity, Status
from .models.incidents import NEWEST
from .ordering import KnownFirstDescending
from .rows import linked
from .search_qualifiers import days_of

UNKNOWN_YEAR = "unknown"
# What only the index of the search can tell.
BESIDE = {"owner": "Owner", "has": "Has", "after": "From", "before": "Before"}
PARTS = {"timeline": "Timeline", "actionables": "Actionables", "causes": "Causes", "links": "Links"}
NAMED = "-named"  # behind the name of a filter: what was typed as a name, which becomes the filter
# The orders of a list; a search adds relevance, which is its own.
SORTS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "severity": "Worst first",
    "longest": "Longest first",
}
ORDERS = {
    "newest": NEWEST,
    "oldest": (F("occurred_at").asc(nulls_last=True), "number"),
    "severity": ("severity", *NEWEST),
    "longest": (KnownFirstDescending("lasted"), F("number").desc()),
}


def is_year(value: str) -> bool:
    """1000 to 9998, so that the year after it is still one."""
    return bool(re.fullmatch(r"[1-9][0-9]{3}", value)) and value != "9999"


MOST_VALUES = 50


class ValuesField(forms.MultipleChoiceField):
    """Repeated values, at most 50, that need not be in a list; what matches nothing simply finds nothing."""

    def to_python(self, value: Any) -> list[str]:
        """Without what was left empty."""
        return [one for one in super().to_python(value) if one.strip()]

    def validate(self, value: list[str]) -> None:
        """Not more than a person chooses: databases limit how long a condition may be."""
        super().validate(value)
        if len(value) > MOST_VALUES:
            raise forms.ValidationError(f"More than {MOST_VALUES} values.")

    def valid_value(self, value: Any) -> bool:
        """Any short text without control characters."""
        return len(value) <= 120 and value.isprintable()


class YearsField(ValuesField):
    """Years of four digits, or "unknown" for incidents without a date."""

    def valid_value(self, value: Any) -> bool:
        """A year, or that there is none."""
        return value == UNKNOWN_YEAR or is_year(value)


class DayField(forms.CharField):
    """A day, or the first one of a month or year, as in 2015-08-12, 2015-08 and 2015."""

    def clean(self, value: Any) -> str:
        """The day in full; empty when there is none."""
        text = str(super().clean(value) or "").strip()
        days = days_of("after", text) if text else ("", "")
        if days is None:
            raise forms.ValidationError("Not a date as in 2015-08-12.")
        return days[0]


class Day(django_filters.CharFilter):
    """A filter over `DayField`."""

    field_class = DayField


class Values(django_filters.MultipleChoiceFilter):
    """A filter over `ValuesField`."""

    field_class = ValuesField


class Years(django_filters.MultipleChoiceFilter):
    """A filter over `YearsField`."""

    field_class = YearsField


class Declared(dict[str, django_filters.Filter]):
    """Declared filters; django-filter copies them for each request, and deep copies are half a page's work."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Declared:
        copies = {name: copy(declared) for name, declared in self.items()}
        for one in copies.values():
            one.method = one.method  # setting it ties it to the copy
        return Declared(copies)


class IncidentFilter(django_filters.FilterSet):
    """What the list can be narrowed to; values of one kind are alternatives, kinds must all hold.

    `chosen` maps organisation, service and cause to the ids of the chosen ones; set it before asking for incidents.
    """

    organisation = Values(method="by_organisation")
    service = Values(method="by_service")
    cause = Values(method="by_cause")
    severity = django_filters.MultipleChoiceFilter(choices=Severity.choices, method="one_of")
    year = Years(method="by_year")
    detection = django_filters.MultipleChoiceFilter(choices=Detection.choices, method="one_of")
    status = django_filters.MultipleChoiceFilter(choices=Status.choices, method="one_of")
    owner = Values(method="as_indexed")
    has = django_filters.MultipleChoiceFilter(choices=list(PARTS.items()), method="as_indexed")
    after = Day(method="as_indexed")
    before = Day(method="as_indexed")
    sort = django_filters.ChoiceFilter(choices=(("relevance", ""), *SORTS.items()), method="in_order")

    chosen: dict[str, list[int]]
    form_class: type[forms.Form] | None = None

    class Meta:
        model = Incident
        fields: list[str] = []

    def get_form_class(self) -> type[forms.Form]:
        """Made once: django-filter makes a class for each request, which is dearer than the form."""
        if IncidentFilter.form_class is None:
            IncidentFilter.form_class = super().get_form_class()
        return IncidentFilter.form_class

    def understood(self) -> dict[str, Any]:
        """The given values that make sense, by name."""
        self.form.is_valid()
        return self.form.cleaned_data

    def values(self) -> dict[str, list[str]]:
        """The same as lists, also where there is only one, without the order."""
        given = {name: value for name, value in self.understood().items() if name != "sort" and value}
        return {name: value if isinstance(value, list) else [value] for name, value in given.items()}

    def needs_index(self) -> bool:
        """Whether something is chosen that `qs` does not narrow down to: ask `search` then."""
        return any(self.understood().get(name) for name in BESIDE)

    def as_indexed(self, incidents: QuerySet[Incident], name: str, value: Any) -> QuerySet[Incident]:
        """What the index of the search narrows down to."""
        return incidents

    def one_of(self, incidents: QuerySet[Incident], name: str, values: list[str]) -> QuerySet[Incident]:
        """A column with one of the values."""
        return incidents.filter(**_equal(name, values))

    def by_organisation(self, incidents: QuerySet[Incident], name: str, values: list[str]) -> QuerySet[Incident]:
        """Of one of the chosen organisations."""
        return incidents.filter(**_equal("organisation", self.chosen["organisation"]))

    def by_service(self, incidents: QuerySet[Incident], name: str, values: list[str]) -> QuerySet[Incident]:
        """That hit one of the chosen services."""
        links = Incident.services.through.objects.filter(**_equal("service", self.chosen["service"]))
        return linked(incidents, links)

    def by_cause(self, incidents: QuerySet[Incident], name: str, values: list[str]) -> QuerySet[Incident]:
        """That show one of the chosen causes."""
        links = IncidentCause.objects.filter(**_equal("cause", self.chosen["cause"]))
        return linked(incidents, links)

    def by_year(self, incidents: QuerySet[Incident], name: str, values: list[str]) -> QuerySet[Incident]:
        """Dated in one of the years (UTC), or not dated at all."""
        condition = Q()
        for value in values:
            condition |= Q(occurred_at__isnull=True) if value == UNKNOWN_YEAR else _within(int(value))
        return incidents.filter(condition)

    def in_order(self, incidents: QuerySet[Incident], name: str, value: str) -> QuerySet[Incident]:
        """Sorting comes last, see `ordered`."""
        return incidents

    def ordered(self) -> QuerySet[Incident]:
        """The matching incidents in the chosen order (newest first when none was chosen)."""
        return self.qs.order_by(*ORDERS[self.order])

    @property
    def order(self) -> str:
        """The chosen order."""
        sort = self.form.cleaned_data.get("sort")
        return sort if sort in ORDERS else "newest"

    def notices(self) -> list[str]:
        """What of the address was not understood and is therefore ignored, in words."""
        known = {*self.filters, "q", "page", *(f"{name}{NAMED}" for name in ("organisation", "service", "cause"))}
        odd = [f"There is no filter named “{name}”; it is ignored." for name in self.data if name not in known]
        wrong = [f"The value given for {name} is not one it can have; it is ignored." for name in self.errors]
        return (odd + wrong)[:5]


IncidentFilter.base_filters = Declared(IncidentFilter.base_filters)  # type: ignore[attr-defined]


def _equal(column: str, values: list[Any]) -> dict[str, Any]:
    """A plain comparison for a single value: databases walk an index in order for it, but not for a list."""
    return {column: values[0]} if len(values) == 1 else {f"{column}__in": values}


def _within(year: int) -> Q:
    return Q(occurred_at__gte=datetime(year, 1, 1, tzinfo=UTC), occurred_at__lt=datetime(year + 1, 1, 1, tzinfo=UTC))
