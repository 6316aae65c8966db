"""What somebody watches, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from postmortems.models import Incident
from postmortems.moments import Precision

from .models import Actionable, Comment, FieldChange, StatusChange, Watch

if TYPE_CHECKING:
    from postmortems.access import Reader

MOST = 100


@dataclass(frozen=True, slots=True)
class Watched:
    """An incident or an actionable that is watched; `changed` is when it last changed since anybody keeps that."""

    reference: str
    title: str
    address: str
    status: str
    state: str
    changed: datetime | None


def is_watched(user: Reader, incident: Any, actionable: Actionable | None = None) -> bool:
    """Whether this person watches it (one query; none for who is not signed in)."""
    return user.is_authenticated and Watch.objects.of(user, incident, actionable).exists()


def watchers(incident: Incident) -> list[Any]:
    """Who watches an incident itself and can get mail (one query)."""
    return [row.person for row in Watch.objects.of_incidents().filter(incident=incident).select_related("person")]


def watched(person: Any) -> list[Watched]:
    """What this person watches and may see, what changed last first (seven queries at most)."""
    rows = list(Watch.objects.visible_to(person).select_related("incident", "actionable").order_by("-pk")[:MOST])
    if not rows:
        return []
    times = _last_changes(rows)
    found = [_told(row.incident, row.actionable, times.get((row.incident_id, row.actionable_id))) for row in rows]
    return sorted(found, key=lambda one: one.changed.timestamp() if one.changed else 0, reverse=True)


def _told(incident: Incident, actionable: Actionable | None, changed: datetime | None) -> Watched:
    it = actionable or incident
    return Watched(it.reference, it.title, it.get_absolute_url(), it.status, it.get_status_display(), changed)


def _last_changes(rows: Iterable[Watch]) -> dict[tuple[int, int | None], datetime]:
    """When each watched thing last changed: an incident by a save of it or a change of its actionables."""
    incidents = {row.incident_id for row in rows if row.actionable_id is None}
    actionables = [row.actionable_id for row in rows if row.actionable_id is not None]
    saved = Incident.objects.filter(pk__in=incidents, revisions__at__isnull=False).annotate(last=Max("revisions__at"))
    times: dict[tuple[int, int | None], datetime] = {(pk, None): at for pk, at in saved.values_list("pk", "last")}
    of = Actionable.objects.filter(incident__in=incidents) | Actionable.objects.filter(pk__in=actionables)
    here = StatusChange.objects.filter(when_precision=Precision.SECOND)  # others were told of, not seen here
    kept: list[tuple[Any, str]] = [(here, "when_at"), (FieldChange.objects, "at"), (Comment.objects, "at")]
    for rows_of, when in kept:
        told = rows_of.filter(actionable__in=of.order_by().values("pk")).order_by()
        for pk, incident, at in told.values_list("actionable", "actionable__incident").annotate(last=Max(when)):
            for key in ((incident, None), (incident, pk)):
                times[key] = max(at, times.get(key, at))
    return times
