"""Causes against incidents: what keeps happening, as a table of dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Q, Subquery, Sum

from .access import readable_by
from .conditional import remembered
from .models import Cause, CauseGroup, Certainty, Incident, IncidentCause, Role
from .models.incidents import IncidentQuerySet
from .ordering import KnownFirstDescending
from .rows import IncidentRow, incident_rows, rows_of

if TYPE_CHECKING:
    from .access import Reader

# A cause seen more often than this is looked up only in the incidents filed last.
RARE, LATELY = 100, 1_000
WEIGHTS: dict[str, int] = {Role.ROOT: 3, Role.TRIGGER: 2, Role.CONTRIBUTING: 1}


@dataclass(slots=True)
class CauseLine:
    """One cause with its count and its dots, in the order of the matrix's incidents."""

    pk: int
    name: str
    slug: str
    definition: str
    group: str
    nature: str
    incidents: int
    suspected: int
    last_year: int | None
    dots: list[str] = field(default_factory=list)
    years: list[tuple[int | None, int]] = field(default_factory=list)

    @property
    def lead(self) -> str:
        """The first sentence of its definition, without Markdown's marks."""
        return self.definition.replace("`", "").replace("*", "").strip().split(". ")[0].rstrip(".") + "."


@dataclass(slots=True)
class Matrix:
    """Causes in rows, incidents in columns (oldest first, undated ones last)."""

    incidents: list[IncidentRow]
    causes: list[CauseLine]


def counted(**conditions: Any) -> list[CauseLine]:
    """Causes that occur, most incidents first, then most recent, then by name (one query over the yearly counts)."""
    values = remembered(("counted", *sorted(conditions.items())), lambda: _counted(conditions))
    lines = [CauseLine(*[*row[:6], row[6] or 0, row[7] or 0, row[8]]) for row in values]
    return sorted(lines, key=lambda line: (-line.incidents, -(line.last_year or 0)))


def _counted(conditions: dict[str, Any]) -> list[tuple[Any, ...]]:
    causes = Cause.objects.filter(**conditions).annotate(
        total=Sum("years__incidents"), unsure=Sum("years__suspected"), last=Max("years__year")
    )
    values = causes.values_list("pk", "name", "slug", "definition", "group__name", "nature", "total", "unsure", "last")
    return list(values.order_by("name"))


def recurring(visible: IncidentQuerySet, *, causes: int, incidents: int) -> Matrix:
    """The causes seen more than once, most frequent first, against the newest incidents (four queries)."""
    lines = [line for line in counted(years__isnull=False) if line.incidents > 1][:causes]
    return matrix_of(lines, visible, incidents)


def matrix_of(lines: list[CauseLine], visible: IncidentQuerySet, incidents: int) -> Matrix:
    """These causes against the newest incidents that this reader may see."""
    columns = in_time(newest_with_causes(visible, incidents))
    add_dots(lines, columns)
    return Matrix(columns, lines)


def newest_with_causes(visible: IncidentQuerySet, limit: int) -> list[IncidentRow]:
    """The newest incidents as rows."""
    return incident_rows(visible.newest_first(), limit=limit, causes=True)


def in_time(rows: Sequence[IncidentRow]) -> list[IncidentRow]:
    """Oldest first, undated ones last."""
    return sorted(rows, key=lambda row: (row.when.sort_key()[0] > 0, row.when.sort_key()[1], row.number))


def add_dots(lines: list[CauseLine], columns: list[IncidentRow]) -> None:
    """Fill in whether each cause is confirmed, suspected or absent ("") in each incident (no query)."""
    seen = {(row.pk, tag.slug): tag.certainty for row in columns for tag in row.causes}
    for line in lines:
        line.dots = [seen.get((row.pk, line.slug), "") for row in columns]


def add_years(lines: list[CauseLine]) -> None:
    """Fill in the counts by year (one query)."""
    by_pk = {line.pk: line for line in lines}
    values = Cause.objects.filter(pk__in=list(by_pk)).values_list("pk", "years__year", "years__incidents")
    for pk, year, count in values.order_by("years__year"):
        if count:
            by_pk[pk].years.append((year, count))


@dataclass(slots=True)
class Kin:
    """Another incident that shares causes with one, and what they share."""

    row: IncidentRow
    shared: list[tuple[str, str, str]]  # (name, slug, certainty there)


def kin_of(incident_pk: int, causes: list[IncidentCause], user: Reader, limit: int = 6) -> list[Kin]:
    """The incidents that share most causes with this one, newest first among equals (two queries).

    `causes` are its links with `cause` and `seen`, the cause's number of incidents. A shared root cause says more than
    a shared trigger, that more than a contributing factor, and a confirmed one more than a suspected one.
    """
    names = {link.cause_id: (link.cause.name, link.cause.slug) for link in causes}
    shared: dict[int, dict[int, str]] = {}
    weights: dict[int, dict[int, int]] = {}
    for pk, cause_pk, certainty, role in _links_to(causes, user).exclude(incident=incident_pk):
        weight = 2 * WEIGHTS[role] - (certainty == Certainty.SUSPECTED)
        if weight > weights.setdefault(pk, {}).get(cause_pk, 0):
            weights[pk][cause_pk] = weight
            shared.setdefault(pk, {})[cause_pk] = certainty
    best = sorted(weights, key=lambda pk: -sum(weights[pk].values()))[:limit]  # stable: newest first among equals
    return [
        Kin(row, [(*names[cause_pk], certainty) for cause_pk, certainty in shared[row.pk].items()])
        for row in rows_of(best)
    ]


def _links_to(causes: list[IncidentCause], user: Reader) -> Any:
    """Where else these causes were seen: everywhere for the rarer ones, lately for the frequent ones.

    Newest first as (incident, cause, certainty, role). The bounds keep the work the same whatever the size.
    """
    rare = [link.cause_id for link in causes if (getattr(link, "seen", 0) or 0) <= RARE]
    frequent = [link.cause_id for link in causes if link.cause_id not in rare]
    where = Q(cause__in=rare)
    if frequent:
        newest = Incident.objects.order_by("-pk").values("pk")[:1]
        where |= Q(cause__in=frequent, incident__gte=Subquery(newest) - LATELY)
    links = IncidentCause.objects.filter(where, readable_by(user, "incident__"))
    newest_first = links.order_by(KnownFirstDescending("incident__occurred_at"), "-incident_id")
    return newest_first.values_list("incident_id", "cause_id", "certainty", "role")


def groups() -> list[tuple[str, str, str]]:
    """The upper level of the taxonomy as (name, slug, question)."""
    return list(CauseGroup.objects.values_list("name", "slug", "question"))
