"""Keeps a row of numbers for each cause in each incident, so that all occurrences of a cause are read at once.

What an incident's rows say follows from the incident and its causes alone; each change makes them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from postmortems.access import DELETED
from postmortems.models import MILESTONES, Certainty, Edition, Incident, IncidentCause
from postmortems.momentfields import columns
from postmortems.moments import ABOUT, COARSE, EPOCH, SECOND, ZONES
from postmortems.rows import extent, milestones_in

from .models import Occurrence

BATCH = 500
KEPT = (
    "cause_id", "incident_id", "is_open", "confirmed", "sure_from", "vague", "severity", "lasted", "timed", "first",
    "last",
)  # fmt: skip
FIELDS = ("incident_id", "cause_id", "certainty", "incident__is_open", "incident__severity", "incident__lasted")
Row = tuple[Any, ...]
Key = tuple[int, int]  # of the cause and of the incident


@transaction.atomic(savepoint=False)
def keep(incidents: Iterable[int]) -> int:
    """Bring the rows of these incidents up to date; says of how many occurrences they were wrong.

    Call it in the transaction of the change, after the edition was bumped: who writes has then waited for every other.
    Two queries when nothing changed, at most four when something did.
    """
    keys = sorted(set(incidents))
    right = {row[:2]: row for row in rows_of(keys)}
    wrong = _wrong(_stored(keys), right)
    if wrong:
        touched = {incident for _, incident in wrong}
        Occurrence.objects.filter(incident__in=touched).delete()
        made = [Occurrence(**dict(zip(KEPT, row, strict=True))) for row in right.values() if row[1] in touched]
        Occurrence.objects.bulk_create(made)
    return len(wrong)


def rows_of(incidents: Iterable[int]) -> Iterator[Row]:
    """What `KEPT` says of every cause in these incidents, each cause once (one query)."""
    links = IncidentCause.objects.filter(incident__in=incidents).exclude(incident__status=DELETED)
    names = [f"incident__{name}" for name in columns(*MILESTONES)]
    confirmed: dict[tuple[int, int], int] = {}
    rows: dict[tuple[int, int], Row] = {}
    for incident, cause, certainty, *values in links.order_by("incident_id", "cause_id").values_list(*FIELDS, *names):
        key = (cause, incident)
        confirmed[key] = max(confirmed.get(key, 0), int(certainty == Certainty.CONFIRMED))
        rows[key] = numbers_of(*values)
    for key, (is_open, *numbers) in rows.items():
        yield (*key, is_open, confirmed[key], *numbers)


def numbers_of(is_open: int, severity: str, lasted: int | None, *values: Any) -> Row:
    """What an incident's columns say of when it was."""
    moments = milestones_in(values)
    vague = any(moment.precision in COARSE for moment in moments.values())
    when = extent(moments)[0]
    span = when.span() if when.is_dated else None
    if span is None or when.at is None:
        return is_open, None, int(vague), severity, lasted, 0, None, None
    sure_from = (when.at - EPOCH - (ZONES if vague else ABOUT)) // SECOND
    timed = int(when.has_clock_time)
    return is_open, sure_from, int(vague), severity, lasted, timed, span[0] // SECOND, span[1] // SECOND


def rebuild() -> int:
    """Make all rows anew while the site is used, a few hundred incidents at a time; says how many were wrong."""
    wrong = 0
    for keys in _batches():
        with transaction.atomic():
            Edition.renew()
            wrong += keep(keys)
    return wrong


def differences() -> list[str]:
    """Which occurrences are kept otherwise than they are, in words (nothing is changed)."""
    found = []
    for keys in _batches():
        with transaction.atomic():
            stored, right = _stored(keys), {row[:2]: row for row in rows_of(keys)}
        found += sorted(_wrong(stored, right))
    return [f"cause {cause} in incident {incident} is not kept as it is" for cause, incident in found]


def _batches() -> Iterator[list[int]]:
    """The keys of all incidents, and of those that are gone and still have rows."""
    every = {*Incident.objects.values_list("pk", flat=True), *_kept()}
    keys = sorted(every)
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


def _kept() -> Iterable[int]:
    return Occurrence.objects.order_by().values_list("incident_id", flat=True).distinct()


def _stored(incidents: Iterable[int]) -> dict[Key, Row]:
    return {row[:2]: row for row in Occurrence.objects.filter(incident__in=incidents).values_list(*KEPT)}


def _wrong(stored: dict[Key, Row], right: dict[Key, Row]) -> list[Key]:
    return [key for key in stored.keys() | right.keys() if stored.get(key) != right.get(key)]
