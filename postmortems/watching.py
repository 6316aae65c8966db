"""Telling whoever watches a cause that it came back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from .models import Cause, CauseWatch, Incident, IncidentCause, Status

logger = logging.getLogger(__name__)

# What else `manage.py tell_watchers` tells, each giving how many mails it sent: other apps add to it when they start.
TELLERS: list[Callable[[], int]] = []


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


def tell_all(send: Callable[[CauseWatch, list[Incident]], object]) -> int:
    """Send each watch the published incidents that its person may see and has not been told of; how many were sent.

    Each is noted in the transaction that sends it. What the mail server refuses is logged and stays news for the next
    run, the others go out; a run beside another waits for it. Who has no mail address is told once they have one.
    """
    sent, rows = 0, CauseWatch.objects.filter(user__is_active=True).exclude(user__email="")
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        try:
            sent += _tell(pk, send)
        except (OSError, SMTPException) as error:
            logger.error("The mail for watch %s was not sent: %s", pk, error)
    return sent


@transaction.atomic
def _tell(pk: int, send: Callable[[CauseWatch, list[Incident]], object]) -> bool:
    """Whether this watch had news (five queries)."""
    locked = CauseWatch.objects.select_for_update(of=("self",)).select_related("user", "cause")
    row = locked.filter(pk=pk).first()
    if row is None:  # watched no more
        return False
    link, now = _newest_link(), timezone.now()
    links = IncidentCause.objects.filter(cause=row.cause)
    fresh = links.filter(Q(pk__gt=row.last_link) | Q(incident__published_at__gt=row.last_at))
    seen = Incident.objects.visible_to(row.user).filter(status=Status.PUBLISHED)
    found = list(seen.filter(pk__in=fresh.values("incident")).newest_first())
    CauseWatch.objects.filter(pk=pk).update(last_link=link, last_at=now)
    if found:
        send(row, found)
    return bool(found)
