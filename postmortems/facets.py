"""What the incident list offers to narrow down by, with counts while a knowledge base is small enough to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, Model, QuerySet, Subquery, Sum, Value, When
from django.http import QueryDict

from .filters import UNKNOWN_YEAR
from .models import Cause, Detection, Edition, IncidentCause, Organisation, Service, Severity, Status
from .models.incidents import Incident, IncidentQuerySet

SHOWN = 10
COUNTED_UP_TO = 300
PLACES: dict[str, type[Model]] = {"organisation": Organisation, "service": Service, "cause": Cause}
TITLES = {
    "organisation": "Organisation", "service": "Service", "cause": "Cause", "severity": "Severity",
    "year": "Year", "detection": "Detected by", "status": "Status",
}  # fmt: skip


@dataclass(slots=True)
class Option:
    """One value of a facet; `count` is None where it was not counted."""

    value: str
    label: str
    chosen: bool
    count: int | None = None


@dataclass(slots=True)
class Facet:
    """One kind of filter with its values."""

    name: str
    title: str
    options: list[Option]


class Facets:
    """The facets of one request: what is chosen, what can be (four queries; one to four more to count)."""

    def __init__(self, data: QueryDict, visible: IncidentQuerySet) -> None:
        self.data = data
        self.visible = visible
        self.chosen: dict[str, list[int]] = {}
        self.options: dict[str, list[Option]] = {}
        for name, model in PLACES.items():
            self._look_up(name, model)
        for name, choices in (("severity", Severity), ("detection", Detection), ("status", Status)):
            self.options[name] = [self._option(name, value, str(label)) for value, label in choices.choices]
        self.options["year"] = [self._option("year", *year) for year in self._years()]

    def _option(self, name: str, value: str, label: str) -> Option:
        return Option(value, label, value in self.data.getlist(name))

    def _look_up(self, name: str, model: type[Model]) -> None:
        """The chosen ones first, then the first few others by name (causes: by how often they occur)."""
        wanted = [value for value in self.data.getlist(name) if value.isprintable()][:50]
        rows: QuerySet[Any] = model._default_manager.annotate(
            chosen=Case(When(slug__in=wanted, then=Value(0)), default=Value(1), output_field=IntegerField())
        )
        if model is Cause:
            rows = rows.annotate(total=Sum("years__incidents")).order_by(
                "chosen", F("total").desc(nulls_last=True), "name"
            )
        else:
            rows = rows.order_by("chosen", "name")
        found = list(rows.values_list("pk", "slug", "name")[: SHOWN + len(wanted)])
        self.chosen[name] = [pk for pk, slug, _ in found if slug in wanted]
        self.options[name] = [self._option(name, slug, label) for _, slug, label in found]

    def _years(self) -> list[tuple[str, str]]:
        """The newest years down to the oldest that has an incident, those asked for, and "date unknown"."""
        dated = self.visible.filter(occurred_at__isnull=False).values("occurred_at")
        ends = Edition.objects.annotate(
            newest=Subquery(dated.order_by("-occurred_at")[:1]), oldest=Subquery(dated.order_by("occurred_at")[:1])
        )
        newest, oldest = ends.values_list("newest", "oldest").first() or (None, None)
        years = list(range(newest.year, oldest.year - 1, -1))[:SHOWN] if newest and oldest else []
        asked = {int(value) for value in self.data.getlist("year") if value.isdecimal() and len(value) == 4}
        shown = sorted({*years, *asked}, reverse=True)
        return [*((str(year), str(year)) for year in shown), (UNKNOWN_YEAR, "Date unknown")]

    def count(self) -> None:
        """Count every value among the incidents that match the other facets, unless there are too many."""
        if self.visible.order_by()[: COUNTED_UP_TO + 1].count() > COUNTED_UP_TO:
            return
        rows = self.visible.values_list(
            "pk", "organisation__slug", "severity", "occurred_at__year", "detection", "status"
        )
        values = {row[0]: _values(row) for row in rows}
        _add_slugs(values, "service", Incident.services.through.objects.values_list("incident_id", "service__slug"))
        _add_slugs(values, "cause", IncidentCause.objects.values_list("incident_id", "cause__slug"))
        for name in TITLES:
            self._count_one(name, list(values.values()))

    def _count_one(self, name: str, incidents: list[dict[str, set[str]]]) -> None:
        others = {key: set(self.data.getlist(key)) for key in TITLES if key != name and self.data.getlist(key)}
        matching = (row for row in incidents if all(row[key] & wanted for key, wanted in others.items()))
        counts = Counter(value for row in matching for value in row[name])
        for option in self.options[name]:
            option.count = counts[option.value]

    def shown(self, *, everything: bool) -> list[Facet]:
        """The facets with something to choose; status only for those who see more than published ones."""
        facets = [Facet(name, title, self.options[name]) for name, title in TITLES.items()]
        return [facet for facet in facets if facet.options and (everything or facet.name != "status")]

    def chips(self) -> list[tuple[str, str, str, str]]:
        """What is chosen as (name, title, value, label)."""
        return [
            (name, title, option.value, option.label)
            for name, title in TITLES.items()
            for option in self.options[name]
            if option.chosen
        ]


def _values(row: tuple[Any, ...]) -> dict[str, set[str]]:
    _, organisation, severity, year, detection, status = row
    return {
        "organisation": {organisation} if organisation else set(),
        "severity": {severity},
        "year": {str(year) if year else UNKNOWN_YEAR},
        "detection": {detection},
        "status": {status},
        "service": set(),
        "cause": set(),
    }


def _add_slugs(values: dict[int, dict[str, set[str]]], name: str, links: Iterable[tuple[int, str]]) -> None:
    for pk, slug in links:
        if pk in values:
            values[pk][name].add(slug)
