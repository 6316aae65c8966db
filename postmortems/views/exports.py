"""The incident list as files and as a feed: the same query string as `/incidents/`, all of its pages."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from .. import export
from ..access import for_readers
from ..addresses import site_of
from ..conditional import remembered, tagged
from ..feed import Feed, atom
from ..listed import LIMIT, Listed, described, listed, normalised
from ..models import Action, record


@for_readers
@require_safe
@tagged
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """What the list shows, as a CSV file."""
    found = listed(request.GET, request.user)
    rows = export.as_csv(export.records(found.ids, request.user, site_of(request)))
    return _file(request, found, rows, "csv", "text/csv; charset=utf-8")


@for_readers
@require_safe
@tagged
def as_json(request: HttpRequest) -> HttpResponseBase:
    """What the list shows, as one JSON object."""
    found = listed(request.GET, request.user)
    site, query = site_of(request), normalised(request.GET)
    head = {
        "title": described(query),
        "address": f"{site}{reverse('incidents')}{f'?{query}' if query else ''}",
        "notices": found.notices,
        "limit": LIMIT,
        "cut": found.cut,
    }
    lines = export.as_json(export.records(found.ids, request.user, site), head)
    return _file(request, found, lines, "json", "application/json")


@for_readers
@require_safe
@tagged
def as_atom(request: HttpRequest) -> HttpResponse:
    """The matches that were published last, as an Atom feed; made once an edition for all who are not signed in."""
    site = site_of(request)
    if request.user.is_authenticated:
        return HttpResponse(atom(request.GET, request.user, site), content_type=Feed.content_type)
    key = ("feed", site, normalised(request.GET, in_order=False))
    made = remembered(key, lambda: atom(request.GET, request.user, site))
    return HttpResponse(made, content_type=Feed.content_type)


def _file(
    request: HttpRequest, found: Listed, content: Iterator[str], kind: str, content_type: str
) -> StreamingHttpResponse:
    """The content as a download; nothing of it is made for HEAD. The name says what it holds, and that it was cut."""
    query = normalised(request.GET)
    parts = [f"first-{LIMIT}" if found.cut else "", slugify(described(query))[:60] if query else ""]
    name = "-".join(["incidents", *(part.strip("-_") for part in parts if part)])
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if found.cut:
        headers["Rows-Cut-At"] = str(LIMIT)
    if request.method == "GET" and request.user.is_authenticated:
        record(Action.EXPORTED, f"{name}.{kind}", request=request)
    made = iter(()) if request.method == "HEAD" else content
    return StreamingHttpResponse(made, content_type=content_type, headers=headers)
