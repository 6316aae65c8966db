"""Mail to owners: before something is due, when it is, weekly while it is overdue, and all of it once a week.

Each message is noted in the transaction that sends it, so a run that is killed and run again sends what was not sent
and nothing twice; a run beside another waits for it. One gap remains that SMTP leaves open: killed after the mail
server took a message and before the note of it was committed, a run sends that message again. Both then carry the same
Message-ID, by which mail programs know a copy.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import formatdate
from hashlib import blake2b
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from postmortems.mail import letter, named, site

from .models import Actionable, Reminder, ReminderChoice, Snooze
from .owners import name_of

if TYPE_CHECKING:
    from .models.queries import ActionableQuerySet

logger = logging.getLogger(__name__)
BEFORE = timedelta(days=3)
MOST = 200


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why somebody is told of an actionable now: the key under which it is noted, and the words."""

    key: str
    words: str


def occasion(reference: str, due: date, today: date) -> Occasion | None:
    """The latest occasion to speak of something due on a day; None when it is not near yet.

    A moved due date is a new occasion. Occasions that passed without a run are not made up for, only the latest is.
    """
    late = (today - due).days
    if late < -BEFORE.days:
        return None
    if late < 0:
        return Occasion(f"{reference} soon {due}", f"due in {-late} day{'s' if late < -1 else ''}")
    if late < 7:
        return Occasion(
            f"{reference} due {due}", "due today" if late == 0 else f"{late} day{'s' if late > 1 else ''} overdue"
        )
    return Occasion(f"{reference} overdue {late // 7} {due}", f"{late} days overdue")


def send_all(today: date | None = None) -> int:
    """Send what is due to everybody who wants it; returns how many messages were sent. Safe to run at any time."""
    today = today or timezone.now().date()
    owners = Actionable.objects.unfinished().exclude(person=None).values("person")
    people = get_user_model()._default_manager.filter(is_active=True, pk__in=owners).exclude(email="").order_by("pk")
    return sum(_send_to(person, today) for person in people.iterator(chunk_size=500))


def _send_to(person: Any, today: date) -> int:
    """One person's reminders, and their digest; each in a transaction of its own."""
    ReminderChoice.objects.get_or_create(person=person)
    sent = 0
    for kind in (_remind, _digest):
        try:
            sent += kind(person, today)
        except (OSError, SMTPException) as error:  # the next run tries again; the others get theirs now
            logger.error("Mail to %s was not sent: %s", person.email, error)
    return sent


@transaction.atomic
def _remind(person: Any, today: date) -> bool:
    """One message about everything there is a new occasion for."""
    choice = ReminderChoice.objects.select_for_update().get(person=person)  # a run beside this one waits here
    if not choice.reminders:
        return False
    rows = _theirs(person).filter(due_on__lte=today + BEFORE).exclude(pk__in=_snoozed(today))
    told = [(row, found) for row in rows if row.due_on and (found := occasion(row.reference, row.due_on, today))]
    noted = Reminder.objects.filter(person=person, key__in=[one.key for _, one in told])
    known = set(noted.values_list("key", flat=True))
    new = [(row, one) for row, one in told if one.key not in known]
    if not new:
        return False
    sent = timezone.now()
    Reminder.objects.bulk_create([Reminder(person=person, key=one.key, sent_at=sent) for _, one in new])
    first = f"{new[0][0].reference} is {new[0][1].words}"
    subject = first if len(new) == 1 else f"{first}, and {len(new) - 1} more"
    lines = [f"{named(row, row.incident)}\n  {one.words}, {row.get_status_display().lower()}" for row, one in new]
    _send(person, subject, lines, [row for row, _ in new], " ".join(one.key for _, one in new))
    return True


@transaction.atomic
def _digest(person: Any, today: date) -> bool:
    """Once in a calendar week (ISO 8601), everything unfinished of theirs."""
    choice = ReminderChoice.objects.select_for_update().get(person=person)
    year, week, _ = today.isocalendar()
    key = f"digest {year}-W{week:02d}"
    if not choice.digest or Reminder.objects.filter(person=person, key=key).exists():
        return False
    rows = list(_theirs(person))
    if not rows:
        return False
    Reminder.objects.create(person=person, key=key, sent_at=timezone.now())
    overdue = sum(row.is_overdue(today) for row in rows)
    subject = f"{len(rows)} open actionable{'s' if len(rows) > 1 else ''}, {overdue} overdue"
    lines = [f"{named(row, row.incident)}\n  {_standing(row, today)}" for row in rows]
    _send(person, subject, lines, rows, key)
    return True


def _standing(row: Actionable, today: date) -> str:
    due = f"due {row.due_on.day} {row.due_on:%B %Y}" if row.due_on else "no due date"
    late = f", {(today - row.due_on).days} days overdue" if row.due_on and row.is_overdue(today) else ""
    return f"{row.get_status_display().lower()}, {due}{late}"


def _theirs(person: Any) -> ActionableQuerySet:
    """What they have to do and may see, by due date."""
    rows = Actionable.objects.visible_to(person).unfinished().filter(person=person)
    return rows.select_related("incident").order_by("due_on", "number")


def _snoozed(today: date) -> Any:
    """The actionables whose last snooze is not over."""
    lasting = Snooze.objects.values("actionable").annotate(last=Max("pk")).values("last")
    return Snooze.objects.filter(pk__in=lasting, until__gt=today).values("actionable")


def _send(person: Any, subject: str, lines: list[str], rows: list[Actionable], occasion_key: str) -> None:
    """Hand the message to the mail server; raises what that raises, and then nothing is noted."""
    host = urlsplit(site()).hostname or "localhost"
    shown = [f"{line}\n  {site()}{row.get_absolute_url()}" for line, row in zip(lines[:MOST], rows, strict=False)]
    shown += [f"And {len(lines) - MOST} more."] if len(lines) > MOST else []
    foot = f"All of it, and how to get less mail: {site()}{reverse('me')}\n"
    text = f"Hello {name_of(person)},\n\n" + "\n\n".join(shown) + f"\n\n-- \n{foot}"
    digest = blake2b(f"{person.pk} {occasion_key}".encode(), digest_size=16).hexdigest()
    letter(person, subject, text, Message_ID=f"<{digest}@{host}>", Date=formatdate()).send()
