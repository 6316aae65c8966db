"""Incidents in which causes came back after a moment, for certain or perhaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from postmortems.models import MILESTONES, Certainty, Incident, IncidentCause
from postmortems.moments import COARSE, EPOCH, ZONES, Moment
from postmortems.rows import IncidentRow, linked, rows_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from postmortems.access import Reader

YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """An incident with a cause already known; `surely` when both its date and that cause are certain."""

    row: IncidentRow
    surely: bool


def later(causes: Sequence[int], after: Moment, user: Reader, *, without: int, limit: int = 10) -> list[Recurrence]:
    """The first incidents with one of these causes that were, or may have been, after a moment (at most five queries).

    Those that surely were come first, then those that may have been: coarsely dated, undated, or with the cause only
    suspected. The incident `without` is left out. Nothing when the moment itself is not on the calendar.
    """
    span = after.span() if after.is_dated else None
    if span is None or not causes:
        return []
    links = IncidentCause.objects.filter(cause__in=causes).exclude(incident=without)
    visible = linked(Incident.objects.visible_to(user), links)
    dated = visible.filter(occurred_at__gte=EPOCH + span[0] - ZONES)
    unsure = visible.filter(vague(), occurred_at__gte=EPOCH + span[0] - ZONES - YEAR)
    found = {
        *dated.order_by("occurred_at", "number").values_list("pk", flat=True)[: limit * 2],
        *unsure.order_by("occurred_at", "number").values_list("pk", flat=True)[:limit],
        *visible.filter(occurred_at=None).order_by("-number").values_list("pk", flat=True)[:limit],
    }
    confirmed = confirmed_in(links, found)
    rows = sorted(rows_of(list(found)), key=lambda row: (row.when.sort_key(), row.number))
    possible = [row for row in rows if not row.when.surely_before(after)]
    told = [Recurrence(row, row.pk in confirmed and after.surely_before(row.when)) for row in possible]
    return sorted(told, key=lambda one: not one.surely)[:limit]


def vague(prefix: str = "") -> Q:
    """With a milestone that says no more than a day, month or year; `prefix` leads to the incident."""
    condition = Q()
    for name in MILESTONES:
        condition |= Q(**{f"{prefix}{name}_precision__in": COARSE})
    return condition


def confirmed_in(links: QuerySet[IncidentCause], incidents: Iterable[int]) -> set[int]:
    """Those of the incidents in which one of the causes is certain (one query)."""
    certain = links.filter(incident__in=list(incidents), certainty=Certainty.CONFIRMED)
    return set(certain.values_list("incident_id", flat=True))
