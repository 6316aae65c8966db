"""A page with a form of filing: what was kept of it, what differs from what others saved, how it reads."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from django.forms import Field
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from .. import suggest
from ..conflicts import MARKS, differences, put_together
from ..forms import NOTE, MarkdownField, WatchedForm
from ..hints import hints_of
from ..markdown import MAX_CHARS
from ..models import Incident, Unsaved
from ..prose import Prose
from ..unsaved import age_words, others_writing, remember_writer, typed_over

if TYPE_CHECKING:
    from ..access import Reader
    from ..similar import Similar

CONFLICT = 409
UNPROCESSABLE = 422
TOGETHER = "all"
# What tells most of what an incident is like, while somebody types it.
TELLING = ("title", "summary")
MOST_ALIKE = 4
ALIKE_ENOUGH = 0.25  # below it a single word that both have is all there is


def is_together(request: HttpRequest) -> bool:
    """Whether a form stands on the page of all sections: what becomes of it leads back there."""
    return TOGETHER in (request.GET.get("back"), request.POST.get("back"))


def noted(request: HttpRequest) -> str:
    """What was typed as a note for the history, on one line; its form refuses what is too long."""
    return " ".join(request.POST.get(NOTE, "").split())


def written(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page of `context["form"]`: 409 in a conflict, 422 with faults, else 200."""
    status = completed(request, context, together=is_together(request))
    response = render(request, template, context, status=status)
    remember_writer(request, response)
    return response


def completed(request: HttpRequest, context: dict[str, Any], *, together: bool) -> int:
    """Add to the context of a form what every form shows; the status of its page.

    `together` says that it stands among others: its ids then begin with the name of its section (`ids`). The form of a
    GET shows what this person typed at this `place` and did not save. In `context`: `stored`, the form of what is saved
    now; `both`, the fields that somebody else changed too; when they are known: `hints`, `alike`, and `others`, who
    else writes there.
    """
    form: WatchedForm = context["form"]
    stored, both = context.get("stored"), context.get("both", ())
    ids = f"{context['name']}-" if together else ""
    form.auto_id = f"{ids}%s" if ids else "id_%s"
    context |= {"marks": (stored or form).marks(), "kept": None, "previews": {}, "ids": ids}
    if not form.is_bound:
        kept = Unsaved.objects.of(request.user, context["place"])
        fields = typed_over(form, kept)
        if kept and fields is not None:
            context |= {"kept": age_words(kept), "marks": fields.get(MARKS, context["marks"])}
    elif "preview" in request.POST:
        context["previews"] = _previews(request, form)
    context |= {"conflicts": {}, "apart": {}}
    if both and stored:
        context |= _conflict(context["incident"], form, stored, list(both))
    faulty = form.is_bound and bool(form.errors)
    status = CONFLICT if both or context.get("gone") else UNPROCESSABLE if faulty else 200
    context["files"] = any(_is_markdown(field) for field in form.fields.values())
    if "alike" not in context:
        telling = form._meta.model is Incident and not {*TELLING}.isdisjoint(form.fields)
        context["alike"] = alike_in(_told(form), context.get("incident"), request.user) if telling else None
    if "incident" in context and "hints" not in context:
        context["hints"] = [hint for hint in hints_of(context["incident"]) if hint.section == context["name"]]
    if "incident" in context and "others" not in context:
        context["others"] = others_writing(context["incident"], request.user).get(context["name"], "")
    return status


def _conflict(incident: Incident, form: WatchedForm, stored: WatchedForm, both: list[str]) -> dict[str, Any]:
    """The differences by field. Where both changed other lines, the field shows them put together, and `apart` is what
    was typed alone.
    """
    typed = QueryDict(mutable=True)
    typed.update(form.data)
    together = put_together(incident, typed, stored, both)
    form.data = shown = typed.copy()
    for name, text in together.items():
        shown[form.add_prefix(name)] = text
    apart = {name: typed.get(form.add_prefix(name), "") for name in together}
    return {"conflicts": differences(typed, stored, both, together), "apart": apart}


def alike_in(typed: Mapping[str, str], incident: Incident | None, user: Reader) -> list[Similar]:
    """Incidents that this person may see like one as it would be with this title and summary (eleven queries at most).

    `incident` is the one that is written at, None for one that is about to begin.
    """
    about = copy(incident) if incident else Incident()
    for name in TELLING:
        setattr(about, name, typed.get(name, getattr(about, name))[:MAX_CHARS])
    return [one for one in suggest.similar_to(about, user, limit=MOST_ALIKE) if one.score >= ALIKE_ENOUGH]


def _told(form: WatchedForm) -> dict[str, str]:
    return {name: str(form[name].value() or "") for name in TELLING if name in form.fields}


def _previews(request: HttpRequest, form: WatchedForm) -> dict[str, Any]:
    """The texts of a form as readers will see them, by field."""
    prose = Prose({}, request.user)
    return {
        name: prose.html(form.data.get(form.add_prefix(name), "").replace("\r\n", "\n"))
        for name, field in form.fields.items()
        if _is_markdown(field)
    }


def _is_markdown(field: Field) -> bool:
    return isinstance(field, MarkdownField) and "data-markdown" in field.widget.attrs
