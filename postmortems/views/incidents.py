"""The list of incidents and one incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from .. import search
from ..access import for_readers, sees_more
from ..conditional import Held, remembered, revalidated
from ..facets import Facets
from ..filters import PARTS, SORTS, IncidentFilter
from ..models import SECTIONS, CauseYear, Incident, IncidentCause, Moved, Reference, Remark, Role, get_by_slug
from ..models.incidents import IncidentQuerySet
from ..neighbours import around
from ..prose import Prose
from ..relations import related
from ..rows import IncidentRow, extent, milestones_of, rows_of
from ..search_qualifiers import BOUNDS
from ..suggest import similar_kept
from ..tallies import counted_beside
from ..typed import SAID, as_parameters, problems, said_of, without
from .entrance import note_reading, of_incident
from .paging import PAGE, page_number, parameters

if TYPE_CHECKING:
    from ..access import Reader

Facts = tuple[Any, Any]  # HTML
_ROWS: Held[int, IncidentRow] = Held(2_000)
_FACTS: Held[tuple[str, int], Facts] = Held(2_000)  # by zone and incident
DURATIONS = (
    ("TTD", "time to detect, from started to detected", "detected"),
    ("TTM", "time to mitigate, from started to the end of the impact", "mitigated"),
    ("TTR", "time to resolve, from started to resolved", "resolved"),
)


@for_readers
@require_safe
def listing(request: HttpRequest) -> HttpResponseBase:
    """Incidents, filtered, sorted and paged; what was typed as a qualifier leads to the same as a parameter."""
    asked = as_parameters(dict(request.GET.lists()))
    return _list(request) if asked is None else redirect(f"{reverse('incidents')}?{asked.urlencode()}")


@revalidated
def _list(request: HttpRequest) -> HttpResponse:
    visible = Incident.objects.visible_to(request.user)
    chosen = IncidentFilter(request.GET, visible)
    facets = Facets(chosen.values(), visible, sees_more=sees_more(request.user))
    if moved := facets.moved():
        now = [(name, moved.get((name, value), value)) for name, value in parameters(request, "page")]
        return redirect(f"{reverse('incidents')}?{urlencode(now)}")
    chosen.chosen = facets.chosen
    shown = _shown(request, chosen, facets)
    text = search.cleaned(request.GET.get("q", ""))
    pieces = search.typed(text)
    context = {
        "q": request.GET.get("q", ""),
        "words": without(text, pieces),
        "only_pieces": [("q", " ".join(one.text for one in pieces))] if pieces else [],
        "page": page_number(request),
        "facets": facets.shown(problems(dict(request.GET.lists()))),
        "beside": facets.given,
        "parts": PARTS,
        "counted": search.CAP,
        "chips": [*_chips(request, facets), *_chips_of_text(request, text, pieces)],
        "kept": parameters(request, "page"),
        "with_facts": _with_facts,
        **shown,
        "notices": [*chosen.notices(), *shown["notices"], *facets.unknown()],
    }
    return render(request, "postmortems/incidents.html", context)


def _shown(request: HttpRequest, chosen: IncidentFilter, facets: Facets) -> dict[str, Any]:
    """What the list shows; what is asked of the index alone is searched for, and so is what there is none of."""
    if request.GET.get("q", "").strip() or chosen.needs_index():
        return _found(request, facets)
    shown = _listed(request, chosen, facets)
    is_empty = not shown["rows"] and page_number(request) == 1 and any(facets.given.values())
    return _found(request, facets) if is_empty else shown


def _listed(request: HttpRequest, chosen: IncidentFilter, facets: Facets) -> dict[str, Any]:
    """What the list shows when nothing is searched for."""
    counts, partly, (count, more) = _counts(request, facets)
    facets.count(counts, partly)
    start = (page_number(request) - 1) * PAGE
    rows = _rows(list(chosen.ordered().values_list("pk", flat=True)[start : start + PAGE + 1]))
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


def _counts(request: HttpRequest, facets: Facets) -> tuple[dict[str, dict[str, int]], frozenset[str], tuple[int, bool]]:
    """What there is of each value, and in all: for who chose nothing counted once an edition."""
    if any(facets.given.values()):
        return search.counts(request.user, facets.given, facets.chosen)
    return remembered(("counts",), lambda: search.counts(request.user, {}))


def _found(request: HttpRequest, facets: Facets) -> dict[str, Any]:
    """What the list shows of a search: the incidents with the passages that show why."""
    zone = request.preferences.zone  # type: ignore[attr-defined]
    text, sort, page = request.GET.get("q", ""), request.GET.get("sort", ""), page_number(request)
    results = search.search(text, request.user, filters=facets.given, places=facets.chosen, sort=sort, page=page)
    facets.count(results.facets, results.partly)
    sorts = {"relevance": "Most relevant", **SORTS} if results.query.has_words else SORTS
    return {
        "rows": _rows(results.ids),
        "has_next": results.has_next,
        "count": results.count,
        "more": results.capped,
        "sorts": sorts,
        "sort": results.sort,
        "notices": results.query.notices,
        "results": results,
        "passages": search.passages(results.ids, results.words, results.streams, zone=zone),
        "marked": search.marked,
        "drops": [(drop, _without(request, drop.kind)) for drop in results.drops],
    }


def _rows(ids: list[int]) -> list[IncidentRow]:
    """The rows of these incidents, in this order."""
    rows = _ROWS.of(ids, lambda some: ((row.pk, row) for row in rows_of(some, causes=True, services=True)))
    return [rows[pk] for pk in ids if pk in rows]


def _with_facts(
    rows: list[IncidentRow], zone: tzinfo, about: Callable[..., Any], names: Callable[..., Any], counted: Any
) -> list[tuple[IncidentRow, Facts]]:
    """Each row with what the template's macros tell above and below its passages, which is the same for any search."""
    by_key = {(str(zone), row.pk): row for row in rows}

    def made(keys: list[tuple[str, int]]) -> Iterator[tuple[tuple[str, int], Facts]]:
        open_of = counted([pk for _, pk in keys])
        for key in keys:
            yield key, (about(by_key[key], open_of.get(key[1])), names(by_key[key]))

    facts = _FACTS.of(by_key, made)
    return [(row, facts[key]) for key, row in by_key.items()]


