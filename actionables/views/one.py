"""One actionable: its page, and everything that can be done with it there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from secrets import token_hex
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from actionables.access import may_change, may_comment, may_work_on
from actionables.forms import CLEARED, ChangeForm, CommentForm, SnoozeForm, shown_values
from actionables.handing import tell_owners
from actionables.models import Actionable, OutOfDate, Priority, Status
from actionables.owners import name_of, suggestions
from actionables.stream import happened, spent
from actionables.telling import changed
from actionables.told import said_about
from actionables.verdicts import verdict
from postmortems.access import for_programs, for_readers
from postmortems.addresses import site_of
from postmortems.conditional import revalidated
from postmortems.models import Action, Incident, Reference, Visibility, record
from postmortems.prose import Prose
from postmortems.unsaved import opening_of

from .going import asked_for, back


def _asked(request: HttpRequest, reference: str) -> Actionable:
    """The actionable with this reference, when this person may see it."""
    rows = Actionable.objects.visible_to(request.user).select_related("incident", "person")
    return noted(request, rows.filter(number=int(reference.removeprefix("ACT-"))).first())


def noted(request: HttpRequest, found: Actionable | None) -> Actionable:
    """What was found, 404 for nothing; that somebody reads what came out of a restricted incident is written down."""
    if found is None:
        raise Http404
    if request.method in ("GET", "HEAD") and found.incident.visibility == Visibility.RESTRICTED:
        record(Action.READ_RESTRICTED, found.incident.reference, request=request, detail=found.reference)
    return found


Act = Callable[[HttpRequest, Actionable], HttpResponse]
View = Callable[[HttpRequest, str], HttpResponse]


def _for(allowed: Callable[[Any, Actionable], bool]) -> Callable[[Act], View]:
    """The door of what is done with one actionable: 404 for who may not see it, 403 for who may not do it.

    Who is not signed in does not come this far.
    """

    def door(act: Act) -> View:
        @wraps(act)
        def inner(request: HttpRequest, reference: str) -> HttpResponse:
            actionable = _asked(request, reference)
            if not allowed(request.user, actionable):
                raise PermissionDenied
            return act(request, actionable)

        return inner

    return door


@for_readers
@require_safe
def by_reference(request: HttpRequest, number: str) -> HttpResponse:
    """ACT-n leads to the actionable."""
    return redirect(get_object_or_404(Actionable.objects.visible_to(request.user), number=int(number)))


@for_readers
@require_safe
@revalidated
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """One actionable with its history."""
    return _page(request, _asked(request, reference))


def _page(request: HttpRequest, actionable: Any, status: int = 200, **typed: Any) -> HttpResponse:
    """The page, with what was typed into its forms and what is wrong with that."""
    visible = Actionable.objects.visible_to(request.user)
    # Sorted here: asked to sort these few, SQLite reads all actionables in that order instead.
    relatives = visible.filter(Q(alternative_to=actionable) | Q(pk=actionable.alternative_to_id or 0)).order_by()
    family = sorted(relatives, key=lambda row: (row.position, row.number))
    changes = list(actionable.changes.all())
    editor = may_work_on(request.user, actionable)
    context = {
        "actionable": actionable,
        "overdue": actionable.is_overdue(timezone.now().date()),
        "stream": happened(actionable, changes),
        "spent": spent(changes),
        "causes": list(actionable.causes.values_list("name", "slug")),
        "alternative_to": next((row for row in family if row.pk == actionable.alternative_to_id), None),
        "alternatives": [row for row in family if row.alternative_to_id == actionable.pk],
        "mentioned_in": _mentions(actionable, request),
        "verdict": verdict(actionable, request.user),
        "prose": Prose.of(request.user, f"incident:{actionable.incident_id}"),
        "may_work": editor,
        "may_choose": may_change(request.user),
        "may_comment": may_comment(request.user),
        "form": ChangeForm(shown_values(actionable)),
        "statuses": Status.choices,
        "priorities": Priority.choices,
        "owners": suggestions() if editor else [],
        "said": said_about(request),
        "snooze": actionable.snoozes.last() if editor else None,
        "comment_form": typed.get("comment_form"),
        "snooze_form": typed.get("snooze_form"),
    }
    return render(request, "actionables/actionable.html", context, status=status)


def _mentions(actionable: Actionable, request: HttpRequest) -> list[tuple[int, str, str]]:
    """The incidents whose text mentions it, as (number, slug, title)."""
    sources = Reference.objects.filter(prefix="ACT", number=actionable.number).values("incident_id")
    visible = Incident.objects.visible_to(request.user).filter(pk__in=sources)
    return list(visible.order_by("-number").values_list("number", "slug", "title")[:20])


@for_programs
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_for(may_work_on)
def change(request: HttpRequest, actionable: Actionable) -> HttpResponse:
    """Change status, owner, due date or priority: at once when all is said, else through a form."""
    if request.method != "POST":
        shown = shown_values(actionable) | {
            name: request.GET[name] for name in ("status", "owner") if name in request.GET
        }
        return _ask(request, actionable, ChangeForm(shown), fresh=True)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _ask(request, actionable, form, status=422)
    return _change(request, actionable, form)


@transaction.atomic
def _change(request: HttpRequest, actionable: Actionable, form: ChangeForm) -> HttpResponse:
    """Do it and lead back; ask again when something is missing or somebody else was faster."""
    batch, why = token_hex(8), form.cleaned_data["why"]
    expected = form.cleaned_data["version"]
    try:
        done = actionable.change(form.values(), by=name_of(request.user), why=why, expected=expected, batch=batch)
    except ValidationError as error:
        form.add_error(None if "why" not in error.message_dict else "why", error.message_dict["why"])
        return _ask(request, actionable, form, status=422)
    except OutOfDate as error:
        return _ask(request, error.stored, form, status=409)
    if done:
        changed([actionable.incident], request.user, texts=bool(why))
        tell_owners([actionable], request.user, site_of(request))
    target = asked_for(request, actionable.get_absolute_url())
    return back(target, *([("batch", batch)] if done else []), anchor=actionable.reference)


def _ask(
    request: HttpRequest, actionable: Actionable, form: ChangeForm, *, status: int = 200, fresh: bool = False
) -> HttpResponse:
    """The form on a page of its own; with status 409 it shows what is stored now beside what was wanted."""
    context = {
        "actionable": actionable,
        "form": form,
        "values": {"why": "", "status": actionable.status, "version": actionable.version, **_typed(form)},
        "fresh": fresh,
        "conflict": status == 409,
        "stored": shown_values(actionable),
        "stream": happened(actionable, list(actionable.changes.all()))[-5:] if status == 409 else [],
        "statuses": Status.choices,
        "priorities": Priority.choices,
        "owners": suggestions(),
        "next": asked_for(request, ""),
        "prose": Prose.of(request.user, f"incident:{actionable.incident_id}"),
    }
    return render(request, "actionables/change.html", context, status=status)


def _typed(form: ChangeForm) -> dict[str, Any]:
    """What was typed, the last of several values; fields that were not sent are not in it."""
    return {name: form.data[name] for name in form.fields if name in form.data and (form.data[name] or name in CLEARED)}


@for_programs
@require_POST
@_for(lambda user, actionable: may_comment(user))
def comment(request: HttpRequest, actionable: Actionable) -> HttpResponse:
    """Say something about an actionable."""
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, actionable, 422, comment_form=form)
    key = opening_of(request)
    with transaction.atomic():
        held = Incident.objects.select_for_update().get(pk=actionable.incident_id)
        former = held.taken.before(key)
        if former is None:
            made = actionable.comments.create(by=name_of(request.user), text=form.cleaned_data["text"]).pk
            held.taken.note(key, held, made)
            changed([held], None, texts=False)
    return back(actionable.get_absolute_url(), anchor=f"comment-{former.row if former else made}")


@require_POST
@_for(lambda user, actionable: may_change(user))
def choose(request: HttpRequest, actionable: Actionable) -> HttpResponse:
    """Take this one of several alternatives."""
    if actionable.alternative_to is None:
        raise Http404
    with transaction.atomic():
        actionable.choose(by=name_of(request.user))
        changed([actionable.incident], request.user, texts=True)
    return back(actionable.alternative_to.get_absolute_url(), anchor="alternatives")


@require_POST
@_for(may_work_on)
def snooze(request: HttpRequest, actionable: Actionable) -> HttpResponse:
    """Send no reminders of it until a day, with a reason."""
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _page(request, actionable, 422, snooze_form=form)
    with transaction.atomic():
        actionable.snoozes.create(by=name_of(request.user), **form.cleaned_data)
        changed([actionable.incident], None, texts=False)
    return back(asked_for(request, actionable.get_absolute_url()), anchor="snooze")
