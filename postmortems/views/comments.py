"""Remarks on a postmortem, in its review or once it is published: made, answered, resolved."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ..access import may_comment, may_settle, name_of
from ..forms_review import CommentForm, ReplyForm
from ..models import Incident, Remark, Status
from ..refresh import announce
from ..review_mail import taking_part, tell, watchers
from ..unsaved import opening_of
from .discussion import shown
from .entrance import of_incident
from .review_page import PLACES, UNPROCESSABLE, Step, page


def speaking(view: Step) -> Step:
    """Something that is said with a form: 403 for who may not comment here."""

    @wraps(view)
    def inner(request: HttpRequest, incident: Incident, **rest: Any) -> HttpResponse:
        if not may_comment(request.user, incident):
            raise PermissionDenied
        return view(request, incident, **rest)

    return require_POST(never_cache(of_incident(inner)))


@speaking
def add(request: HttpRequest, incident: Incident) -> HttpResponse:
    """A remark on a section, or on some words of it."""
    section = request.POST.get("section", "")
    if section not in PLACES:
        raise Http404
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _again(request, incident, section, comment=form)
    return _kept(request, incident, Remark(section=section, **form.cleaned_data))


@speaking
def reply(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """An answer to a remark."""
    parent = _first(request, incident, pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _again(request, incident, f"comment-{pk}", reply=form)
    return _kept(request, incident, Remark(parent=parent, **form.cleaned_data))


def _again(request: HttpRequest, incident: Incident, about: str, **typed: Any) -> HttpResponse:
    """The page with what was typed."""
    again = shown if incident.status == Status.PUBLISHED else page
    return again(request, incident, about=about, status=UNPROCESSABLE, **typed)


def _first(request: HttpRequest, incident: Incident, pk: int) -> Remark:
    """The remark that began a thread; 404 for one that this person is not told of."""
    first: Remark = get_object_or_404(incident.comments.told_to(request.user).filter(parent=None), pk=pk)
    return first


@transaction.atomic
def _kept(request: HttpRequest, incident: Incident, comment: Remark) -> HttpResponse:
    """Keep a remark and tell of it, once however often its form is sent."""
    person: Any = request.user
    key, held = opening_of(request), Incident.objects.select_for_update().get(pk=incident.pk)
    if former := held.taken.before(key):
        return _back(incident, f"comment-{comment.parent_id or former.row}")
    comment.incident, comment.by, comment.by_name = incident, person, name_of(person)
    comment.version = incident.version
    # An answer to what was said in a review stays with it.
    comment.was_open = bool(incident.is_open) and (comment.parent is None or comment.parent.was_open)
    comment.save()
    held.taken.note(key, held, comment.pk)
    if incident.status == Status.PUBLISHED:
        announce(incident.pk)  # its page says how many there are
    place = f"comment-{comment.parent_id or comment.pk}"
    tell(request, incident, _listening(comment), f"{name_of(person)} commented.", where=_said_at(incident, place))
    return _back(incident, place)


def _listening(comment: Remark) -> dict[str, list[Any]]:
    """Who is told of a remark, by the kind of mail that is for them (five queries at most).

    Of what is said in a review of an incident that is open by now, only who takes part.
    """
    incident = comment.incident
    kinds: dict[str, list[Any]] = {"commented": taking_part(incident)}
    if comment.was_open or not incident.is_open:
        kinds["watched_commented"] = watchers(incident)
        kinds["commented"] += comment.speakers()
    return kinds


def _back(incident: Incident, place: str) -> HttpResponse:
    """To where it is said."""
    return redirect(_said_at(incident, place))


def _said_at(incident: Incident, place: str) -> str:
    """The place on the page on which an incident is talked of."""
    page = "discussion" if incident.status == Status.PUBLISHED else "review"
    return f"{reverse(page, args=[incident.slug])}#{place}"


@speaking
def resolve(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """What a remark asked for is done."""
    person: Any = request.user
    comment = _settled(request, incident, pk)
    if comment.resolved_at is None:
        comment.resolve(name_of(person))
    return _back(incident, f"comment-{pk}")


@speaking
def unresolve(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """It is not done after all."""
    _settled(request, incident, pk).unresolve()
    return _back(incident, f"comment-{pk}")


def _settled(request: HttpRequest, incident: Incident, pk: int) -> Remark:
    """The remark, for who may say whether it is done: who made it, or who settles all of them; 403 for others."""
    comment = _first(request, incident, pk)
    if comment.by_id != request.user.pk and not may_settle(request.user, incident):
        raise PermissionDenied
    return comment
