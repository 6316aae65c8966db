"""The causes an incident's text shows, suggested with their passages: to link, to turn down, to take back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from .. import suggest
from ..access import may_file
from ..models import SECTIONS, Cause, Certainty, Incident, IncidentCause, Moved, RelationKind, Role, get_by_slug
from ..relations import open_proposals, relate
from ..revising import Overtaken, revising
from ..unsaved import opening_of
from .entrance import SAFE, note_reading
from .filing_page import is_together

MOST = 12
# The role a cause most often has, by its nature; the others contribute.
USUAL_ROLE = {"trigger": Role.TRIGGER, "fault": Role.ROOT}
CHOICES = {"roles": Role.choices, "certainties": Certainty.choices, "titles": dict(SECTIONS)}
FILING = "filing"  # what a form sends that stands in the section of causes, to come back there
ALREADY = ("role", "The incident has this cause in this role already.")
SAVED_MEANWHILE = (None, "Somebody else saved this incident a moment ago. Look at what it says now, then link it.")
Act = Callable[[HttpRequest, Incident], HttpResponse]


def _for_authors(act: Act) -> Callable[[HttpRequest, str], HttpResponse]:
    """The door: 404 for who may not see the incident, 403 for who may not edit it."""

    @wraps(act)
    def inner(request: HttpRequest, slug: str) -> HttpResponse:
        try:
            incident = get_by_slug(Incident.objects.visible_to(request.user), slug)
        except Moved as moved:
            raise Http404 from moved
        if not may_file(request.user):
            raise PermissionDenied
        if request.method in SAFE:
            note_reading(request, incident)
        return act(request, incident)

    return inner


class LinkForm(forms.Form):
    """A cause with its role, its certainty and the passage that shows it."""

    cause = forms.ModelChoiceField(
        Cause.objects.offered(),
        to_field_name="slug",
        error_messages={"required": "Choose a cause.", "invalid_choice": "Choose a cause of the list."},
    )
    role = forms.ChoiceField(choices=Role.choices, error_messages={"required": "Choose a role."})
    certainty = forms.ChoiceField(choices=Certainty.choices, error_messages={"required": "Choose how certain it is."})
    evidence = forms.CharField(required=False, max_length=5_000, widget=forms.Textarea)

    def __init__(self, data: Any, incident: Incident) -> None:
        super().__init__(data)
        self.incident = incident

    def clean_evidence(self) -> str:
        """A passage that stands in the text, on one line."""
        evidence = " ".join(self.cleaned_data["evidence"].split())
        if evidence and not self.incident.says(evidence):
            raise ValidationError("This passage is not in the postmortem's text as it reads. Copy it from there.")
        return evidence

    def link(self, by: Any, key: UUID | None = None) -> IncidentCause:
        """Link it, and remember by which form; ValidationError when the incident has this cause in this role."""
        note = f"Cause linked: {self.cleaned_data['cause']}."
        with revising(self.incident.pk, self.incident.version, by, note) as held:
            link = IncidentCause(incident=held, position=held.incident_causes.count() + 1, **self.cleaned_data)
            link.full_clean()
            link.save()
            suggest.take_back(held, link.cause)
            held.taken.note(key, held, link.pk)
        return link


@require_safe
@never_cache
@_for_authors
def suggestions(request: HttpRequest, incident: Incident) -> HttpResponse:
    """What the text of an incident shows, with what is linked already and what was turned down."""
    return _page(request, incident)


def _page(request: HttpRequest, incident: Incident, form: LinkForm | None = None) -> HttpResponse:
    found, alike = suggest.both_for(incident, request.user, limit=MOST)
    context = {
        "incident": incident,
        "suggested": with_passages(incident, found),
        "alike": alike,
        "linked": list(incident.incident_causes.select_related("cause")),
        "rejected": list(incident.rejections.select_related("cause").order_by("cause__name")),
        "proposals": open_proposals(incident, request.user),
        "kinds": [kind for kind in RelationKind.choices if kind[0] != RelationKind.NONE],
        "causes": list(Cause.objects.offered().in_groups().values_list("slug", "name", "group__name")),
        "choices": CHOICES,
        "form": form,
        "typed": form.data if form else {},
    }
    return render(request, "postmortems/suggestions.html", context, status=422 if form else 200)


def with_passages(incident: Incident, found: list[suggest.Suggested]) -> list[tuple[suggest.Suggested, str, Role]]:
    """Each suggestion with its passage as it reads and the role such a cause most often has."""
    return [(one, suggest.evidence_of(incident, one), _usual_role(one.cause)) for one in found]


def _usual_role(cause: Cause) -> Role:
    return USUAL_ROLE.get(cause.nature, Role.CONTRIBUTING)


@require_POST
@never_cache
@_for_authors
def link(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Link a cause, suggested or chosen by hand; the same form sent twice links it once and leads to the same page."""
    form, key = LinkForm(request.POST, incident), opening_of(request)
    if not form.is_valid():
        return _page(request, incident, form)
    try:
        done = form.link(request.user, key)
    except (ValidationError, Overtaken) as error:
        if incident.taken.before(key):
            return redirect(_here(request, incident))
        form.add_error(*(ALREADY if isinstance(error, ValidationError) else SAVED_MEANWHILE))
        return _page(request, incident, form)
    messages.success(request, f"Linked: {done.cause.name}, {done.get_role_display().lower()}.")
    return redirect(_here(request, incident))


