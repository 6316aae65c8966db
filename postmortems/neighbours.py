"""The incidents of a cause around another one: those filed last, and the ones before and after it in time.

Each cause has a limit of its own, which Django cannot say on SQLite, and one limit for all of them would sort every
occurrence there ever was. So the parts are put together as SQL; each is what Django makes of the same query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from .models import Incident, IncidentCause
from .rows import IncidentRow, rows_of

if TYPE_CHECKING:
    from .models.incidents import IncidentQuerySet

# The incidents of a cause are looked up one by one up to so many; more are met soon enough on the way down an index.
FEW = 300
BESIDE = 3  # incidents named whose order in time is not known
ANY = -1  # stands for a cause while a query is compiled
EARLIER, LATER, DATED, UNDATED = range(4)
Part = tuple[int, int, tuple[str, tuple[Any, ...]]]  # which part, cause, SQL with its parameters


@dataclass(slots=True)
class Around:
    """The other incidents of one cause around an incident.

    `others` are those of which nobody knows whether they were earlier or later.
    """

    earlier: IncidentRow | None = None
    later: IncidentRow | None = None
    others: list[IncidentRow] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.earlier or self.later or self.others)


def last_filed(causes: Iterable[int], visible: IncidentQuerySet, limit: int) -> list[tuple[int, int]]:
    """(cause, incident) for the last filed incidents of each cause that this reader may see (one query)."""
    seen = IncidentCause.objects.filter(Exists(visible.order_by().filter(pk=OuterRef("incident_id"))), cause=ANY)
    compiled = _compiled(seen.order_by("-incident_id").values_list("incident_id")[:limit])
    return [(cause, pk) for _, cause, pk in _together((0, cause, compiled) for cause in causes)]


def around(
    incident: Incident, counts: Mapping[int, int], visible: IncidentQuerySet, also: Iterable[int] = ()
) -> tuple[dict[int, Around], dict[int, IncidentRow]]:
    """What is around an incident, by cause, and the rows of these incidents and `also` others, by key (two queries).

    `counts` says in how many incidents each cause is; `also` are incidents that the reader may see.
    """
    parts = _parts(incident, visible.exclude(pk=incident.pk))
    compiled = {
        (part, few): _compiled(_of_any_cause(rows, few=few).values_list("pk")[:limit])
        for few in {count <= FEW for count in counts.values()}
        for part, (rows, limit) in parts.items()
    }
    asked = [(part, cause, compiled[part, count <= FEW]) for cause, count in counts.items() for part in parts]
    found = _together(asked)
    rows = {row.pk: row for row in rows_of(list(dict.fromkeys([*(pk for _, _, pk in found), *also])))}
    around = {cause: Around() for cause in counts}
    for part, cause, pk in found:
        _put(around[cause], part, rows[pk])
    return around, rows


def _put(around: Around, part: int, row: IncidentRow) -> None:
    if part == EARLIER:
        around.earlier = row
    elif part == LATER:
        around.later = row
    elif len(around.others) < BESIDE:
        around.others.append(row)


def _parts(incident: Incident, others: IncidentQuerySet) -> dict[int, tuple[IncidentQuerySet, int]]:
    """What to look for, with how many of each; in order of time as far as it is known."""
    at, number = incident.occurred_at, incident.number
    undated = others.filter(occurred_at=None).order_by("-number"), BESIDE
    if at is None:
        return {UNDATED: undated, DATED: (others.filter(occurred_at__isnull=False).newest_first(), BESIDE)}
    before = others.filter(occurred_at__lte=at).exclude(occurred_at=at, number__gt=number)
    after = others.filter(occurred_at__gte=at).exclude(occurred_at=at, number__lt=number)
    return {
        EARLIER: (before.order_by("-occurred_at", "-number"), 1),
        LATER: (after.order_by("occurred_at", "number"), 1),
        UNDATED: undated,
    }


def _of_any_cause(rows: IncidentQuerySet, *, few: bool) -> IncidentQuerySet:
    """Those with the cause that stands for any."""
    links = IncidentCause.objects.filter(cause=ANY).order_by()
    if few:
        return rows.filter(pk__in=links.values("incident_id"))
    return rows.filter(Exists(links.filter(incident_id=OuterRef("pk"))))


def _compiled(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    sql, parameters = rows.query.sql_with_params()
    return sql, tuple(parameters)


def _together(parts: Iterable[Part]) -> list[tuple[int, int, int]]:
    """(part, cause, incident) of all parts (one query)."""
    kept = list(parts)
    if not kept:
        return []
    whole = " UNION ALL ".join(
        f"SELECT {part:d}, {cause:d}, found.* FROM ({sql}) AS found"  # noqa: S608 - two numbers, and Django's own
        for part, cause, (sql, _) in kept
    )
    values = [cause if value == ANY else value for _, cause, (_, parameters) in kept for value in parameters]
    with connection.cursor() as cursor:
        cursor.execute(whole, values)
        return list(cursor.fetchall())
