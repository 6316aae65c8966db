"""Deleting incidents, and the bin they come back from."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..access import may_delete, may_file, reads_everything
from ..binning import purge, put_into_bin, take_out_of_bin
from ..models import Action, Deletion, Incident, RemovedRow, record
from .entrance import of_incident
from .paging import page_number

PAGE = 50
UNPROCESSABLE = 422
GET_OR_POST = ["GET", "HEAD", "POST"]


class WhyForm(forms.Form):
    """Why it is deleted."""

    why = forms.CharField(max_length=200, required=False)


@require_http_methods(GET_OR_POST)
@never_cache
@of_incident
def delete(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Put an incident into the bin, once that is confirmed."""
    if not may_delete(request.user, incident):
        raise PermissionDenied
    form = WhyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        person: Any = request.user
        put_into_bin(incident, person, form.cleaned_data["why"])
        record(Action.DELETED, incident.reference, request=request)
        return redirect("bin")
    context = {"incident": incident, "form": form}
    return render(request, "postmortems/delete.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """What the reader finds in the bin."""
    if not may_file(request.user):
        raise PermissionDenied
    page = page_number(request)
    rows = list(_deletions(request)[(page - 1) * PAGE : page * PAGE + 1])
    context = {
        "rows": rows[:PAGE],
        "page": page,
        "has_next": len(rows) > PAGE,
        "may_purge": reads_everything(request.user),
        "removed": list(RemovedRow.objects.told_to(request.user).select_related("incident")[:PAGE])
        if page == 1
        else [],
    }
    return render(request, "postmortems/bin.html", context)


def _deletions(request: HttpRequest) -> Any:
    return Deletion.objects.told_to(request.user).select_related("incident")


@require_POST
@never_cache
def put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """An incident out of the bin."""
    incident = take_out_of_bin(get_object_or_404(_deletions(request), pk=pk))
    record(Action.RESTORED, incident.reference, request=request)
    return redirect(incident)


@require_http_methods(GET_OR_POST)
@never_cache
def purging(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an incident for good, once its reference is typed: an admin."""
    deletion = get_object_or_404(_deletions(request), pk=pk)
    if not reads_everything(request.user):
        raise PermissionDenied
    reference, typed = deletion.incident.reference, request.POST.get("reference", "").strip()
    if request.method == "POST" and typed.upper() == reference:
        record(Action.PURGED, reference, request=request)
        purge(deletion)
        return redirect("bin")
    wrong = request.method == "POST"
    context = {"deletion": deletion, "incident": deletion.incident, "typed": typed[:100], "wrong": wrong}
    return render(request, "postmortems/purge.html", context, status=UNPROCESSABLE if wrong else 200)
