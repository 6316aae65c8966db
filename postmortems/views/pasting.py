"""A draft out of a pasted text: what was found in it is looked at and corrected, then made."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ..access import may_file
from ..document import apply_document
from ..document_text import DocumentError
from ..forms_paste import Choice, PasteForm, choices_of, groups, link_kinds, statuses, strayed
from ..models import Incident, Unsaved
from ..pasted import ENTRY, LINK, MARK, TEXT, TITLE, WORK, Found, read_paste
from ..pasted_document import document_from, section_texts
from ..revising import record
from ..sections import Sections
from ..unsaved import age_words, keeps_text, remember_writer, without_token
from .filing import GET_OR_POST, known_names

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNPROCESSABLE = 422
NOTE = "From a pasted text"
LEFT_OUT = "Left out"
MOST_FAULTS = 8  # told above the form; each is told beside its field too


@keeps_text
@never_cache
@require_http_methods(GET_OR_POST)
def paste(request: HttpRequest, sections: Sections, name: str) -> HttpResponse:
    """A form for the text, then what was found in it, then the draft. `name` is where unsaved text is kept."""
    if not may_file(request.user):
        raise PermissionDenied
    kept = Unsaved.objects.of(request.user, name) if request.method != "POST" else None
    form = PasteForm(QueryDict(kept.fields) if kept else request.POST or None)
    context: dict[str, Any] = {"form": form, "place": name, "faults": {}, "found": None}
    context["kept"] = age_words(kept) if kept else None
    form.full_clean()
    if not form.is_bound or "text" in form.errors:
        if kept:  # what was kept half typed is no fault yet
            context["form"] = PasteForm(initial=QueryDict(kept.fields).dict())
        return _page(request, context, UNPROCESSABLE if form.errors and not kept else 200)
    found = read_paste(form.cleaned_data["text"])
    form.guess(found)
    choices = _checked(form, found)
    if "make" in request.POST:
        form.require_title()
        context["faults"] = _faults(choices)
        incident = _made(request, form, choices) if not form.errors and not context["faults"] else None
        if incident is not None:
            Unsaved.objects.discard(request.user, name)
            return redirect("edit", incident.number)
    if request.method == "POST":  # whoever leaves now finds it here again
        Unsaved.objects.keep(request.user, name, None, without_token(request.POST))
    context |= _shown(form, found, choices)
    return _page(request, context, UNPROCESSABLE if form.errors or context["faults"] else 200)


def _page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    context["known"] = known_names("times")
    response = render(request, "postmortems/paste.html", context, status=status)
    remember_writer(request, response)
    return response


def _checked(form: PasteForm, found: Found) -> list[Choice]:
    """What was made of each piece, with what is wrong with it."""
    choices = choices_of(found, form.data, form.zone.key)
    for choice in choices:
        choice.check(form.zone, form.cleaned_data.get("day"))
    section_texts(choices)
    return choices


def _faults(choices: list[Choice]) -> dict[str, str]:
    """What is wrong, by the field it is wrong with."""
    return {f"{choice.piece.key}-{name}": words for choice in choices for name, words in choice.errors.items()}


def _shown(form: PasteForm, found: Found, choices: list[Choice]) -> dict[str, Any]:
    """What was found, sorted as it is shown."""
    return {
        "found": found,
        "zone": form.zone,
        "sorts": {what: [each for each in choices if each.piece.what == what] for what in (TEXT, ENTRY, WORK, LINK)},
        "became": _became(found, choices),
        "groups": groups(),
        "link_kinds": link_kinds(),
        "statuses": statuses(),
        "strayed": strayed(found, form.data),
        "most_faults": MOST_FAULTS,
    }


def _became(found: Found, choices: list[Choice]) -> dict[int, tuple[str, str]]:
    """What each line became: (the id of where that is shown, what it is in words)."""
    labels = {**groups()["Text"], **dict.fromkeys(groups()["Timeline"], "Timeline")}
    labels |= dict.fromkeys(groups()["Actionable"], "Actionable")
    became: dict[int, tuple[str, str]] = {}
    for choice in (choice for choice in choices if not choice.piece.also):
        told = labels.get(choice.into, "") if choice.is_taken else LEFT_OUT
        became |= dict.fromkeys(choice.piece.lines, (f"p-{choice.piece.key}", told))
    for piece in found.of(MARK):
        became |= dict.fromkeys(piece.lines, ("marks", "Heading, day or rule"))
    for piece in (piece for piece in found.of(TITLE) if not piece.also):
        became |= dict.fromkeys(piece.lines, ("id_title", "Title"))
    return became


def _key(request: HttpRequest) -> UUID:
    """Names what this opening of the form sent: the same sent twice makes one draft."""
    sent = json.dumps([request.user.pk, "paste", sorted(request.POST.lists())])
    return UUID(bytes=blake2b(sent.encode(), digest_size=16).digest())


def _made(request: HttpRequest, form: PasteForm, choices: list[Choice]) -> Incident | None:
    """The draft that this form makes, or made before; None when the form says what is wrong."""
    user: User = request.user  # type: ignore[assignment]
    incident = Incident(title=form.cleaned_data["title"], filed_as=_key(request))
    try:
        with transaction.atomic():
            incident.save()
            apply_document(document_from(form, choices), incident)
            incident.named_readers.create(user=user, is_author=True)
            record(incident, user, NOTE)
    except IntegrityError:
        former = Incident.objects.written_by(user).filter(filed_as=incident.filed_as).first()
        if former is None:
            raise
        return former
    except DocumentError as error:
        form.add_error(None, error.words)
        return None
    return incident
