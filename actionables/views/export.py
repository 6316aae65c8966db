"""Lists of actionables for spreadsheets, programs and calendars."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from actionables.exporting import MOST, as_calendar, as_csv, as_json, fetched
from actionables.filters import ActionableFilter
from actionables.models import Actionable, CalendarLink
from postmortems.access import for_readers
from postmortems.addresses import site_of
from postmortems.models import Action, record

EVENTS = 1_000


@for_readers
@never_cache
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Everything the same address lists, in its order, up to fifty thousand; as CSV or JSON."""
    chosen = ActionableFilter(request.GET, Actionable.objects.visible_to(request.user).main(), reader=request.user)
    chosen.form.is_valid()
    wanted = list(chosen.ordered().values_list("pk", flat=True)[: MOST + 1])
    more, rows, site = len(wanted) > MOST, fetched(wanted[:MOST]), site_of(request)
    lines = as_csv(rows, site) if kind == "csv" else as_json(rows, site, more=more)
    content_type = "text/csv; charset=utf-8" if kind == "csv" else "application/json"
    name = f"actionables-{timezone.now():%Y-%m-%d}.{kind}"
    if request.method == "GET" and request.user.is_authenticated:
        record(Action.EXPORTED, name, request=request)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-More": "yes" if more else "no"}
    return StreamingHttpResponse(lines, content_type=content_type, headers=headers)


@login_not_required
@never_cache
@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """The due dates of whoever made this link, or of what its parameters choose, for a calendar that subscribes.

    Whoever has the address reads it; a revoked one is not there.
    """
    link = CalendarLink.objects.select_related("person").filter(secret=secret, revoked_at=None).first()
    if link is None or not link.person.is_active:
        raise Http404
    visible = Actionable.objects.visible_to(link.person).main().unfinished().filter(due_on__isnull=False)
    chosen = ActionableFilter(request.GET, visible, reader=link.person)
    chosen.form.is_valid()
    narrowed = any(chosen.form.cleaned_data.get(name) for name in chosen.filters)
    rows = chosen.qs if narrowed else visible.filter(person=link.person)
    events = rows.select_related("incident").order_by("due_on", "number")[:EVENTS]
    text = as_calendar(events, site_of(request), request.get_host().partition(":")[0], timezone.now())
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")
