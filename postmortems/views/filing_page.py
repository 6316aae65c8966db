"""A page with a form of filing: what was kept of it, what differs from what others saved, how it reads."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..conflicts import MARKS, differences
from ..forms import MarkdownField, WatchedForm
from ..hints import hints_of
from ..models import Unsaved
from ..prose import Prose
from ..unsaved import age_words, remember_writer, typed_over

CONFLICT = 409
UNPROCESSABLE = 422


def written(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page of `context["form"]`: 409 in a conflict, 422 with faults, else 200.

    The form of a GET shows what this person typed at this `place` and did not save. In `context`: `stored`, the form of
    what is saved now, and `both`, the fields that somebody else changed too.
    """
    form: WatchedForm = context["form"]
    stored, both = context.get("stored"), context.get("both", ())
    context |= {"marks": (stored or form).marks(), "kept": None, "previews": {}}
    if not form.is_bound:
        kept = Unsaved.objects.of(request.user, context["place"])
        fields = typed_over(form, kept)
        if kept and fields is not None:
            context |= {"kept": age_words(kept), "marks": fields.get(MARKS, context["marks"])}
    elif "preview" in request.POST:
        context["previews"] = _previews(request, form)
    context["conflicts"] = differences(request.POST, stored, list(both)) if stored else {}
    faulty = form.is_bound and bool(form.errors)
    status = CONFLICT if both or context.get("gone") else UNPROCESSABLE if faulty else 200
    if "incident" in context:
        context["hints"] = [hint for hint in hints_of(context["incident"]) if hint.section == context["name"]]
    response = render(request, template, context, status=status)
    remember_writer(request, response)
    return response


def _previews(request: HttpRequest, form: WatchedForm) -> dict[str, Any]:
    """The texts of a form as readers will see them, by field."""
    prose = Prose({}, request.user)
    return {
        name: prose.html(form.data.get(form.add_prefix(name), "").replace("\r\n", "\n"))
        for name, field in form.fields.items()
        if isinstance(field, MarkdownField) and "data-markdown" in field.widget.attrs
    }
