"""Remarks on a postmortem in review: made, answered, resolved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from ..forms_review import CommentForm, ReplyForm
from ..models import Incident, Remark
from ..review_mail import taking_part, tell
from ..revising import name_of
from .review_page import PLACES, UNPROCESSABLE, back, page, step


@step
def add(request: HttpRequest, incident: Incident) -> HttpResponse:
    """A remark on a section, or on some words of it."""
    section = request.POST.get("section", "")
    if section not in PLACES:
        raise Http404
    form = CommentForm(request.POST)
    if not form.is_valid():
        return page(request, incident, comment=form, about=section, status=UNPROCESSABLE)
    return _kept(request, incident, Remark(section=section, **form.cleaned_data))


@step
def reply(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """An answer to a remark."""
    parent = get_object_or_404(incident.comments.filter(parent=None), pk=pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return page(request, incident, reply=form, about=f"comment-{pk}", status=UNPROCESSABLE)
    return _kept(request, incident, Remark(parent=parent, **form.cleaned_data))


@transaction.atomic
def _kept(request: HttpRequest, incident: Incident, comment: Remark) -> HttpResponse:
    person: Any = request.user
    comment.incident, comment.by, comment.by_name = incident, person, name_of(person)
    comment.version = incident.version
    comment.save()
    tell(request, incident, taking_part(incident), "commented", f"{name_of(person)} commented.", place=_anchor(comment))
    return back(incident, _anchor(comment)[1:])


def _anchor(comment: Remark) -> str:
    return f"#comment-{comment.parent_id or comment.pk}"


@step
def resolve(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """What a remark asked for is done."""
    person: Any = request.user
    comment = get_object_or_404(incident.comments.filter(parent=None), pk=pk)
    if comment.resolved_at is None:
        comment.resolve(name_of(person))
    return back(incident, f"comment-{pk}")


@step
def unresolve(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """It is not done after all."""
    get_object_or_404(incident.comments.filter(parent=None), pk=pk).unresolve()
    return back(incident, f"comment-{pk}")
