"""Pages that span incidents, causes and actionables, and those that belong to none of them."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from postmortems.access import for_readers
from postmortems.addresses import safe_next
from postmortems.conditional import revalidated
from postmortems.matrix import recurring
from postmortems.models import Incident
from postmortems.rows import incident_rows, most_common
from postmortems.unsaved import given_back

from . import VERSION
from .preferences import THEMES, Preferences, zones

YEAR = 365 * 24 * 3600


@for_readers
@require_safe
@revalidated
def home(request: HttpRequest) -> HttpResponse:
    """Has this happened before? The search box, what keeps happening, what is new."""
    visible = Incident.objects.visible_to(request.user)
    newest = incident_rows(visible.recently_published(), limit=6, services=True)
    hit = most_common(service for row in newest for service in row.services)
    context = {
        "matrix": recurring(request.user, visible, causes=8, incidents=8),
        "newest": newest,
        "often_hit": hit[:5],
    }
    return render(request, "kb/home.html", context)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Theme, time zone and shortcuts of this browser."""
    if request.method == "POST":
        return _keep_preferences(request)
    context = {"themes": THEMES, "zones": zones(), "next": safe_next(request, request.GET.get("next", ""))}
    return render(request, "kb/preferences.html", context)


def _keep_preferences(request: HttpRequest) -> HttpResponse:
    given = request.POST
    chosen = Preferences.chosen(given.get("theme", ""), given.get("zone", ""), shortcuts=given.get("shortcuts") == "on")
    response = HttpResponseRedirect(safe_next(request, given.get("next", "")) or reverse("home"))
    response.set_cookie(
        "preferences", chosen.cookie(), max_age=YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
    return response


@for_readers
@require_safe
@revalidated
def keyboard(request: HttpRequest) -> HttpResponse:
    """The list of keys."""
    return render(request, "kb/keyboard.html")


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For monitoring: 200 when the database answers, 503 when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"status": "database unavailable", "version": VERSION}, status=503)
    return JsonResponse({"status": "ok", "version": VERSION})


def closed(request: HttpRequest, place: str) -> HttpResponse:
    """404: the admin's own redirect by number would tell anybody on the staff the address of what they may not see."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 for more than a form may hold. A page asked for while its session ended is asked for once more."""
    if isinstance(exception, SessionInterrupted) and request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(request.get_full_path())
    too_much = isinstance(exception, RequestDataTooBig)
    return render(request, "400.html", {"too_much": too_much}, status=413 if too_much else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """403; `reason` is set when a form was posted without its token: what was typed is given back."""
    told = given_back(request) if reason else {}
    return render(request, "403.html", {"stale_form": bool(reason), **told}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; what was typed for something that was deleted meanwhile is given back."""
    return render(request, "404.html", given_back(request), status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """500; touches nothing that may be broken too."""
    return render(request, "500.html", given_back(request), status=500)
