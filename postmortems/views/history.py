"""The versions of an incident: listed, shown, compared, restored, taken along as a file."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ..access import for_readers, may_edit
from ..compared import FACTS, changes, fact_words, label_of
from ..differences import parts_of
from ..document import ROWS, TEXTS, document_of, read_document
from ..document_json import as_json
from ..document_names import called_as_now
from ..document_text import DocumentError
from ..forms import NoteForm
from ..models import Cause, Incident, Revision
from ..prose import Prose, Text
from ..revising import EARLIER, Overtaken, restore, taken_over
from .entrance import of_incident
from .paging import page_number, parameters

PAGE = 30
CONFLICT, UNPROCESSABLE = 409, 422
CANNOT = "This version cannot be restored as it is: {}."
MARKDOWN = "text/markdown; charset=utf-8"


@for_readers
@require_safe
@never_cache
@of_incident
def history(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Every version that was saved, newest first; any two can be chosen to be compared."""
    page = page_number(request)
    kept = incident.revisions.told_to(request.user)
    rows = list(kept.listed()[(page - 1) * PAGE : page * PAGE + 1])
    context = {
        "incident": incident,
        "rows": rows[:PAGE] or ([_unkept(incident)] if page == 1 and not incident.revisions.exists() else []),
        "page": page,
        "has_next": len(rows) > PAGE,
        "kept": parameters(request, "page"),
    }
    return render(request, "postmortems/history.html", context)


def _unkept(incident: Incident) -> Revision:
    """Stands for the only version of an incident that was never saved here, as when a fixture brought it."""
    return Revision(incident=incident, number=incident.version, note=EARLIER)


@for_readers
@require_safe
@never_cache
@of_incident
def version(request: HttpRequest, incident: Incident, number: int) -> HttpResponse:
    """What an incident said in one version, as it reads or as its source."""
    document, revision = _told(request, incident, number)
    context = {
        "incident": incident,
        "revision": revision,
        "document": document,
        "as_source": request.GET.get("as") == "source",
        "restorable": number != incident.version and may_edit(request.user, incident),
        **_read(request, document),
    }
    return render(request, "postmortems/version.html", context)


def _told(request: HttpRequest, incident: Incident, number: int) -> tuple[str, Revision]:
    """The document of a version, and the version; 404 for one that this reader may not see."""
    revision = incident.revisions.told_to(request.user).filter(number=number).first()
    if revision is not None:
        return revision.document, revision
    if number != incident.version or incident.revisions.exists():
        raise Http404
    return document_of(incident), _unkept(incident)


def _read(request: HttpRequest, document: str) -> dict[str, Any]:
    """The parts of a document for a page; only its source when it is not of this format."""
    try:
        facts, blocks = read_document(document)
    except DocumentError as error:
        return {"facts": [], "blocks": [], "unreadable": error}
    said = [(label_of(name), fact_words(value)) for name, value in facts.items() if name not in ("hindsight", "slug")]
    prose = Prose({}, request.user)
    prose.add(
        Text(each.text, (), f"v{place}" + (f"-{row}" if row else ""))
        for place, block in enumerate(blocks, start=1)
        for row, each in enumerate((block, *block.within))
    )
    return {
        "facts": said,
        "blocks": blocks,
        "unreadable": None,
        "names": _names(row.heading for block in blocks if block.heading == "Causes" for row in block.within),
        "prose": prose,
    }


def _names(slugs: Any) -> dict[str, str]:
    """The names of causes by slug (one query)."""
    return dict(Cause.objects.filter(slug__in=list(slugs)).values_list("slug", "name"))


@for_readers
@require_safe
@never_cache
@of_incident
def diff(request: HttpRequest, incident: Incident) -> HttpResponse:
    """What differs between two versions; without numbers, between the last two."""
    new = _number(request, "to", incident.version)
    old = _number(request, "from", max(new - 1, 1))
    (before, former), (after, latter) = _told(request, incident, old), _told(request, incident, new)
    context = {
        "incident": incident,
        "former": former,
        "latter": latter,
        "as_source": request.GET.get("as") == "source",
        "source": parts_of(before, after) if before != after else [],
        **differences(*called_as_now((before, after))[0]),
    }
    return render(request, "postmortems/diff.html", context)


def _number(request: HttpRequest, name: str, otherwise: int) -> int:
    """The number of a version in the query string; 404 for what is none."""
    said = request.GET.get(name, "")
    if not said:
        return otherwise
    if not (said.isascii() and said.isdigit() and len(said) <= 9):
        raise Http404
    return int(said)


def differences(before: str, after: str) -> dict[str, Any]:
    """The changes by the heading they stand under; none, and why, when a document is not of this format."""
    try:
        found = changes(before, after)
    except DocumentError as error:
        return {"groups": [], "names": {}, "unreadable": error}
    headings = [FACTS, *TEXTS, *ROWS]
    groups = [(heading, [change for change in found if change.kind == heading]) for heading in headings]
    return {
        "groups": [(heading, members) for heading, members in groups if members],
        "names": _names(change.title for change in found if change.kind == "Causes"),
        "unreadable": None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@of_incident
def restoring(request: HttpRequest, incident: Incident, number: int) -> HttpResponse:
    """Make an earlier version the newest one, once that is confirmed."""
    if not may_edit(request.user, incident):
        raise PermissionDenied
    document, revision = _told(request, incident, number)
    problem, status = "", 200
    form = NoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        problem, status = _restored(request, incident, number, form)
        if not problem:
            return redirect("history", incident.slug)
    before = after = ""
    try:
        before, after = taken_over(incident, document, from_bin=True)
    except DocumentError as error:
        problem = problem or CANNOT.format(error.words)
    context = {
        "incident": incident,
        "revision": revision,
        "problem": problem,
        "form": form,
        **(differences(before, after) if after else {"groups": [], "names": {}, "unreadable": problem}),
    }
    return render(request, "postmortems/restore.html", context, status=status)


def _restored(request: HttpRequest, incident: Incident, number: int, form: NoteForm) -> tuple[str, int]:
    """Restore; why it could not be done, and the status that says so."""
    person: Any = request.user
    if not form.is_valid():
        return "The note cannot be kept as it is.", UNPROCESSABLE
    if request.POST.get("seen") != str(incident.version):
        return "Somebody saved this incident meanwhile. Look again at what would change.", CONFLICT
    try:
        restore(incident, number, person, form.words())
    except Overtaken:
        return "Somebody saved this incident at the same moment. Look again at what would change.", CONFLICT
    except DocumentError as error:
        return CANNOT.format(error.words), UNPROCESSABLE
    return "", 200


@for_readers
@require_safe
@never_cache
@of_incident
def document(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The incident as one Markdown file."""
    headers = {"Content-Disposition": f'attachment; filename="{incident.reference}.md"'}
    return HttpResponse(document_of(incident), content_type=MARKDOWN, headers=headers)


@for_readers
@require_safe
@never_cache
@of_incident
def document_json(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The same as JSON."""
    headers = {"Content-Disposition": f'attachment; filename="{incident.reference}.json"'}
    return HttpResponse(as_json(document_of(incident)), content_type="application/json", headers=headers)
