"""Mail to whoever is given an actionable by somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.urls import reverse

from postmortems.mail import letter, named, post_after
from postmortems.mail import site as site_of_mails
from postmortems.models import ReviewKind

from .models import Actionable, ReminderChoice
from .owners import name_of

if TYPE_CHECKING:
    from postmortems.models import Incident

MOST = 200


def tell_owners(rows: Iterable[Actionable], by: Any, site: str = "") -> None:
    """Tell the accounts that these were just handed over to, once the transaction has ended: one mail each, not to the
    one who did it, and of nothing they may not see (one query, and one for each person; none when nobody is told).

    site: the beginning of addresses; that of the settings unless it is given.
    """
    theirs: dict[int, list[int]] = {}
    for row in rows:
        if row.handed_over and row.person_id not in (None, by.pk):
            theirs.setdefault(row.person_id, []).append(row.pk)
    if not theirs:
        return
    off = ReminderChoice.objects.filter(assigned=False).values("person")
    people = get_user_model()._default_manager.filter(pk__in=theirs, is_active=True).exclude(email="")
    for person in people.exclude(pk__in=off).order_by("pk"):
        seen = Actionable.objects.visible_to(person).filter(pk__in=theirs[person.pk]).select_related("incident")
        _tell(person, list(seen.order_by("number")), by, site or site_of_mails())


def _tell(person: Any, rows: list[Actionable], by: Any, site: str) -> None:
    if not rows:
        return
    what = rows[0].reference if len(rows) == 1 else f"{len(rows)} actionables"
    shown = [f"{named(row, row.incident)}{_due(row)}\n  {site}{row.get_absolute_url()}" for row in rows[:MOST]]
    shown += [f"And {len(rows) - MOST} more."] if len(rows) > MOST else []
    foot = f"\n\n-- \nAll that is yours, and how to get less mail: {site}{reverse('me')}\n"
    text = f"Hello {name_of(person)},\n\nthis is yours to see through now:\n\n" + "\n\n".join(shown) + foot
    post_after(letter(person, f"[Hindsight] {name_of(by)} made {what} yours", text))


def _due(row: Actionable) -> str:
    return f"\n  due {row.due_on.day} {row.due_on:%B %Y}" if row.due_on else ""


def tell_at_last(incident: Incident, by: Any, site: str) -> None:
    """When an incident is published for the first time: tell the owners who could not see it until then."""
    if incident.review_steps.filter(kind=ReviewKind.PUBLISHED).count() > 1:
        return
    named_on = incident.named_readers.values("user")
    waiting = incident.actionables.unfinished().exclude(person=None).exclude(person__in=named_on)
    rows = list(waiting.exclude(person__is_superuser=True))
    for row in rows:
        row.handed_over = True
    tell_owners(rows, by, site)
