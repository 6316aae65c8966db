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
from ..document_text import DocumentError
from ..forms_new import REFERENCE
from ..forms_upload import UploadForm
from ..models import Incident, Status
from ..revising import record, revising

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
    if form.is_valid():
        incident = _filed(form, request.user)  # type: ignore[arg-type]
        if incident is not None:
            return redirect("edit", incident.number)
    return render(request, "postmortems/upload.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


def _filed(form: UploadForm, user: User) -> Incident | None:
    """The draft that says now what the document says; None when the form says what is wrong."""
    given = form.cleaned_data
    try:
        if given["into"] == UploadForm.NEW:
            return _new(given["document"], str(given["facts"].get("title", "")), user)
        incident = _named(given["facts"], user)
        if incident is None:
            form.add_error("into", "It names no draft that you may write at: there is none of its reference.")
            return None
        with revising(incident.pk, None, user, NOTE) as held:
            apply_document(given["document"], held)
    except DocumentError as error:
        form.refuse(error)
        return None
    return incident


@transaction.atomic
def _new(document: str, title: str, user: User) -> Incident:
    incident = Incident.objects.create(title=title[:200])  # its address comes from that
    apply_document(document, incident)
    incident.named_readers.create(user=user, is_author=True)
    record(incident, user, NOTE)
    return incident


def _named(facts: dict[str, Any], user: User) -> Incident | None:
    """The draft whose reference the document has, if this person may edit it."""
    found = REFERENCE.fullmatch(str(facts.get("reference", "")))
    rows = Incident.objects.visible_to(user).exclude(status=Status.PUBLISHED)
    incident = rows.filter(number=int(found[1])).first() if found else None
    return incident if incident is not None and may_edit(user, incident) else None
