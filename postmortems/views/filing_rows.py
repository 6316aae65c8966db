"""The sections of a postmortem that are lists of rows: added, changed, moved and removed one at a time."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from .. import suggest
from ..binning import NoPlace, take_out
from ..binning import put_back as put_row_back
from ..conflicts import settled
from ..forms import RowForm, zone_of
from ..models import SECTIONS, Cause, Incident, Taken, Unsaved
from ..ordering import renumber
from ..prose import Prose
from ..revising import revising
from ..sections import Rows, Sections, editable
from ..unsaved import keeps_text, opening_of, place_of
from .filing_page import TOGETHER, is_together, noted, written
from .linking import CHOICES, FILING, with_passages

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_REMOVED = 50  # named in the section; all are in the bin


def rows(request: HttpRequest, incident: Incident, name: str, sections: Sections) -> HttpResponse:
    """The rows with a form for one more. The same form sent twice adds one row, and is answered the same."""
    kind = _kind(sections, name)
    if request.method != "POST":
        return shown(request, incident, name, sections, kind.form(incident=incident))
    with revising(incident.pk, None, _person(request), f"{kind.title}: {kind.one} added", noted(request)) as held:
        key = opening_of(request)
        former = held.taken.before(key)
        if former is None:
            form = kind.form(request.POST, incident=held)
            if not form.is_valid() or "preview" in request.POST:
                return shown(request, held, name, sections, form)
            added = form.save_row(_person(request)).pk
            Taken.objects.note(key, held, added)
        Unsaved.objects.discard(request.user, place_of(incident.number, name))
    return redirect(_after(request, incident, name, "added", former.row if former else added, "new"))


@keeps_text
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, number: str, name: str, pk: str, sections: Sections) -> HttpResponse:
    """One row as a form, in its place in the list."""
    incident = editable(request, number)
    kind = _kind(sections, name)
    if request.method != "POST":
        found = kind.rows(incident).filter(pk=int(pk)).first()
        if found is None:
            raise Http404
        return shown(request, incident, name, sections, kind.form(instance=found, incident=incident))
    with revising(incident.pk, None, _person(request), f"{kind.title}: {kind.one} changed", noted(request)) as held:
        found = kind.rows(held).filter(pk=int(pk)).first()
        if found is None:
            # Somebody removed it meanwhile: what was typed stands ready to be added again.
            return shown(request, held, name, sections, kind.form(request.POST, incident=held), gone=True)
        stored = kind.form(instance=copy(found), incident=held)
        given, both = settled(request.POST, stored)
        form = kind.form(given, instance=found, incident=held)
        if both or not form.is_valid() or "preview" in request.POST:
            return shown(request, held, name, sections, form, stored=stored, both=both)
        form.save_row(_person(request))
        Unsaved.objects.discard(request.user, place_of(number, name, pk))
    return redirect(_after(request, incident, name, "changed", pk, f"row-{pk}"))


@never_cache
@require_POST
def move(request: HttpRequest, number: str, name: str, pk: str, sections: Sections) -> HttpResponse:
    """One row a place up or down."""
    incident = editable(request, number)
    kind = _kind(sections, name)
    with revising(incident.pk, None, _person(request), f"{kind.title}: {kind.one} moved") as held:
        ordered = list(kind.rows(held))
        place = next((place for place, each in enumerate(ordered) if each.pk == int(pk)), None)
        if place is not None:
            to = min(max(place + (-1 if request.POST.get("to") == "up" else 1), 0), len(ordered) - 1)
            ordered.insert(to, ordered.pop(place))
            renumber(kind.rows(held), ordered)
    return redirect(_after(request, incident, name, "moved", pk, f"row-{pk}"))


@never_cache
@require_POST
def remove(request: HttpRequest, number: str, name: str, pk: str, sections: Sections) -> HttpResponse:
    """Take a row out, into the bin."""
    incident = editable(request, number)
    kind = _kind(sections, name)
    with revising(incident.pk, None, _person(request), f"{kind.title}: {kind.one} removed") as held:
        row = kind.rows(held).filter(pk=int(pk)).first()
        removed = take_out(row, name, _called(row, held), _person(request)) if row else None
    return redirect(_after(request, incident, name, "removed", removed.pk if removed else "", "rows"))


@never_cache
@require_POST
def put_back(request: HttpRequest, number: str, name: str, pk: str, sections: Sections) -> HttpResponse:
    """A removed row again, where it stood."""
    incident = editable(request, number)
    kind = _kind(sections, name)
    removed = incident.removed_rows.filter(section=name, pk=int(pk)).first()
    if removed is None:
        return redirect(_after(request, incident, name, "back", "", "rows"))  # somebody has put it back already
    try:
        with revising(incident.pk, None, _person(request), f"{kind.title}: {kind.one} put back") as held:
            row = put_row_back(removed, kind.rows(held))
    except NoPlace:
        return redirect(_after(request, incident, name, "stays", removed.pk, "removed"))
    return redirect(_after(request, incident, name, "back", row.pk, f"row-{row.pk}"))


def _called(row: Any, incident: Incident) -> str:
    """What a row is recognised by: "22:05 Andrew forces Puppet", a cause, a link's label, "ACT-7 Pin versions"."""
    if text := getattr(row, "text", ""):
        return f"{row.when.clock_text(zone_of(incident))} {text.split(chr(10))[0]}".strip()
    return getattr(row, "label", "") or str(getattr(row, "cause", row))


