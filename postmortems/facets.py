"""What the incident list offers to narrow down by, with counts while a knowledge base is small enough to count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, Model, QuerySet, Subquery, Sum, Value, When

from .conditional import remembered
from .filters import UNKNOWN_YEAR
from .models import Cause, Detection, Edition, IncidentCause, Organisation, Service, Severity, Status
from .models.incidents import NEWEST, Incident, IncidentQuerySet
from .prepared import Prepared
from .rows import capped_count

SHOWN = 10
COUNTED_UP_TO = 300
KNOWN_UP_TO = 1_000  # places of a kind
PLACES: dict[str, type[Model]] = {"organisation": Organisation, "service": Service, "cause": Cause}
_NAMES = {
    name: Prepared(lambda ids, model=model: model._default_manager.filter(pk__in=ids).values_list("pk", "slug", "name"))
    for name, model in PLACES.items()
}
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

    def __init__(self, given: Mapping[str, list[str]], visible: IncidentQuerySet, *, sees_more: bool) -> None:
        """`given`: the values of each kind that were understood.

        `sees_more`: whether `visible` are more incidents than those that everybody sees.
        """
        self.given = {name: given.get(name) or [] for name in TITLES}
        self.visible = visible
        self.sees_more = sees_more
        self.chosen: dict[str, list[int]] = {}
        self.options: dict[str, list[Option]] = {}
        for name, model in PLACES.items():
            self._look_up(name, model)
        for name, choices in (("severity", Severity), ("detection", Detection), ("status", Status)):
            self.options[name] = [self._option(name, value, str(label)) for value, label in choices.choices]
        self.options["year"] = [self._option("year", *year) for year in self._years()]

    def _option(self, name: str, value: str, label: str) -> Option:
        return Option(value, label, value in self.given[name])

    def _look_up(self, name: str, model: type[Model]) -> None:
        """The chosen ones first, then the first few others by name (causes: by how often they occur)."""
        wanted = [value for value in self.given[name] if value.isprintable()][:50]
        found = remembered((name, *wanted), lambda: _found(model, wanted))
        self.chosen[name] = [pk for pk, slug, _ in found if slug in wanted]
        self.options[name] = [self._option(name, slug, label) for _, slug, label in found]

    def _years(self) -> list[tuple[str, str]]:
        """The newest years down to the oldest that has an incident, those asked for, and "date unknown"."""
        years = self._extent()[0]
        asked = {int(value) for value in self.given["year"] if value != UNKNOWN_YEAR}
        shown = sorted({*years, *asked}, reverse=True)
        return [*((str(year), str(year)) for year in shown), (UNKNOWN_YEAR, "Date unknown")]

    def _extent(self) -> tuple[list[int], bool]:
        return remembered(("extent",), lambda: _extent_of(self.visible))

    def all(self) -> tuple[int, bool]:
        """How many incidents there are without any filter, and whether there are more."""
        return remembered(("incidents",), lambda: capped_count(self.visible))

    def count(self) -> None:
        """Count every value among the incidents that match the other facets, unless there are too many."""
        if self._extent()[1]:
            return
        values = remembered(("facets",), lambda: _values_of(self.visible))
        for name in TITLES:
            self._count_one(name, values)

    def _count_one(self, name: str, incidents: list[dict[str, set[str]]]) -> None:
        others = {key: set(values) for key, values in self.given.items() if values and key != name}
        matching = (row for row in incidents if all(row[key] & wanted for key, wanted in others.items()))
        counts = Counter(value for row in matching for value in row[name])
        for option in self.options[name]:
            option.count = counts[option.value]

    def count_found(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Take over the counts of a search, and offer what it found most often (a query for each kind of place at
        most).

        `counts` maps kinds to values to counts; organisations, services and causes by id.
        """
        for name in PLACES:
            often = Counter({int(pk): count for pk, count in counts[name].items()})
            wanted = {*self.chosen[name], *(pk for pk, _ in often.most_common(SHOWN))}
            rows = _named(name, wanted)
            ordered = sorted(rows, key=lambda row: (-often[row[0]], row[2]))
            self.options[name] = [
                Option(slug, label, slug in self.given[name], often[pk]) for pk, slug, label in ordered
            ]
        for name in TITLES.keys() - PLACES.keys():
            for option in self.options[name]:
                option.count = counts[name].get(option.value, 0)

    def shown(self) -> list[Facet]:
        """The facets with something to choose; status only for those who see more than published ones."""
        facets = [Facet(name, title, self.options[name]) for name, title in TITLES.items()]
        return [facet for facet in facets if facet.options and (self.sees_more or facet.name != "status")]

    def chips(self) -> list[tuple[str, str, str, str]]:
        """What is chosen as (name, title, value, label)."""
        return [
            (name, title, option.value, option.label)
            for name, title in TITLES.items()
            for option in self.options[name]
            if option.chosen
        ]


def _found(model: type[Model], wanted: list[str]) -> list[tuple[int, str, str]]:
    """The wanted ones and the first few others, as (id, slug, name)."""
    rows: QuerySet[Any] = model._default_manager.annotate(
        chosen=Case(When(slug__in=wanted, then=Value(0)), default=Value(1), output_field=IntegerField())
    )
    order: list[Any] = ["chosen", "name"]
    if model is Cause:
        rows = rows.annotate(total=Sum("years__incidents"))
        order.insert(1, F("total").desc(nulls_last=True))
    return list(rows.order_by(*order).values_list("pk", "slug", "name")[: SHOWN + len(wanted)])


def _named(name: str, wanted: Iterable[int]) -> list[tuple[Any, ...]]:
    """The places of a kind with these ids, as (id, slug, name); where there are not too many they are known already."""
    rows = PLACES[name]._default_manager.values_list("pk", "slug", "name").order_by("pk")
    known = remembered(("places", name), lambda: {row[0]: row for row in rows[: KNOWN_UP_TO + 1]})
    if len(known) > KNOWN_UP_TO:
        return _NAMES[name].rows(list(wanted))
    return [known[pk] for pk in wanted if pk in known]


def _extent_of(visible: IncidentQuerySet) -> tuple[list[int], bool]:
    """The newest years in which there may be an incident, and whether there are too many incidents to count."""
    dated = visible.filter(occurred_at__isnull=False).values("occurred_at")
    newest, oldest = dated.order_by(*NEWEST)[:1], dated.order_by(F("occurred_at").asc(nulls_first=True))[:1]
    many = Exists(visible.order_by()[COUNTED_UP_TO : COUNTED_UP_TO + 1])
    found = Edition.objects.annotate(newest=Subquery(newest), oldest=Subquery(oldest), many=many)
    last, first, too_many = found.values_list("newest", "oldest", "many").first() or (None, None, False)
    return list(range(last.year, first.year - 1, -1))[:SHOWN] if last and first else [], too_many


def _values_of(visible: IncidentQuerySet) -> list[dict[str, set[str]]]:
    """The values of each facet for each incident (three queries)."""
    rows = visible.values_list("pk", "organisation__slug", "severity", "occurred_at__year", "detection", "status")
    values = {row[0]: _values(row) for row in rows}
    _add_slugs(values, "service", Incident.services.through.objects.values_list("incident_id", "service__slug"))
    _add_slugs(values, "cause", IncidentCause.objects.values_list("incident_id", "cause__slug"))
    return list(values.values())


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
