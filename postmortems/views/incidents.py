"""The list of incidents and one incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from .. import search
from ..access import for_readers, sees_more
from ..conditional import revalidated
from ..facets import TITLES, Facets
from ..filters import SORTS, IncidentFilter
from ..models import SECTIONS, CauseYear, Incident, IncidentCause, Moved, Reference, Remark, Role, get_by_slug
from ..models.incidents import IncidentQuerySet
from ..neighbours import around
from ..prose import Prose
from ..relations import related
from ..rows import capped_count, extent, incident_rows, milestones_of, rows_of
from ..suggest import similar_kept
from ..tallies import counted_beside
from .entrance import note_reading
from .paging import PAGE, page_number, parameters

if TYPE_CHECKING:
    from ..access import Reader

DURATIONS = (
    ("TTD", "time to detect, from started to detected", "detected"),
    ("TTM", "time to mitigate, from started to the end of the impact", "mitigated"),
    ("TTR", "time to resolve, from started to resolved", "resolved"),
)


@for_readers
@require_safe
@revalidated
def listing(request: HttpRequest) -> HttpResponse:
    """Incidents, filtered, sorted and paged."""
    visible = Incident.objects.visible_to(request.user)
    chosen = IncidentFilter(request.GET, visible)
    facets = Facets(chosen.understood(), visible, sees_more=sees_more(request.user))
    chosen.chosen = facets.chosen
    shown = _found(request, facets) if request.GET.get("q", "").strip() else _listed(request, chosen, facets)
    context = {
        "q": request.GET.get("q", ""),
        "page": page_number(request),
        "facets": facets.shown(),
        "chips": _chips(request, facets),
        "kept": parameters(request, "page"),
        **shown,
        "notices": [*chosen.notices(), *shown["notices"]],
    }
    return render(request, "postmortems/incidents.html", context)


def _listed(request: HttpRequest, chosen: IncidentFilter, facets: Facets) -> dict[str, Any]:
    """What the list shows when nothing is searched for."""
    facets.count()
    start = (page_number(request) - 1) * PAGE
    rows = incident_rows(chosen.ordered(), limit=PAGE + 1, offset=start, causes=True, services=True)
    count, more = capped_count(chosen.qs) if request.GET.keys() - {"page", "sort"} else facets.all()
    return {
        "rows": rows[:PAGE],
        "has_next": len(rows) > PAGE,
        "count": count,
        "more": more,
        "sorts": SORTS,
        "sort": chosen.order,
        "notices": [],
        "results": None,
    }


def _found(request: HttpRequest, facets: Facets) -> dict[str, Any]:
    """What the list shows of a search: the incidents with the passages that show why."""
    zone = request.preferences.zone  # type: ignore[attr-defined]
    text, sort = request.GET["q"], request.GET.get("sort", "")
    results = search.search(text, request.user, filters=facets.given, sort=sort, page=page_number(request))
    facets.count_found(results.facets)
    return {
        "rows": rows_of(results.ids, causes=True, services=True),
        "has_next": results.has_next,
        "count": results.count,
        "more": results.capped,
        "sorts": {"relevance": "Most relevant", **SORTS},
        "sort": results.sort,
        "notices": results.query.notices,
        "results": results,
        "passages": search.passages(results.ids, results.words, results.streams, zone=zone),
        "marked": search.marked,
        "drops": [(TITLES.get(drop.kind, drop.kind), drop) for drop in results.drops],
    }


def _chips(request: HttpRequest, facets: Facets) -> list[dict[str, Any]]:
    """What is chosen, each with the parameters that remain without it."""
    kept = parameters(request, "page")
    return [
        {"title": title, "label": label, "without": [pair for pair in kept if pair != (name, value)]}
        for name, title, value, label in facets.chips()
    ]


@for_readers
@require_safe
def by_reference(request: HttpRequest, number: str) -> HttpResponse:
    """INC-n leads to the incident."""
    incident = get_object_or_404(Incident.objects.visible_to(request.user), number=int(number))
    return redirect(incident)


@for_readers
@require_safe
@revalidated
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One incident with its postmortem."""
    visible = Incident.objects.visible_to(request.user)
    try:
        said = Remark.objects.told_to(request.user).number_on(OuterRef("pk"))
        incident = get_by_slug(visible.select_related("organisation").annotate(said=said), slug)
    except Moved as moved:
        return redirect("incident", moved.args[0], permanent=True)
    note_reading(request, incident)
    links = _causes(incident, request.user)
    prose = Prose.of(request.user, f"incident:{incident.pk}")
    moments = milestones_of(incident)
    when, duration, span = extent(moments)
    services = list(incident.services.values_list("name", "slug", "pk").order_by("name"))
    similar = similar_kept(incident, links, {pk for *_, pk in services}, request.user)
    counts = {link.cause_id: link.seen for link in links}
    near, rows = around(incident, counts, visible, [one.pk for one in similar])
    context = {
        "incident": incident,
        "moments": moments,
        "when": when,
        "lasted": f"{duration.text()}{span}" if duration.is_known else "duration not known",
        "durations": [(short, words, incident.time_to(name)) for short, words, name in DURATIONS],
        "sections": SECTIONS,
        "filled": [field for field, _ in SECTIONS if getattr(incident, field)],
        "prose": prose,
        "evidence": tuple((link.key, link.evidence) for link in links if link.evidence),
        "told_to": incident.told_to(),
        "services": [(name, slug) for name, slug, _ in services],
        "causes": _by_role(links),
        "links": list(incident.links.all()),
        "similar": [(one, rows[one.pk]) for one in similar],
        "around": near,
        "related": related(incident, request.user),
        "mentioned_in": _mentions(incident, visible),
    }
    return render(request, "postmortems/incident.html", context)


def _causes(incident: Incident, user: Reader) -> list[Any]:
    """Its causes by name, each with `seen`, the number of incidents in which this reader sees it.

    Without the long texts of theirs (one query; one more for who sees more than everybody).
    """
    years = CauseYear.objects.filter(cause=OuterRef("cause")).order_by().values("cause")
    seen = Subquery(years.annotate(incidents_in_all=Sum("incidents")).values("incidents_in_all"))
    texts = ("definition", "aliases", "recognise", "mitigations")
    rows = incident.incident_causes.select_related("cause").defer(*(f"cause__{text}" for text in texts))
    links: list[Any] = list(rows.annotate(seen=Coalesce(seen, 0)))
    beside = counted_beside(user)
    for link in links:
        link.seen += beside[link.cause_id]
    return links


def _by_role(links: list[IncidentCause]) -> list[tuple[str, list[IncidentCause]]]:
    """The causes under the roles that occur, triggers first."""
    grouped = [(role.label, [link for link in links if link.role == role]) for role in Role]
    return [(label, members) for label, members in grouped if members]


def _mentions(incident: Incident, visible: IncidentQuerySet) -> list[tuple[int, str, str]]:
    """The incidents whose text mentions this one, as (number, slug, title) (one query)."""
    sources = Reference.objects.filter(prefix="INC", number=incident.number).values("incident_id")
    return list(visible.filter(pk__in=sources).order_by("-number").values_list("number", "slug", "title")[:20])