def _kind(sections: Sections, name: str) -> Rows:
    kind = sections.get(name)
    if not isinstance(kind, Rows):
        raise Http404
    return kind


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _after(request: HttpRequest, incident: Incident, name: str, done: str, pk: object, anchor: str) -> str:
    """Where to go after something was done to a row: back to the list, on the page that it stood on."""
    if is_together(request):
        return f"{reverse('edit_together', args=[incident.number])}?{done}={pk}&in={name}#{name}-{anchor}"
    return f"{reverse('edit_section', args=[incident.number, name])}?{done}={pk}#{anchor}"


def shown(
    request: HttpRequest,
    incident: Incident,
    name: str,
    sections: Sections,
    form: RowForm,
    *,
    stored: RowForm | None = None,
    both: Any = (),
    gone: bool = False,
) -> HttpResponse:
    """The rows, one of them as a form or a form below them."""
    context = shown_rows(request, incident, name, sections, form) | {"stored": stored, "both": both, "gone": gone}
    return written(request, "postmortems/edit_rows.html", context)


def shown_rows(
    request: HttpRequest, incident: Incident, name: str, sections: Sections, form: RowForm
) -> dict[str, Any]:
    """What the template of a list of rows shows."""
    names = list(sections)
    return {
        "incident": incident,
        "name": name,
        "section": _kind(sections, name),
        "sections": sections,
        "rows": list(_kind(sections, name).rows(incident)),
        "removed_rows": list(incident.removed_rows.filter(section=name)[:MOST_REMOVED]),
        "form": form,
        "gone": False,
        "place": place_of(incident.number, name, form.instance.pk or ""),
        "prose": Prose.of(request.user, f"incident:{incident.pk}"),
        "texts": SECTIONS,
        "after": next(iter(names[names.index(name) + 1 :]), ""),
        **(_of_causes(request, incident, form) if name == "causes" else {"causes": [], "suggested": []}),
    }


def _of_causes(request: HttpRequest, incident: Incident, form: RowForm) -> dict[str, Any]:
    """What the section of causes has beside its rows: the names to choose from, and while no row is written at, the
    causes that the text shows (some twenty queries).
    """
    untouched = not form.is_bound and form.instance.pk is None
    found = suggest.causes_for(incident, request.user) if untouched else []
    return {
        "causes": list(Cause.objects.offered().order_by("name").values_list("name", flat=True)),
        "suggested": with_passages(incident, found),
        "choices": CHOICES,
        "back": TOGETHER if is_together(request) else FILING,
    }
