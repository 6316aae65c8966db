"""What the search boxes offer while somebody types."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .. import search
from ..access import for_readers
from ..conditional import tagged
from ..search_query import parse

HEADINGS = {
    "incident": "Incidents",
    "cause": "Causes",
    "service": "Services",
    "organisation": "Organisations",
    "actionable": "Actionables",
}


@for_readers
@require_safe
@tagged
def options(request: HttpRequest) -> HttpResponse:
    """The options of the list under a search box, in groups; nothing when there is nothing to suggest."""
    text = request.GET.get("q", "")
    groups: dict[str, list[search.Suggestion]] = {}
    for one in search.suggest(text, request.user):
        groups.setdefault(HEADINGS[one.kind], []).append(one)
    context = {"text": parse(text).text if groups else "", "groups": groups}
    return render(request, "postmortems/_suggestions.html", context)
