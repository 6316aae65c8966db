"""Incidents as lists show them: plain rows, a few queries for a whole page, no model instances."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from django.db.models import Exists, OuterRef, QuerySet

from .durations import Duration
from .models import MILESTONES, IncidentCause, Severity
from .models.incidents import EXTENTS, Incident
from .momentfields import columns, read_moment
from .moments import UNKNOWN, Moment
from .prepared import Prepared

FIELDS = (
    "pk", "number", "slug", "title", "short_name", "severity", "status", "visibility", "published_at",
    "organisation__name", "organisation__slug", *columns(*MILESTONES),
)  # fmt: skip
_ROWS = Prepared(lambda ids: Incident.objects.filter(pk__in=ids).values_list(*FIELDS))
_SERVICES = Prepared(
    lambda ids: (
        Incident.services.through.objects.filter(incident__in=ids)
        .order_by("service__name")
        .values_list("incident_id", "service__name", "service__slug")
    )
)
_CAUSES = Prepared(
    lambda ids: (
        IncidentCause.objects.filter(incident__in=ids)
        .order_by("position", "pk")
        .values_list("incident_id", "cause__name", "cause__slug", "certainty")
    )
)
Rows = TypeVar("Rows", bound=QuerySet[Any])
CAP = 1_000
FROM = {"started": "", "detected": " from detection", "acknowledged": " from acknowledgement"}
TO = {"mitigated": "", "resolved": " to the fix"}
# Up to so many rows are looked up one by one; more are met soon enough on the way down a list.
FEW = 1_000


@dataclass(slots=True, unsafe_hash=True)
class CauseTag:
    """A cause as an incident's row shows it; not altered any more once it is in one."""

    name: str
    slug: str
    certainty: str


@dataclass(slots=True)
class IncidentRow:
    """One incident in a list."""

    pk: int
    number: int
    slug: str
    title: str
    short_name: str
    severity: str
    status: str
    visibility: str
    published_at: datetime | None
    organisation: str | None
    organisation_slug: str | None
    when: Moment
    duration: Duration
    span: str
    causes: list[CauseTag] = field(default_factory=list)
    services: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reference(self) -> str:
        """INC-n."""
        return f"INC-{self.number}"

    @property
    def label(self) -> str:
        """Its short name, for table heads."""
        return self.short_name or self.reference

    @property
    def lasted(self) -> str:
        """How long it lasted, in words, with what that leaves out."""
        return f"{self.duration.text()}{self.span}" if self.duration.is_known else "duration not known"

    @property
    def severity_label(self) -> str:
        """The severity in words."""
        return Severity(self.severity).label


_PLAIN = len(FIELDS) - 3 * len(MILESTONES)
_AT = dict(zip(MILESTONES, range(0, 3 * len(MILESTONES), 3), strict=True))


def _row(values: tuple[Any, ...]) -> IncidentRow:
    return IncidentRow(*[*values[:_PLAIN], *extent(milestones_in(values[_PLAIN:]))])


def milestones_in(values: Sequence[Any]) -> dict[str, Moment]:
    """The milestones by name, from the values of their columns in the order of `columns(*MILESTONES)`."""
    return {name: Moment(*values[at : at + 3]) for name, at in _AT.items()}


def milestones_of(row: Any) -> dict[str, Moment]:
    """The milestones of anything that has their columns."""
    return {name: read_moment(row, name) for name in MILESTONES}


def extent(moments: dict[str, Moment]) -> tuple[Moment, Duration, str]:
    """When an incident was, how long it is known to have lasted, and in words what that leaves out.

    It was at its first known milestone (dated ones before clock times). It lasted as the first of `EXTENTS` says
    whose ends both have a time of day, else the first that says anything; the column `lasted` follows the same rule.
    The words say when that is not from the start ("from detection") or not to the end of the impact ("to the fix").
    """
    known = [moment for moment in moments.values() if moment.is_known]
    if not known:
        return UNKNOWN, Duration(), ""
    first = next((moment for moment in known if moment.is_dated), known[0])
    timed = (pair for pair in EXTENTS if moments[pair[0]].has_clock_time and moments[pair[1]].has_clock_time)
    for start, end in chain(timed, EXTENTS):
        span = moments[start].until(moments[end])
        if span.is_known:
            return first, span, f"{FROM[start]}{TO[end]}"
    return first, Duration(), ""


def incident_rows(
    incidents: QuerySet[Incident], *, limit: int, offset: int = 0, causes: bool = False, services: bool = False
) -> list[IncidentRow]:
    """The rows of one page in the order of `incidents` (two queries, one more each for causes and services)."""
    wanted = list(incidents.values_list("pk", flat=True)[offset : offset + limit])
    return rows_of(wanted, causes=causes, services=services)


def rows_of(wanted: list[int], *, causes: bool = False, services: bool = False) -> list[IncidentRow]:
    """The rows of these incidents, in this order, for ids that came from `visible_to` (one query, one more each)."""
    if not wanted:
        return []
    found = {row.pk: row for row in map(_row, _ROWS.rows(wanted))}
    if causes:
        _add_causes(found)
    if services:
        _add_services(found)
    return [found[pk] for pk in wanted if pk in found]


def _add_services(found: dict[int, IncidentRow]) -> None:
    for pk, name, slug in _SERVICES.rows(list(found)):
        found[pk].services.append((name, slug))


def _add_causes(found: dict[int, IncidentRow]) -> None:
    tags: dict[int, dict[str, CauseTag]] = defaultdict(dict)
    for pk, name, slug, certainty in _CAUSES.rows(list(found)):
        tag = tags[pk].setdefault(slug, CauseTag(name, slug, certainty))
        if certainty == "confirmed":
            tag.certainty = certainty
    for pk, by_slug in tags.items():
        found[pk].causes = list(by_slug.values())


def capped_count(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many there are, up to `CAP`, and whether there are more (one query that stops there)."""
    count = rows.order_by()[: CAP + 1].count()
    return min(count, CAP), count > CAP


def are_few(rows: QuerySet[Any]) -> bool:
    """Whether there are at most `FEW` (one query that stops there)."""
    return rows.order_by()[: FEW + 1].count() <= FEW


def linked(rows: Rows, links: QuerySet[Any], column: str = "incident_id", *, few: bool | None = None) -> Rows:
    """Those of the rows that a column of the links leads to (one query that stops at `FEW`, none when told).

    Databases cannot tell whether to begin with the links or with the order of the list; only the count can.
    """
    if are_few(links) if few is None else few:
        return rows.filter(pk__in=links.values(column))
    return rows.filter(Exists(links.order_by().filter(**{column: OuterRef("pk")})))


def most_common(places: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Repeated (name, slug) pairs as (name, slug, count), most frequent first, then by name."""
    counts = Counter(places)
    return [(name, slug, count) for (name, slug), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