def _chips(request: HttpRequest, facets: Facets) -> list[dict[str, Any]]:
    """What is chosen, each with the parameters that remain without it."""
    kept = parameters(request, "page")
    return [
        {"title": title, "label": label, "without": [pair for pair in kept if not _is(pair, name, value)]}
        for name, title, value, label in facets.chips()
    ]


def _is(pair: tuple[str, str], name: str, value: str) -> bool:
    """Whether a parameter stands for this choice; of days there is one each, which may have been given shorter."""
    return pair[0] == name and (pair[1] == value or name in ("after", "before"))


def _chips_of_text(request: HttpRequest, text: str, pieces: list[search.Typed]) -> list[dict[str, Any]]:
    """What narrows down from within the text, each with the parameters that remain without it."""
    kept = parameters(request, "page", "q")
    chips = []
    for one in pieces:
        title, label = said_of(one)
        left = without(text, [one])
        chips.append({"title": title, "label": label, "without": [("q", left), *kept] if left else kept})
    return chips


def _without(request: HttpRequest, kind: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands in the way in words, and the parameters that remain without it."""
    text = search.cleaned(request.GET.get("q", ""))
    dates = kind == "dates"
    gone = [
        one
        for one in search.typed(text)
        if (one.minus if kind == "excluded" else not one.minus and (one.kind in BOUNDS if dates else one.kind == kind))
    ]
    left, names = without(text, gone), ("after", "before") if dates else (kind,)
    words = {"dates": "the dates", "excluded": "the exclusions"}.get(
        kind, f"the filter on {SAID.get(kind, kind).lower()}"
    )
    return words, [*[("q", left)] * bool(left), *parameters(request, "page", "q", *names)]


@for_readers
@require_safe
def by_reference(request: HttpRequest, number: str, page: str = "") -> HttpResponse:
    """INC-n leads to the incident, INC-n/history to that page of it."""
    incident = get_object_or_404(Incident.objects.visible_to(request.user), number=int(number))
    top = f"/{incident.reference}/" if page.startswith("edit") else incident.get_absolute_url()
    slash = "/" if page and "." not in page else ""
    query = request.META.get("QUERY_STRING", "") if page else ""
    return redirect(f"{top}{page}{slash}{'?' if query else ''}{query}")


@require_safe
@of_incident
def edit_of(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The address of an incident with "edit" below it leads to where it is edited."""
    return redirect("edit", incident.number)


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
