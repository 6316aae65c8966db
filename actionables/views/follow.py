"""Whether work is followed through, and what it would have prevented."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from actionables.prevention import ledger_of
from actionables.ranking import ranking
from actionables.reporting import IN_PERIOD, MEASURES, WAYS
from actionables.reporting import report as report_of
from actionables.verdicts import HELD
from postmortems.access import for_readers
from postmortems.conditional import revalidated
from postmortems.models import Cause, Moved, get_by_slug
from postmortems.views.paging import page_number


@for_readers
@require_safe
@revalidated
def report(request: HttpRequest) -> HttpResponse:
    """Opened, done, in time, declined, open and ageing, by team, service or month."""
    made = report_of(request.user, request.GET.get("by", ""))
    shown = [name for name in MEASURES if made.way != "month" or name == "opened" or name in IN_PERIOD]
    context = {"report": made, "ways": WAYS, "measures": MEASURES, "shown": shown, "held": HELD}
    return render(request, "actionables/report.html", context)


@for_readers
@require_safe
@revalidated
def prevention(request: HttpRequest) -> HttpResponse:
    """The open actionables that would have prevented the most, with the arithmetic."""
    return render(request, "actionables/prevention.html", {"costs": ranking(request.user)})


@for_readers
@require_safe
@revalidated
def ledger(request: HttpRequest, slug: str) -> HttpResponse:
    """Each time a cause came back, and where the actionables aimed at it stood then."""
    try:
        cause = get_by_slug(Cause.objects.all(), slug)
    except Moved as moved:
        return redirect("cause_ledger", moved.args[0], permanent=True)
    if cause.merged_into:
        return redirect("cause_ledger", cause.in_use().slug)
    page = page_number(request)
    context = {"cause": cause, "ledger": ledger_of(cause, request.user, page=page), "page": page}
    return render(request, "actionables/ledger.html", context)
