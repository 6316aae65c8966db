"""Pages of timelines."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from postmortems.access import for_readers
from postmortems.conditional import revalidated
from postmortems.models import Incident
from postmortems.prose import Prose
from postmortems.suggest import similar_kept
from postmortems.views.entrance import note_reading

from .compare import ALIGNED, MOST, compared, kinds_asked
from .models import Kind


@for_readers
@require_safe
@revalidated
def compare(request: HttpRequest) -> HttpResponse:
    """Two to four incidents from the same moment of each on; for one alone, those it could be compared with."""
    align = request.GET.get("align", "started")
    align = align if align in ALIGNED else "started"
    kinds, odd = kinds_asked(request.GET.getlist("kinds"))
    found = compared(request.GET.getlist("i"), align, request.user, kinds)
    times = "clock" if request.GET.get("times") == "clock" else "offset"
    for column in found.columns:
        note_reading(request, column.row)
    texts = [entry.text for column in found.columns for _, entry in column.entries]
    context = {
        "found": found,
        "align": align,
        "aligned": ALIGNED,
        "most": MOST,
        "kept": [("i", column.row.reference) for column in found.columns],
        "shown": kinds,
        "odd": odd,
        "kinds": dict(Kind.choices),
        "times": times,
        "as_asked": _asked(align, kinds, times),
        "alike": _alike(request, found.columns[0].row.pk) if len(found.columns) == 1 else [],
        "prose": Prose.for_texts(request.user, texts),
    }
    return render(request, "timelines/compare.html", context)


def _asked(align: str, kinds: list[str], times: str) -> dict[str, list[tuple[str, str]]]:
    """What is chosen beside the incidents, as parameters by name; none for what is usual."""
    return {
        "align": [("align", align)] if align != "started" else [],
        "kinds": [("kinds", kind) for kind in kinds],
        "times": [("times", times)] if times != "offset" else [],
    }


def _alike(request: HttpRequest, pk: int) -> list[object]:
    """What an incident could be compared with."""
    incident = Incident.objects.visible_to(request.user).get(pk=pk)
    causes = list(incident.incident_causes.select_related("cause"))
    services = set(incident.services.values_list("pk", flat=True))
    return list(similar_kept(incident, causes, services, request.user))
