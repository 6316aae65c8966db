"""An incident out of a file: a new draft, or a new version of the draft that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ..access import may_edit, may_file
from ..document import apply_document
from ..document_checks import check_filed
from ..document_text import DocumentError
from ..forms_new import REFERENCE
from ..forms_upload import UploadForm
from ..models import Incident, Status
from ..revising import Overtaken, record, revising, take_over, taken_over
from .history import differences

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNPROCESSABLE = 422
NOTE = "From a file"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """A form for the file, and what becomes of it."""
    if not may_file(request.user):
        raise PermissionDenied
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    named = _named(form, request.user) if form.is_valid() else None  # type: ignore[arg-type]
    if form.is_valid():
        _check(form, named)
    if form.is_valid() and (named is None or request.POST.get("seen") == f"{named.reference}.{named.version}"):
        incident = _filed(form, named, request.user)  # type: ignore[arg-type]
        if incident is not None:
            return redirect("edit", incident.number)
    context = {"form": form, "named": named}
    if (
        named is not None and form.is_valid()
    ):  # what would change is looked at first: somebody may have written since it was downloaded
        context |= _would_change(form, named)
    return render(request, "postmortems/upload.html", context, status=UNPROCESSABLE if form.errors else 200)


def _check(form: UploadForm, named: Incident | None) -> None:
    """Have the form say what no form of filing would take; what a draft's own actionables are is not changed."""
    stored: Any = named
    try:
        known = [row.reference for row in stored.actionables.all()] if named else []
        check_filed(form.cleaned_data["document"], known)
    except DocumentError as error:
        form.refuse(error)


def _would_change(form: UploadForm, named: Incident) -> dict[str, Any]:
    """What taking the document over would change; the form says when it cannot be."""
    try:
        return differences(*taken_over(named, form.cleaned_data["document"]))
    except DocumentError as error:
        form.refuse(error)
        return {"groups": [], "names": {}}


def _filed(form: UploadForm, named: Incident | None, user: User) -> Incident | None:
    """The draft that says now what the document says; None when the form says what is wrong."""
    given = form.cleaned_data
    try:
        if named is None:
            return _new(given["document"], str(given["facts"].get("title", "")), user)
        with revising(named.pk, named.version, user, NOTE) as held:
            take_over(held, given["document"])
    except DocumentError as error:
        form.refuse(error)
        return None
    except Overtaken:
        form.add_error(None, "Somebody saved it at the same moment. Look again at what would change.")
        return None
    return named


@transaction.atomic
def _new(document: str, title: str, user: User) -> Incident:
    incident = Incident.objects.create(title=title[:200])  # its address comes from that
    apply_document(document, incident)
    incident.named_readers.create(user=user, is_author=True)
    record(incident, user, NOTE)
    return incident


def _named(form: UploadForm, user: User) -> Incident | None:
    """The draft that is to be changed: of the reference that the document has; the form says when there is none."""
    if form.cleaned_data["into"] == UploadForm.NEW:
        return None
    found = REFERENCE.fullmatch(str(form.cleaned_data["facts"].get("reference", "")))
    rows = Incident.objects.visible_to(user).exclude(status=Status.PUBLISHED)
    incident = rows.filter(number=int(found[1])).first() if found else None
    if incident is None or not may_edit(user, incident):
        form.add_error("into", "It names no draft that you may write at: there is none of its reference.")
        return None
    return incident
