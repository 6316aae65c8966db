"""Keeping the taxonomy: editing, merging, splitting and retiring causes; and watching one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ..access import may_manage
from ..admin_audit import changed_words
from ..models import Action, Cause, CauseWatch, Incident, record
from ..refresh import refresh_cause
from ..taxonomy import merge, retire, split, undo_merge
from ..watching import unwatch, watch

Act = Callable[[HttpRequest, Cause], HttpResponse]
SPLIT_OF = 100  # of its newest incidents, those that can be split off on a page


class CauseForm(forms.ModelForm):
    """What managers edit of a cause."""

    class Meta:
        model = Cause
        fields = ["name", "slug", "group", "nature", "definition", "aliases", "recognise", "mitigations", "hazards",
                  "phrases", "unless", "examples"]  # fmt: skip


def _for_managers(act: Act) -> Callable[[HttpRequest, str], HttpResponse]:
    """The door: 403 for who may not keep the taxonomy, 404 for what is not there."""

    @wraps(act)
    def inner(request: HttpRequest, slug: str) -> HttpResponse:
        if not may_manage(request.user):
            raise PermissionDenied
        return act(request, get_object_or_404(Cause.objects.select_related("group", "merged_into"), slug=slug))

    return inner


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@_for_managers
def edit(request: HttpRequest, cause: Cause) -> HttpResponse:
    """Edit a cause; its former address keeps leading to it."""
    form = CauseForm(request.POST if request.method == "POST" else None, instance=cause)
    if form.is_valid():
        _save(request, form)
        messages.success(request, "Saved.")
        return redirect("cause_edit", cause.slug)
    return _page(request, cause, form)


def _page(
    request: HttpRequest, cause: Cause, form: CauseForm, problem: str = "", typed: Mapping[str, Any] | None = None
) -> HttpResponse:
    """The page of a cause with its forms; `problem` is why a split was refused, and `typed` what was given for it."""
    stored = Cause.objects.select_related("group", "merged_into").get(pk=cause.pk)
    context = {
        "cause": stored,
        "form": form,
        "others": list(Cause.objects.offered().exclude(pk=cause.pk).in_groups().values_list("slug", "name")),
        "merged": list(stored.merged.order_by("name")),
        "incidents": _newest(request, stored),
        "problem": problem,
        "split": typed or {"name": "", "definition": "", "incidents": []},
    }
    return render(request, "postmortems/cause_edit.html", context, status=422 if form.errors or problem else 200)


@transaction.atomic
def _save(request: HttpRequest, form: CauseForm) -> None:
    """A former name stays as another one: people go on searching for it and filing with it."""
    if "name" in form.changed_data:
        form.instance.also_called(form.initial["name"])
    refresh_cause(form.save())
    if form.changed_data:
        _note(request, form.instance, changed_words(form))


def _note(request: HttpRequest, cause: Cause, done: str) -> None:
    record(Action.TAXONOMY_CHANGED, f"cause {cause.slug}", request=request, detail=done)


def _person(request: HttpRequest) -> Any:
    """Who does it; the door lets nobody else in."""
    return request.user


def _newest(request: HttpRequest, cause: Cause) -> list[tuple[int, str]]:
    rows = Incident.objects.visible_to(request.user).filter(pk__in=cause.incident_causes.values("incident"))
    return list(rows.newest_first().values_list("number", "title")[:SPLIT_OF])


@require_POST
@never_cache
@_for_managers
def merge_into(request: HttpRequest, cause: Cause) -> HttpResponse:
    """Merge a cause into another."""
    into = Cause.objects.filter(slug=request.POST.get("into", "").replace("\0", "")).first()
    try:
        if into is None:
            raise ValidationError("Choose another cause that is in use.")
        with transaction.atomic():
            merge(cause, into, _person(request))
            _note(request, cause, f"merged into {into.slug}")
    except ValidationError as error:
        return _refused(request, cause, error)
    messages.success(request, f"{cause.name} is now part of this cause. Its address leads here.")
    return redirect("cause_edit", into.slug)


@require_POST
@never_cache
@_for_managers
def unmerge(request: HttpRequest, cause: Cause) -> HttpResponse:
    """Undo a merge."""
    try:
        with transaction.atomic():
            undo_merge(cause, _person(request))
            _note(request, cause, "merge undone")
    except ValidationError as error:
        return _refused(request, cause, error)
    messages.success(request, "It stands by itself again, with what it had.")
    return redirect("cause_edit", cause.slug)


@require_POST
@never_cache
@_for_managers
def split_off(request: HttpRequest, cause: Cause) -> HttpResponse:
    """Make a cause of its own of some of its incidents."""
    wanted = [int(text) for text in request.POST.getlist("incident") if text.isascii() and text.isdigit()][:SPLIT_OF]
    chosen = Incident.objects.visible_to(request.user).filter(number__in=wanted, incident_causes__cause=cause)
    name, definition = (request.POST.get(field, "").replace("\0", "").strip() for field in ("name", "definition"))
    try:
        if not chosen:
            raise ValidationError("Choose the incidents that show the new cause.")
        with transaction.atomic():
            new = split(cause, name, definition, [incident.pk for incident in chosen], _person(request))
            _note(request, new, f"split off {cause.slug}")
    except ValidationError as error:
        typed = {"name": name, "definition": definition, "incidents": wanted}
        return _page(
            request, cause, CauseForm(instance=cause), f"Nothing was changed. {' '.join(error.messages)}", typed
        )
    messages.success(request, f"Split off {cause.name}, with {len(chosen)} of its incidents.")
    return redirect("cause_edit", new.slug)


@require_POST
@never_cache
@_for_managers
def retire_or_not(request: HttpRequest, cause: Cause) -> HttpResponse:
    """Offer a cause no more, or again."""
    if cause.merged_into_id is None:
        with transaction.atomic():
            retire(cause, retired=request.POST.get("retired") == "yes")
            _note(request, cause, "retired" if cause.retired_at else "offered again")
        messages.success(request, "It is not offered any more." if cause.retired_at else "It is offered again.")
    return redirect("cause_edit", cause.slug)


def _refused(request: HttpRequest, cause: Cause, error: ValidationError) -> HttpResponse:
    messages.error(request, "Nothing was changed. " + " ".join(error.messages))
    return redirect("cause_edit", cause.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def watching(request: HttpRequest, slug: str) -> HttpResponse:
    """Watch a cause, or stop: mail about the next incident with it."""
    cause = get_object_or_404(Cause, slug=slug)
    person: Any = request.user
    if request.method == "POST":
        (watch if request.POST.get("watch") == "yes" else unwatch)(cause, person)
        return redirect(reverse("cause_watch", args=[cause.slug]))
    context = {"cause": cause, "watched": CauseWatch.objects.of(person).filter(cause=cause).exists()}
    return render(request, "postmortems/cause_watch.html", context)
