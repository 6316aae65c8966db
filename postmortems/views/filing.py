"""Filing a postmortem: a new draft, its list of sections, and each section that is a form."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ..access import may_file
from ..conflicts import settled
from ..forms import SectionForm
from ..forms_new import NewForm
from ..hints import hints_of
from ..models import Incident, Organisation, Service, Unsaved
from ..moments import zones
from ..revising import record, revising
from ..sections import Rows, Sections, editable
from ..unsaved import keeps_text, opening_of, others_writing, place_of
from .filing_page import alike_in, is_together, noted, written
from .filing_rows import rows

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NEW = place_of()
PLACE = re.compile(r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/")
GET_OR_POST = ["GET", "HEAD", "POST"]


@keeps_text
@never_cache
@require_http_methods(GET_OR_POST)
def new(request: HttpRequest, sections: Sections) -> HttpResponse:
    """A draft from its title."""
    if not may_file(request.user):
        raise PermissionDenied
    form = NewForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid() and "preview" not in request.POST:
        incident = _draft(request, form)
        Unsaved.objects.discard(request.user, NEW)
        return redirect("edit", incident.number)
    return written(request, "postmortems/new.html", {"form": form, "place": NEW})


def _draft(request: HttpRequest, form: NewForm) -> Incident:
    """The draft that this form makes, or made before."""
    incident: Incident = form.save(commit=False)
    incident.filed_as = opening_of(request)
    form.begin(incident)
    user: User = request.user  # type: ignore[assignment]
    try:
        with transaction.atomic():
            incident.save()
            form.finish(incident)
            incident.named_readers.create(user=user, is_author=True)
            record(incident, user)
    except IntegrityError:
        if incident.filed_as is None:
            raise
        # Not by what the user is known to see: the draft that was there may be the first thing that names them.
        former = Incident.objects.written_by(user).filter(filed_as=incident.filed_as).first()
        if former is None:
            raise
        return former
    return incident


@never_cache
@require_safe
def edit(request: HttpRequest, number: str, sections: Sections) -> HttpResponse:
    """The sections of a postmortem with what each holds so far."""
    incident = editable(request, number)
    tasks = [(name, section, section.filled(incident)) for name, section in sections.items()]
    context = {
        "incident": incident,
        "tasks": tasks,
        "hints": hints_of(incident),
        "sections": sections,
        "alike": alike_in({}, incident, request.user),
        "others": others_writing(incident, request.user),
    }
    return render(request, "postmortems/edit.html", context)


@keeps_text
@never_cache
@require_http_methods(GET_OR_POST)
def section(request: HttpRequest, number: str, name: str, sections: Sections) -> HttpResponse:
    """One section: a form, or a list of rows with a form for one more."""
    incident = editable(request, number)
    if name not in sections:
        raise Http404
    kind = sections[name]
    if isinstance(kind, Rows):
        return rows(request, incident, name, sections)
    if request.method != "POST":
        return _shown(request, incident, name, sections, kind.form(instance=incident))
    with revising(incident.pk, None, request.user, kind.title, noted(request)) as held:  # type: ignore[arg-type]
        stored = kind.form(instance=copy(held))
        given, both = settled(request.POST, stored)
        form = kind.form(given, instance=copy(held))
        if both or not form.is_valid() or "preview" in request.POST:
            return _shown(request, held, name, sections, form, stored, both)
        form.save_to(held)
        Unsaved.objects.discard(request.user, place_of(number, name))
    if is_together(request):
        return redirect(f"{reverse('edit_together', args=[number])}?saved={name}#{name}")
    return redirect(onward(incident, name, sections, further="onward" in request.POST))


def onward(incident: Incident, name: str, sections: Sections, *, further: bool) -> str:
    """Where to go after a section: to the next one, or back to the list of all."""
    names = list(sections)
    after = names[names.index(name) + 1 :]
    if further and after:
        return f"{reverse('edit_section', args=[incident.number, after[0]])}?before={name}"
    return f"{reverse('edit', args=[incident.number])}?saved={name}#{name}"


def _shown(
    request: HttpRequest,
    incident: Incident,
    name: str,
    sections: Sections,
    form: SectionForm,
    stored: SectionForm | None = None,
    both: Any = (),
) -> HttpResponse:
    """The form; in a conflict with the difference, field by field, from what is stored to what was typed."""
    context = shown_fields(incident, name, sections, form) | {"stored": stored, "both": both}
    return written(request, "postmortems/edit_section.html", context)


def shown_fields(incident: Incident, name: str, sections: Sections, form: SectionForm) -> dict[str, Any]:
    """What the template of a section that is one form shows."""
    if incident.template:
        for field, words in incident.template.guidance().items():
            if field in form.fields:
                form.fields[field].help_text = words
    return {
        "incident": incident,
        "name": name,
        "section": sections[name],
        "sections": sections,
        "form": form,
        "place": place_of(incident.number, name),
        "last": list(sections)[-1] == name,
        "known": known_names(name),
    }


def known_names(name: str) -> dict[str, list[str]]:
    """The names that a section's fields offer while somebody types, by the id of their list."""
    if name == "times":
        return {"zones": ["UTC", *(zone for zone in zones().values() if PLACE.match(zone))]}
    if name != "overview":
        return {}
    return {
        kind: list(model.objects.order_by("name").values_list("name", flat=True)[:1_000])
        for kind, model in (("organisations", Organisation), ("services", Service))
    }
