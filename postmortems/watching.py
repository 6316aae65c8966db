"""Telling whoever watches a cause that it came back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from .models import Cause, CauseWatch, Incident, IncidentCause, Status


def watch(cause: Cause, user: Any) -> CauseWatch:
    """Let this person hear of the next incident with a cause; what is there already is no news."""
    seen = {"last_link": _newest_link(), "last_at": timezone.now()}
    row, _ = CauseWatch.objects.get_or_create(cause=cause, user=user, defaults=seen)
    return row


def unwatch(cause: Cause, user: Any) -> None:
    """Let them hear of it no more."""
    CauseWatch.objects.of(user).filter(cause=cause).delete()


def _newest_link() -> int:
    return IncidentCause.objects.aggregate(last=Max("pk"))["last"] or 0


def news() -> Iterator[tuple[CauseWatch, list[Incident]]]:
    """Each watch with the published incidents that its person may see and has not been told of (two queries each).

    What is told is noted when the caller comes back for the next one, so a mail that fails is sent another time.
    """
    for row in CauseWatch.objects.filter(user__is_active=True).select_related("user", "cause").order_by("pk"):
        link, now = _newest_link(), timezone.now()
        links = IncidentCause.objects.filter(cause=row.cause)
        fresh = links.filter(Q(pk__gt=row.last_link) | Q(incident__published_at__gt=row.last_at))
        seen = Incident.objects.visible_to(row.user).filter(status=Status.PUBLISHED)
        found = list(seen.filter(pk__in=fresh.values("incident")).newest_first())
        if found:
            yield row, found
        CauseWatch.objects.filter(pk=row.pk).update(last_link=link, last_at=now)
