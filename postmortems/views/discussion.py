"""What is said about a published postmortem: read by everybody who reads it, written by whoever signed in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..access import for_readers, may_comment, may_settle
from ..forms_review import CommentForm
from ..models import SECTIONS, Incident, Status
from ..prose import Prose
from .entrance import of_incident
from .review_page import ALL, PLACES, lost_words, said_in, threads


@for_readers
@require_safe
@never_cache
@of_incident
def discussion(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Every comment by the section it is on. What is not published is discussed in its review."""
    if incident.status != Status.PUBLISHED:
        return redirect("review", incident.slug)
    about = request.GET.get("about", ALL)
    return shown(request, incident, about=about if about in PLACES else ALL)


def shown(
    request: HttpRequest, incident: Incident, *, about: str = ALL, status: int = 200, **typed: forms.Form
) -> HttpResponse:
    """The page. `typed` are forms that were sent and not taken; `about` is the section or comment they were on."""
    comments = threads(incident, request.user)
    prose = Prose.of(request.user, f"incident:{incident.pk}")
    prose.add(said_in(comments))
    context = {
        "incident": incident,
        "groups": [(place, words, comments[place]) for place, words in PLACES.items() if place in comments],
        "places": [(place, words) for place, words in PLACES.items() if _is_there(incident, place)],
        "prose": prose,
        "lost": lost_words(incident, comments),
        "about": about,
        "writes": may_comment(request.user, incident),
        "settles": may_settle(request.user, incident),
        "comment": typed.get("comment", CommentForm()),
        "reply": typed.get("reply"),
    }
    return render(request, "postmortems/discussion.html", context, status=status)


def _is_there(incident: Incident, place: str) -> Any:
    """Whether a section has a text that can be talked of; those that are lists of rows are offered always."""
    return place not in dict(SECTIONS) or getattr(incident, place)
