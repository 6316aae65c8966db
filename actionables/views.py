"""The table of actionables and one actionable."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from postmortems.access import for_readers
from postmortems.conditional import revalidated
from postmortems.models import Incident, Reference
from postmortems.prose import Prose
from postmortems.rows import capped_count
from postmortems.views.paging import page_number, parameters

from .filters import DUE, SORTS, STATUSES, ActionableFilter
from .models import Actionable, Kind
from .parts import SHOWN

PAGE = 50


@for_readers
@require_safe
@revalidated
def table(request: HttpRequest) -> HttpResponse:
    """Actionables, filtered, sorted and paged."""
    everything = Actionable.objects.visible_to(request.user).filter(alternative_to=None)
    chosen = ActionableFilter(request.GET, everything)
    chosen.form.is_valid()
    page = page_number(request)
    start = (page - 1) * PAGE
    wanted = list(chosen.ordered().values_list("pk", flat=True)[start : start + PAGE + 1])
    count, more = capped_count(chosen.qs)
    context = {
        "rows": _rows(wanted[:PAGE]),
        "today": timezone.now().date(),
        "count": count,
        "more": more,
        "page": page,
        "has_next": len(wanted) > PAGE,
        "facets": [("status", "Status", STATUSES), ("kind", "Kind", dict(Kind.choices)), ("due", "Due", DUE)],
        "given": dict(request.GET.lists()),
        "sorts": SORTS,
        "sort": chosen.order,
        "notices": chosen.notices(),
        "kept": parameters(request, "page"),
    }
    return render(request, "actionables/table.html", context)


def _rows(wanted: list[int]) -> list[Actionable]:
    """The actionables with their incidents, in this order (one query)."""
    found = Actionable.objects.select_related("incident").only(*SHOWN).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


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
    visible = Actionable.objects.visible_to(request.user)
    rows = visible.select_related("incident")
    actionable: Any = rows.filter(number=int(reference.removeprefix("ACT-"))).first()
    if actionable is None:
        raise Http404
    # Sorted here: asked to sort these few, SQLite reads all actionables in that order instead.
    relatives = visible.filter(Q(alternative_to=actionable) | Q(pk=actionable.alternative_to_id or 0)).order_by()
    family = sorted(relatives, key=lambda row: (row.position, row.number))
    context = {
        "actionable": actionable,
        "overdue": actionable.is_overdue(timezone.now().date()),
        "changes": list(actionable.changes.all()),
        "causes": list(actionable.causes.values_list("name", "slug")),
        "alternative_to": next((row for row in family if row.pk == actionable.alternative_to_id), None),
        "alternatives": [row for row in family if row.alternative_to_id == actionable.pk],
        "mentioned_in": _mentions(actionable, request),
        "prose": Prose.of(request.user, f"incident:{actionable.incident_id}"),
    }
    return render(request, "actionables/actionable.html", context)


def _mentions(actionable: Actionable, request: HttpRequest) -> list[tuple[int, str, str]]:
    """The incidents whose text mentions it, as (number, slug, title)."""
    sources = Reference.objects.filter(prefix="ACT", number=actionable.number).values("incident_id")
    visible = Incident.objects.visible_to(request.user).filter(pk__in=sources)
    return list(visible.order_by("-number").values_list("number", "slug", "title")[:20])
