"""Watching an incident or an actionable, and no longer. For everybody who signed in and may see it."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from actionables.models import Actionable, Watch
from actionables.telling import changed
from postmortems.models import Incident

from .going import asked_for, back


@require_POST
@transaction.atomic
def watch(request: HttpRequest) -> HttpResponse:
    """Begin to watch what `what` names, as INC-3 or ACT-7."""
    incident, actionable = _meant(request)
    person: Any = request.user
    told = {"told": incident.version}  # what it says now is no news
    Watch.objects.get_or_create(person=person, incident=incident, actionable=actionable, defaults=told)
    return _done(request, incident, actionable)


@require_POST
@transaction.atomic
def unwatch(request: HttpRequest) -> HttpResponse:
    """No longer watch it."""
    incident, actionable = _meant(request)
    Watch.objects.of(request.user, incident, actionable).delete()
    return _done(request, incident, actionable)


def _meant(request: HttpRequest) -> tuple[Incident, Actionable | None]:
    """The incident that is meant, or the actionable and its incident; 404 when this person may not see it."""
    found = re.fullmatch(r"(INC|ACT)-([1-9]\d{0,8})", request.POST.get("what", ""), re.ASCII)
    if found and found[1] == "ACT":
        rows = Actionable.objects.visible_to(request.user).select_related("incident")
        if actionable := rows.filter(number=int(found[2])).first():
            return actionable.incident, actionable
    elif found and (incident := Incident.objects.visible_to(request.user).filter(number=int(found[2])).first()):
        return incident, None
    raise Http404


def _done(request: HttpRequest, incident: Incident, actionable: Actionable | None) -> HttpResponse:
    """Back to its page, which is another one now for this person."""
    changed([incident], None, texts=False)
    return back(asked_for(request, (actionable or incident).get_absolute_url()))
