"""Changes of several actionables at once, and taking a change back."""

from __future__ import annotations

import re
from secrets import token_hex

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from actionables.access import may_change, may_work_on
from actionables.forms import ManyForm
from actionables.handing import tell_owners
from actionables.models import Actionable, OutOfDate, Priority, Status, put_back
from actionables.owners import name_of, suggestions
from actionables.shown import rows
from actionables.telling import changed
from actionables.told import changed_in
from postmortems.addresses import site_of

from .going import asked_for, back

MOST = 500


@require_POST
def change_many(request: HttpRequest) -> HttpResponse:
    """Change the chosen rows; those that somebody else changed in the meantime are left alone and named."""
    if not may_change(request.user):
        raise PermissionDenied
    chosen = _chosen(request)
    form = ManyForm(request.POST)
    if not chosen or not form.is_valid():
        return _ask(request, form, chosen)
    batch = token_hex(8)
    stale = _change(request, form, chosen, batch)
    said: list[tuple[str, object]] = [("batch", batch)] if len(stale) < len(chosen) else []
    return back(asked_for(request, reverse("actionables")), *said, *(("stale", one) for one in stale))


def _chosen(request: HttpRequest) -> dict[int, int]:
    """The versions of the chosen actionables by their numbers, from values as "7:3"."""
    given = (re.fullmatch(r"([1-9]\d{0,8}):(\d{1,9})", one, re.ASCII) for one in request.POST.getlist("row")[:MOST])
    return {int(one[1]): int(one[2]) for one in given if one}


@transaction.atomic
def _change(request: HttpRequest, form: ManyForm, chosen: dict[int, int], batch: str) -> list[str]:
    """Change them in one transaction; returns the references of those that were out of date."""
    by, why, stale, incidents, rows_changed = name_of(request.user), form.cleaned_data["why"], [], {}, []
    visible = Actionable.objects.visible_to(request.user).filter(number__in=chosen)
    for actionable in visible.select_related("incident").order_by("number"):
        try:
            actionable.change(form.values(), by=by, why=why, expected=chosen[actionable.number], batch=batch)
            incidents[actionable.incident_id] = actionable.incident
            rows_changed.append(actionable)
        except OutOfDate:
            stale.append(actionable.reference)
    changed(incidents.values(), request.user, texts=bool(why))
    tell_owners(rows_changed, request.user, site_of(request))
    return stale


def _ask(request: HttpRequest, form: ManyForm, chosen: dict[int, int]) -> HttpResponse:
    """The form again, with what was typed, what is wrong, and the rows that were chosen."""
    visible = Actionable.objects.visible_to(request.user).filter(number__in=chosen).order_by("number")
    form.is_valid()
    context = {
        "form": form,
        "values": {name: form.data.get(name, "") for name in form.fields},
        "rows": rows(list(visible.values_list("pk", flat=True))),
        "chosen": chosen,
        "statuses": Status.choices,
        "priorities": Priority.choices,
        "owners": suggestions(),
        "next": asked_for(request, ""),
    }
    return render(request, "actionables/change_many.html", context, status=422)


@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back a change, except of what was changed again since."""
    target = asked_for(request, reverse("actionables"))
    batch = request.POST.get("batch", "")
    if not re.fullmatch(r"[0-9a-f]{16}", batch):
        return back(target)
    with transaction.atomic():
        wanted = changed_in(batch, Actionable.objects.visible_to(request.user)).values_list("pk", flat=True)
        found = list(Actionable.objects.filter(pk__in=list(wanted)).select_related("incident"))
        if not all(may_work_on(request.user, one) for one in found):
            raise PermissionDenied
        undone = put_back(batch, found, by=name_of(request.user))
        changed([one.incident for one in found], request.user, texts=True)
        tell_owners(found, request.user, site_of(request))
    return back(target, ("undone", undone.count), *(("left", one.reference) for one in undone.kept))
