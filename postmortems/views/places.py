"""Services and organisations: the incidents that hit them and the causes that recur there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from ..access import for_readers
from ..conditional import revalidated
from ..models import Incident, IncidentCause, Moved, Organisation, Service, get_by_slug
from ..models.incidents import IncidentQuerySet
from ..prose import Prose
from ..rows import capped_count, incident_rows, linked, most_common
from .paging import PAGE, page_number

LOOKED_AT = 200


@for_readers
@require_safe
@revalidated
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """One service."""
    return _place(request, slug, "service", Service.objects.all())


@for_readers
@require_safe
@revalidated
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """One organisation."""
    return _place(request, slug, "organisation", Organisation.objects.all())


def _place(request: HttpRequest, slug: str, kind: str, places: Any) -> HttpResponse:
    try:
        place = get_by_slug(places, slug)
    except Moved as moved:
        return redirect(kind, moved.args[0], permanent=True)
    visible = Incident.objects.visible_to(request.user)
    incidents = visible.filter(organisation=place) if kind == "organisation" else _that_hit(place, visible)
    page = page_number(request)
    rows = incident_rows(incidents.newest_first(), limit=PAGE + 1, offset=(page - 1) * PAGE)
    count, more = capped_count(incidents)
    context = {
        "place": place,
        "kind": kind,
        "rows": rows[:PAGE],
        "has_next": len(rows) > PAGE,
        "page": page,
        "count": count,
        "more": more,
        "looked_at": min(count, LOOKED_AT),
        "causes": _causes(incidents),
        "prose": Prose.of(request.user, f"{kind}:{place.pk}"),
    }
    return render(request, "postmortems/place.html", context)


def _that_hit(place: Service, visible: IncidentQuerySet) -> IncidentQuerySet:
    links = Incident.services.through.objects.filter(service=place)
    return linked(visible, links)


def _causes(incidents: IncidentQuerySet) -> list[tuple[str, str, int]]:
    """The causes of the newest incidents as (name, slug, incidents), most frequent first (two queries)."""
    newest = list(incidents.newest_first().values_list("pk", flat=True)[:LOOKED_AT])
    links = IncidentCause.objects.filter(incident__in=newest).values_list("incident_id", "cause__name", "cause__slug")
    return most_common((name, slug) for _, name, slug in set(links))
