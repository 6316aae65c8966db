"""Mail to whoever watches an incident: what was saved since they were told last, at most once an hour.

What became of it (published, reopened, withdrawn) and comments are told at once, by postmortems/review_mail.py.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from postmortems.mail import letter, named, site
from postmortems.models import Incident, Mailing, ReviewKind, Visibility

from .models import Watch

if TYPE_CHECKING:
    from postmortems.models import Revision

logger = logging.getLogger(__name__)
PAUSE = timedelta(hours=1)
MOST = 20
TURNS = (ReviewKind.PUBLISHED, ReviewKind.REOPENED, ReviewKind.WITHDRAWN)  # told at once; each is a version of its own


def tell_changes(now: datetime | None = None) -> int:
    """Tell everybody who is due and wants it; returns how many mails went out. Safe to run at any time.

    What is told is noted in the transaction that sends it: a mail that fails is sent with the next run.
    """
    now = now or timezone.now()
    sent = 0
    for pk in list(Watch.objects.behind(now - PAUSE).order_by("pk").values_list("pk", flat=True)):
        try:
            sent += _tell(pk, now)
        except (OSError, SMTPException) as error:
            logger.error("A mail about what is watched was not sent: %s", error)
    return sent


@transaction.atomic
def _tell(pk: int, now: datetime) -> bool:
    """One person what changed in one incident (seven queries)."""
    watch = Watch.objects.behind(now - PAUSE).select_for_update(of=("self",)).filter(pk=pk).first()
    if watch is None:  # a run beside this one told them, or they watch it no more
        return False
    incident = Incident.objects.visible_to(watch.person).filter(pk=watch.incident_id).first()
    if incident is None:
        return False
    kept = incident.revisions.told_to(watch.person)
    new = list(kept.filter(**_since(watch)).defer("document").order_by("number"))
    turns = set(incident.review_steps.filter(kind__in=TURNS).values_list("version", flat=True))
    told = [one for one in new if one.by_id != watch.person_id and one.number not in turns]
    mailing = Mailing.objects.filter(user=watch.person).first()
    wanted = bool(told) and (mailing is None or mailing.watched_changed)
    watch.told = max([incident.version, *(one.number for one in new)])
    watch.told_at = now if wanted else watch.told_at
    watch.save(update_fields=["told", "told_at"])
    if wanted:
        before = kept.filter(number__lt=told[0].number).order_by("-number").values_list("number", flat=True).first()
        _send(watch.person, incident, told, before)
    return wanted


def _since(watch: Watch) -> dict[str, Any]:
    return {"at__gt": watch.since} if watch.told is None else {"number__gt": watch.told}


def _send(person: Any, incident: Incident, told: list[Revision], before: int | None) -> None:
    """Hand the mail to the mail server; raises what that raises. `before`: the version before these, if it was kept."""
    lines = [_said(incident, one) for one in told[-MOST:]]
    lines += [f"and {len(told) - MOST} before these"] if len(told) > MOST else []
    changes = reverse("diff", args=[incident.slug]) + f"?from={before}&to={told[-1].number}"
    where = changes if before else reverse("history", args=[incident.slug])
    foot = f"You watch this postmortem. Choose which mails you get: {site()}{reverse('mails')}"
    text = f"{named(incident, incident)}\n\n" + "\n".join(lines) + f"\n\nWhat changed: {site()}{where}\n\n-- \n{foot}\n"
    letter(person, f"[Hindsight] {incident.reference} was changed", text).send()


def _said(incident: Incident, one: Revision) -> str:
    """A version in a line; of a restricted incident without what was said of it."""
    words = [] if incident.visibility == Visibility.RESTRICTED else [one.note, one.why]
    said = ": ".join(filter(None, words))
    return f"Version {one.number} by {one.by_name or 'somebody'}" + (f", {said}" if said else "")
