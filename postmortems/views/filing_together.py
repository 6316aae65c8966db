"""All sections of a postmortem on one page, each with a form of its own that saves by itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from markupsafe import Markup

from ..hints import hints_of
from ..models import Incident
from ..sections import Fields, Section, Sections, editable
from ..unsaved import others_writing, remember_writer
from .filing import shown_fields
from .filing_page import completed
from .filing_rows import shown_rows

ALIKE_BESIDE = "overview"  # the one section beside which incidents like it stand, for what is typed into all of them


@never_cache
@require_safe
def together(request: HttpRequest, number: str, sections: Sections) -> HttpResponse:
    """Every section one below another; a script that saved one asks for that one alone, with the header X-Part."""
    incident = editable(request, number)
    wanted = request.headers.get("X-Part", "")
    names = [wanted] if wanted in sections else list(sections)
    hints, others = hints_of(incident), others_writing(incident, request.user)
    known = {
        name: {"hints": [hint for hint in hints if hint.section == name], "others": others.get(name, "")}
        for name in names
    }
    parts = [(name, sections[name], _part(request, incident, name, sections, known[name])) for name in names]
    context = {"incident": incident, "sections": sections, "parts": parts}
    response = render(request, "postmortems/edit_together.html", context)
    remember_writer(request, response)
    return response


def _part(request: HttpRequest, incident: Incident, name: str, sections: Sections, known: dict[str, Any]) -> Markup:
    context, template = _untouched(request, incident, name, sections, sections[name])
    context |= known
    if name != ALIKE_BESIDE:
        context["alike"] = None
    completed(request, context, together=True)
    return Markup(render_to_string(template, context, request))  # noqa: S704 - the template has escaped it


def _untouched(
    request: HttpRequest, incident: Incident, name: str, sections: Sections, kind: Section
) -> tuple[dict[str, Any], str]:
    if isinstance(kind, Fields):
        form = kind.form(instance=incident)
        return shown_fields(incident, name, sections, form), "postmortems/_fields.html"
    return shown_rows(request, incident, name, sections, kind.form(incident=incident)), "postmortems/_rows.html"
