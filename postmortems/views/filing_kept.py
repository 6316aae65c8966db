"""While somebody writes: what they typed is kept, dropped when they say so, and shown as readers will see it."""

from __future__ import annotations

import re

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ..access import may_file
from ..markdown import MAX_CHARS
from ..models import Incident, Unsaved
from ..prose import Prose
from ..sections import Sections, editable
from ..unsaved import PASTE, others_writing, place_of, without_token
from .filing_page import alike_in, is_together

NEW = place_of()
PLACE = re.compile(r"(?P<number>[1-9]\d{0,8})/(?P<name>[a-z]{1,20})(?:/[1-9]\d{0,17})?")


@never_cache
@require_POST
def keep(request: HttpRequest, sections: Sections) -> HttpResponse:
    """Keep what has been typed into a form by now; answers with when, in seconds since the epoch, and who else is
    writing in this section, in words.
    """
    place, incident = _place(request, sections)
    kept = Unsaved.objects.keep(request.user, place, incident, without_token(request.POST))
    others = others_writing(incident, request.user).get(place.split("/")[1], "") if incident else ""
    return JsonResponse({"at": int(kept.at.timestamp()), "others": others})


@never_cache
@require_POST
def discard(request: HttpRequest, sections: Sections) -> HttpResponse:
    """Drop what was kept of a form, and show the form as it is saved."""
    place, incident = _place(request, sections)
    Unsaved.objects.discard(request.user, place)
    number, _, rest = place.partition("/")
    if incident and is_together(request):
        return redirect(f"{reverse('edit_together', args=[number])}#{rest.partition('/')[0]}")
    if incident is None:
        return redirect("new" if place == NEW else "paste")
    return HttpResponseRedirect(f"/INC-{number}/edit/{rest}/")


def _place(request: HttpRequest, sections: Sections) -> tuple[str, Incident | None]:
    """The form meant and its incident; 404 for one there is not or that this person may not see."""
    place = request.POST.get("place", "")
    found = PLACE.fullmatch(place)
    if found and found["name"] in sections:
        return place, editable(request, found["number"])
    if not may_file(request.user):
        raise PermissionDenied
    if place not in (NEW, PASTE):
        raise Http404
    return place, None


@never_cache
@require_POST
def alike(request: HttpRequest, sections: Sections) -> HttpResponse:
    """Incidents like the one whose title or summary is being typed, as a piece of HTML; empty when there are none."""
    _, incident = _place(request, sections)
    found = alike_in(request.POST, incident, request.user)
    return render(request, "postmortems/_alike.html", {"alike": found})


@never_cache
@require_POST
def preview(request: HttpRequest, sections: Sections) -> HttpResponse:
    """A text as readers will see it, as a piece of HTML."""
    if not may_file(request.user):
        raise PermissionDenied
    text = request.POST.get("text", "").replace("\r\n", "\n")[: MAX_CHARS + 1]
    html = Prose({}, request.user).html(text)
    return HttpResponse(html or '<p class="muted">Nothing to show yet.</p>')
