"""Adding an actionable, and changing what one says. For authors."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actionables.handing import tell_owners
from actionables.models import FINISHED, Actionable, OutOfDate
from actionables.owners import name_of, suggestions
from actionables.telling import changed
from actionables.wording import HINTS, EditForm, NewForm, first_values, incident_meant, refuse
from postmortems.access import may_file
from postmortems.addresses import site_of
from postmortems.models import Incident
from postmortems.unsaved import opening_of

from .one import noted

OVERTAKEN = "Somebody else changed it in the meantime. Saving again puts your words in place of theirs."
GET_OR_POST = ["GET", "HEAD", "POST"]


@never_cache
@require_http_methods(GET_OR_POST)
def add(request: HttpRequest) -> HttpResponse:
    """A new actionable of the incident that `incident` names, as INC-n; without one, asks for it."""
    if not may_file(request.user):
        raise PermissionDenied
    asked = request.GET.get("incident", "")
    incident = incident_meant(asked, request.user)
    if incident is None:
        status = 422 if asked else 200
        return render(request, "actionables/new.html", {"asked": asked}, status=status)
    form = NewForm(incident, request.POST if request.method == "POST" else None)
    if form.is_valid() and (made := _made(form, incident, request)):
        return redirect(made)
    return _ask(request, form, incident, None)


def _made(form: NewForm, incident: Incident, request: HttpRequest) -> Actionable | Incident | None:
    """Where it leads to, the new actionable; None when the model has something against it, which the form then says."""
    owner, person = form.cleaned_data["owner"]
    rest = {name: form.cleaned_data[name] for name in ("due_on", "priority", "alternative_to")}
    last = incident.actionables.order_by("position").last()
    made = Actionable(incident=incident, position=last.position + 1 if last else 1, **form.words(), **rest)
    made.owner, made.person = owner, person
    try:
        made.clean_fields()
        made.clean()
    except ValidationError as error:
        refuse(form, error)
        return None
    return _begun(made, form.cleaned_data, request)


@transaction.atomic
def _begun(made: Actionable, given: dict[str, Any], request: HttpRequest) -> Actionable | Incident:
    """Save it with its history: opened at a moment or now, and what it has become since.

    The same form sent again gives what it made the first time, or its incident when that was removed.
    """
    key, held = opening_of(request), Incident.objects.select_for_update().get(pk=made.incident_id)
    if former := held.taken.before(key):
        return held.actionables.filter(pk=former.row).first() or held
    made.status, made.outcome = given["status"], given["outcome"] if given["status"] in FINISHED else ""
    made.save()
    held.taken.note(key, held, made.pk)
    made.causes.set(given["causes"])
    made.begin(given["opened"], given["closed"], by=name_of(request.user))
    changed([made.incident], request.user, texts=True)
    made.handed_over = True
    tell_owners([made], request.user, site_of(request))
    return made


@never_cache
@require_http_methods(GET_OR_POST)
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Change the words of an actionable, what it is aimed at, or what it is an alternative to."""
    rows = Actionable.objects.visible_to(request.user).select_related("incident", "alternative_to")
    actionable = noted(request, rows.filter(number=int(reference.removeprefix("ACT-"))).first())
    if not may_file(request.user):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    form = EditForm(actionable.incident, data, own=actionable, initial=first_values(actionable))
    if form.is_valid() and _kept(form, actionable, request.user):
        return redirect(actionable)
    return _ask(request, form, actionable.incident, actionable)


def _kept(form: EditForm, actionable: Actionable, user: Any) -> bool:
    """Whether the words could be kept; when not, the form says why."""
    cleaned, by = form.cleaned_data, name_of(user)
    try:
        with transaction.atomic():
            actionable.reword(
                form.words(), cleaned["causes"], cleaned["alternative_to"], by=by, expected=cleaned["version"]
            )
            actionable.redate(**form.moments(), by=by)
            changed([actionable.incident], user, texts=True)
    except ValidationError as error:
        refuse(form, error)
    except OutOfDate as error:
        form.add_error(None, OVERTAKEN)
        typed: Any = form.data
        form.data = typed = typed.copy()
        typed["version"] = str(error.stored.version)
    return not form.errors


def _ask(request: HttpRequest, form: Any, incident: Incident, actionable: Actionable | None) -> HttpResponse:
    """The form, with what was typed and what is wrong with it."""
    context = {
        "form": form,
        "incident": incident,
        "actionable": actionable,
        "owners": [] if actionable else suggestions(),
        "hints": HINTS,
    }
    return render(request, "actionables/write.html", context, status=422 if form.errors else 200)