@require_POST
@never_cache
@_for_authors
def unlink(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Take a link off again; the incident's earlier version keeps it."""
    wanted = incident.incident_causes.filter(pk=_number(request, "link")).select_related("cause").first()
    if wanted is None:
        messages.info(request, "This cause was not linked any more.")
        return redirect(_here(request, incident))
    try:
        with revising(incident.pk, incident.version, _signed_in(request), f"Cause taken off: {wanted.cause}."):
            wanted.delete()
    except Overtaken:
        messages.error(request, "Somebody else saved this incident a moment ago, so nothing was taken off.")
    else:
        messages.success(request, f"Taken off: {wanted.cause.name}.")
    return redirect(_here(request, incident))


@require_POST
@never_cache
@_for_authors
def reject(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Turn a suggestion down."""
    cause = _cause(request)
    suggest.reject(incident, cause, by=_signed_in(request))
    messages.success(
        request, f"Turned down: {cause.name}. It is not suggested here again, and its phrases count for less elsewhere."
    )
    return redirect(_here(request, incident))


@require_POST
@never_cache
@_for_authors
def take_back(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Let a cause be suggested again that was turned down."""
    cause = _cause(request)
    suggest.take_back(incident, cause)
    messages.success(request, f"Taken back: {cause.name} may be suggested again.")
    return redirect(_here(request, incident))


@require_POST
@never_cache
@_for_authors
def decide(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Say how this incident stands to one that its text names, or that it does not."""
    others = Incident.objects.visible_to(request.user).exclude(pk=incident.pk)
    other = others.filter(number=_number(request, "other")).first()
    kind = request.POST.get("kind", "")
    if other is None or kind not in RelationKind.values:
        messages.error(request, "That incident or that kind of relation does not exist, so nothing was noted.")
    else:
        relate(incident, other, kind, by=_signed_in(request))
        messages.success(request, f"Noted: {RelationKind(kind).label.lower()} {other.reference}.")
    return redirect(_here(request, incident))


def _cause(request: HttpRequest) -> Cause:
    cause = Cause.objects.filter(slug=request.POST.get("cause", "").replace("\0", "")).first()
    if cause is None:
        raise Http404
    return cause


def _number(request: HttpRequest, name: str) -> int:
    """A number of the form, 0 for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _signed_in(request: HttpRequest) -> Any:
    """Who does it; the door lets nobody else in."""
    return request.user


def _here(request: HttpRequest, incident: Incident) -> str:
    """The page that the form stood on."""
    if is_together(request):
        return f"{reverse('edit_together', args=[incident.number])}?in=causes#causes"
    if request.POST.get("back") == FILING:
        return f"{reverse('edit_section', args=[incident.number, 'causes'])}#rows"
    return reverse("incident_causes", args=[incident.slug])
