"""The taxonomy of causes, and one cause with every incident that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from ..access import for_readers
from ..conditional import revalidated
from ..matrix import CauseLine, add_years, counted, groups, matrix_of
from ..models import Cause, Incident, IncidentCause, Moved, Role, get_by_slug
from ..models.incidents import IncidentQuerySet
from ..prose import Prose
from ..rows import FEW, IncidentRow, incident_rows, linked, most_common
from ..tallies import years_of
from .paging import PAGE, page_number

VIEWS = {"matrix": "Matrix", "list": "List"}
COLUMNS = 8
LOOKED_AT = 200


@for_readers
@require_safe
@revalidated
def index(request: HttpRequest) -> HttpResponse:
    """All causes: as a matrix against the newest incidents, or as a list with counts."""
    view = request.GET.get("view", "matrix")
    view = view if view in VIEWS else "matrix"
    visible = Incident.objects.visible_to(request.user)
    lines = counted(request.user)
    seen = [line for line in lines if line.incidents]
    context = {"view": view, "views": VIEWS, "seen": len(seen), "all": len(lines)}
    if view == "matrix":
        return render(
            request, "postmortems/causes_matrix.html", context | {"matrix": matrix_of(seen, visible, COLUMNS)}
        )
    add_years(seen, request.user)
    by_group = [(name, slug, question, _of_group(lines, name)) for name, slug, question in groups()]
    texts = [line.definition for line in lines]
    context |= {"groups": by_group, "prose": Prose.for_texts(request.user, texts), "years": _span(seen)}
    return render(request, "postmortems/causes_list.html", context)


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
        cause = get_by_slug(Cause.objects.select_related("group"), slug)
    except Moved as moved:
        return redirect("cause", moved.args[0], permanent=True)
    visible = Incident.objects.visible_to(request.user)
    page = page_number(request)
    years = years_of([cause.pk], request.user)[cause.pk]
    few = sum(year.incidents for year in years) <= FEW
    struck = linked(visible, IncidentCause.objects.filter(cause=cause), few=few).newest_first()
    occurrences = _occurrences(cause, struck, page)
    texts = [link.explanation for occurrence in occurrences for link in occurrence.roles]
    own = [cause.definition, cause.recognise, cause.mitigations]
    context = {
        "cause": cause,
        "years": [(year.year, year.incidents, year.suspected) for year in years],
        "occurrences": occurrences[:PAGE],
        "has_next": len(occurrences) > PAGE,
        "page": page,
        "roles": Role,
        "services": _services_hit(struck),
        "prose": Prose.for_texts(request.user, [*own, *texts]),
    }
    return render(request, "postmortems/cause.html", context)


def _occurrences(cause: Cause, struck: IncidentQuerySet, page: int) -> list[Occurrence]:
    """One page of the incidents that show a cause, and one more if there is a next page."""
    rows = incident_rows(struck, limit=PAGE + 1, offset=(page - 1) * PAGE)
    roles: dict[int, list[IncidentCause]] = {row.pk: [] for row in rows}
    for link in IncidentCause.objects.filter(cause=cause, incident__in=list(roles)):
        roles[link.incident_id].append(link)
    return [Occurrence(row, roles[row.pk]) for row in rows]


def _services_hit(struck: IncidentQuerySet) -> list[tuple[str, str, int]]:
    """The services the first of these incidents hit as (name, slug, incidents), most hit first (two queries)."""
    newest = list(struck.values_list("pk", flat=True)[:LOOKED_AT])
    hit = Incident.services.through.objects.filter(incident__in=newest)
    return most_common(hit.values_list("service__name", "service__slug"))
