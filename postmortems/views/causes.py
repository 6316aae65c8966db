"""The taxonomy of causes, and one cause with every incident that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ..access import for_readers, may_manage
from ..conditional import remembered, revalidated
from ..living import days_words, living, since_words, spread
from ..matrix import CauseLine, counted, groups, matrix_of
from ..models import Cause, Incident, IncidentCause, Moved, Role, get_by_slug
from ..models.incidents import IncidentQuerySet
from ..overview import SORTS, Scope, by_service, choices, coming_more_often, graph_of, in_order, lines_in
from ..prose import Prose
from ..refresh import refresh_cause
from ..rows import FEW, IncidentRow, incident_rows, linked, most_common, rows_of
from ..tallies import years_of
from ..together import Pair, judged, kept_pairs, pairs_of
from .paging import PAGE, page_number

if TYPE_CHECKING:
    from ..access import Reader

VIEWS = {"matrix": "Matrix", "list": "List", "graph": "Together", "services": "By service"}
COLUMNS = 8
LOOKED_AT = 120
RELATED, COMPARED = 6, 4


@for_readers
@require_safe
@revalidated
def index(request: HttpRequest) -> HttpResponse:
    """All causes: against the newest incidents, as a list with counts, which stand together, and by service."""
    view = request.GET.get("view", "matrix")
    view = view if view in VIEWS else "matrix"
    scope = Scope.of(request.GET, Incident.objects.visible_to(request.user))
    every = lines_in(scope, request.user)
    lines = [line for line in every if line.incidents >= scope.least]
    seen = [line for line in lines if line.incidents]
    context = {"view": view, "views": VIEWS, "seen": len(seen), "all": len(every), "scope": scope, "sorts": SORTS}
    context |= {"choices": remembered(("choices",), choices), "more_often": coming_more_often(scope, every)}
    return render(request, f"postmortems/causes_{view}.html", context | SHOWN[view](request, scope, lines))


def _matrix(request: HttpRequest, scope: Scope, lines: list[CauseLine]) -> dict[str, Any]:
    return {"matrix": matrix_of([line for line in lines if line.incidents], scope.visible, COLUMNS)}


def _list(request: HttpRequest, scope: Scope, lines: list[CauseLine]) -> dict[str, Any]:
    by_group = [(name, slug, question, _of_group(lines, name)) for name, slug, question in groups()]
    if scope.sort != "group":
        by_group = [(SORTS[scope.sort], scope.sort, "", in_order(lines, scope.sort))]
    texts = [line.definition for line in lines]
    return {"groups": by_group, "prose": Prose.for_texts(request.user, texts), "years": _span(lines)}


def _graph(request: HttpRequest, scope: Scope, lines: list[CauseLine]) -> dict[str, Any]:
    return {"graph": graph_of(scope, lines)}


def _services(request: HttpRequest, scope: Scope, lines: list[CauseLine]) -> dict[str, Any]:
    return {"across": by_service(scope, lines)}


SHOWN = {"matrix": _matrix, "list": _list, "graph": _graph, "services": _services}


def _of_group(lines: list[CauseLine], group: str) -> list[CauseLine]:
    return [line for line in lines if line.group == group]


def _span(lines: list[CauseLine]) -> list[int]:
    """The years from the first to the last that any cause was seen in, at most the latest 12."""
    years = [year for line in lines for year, _ in line.years if year]
    return list(range(min(years), max(years) + 1))[-12:] if years else []


@dataclass(slots=True)
class Occurrence:
    """A cause in one incident, as the cause's page shows it."""

    row: IncidentRow
    roles: list[IncidentCause]


@for_readers
@require_safe
@revalidated
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One cause: what it is, where it struck, what is being done about it."""
    try:
        cause = get_by_slug(Cause.objects.select_related("group", "merged_into"), slug)
    except Moved as moved:
        return redirect("cause", moved.args[0], permanent=True)
    if cause.merged_into:
        return redirect(cause.merged_into)
    visible = Incident.objects.visible_to(request.user)
    page = page_number(request)
    years = years_of([cause.pk], request.user)[cause.pk]
    in_all = sum(year.incidents for year in years)
    few = in_all <= FEW
    struck = linked(visible, IncidentCause.objects.filter(cause=cause), few=few).newest_first()
    occurrences = _occurrences(cause, struck, page)
    newest = rows_of(list(struck.values_list("pk", flat=True)[:LOOKED_AT]))
    roles = IncidentCause.objects.filter(cause=cause, incident__in=[row.pk for row in newest])
    texts = [link.explanation for occurrence in occurrences for link in occurrence.roles]
    own = [cause.definition, cause.recognise, cause.mitigations, cause.hazards]
    context = {
        "cause": cause,
        "years": [(year.year, year.incidents, year.suspected) for year in years],
        "occurrences": occurrences[:PAGE],
        "has_next": len(occurrences) > PAGE,
        "page": page,
        "roles": Role,
        "services": _services_hit([row.pk for row in newest]),
        "living": living(newest, roles.only("incident_id", "role", "certainty"), in_all),
        "newest": [row.pk for row in newest],
        "compared": [row.number for row in newest[:COMPARED]],
        "related": _related(cause, request.user),
        "spread": spread(struck),
        "days_words": days_words,
        "since_words": since_words,
        "prose": Prose.for_texts(request.user, [*own, *texts]),
    }
    return render(request, "postmortems/cause.html", context)


@never_cache
@require_POST
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a proposed cause into the taxonomy."""
    if not may_manage(request.user):
        raise PermissionDenied
    with transaction.atomic():
        cause = get_object_or_404(Cause.objects.select_for_update(), slug=slug)
        cause.confirm()
        refresh_cause(cause)
    return redirect(cause)


def _occurrences(cause: Cause, struck: IncidentQuerySet, page: int) -> list[Occurrence]:
    """One page of the incidents that show a cause, and one more if there is a next page."""
    rows = incident_rows(struck, limit=PAGE + 1, offset=(page - 1) * PAGE)
    roles: dict[int, list[IncidentCause]] = {row.pk: [] for row in rows}
    for link in IncidentCause.objects.filter(cause=cause, incident__in=list(roles)):
        roles[link.incident_id].append(link)
    return [Occurrence(row, roles[row.pk]) for row in rows]


def _services_hit(newest: list[int]) -> list[tuple[str, str, int]]:
    """The services these incidents hit as (name, slug, incidents), most hit first (one query)."""
    hit = Incident.services.through.objects.filter(incident__in=newest)
    return most_common(hit.values_list("service__name", "service__slug"))


def _related(cause: Cause, user: Reader) -> list[tuple[CauseLine, Pair]]:
    """The causes that stand beside one oftener than chance has it, in what everybody may read (three queries)."""
    lines = {line.pk: line for line in counted(user)}
    totals = {pk: line.incidents for pk, line in lines.items()}
    pairs = pairs_of(kept_pairs(cause.pk), totals, judged(), RELATED)
    return [(lines[pair.two if pair.one == cause.pk else pair.one], pair) for pair in pairs]
