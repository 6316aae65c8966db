"""Review and publishing of one postmortem: each step is a form of its own on the page of the review."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ..access import may_edit, name_of
from ..addresses import site_of
from ..forms_review import AskForm, MailingForm, ReasonForm, VerdictForm
from ..models import Action, Incident, Mailing, ReviewKind, record
from ..review_mail import authors, taking_part, tell, tell_of_publishing, watchers
from ..reviewing import Refused, ask, decide, publish, reopen, unask, withdraw
from ..revising import Overtaken
from .entrance import of_incident
from .review_page import CONFLICT, UNPROCESSABLE, back, may_take_part, page, refused, step

OVERTAKEN = "It was saved again while you were deciding. Look at what changed, then decide."


@require_safe
@never_cache
@of_incident
def review(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The postmortem with its reviewers, what they decided and what was said about it."""
    may_take_part(request, incident)
    return page(request, incident)


@step
def asking(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Ask people for review; a draft goes into review with it."""
    if not may_edit(request.user, incident):
        raise PermissionDenied
    form = AskForm(request.POST, auto_id="ask_%s")
    if not form.is_valid():
        return page(request, incident, ask=form, status=UNPROCESSABLE)
    people, person = form.cleaned_data["names"], _person(request)
    new = ask(incident, people, person, form.cleaned_data["note"])
    if new and not incident.is_open:
        names = ", ".join(row.user.get_username() for row in new)
        record(Action.ACCESS_CHANGED, incident.reference, request=request, detail=f"asked for review: {names}")
    tell(request, incident, {"asked": [row.user for row in new]}, f"{name_of(person)} asks you for a review.")
    return back(incident, "reviewers")


@step
def unasking(request: HttpRequest, incident: Incident, pk: int) -> HttpResponse:
    """Somebody need not review after all."""
    if not may_edit(request.user, incident):
        raise PermissionDenied
    reviewer = get_object_or_404(incident.reviewers.select_related("incident", "user"), pk=pk)
    unask(reviewer)
    if not incident.is_open:
        said = f"no longer asked for review: {reviewer.user.get_username()}"
        record(Action.ACCESS_CHANGED, incident.reference, request=request, detail=said)
    return back(incident, "reviewers")


@step
def approve(request: HttpRequest, incident: Incident) -> HttpResponse:
    """A reviewer approves."""
    return _decided(request, incident, ReviewKind.APPROVED)


@step
def ask_for_changes(request: HttpRequest, incident: Incident) -> HttpResponse:
    """A reviewer asks for changes."""
    return _decided(request, incident, ReviewKind.CHANGES)


def _decided(request: HttpRequest, incident: Incident, kind: ReviewKind) -> HttpResponse:
    form = VerdictForm(request.POST, auto_id="verdict_%s")
    if not form.is_valid():
        return page(request, incident, verdict=form, status=UNPROCESSABLE)
    if request.POST.get("seen") != str(incident.version):
        return page(request, incident, verdict=form, status=CONFLICT, problem=OVERTAKEN)
    person, given = _person(request), form.cleaned_data
    try:
        decide(incident, kind, person, given["note"], given["checked"])
    except Refused as why:
        return refused(request, incident, why, verdict=form)
    tell(request, incident, {"decided": authors(incident)}, f"{name_of(person)} {kind.value}.")
    return back(incident, "reviewers")


@step
def publishing(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Let everybody read it."""
    form = ReasonForm(request.POST, auto_id="publish_%s")
    if not form.is_valid():
        return page(request, incident, publish=form, status=UNPROCESSABLE)
    try:
        publish(incident, _person(request), form.cleaned_data["note"], _seen(request))
    except Refused as why:
        return refused(request, incident, why, publish=form)
    except Overtaken:
        return page(request, incident, publish=form, status=CONFLICT, problem=OVERTAKEN)
    record(Action.PUBLISHED, incident.reference, request=request)
    words = f"{name_of(_person(request))} published it."
    tell(request, incident, _following(incident), words, where=incident.get_absolute_url())
    tell_of_publishing(incident, _person(request), site_of(request))
    return redirect(incident)


def _seen(request: HttpRequest) -> int:
    """The version that the page showed; 0, which no version has, for what is no number."""
    said = request.POST.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 9 else 0


@step
def withdrawing(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Make it a draft again."""
    return _back(request, incident, Action.WITHDRAWN)


@step
def reopening(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Take what is published into review again."""
    return _back(request, incident, Action.REOPENED)


def _back(request: HttpRequest, incident: Incident, action: Action) -> HttpResponse:
    if not may_edit(request.user, incident):
        raise PermissionDenied
    form = ReasonForm(request.POST, auto_id="back_%s")
    if not form.is_valid():
        return page(request, incident, back=form, status=UNPROCESSABLE)
    person = _person(request)
    try:
        (withdraw if action == Action.WITHDRAWN else reopen)(incident, person, form.cleaned_data["note"])
    except Refused as why:
        return refused(request, incident, why, back=form)
    record(action, incident.reference, request=request)
    tell(request, incident, _following(incident), f"{name_of(person)} has {action.value} it.")
    return back(incident)


def _following(incident: Incident) -> dict[str, list[Any]]:
    """Who is told where it stands, by the kind of mail that is for them (three queries)."""
    return {"decided": taking_part(incident), "watched": watchers(incident)}


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the door asked them to sign in
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    """Which mails the reader wants."""
    mailing = Mailing.objects.filter(user=_person(request)).first() or Mailing(user=_person(request))
    form = MailingForm(request.POST if request.method == "POST" else None, instance=mailing)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("mails")
    return render(request, "postmortems/mails.html", {"form": form, "kept": mailing.pk is not None})
