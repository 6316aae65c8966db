"""The files of an incident: listed, added, removed, put back; and their contents, for who may see the incident."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe

from ..access import for_readers, may_edit, name_of
from ..attaching import (
    MOST_FILES,
    TAKEN,
    TEXT,
    Unacceptable,
    content,
    forget,
    keep,
    kind_of,
    largest,
    name_of_file,
    new_key,
    place_of,
    too_large,
)  # fmt: skip
from ..models import Attachment, Incident
from .entrance import note_reading, of_incident

UNPROCESSABLE, CREATED = 422, 201
# A file is never a page: nothing in it runs, loads or frames anything, whatever a browser takes it for.
SANDBOX = "default-src 'none'; style-src 'none'; sandbox; frame-ancestors 'none'"


@for_readers
@require_safe
@never_cache
@of_incident
def files(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The files of an incident; to who may edit it also those in the bin."""
    return _page(request, incident)


def _page(request: HttpRequest, incident: Incident, problem: str = "", status: int = 200) -> HttpResponse:
    editable = may_edit(request.user, incident)
    rows = list(incident.attachments.order_by("pk"))
    context = {
        "incident": incident,
        "rows": [row for row in rows if row.removed_at is None],
        "removed": [row for row in rows if row.removed_at is not None] if editable else [],
        "editable": editable,
        "problem": problem,
        "taken": TAKEN,
        "largest": largest(),
    }
    return render(request, "postmortems/files.html", context, status=status)


@require_POST
@never_cache
@of_incident
def attach(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Add a file. A program that asks for JSON gets what puts the file into a text."""
    if not may_edit(request.user, incident):
        raise PermissionDenied
    asks_json = "application/json" in request.headers.get("Accept", "")
    try:
        row = _attached(request, incident)
    except Unacceptable as why:
        if asks_json:
            return JsonResponse({"error": str(why)}, status=UNPROCESSABLE)
        return _page(request, incident, str(why), UNPROCESSABLE)
    if asks_json:
        return JsonResponse({"markdown": row.markdown, "address": row.get_absolute_url()}, status=CREATED)
    return redirect("files", incident.slug)


def _attached(request: HttpRequest, incident: Incident) -> Attachment:
    """The file that was sent, kept. Raises Unacceptable."""
    file: Any = request.FILES.get("file")
    if file is None:
        raise Unacceptable(too_large() if request.META.get("upload_too_large") else "Choose a file first.")
    kind, key, person = kind_of(file), new_key(), request.user
    given = Attachment(key=key, kind=kind, size=file.size, name=name_of_file(file.name or "", kind), incident=incident)
    given.by, given.by_name = person, name_of(person)  # type: ignore[assignment]
    file.seek(0)
    keep(key, file.chunks())
    try:
        with transaction.atomic():
            Incident.objects.select_for_update().get(pk=incident.pk)
            if incident.attachments.count() >= MOST_FILES:
                raise Unacceptable(f"An incident has at most {MOST_FILES} files, those in the bin included.")
            given.save()
    except BaseException:
        forget([key])
        raise
    return given


@require_POST
@never_cache
@of_incident
def detach(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """A file into the bin."""
    row = _editable(request, incident, pk)
    if row.removed_at is None:
        row.remove(name_of(request.user))
    return redirect("files", incident.slug)


@require_POST
@never_cache
@of_incident
def put_back(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """A file out of the bin."""
    _editable(request, incident, pk).put_back()
    return redirect("files", incident.slug)


def _editable(request: HttpRequest, incident: Incident, pk: int) -> Attachment:
    if not may_edit(request.user, incident):
        raise PermissionDenied
    return get_object_or_404(incident.attachments.all(), pk=pk)


@for_readers
@require_safe
@cache_control(private=True, no_cache=True)
def media(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """The content of a file, to who may see its incident. Images are shown, everything else is downloaded."""
    row = get_object_or_404(Attachment.objects.visible_to(request.user).select_related("incident"), key=key, name=name)
    note_reading(request, row.incident)
    if not place_of(row.key).is_file():
        raise Http404
    kind = f"{TEXT}; charset=utf-8" if row.kind == TEXT else row.kind
    answer = StreamingHttpResponse(content(row.key), content_type=kind)
    answer.headers["Content-Disposition"] = content_disposition_header(not row.is_image, row.name) or "attachment"
    answer.headers["Content-Length"] = str(row.size)
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Vary"] = "Cookie"
    return answer
