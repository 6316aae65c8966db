"""What waits for the person who signed in, and how they are told of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from actionables.models import Actionable, CalendarLink, ReminderChoice
from actionables.models.queries import SOON
from actionables.owners import name_of
from actionables.shown import rows
from actionables.told import said_about
from actionables.watching import watched
from postmortems.models import Incident
from postmortems.models import Status as Stage

MOST = 200


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """My overdue actionables, those due soon, the others, and what I finished last."""
    person: Any = request.user
    own = Actionable.objects.visible_to(person).filter(person=person)
    unfinished = rows(list(own.unfinished().order_by("due_on", "number").values_list("pk", flat=True)[:MOST]))
    finished = list(own.filter(unfinished=0).order_by("-closed_at", "-number").values_list("pk", flat=True)[:10])
    today = timezone.now().date()
    dated = [row for row in unfinished if row.due_on]
    sections = [
        ("overdue", "Overdue", [row for row in dated if row.is_overdue(today)]),
        ("soon", "Due in 14 days", [row for row in dated if today <= row.due_on <= today + SOON]),  # type: ignore[operator]
        ("later", "Later", [row for row in dated if row.due_on > today + SOON]),  # type: ignore[operator]
        ("undated", "Without a date", [row for row in unfinished if not row.due_on]),
        ("finished", "Finished last", rows(finished)),
    ]
    link = CalendarLink.objects.filter(person=person, revoked_at=None).first()
    context = {
        "name": name_of(person),
        "sections": [section for section in sections if section[2]],
        "today": today,
        "written": written(person),
        "watched": watched(person),
        "address": request.build_absolute_uri(reverse("calendar", args=[link.secret])) if link else "",
        "choice": ReminderChoice.objects.filter(person=person).first() or ReminderChoice(),
        "mail": person.email,
        "said": said_about(request),
    }
    return render(request, "actionables/me.html", context)


def written(person: Any) -> list[tuple[str, str, list[Incident]]]:
    """(anchor, title, incidents) of what waits to be written or read by who is named on it; empty ones left out."""
    named = Incident.objects.visible_to(person).filter(named_readers__user=person).order_by("-pk")
    authors = named.filter(named_readers__is_author=True)
    kinds = [
        ("drafts", "My drafts", authors.filter(status=Stage.DRAFT)),
        ("own-reviews", "Mine in review", authors.filter(status=Stage.REVIEW)),
        ("reviews", "To review", named.filter(named_readers__is_author=False, status=Stage.REVIEW)),
    ]
    found = [(key, title, list(rows.only("number", "slug", "title", "status")[:50])) for key, title, rows in kinds]
    return [one for one in found if one[2]]


@require_POST
@transaction.atomic
def calendar(request: HttpRequest) -> HttpResponse:
    """Make a new secret link for my calendar, or revoke the one there is."""
    if request.POST.get("do") == "revoke":
        CalendarLink.revoke(request.user)  # type: ignore[arg-type]
    else:
        CalendarLink.renew(request.user)  # type: ignore[arg-type]
    return redirect(reverse("me") + "#calendar")


@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Which mail I want."""
    wanted = {name: request.POST.get(name) == "on" for name in ("reminders", "digest", "assigned")}
    person: Any = request.user
    ReminderChoice.objects.update_or_create(person=person, defaults=wanted)
    return redirect(reverse("me") + "#mail")
