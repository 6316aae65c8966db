"""The one door to pages about a single incident."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from ..models import Action, Incident, Moved, Visibility, get_by_slug, record
from ..rows import IncidentRow

SAFE = ("GET", "HEAD")


def of_incident(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives a view the incident of its slug: 404 for who may not see it; a former slug leads on to the present one.

    Whoever reads a restricted incident is written into the audit log.
    """

    @wraps(view)
    def inner(request: HttpRequest, slug: str, **rest: Any) -> HttpResponse:
        try:
            incident = get_by_slug(Incident.objects.visible_to(request.user).select_related("organisation"), slug)
        except Moved as moved:
            return _onward(request, moved.args[0], rest)
        if request.method in SAFE:
            note_reading(request, incident)
        return view(request, incident, **rest)

    return inner


def _onward(request: HttpRequest, slug: str, rest: dict[str, Any]) -> HttpResponse:
    if request.method not in SAFE or request.resolver_match is None:
        raise Http404
    answer = redirect(request.resolver_match.view_name, slug=slug, **rest, permanent=True)
    query = request.META.get("QUERY_STRING", "")
    answer["Location"] += f"?{query}" if query else ""
    return answer


def note_reading(request: HttpRequest, incident: Incident | IncidentRow) -> None:
    """Write down that somebody read a restricted incident, and on which page (one query; none for others)."""
    if incident.visibility == Visibility.RESTRICTED:
        page = request.resolver_match.view_name if request.resolver_match else ""
        record(Action.READ_RESTRICTED, incident.reference, request=request, detail=page.replace("_", " "))
