"""Closed by default: who has not signed in gets the pages that say so, and those for readers when reading is open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from postmortems.unsaved import keep_for_writer

OPEN, SIGNED_IN = "open", "signed-in"


def reading_is_open() -> bool:
    """Whether those who have not signed in may read."""
    return bool(settings.READING == OPEN)


class Doors(LoginRequiredMiddleware):
    """Asks everybody to sign in except where a view says otherwise."""

    def process_view(self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any) -> Any:
        """Let through what is for readers when reading is open."""
        if reading_is_open() and getattr(view_func, "for_readers", False):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        """To the sign-in and back. The same for what is there and what is not."""
        if request.method == "POST" and getattr(view_func, "keeps_text", False):
            keep_for_writer(request, **(request.resolver_match.kwargs if request.resolver_match else {}))
        address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': _wanted(request)}, safe='/')}"
        if request.headers.get("HX-Request"):
            # A part of a page must not be replaced by the sign-in: the browser goes there as a whole.
            return HttpResponse(status=204, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
        return HttpResponseRedirect(address, headers={"Cache-Control": "no-store"})


def _wanted(request: HttpRequest) -> str:
    """The page to come back to: the one asked for, or for a form that was sent or a part of a page, the one around."""
    keeps = request.resolver_match and getattr(request.resolver_match.func, "keeps_text", False)
    if (request.method in ("GET", "HEAD") or keeps) and not request.headers.get("HX-Request"):
        return request.get_full_path()
    try:
        parts = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    own = parts.netloc == request.get_host()
    return parts._replace(scheme="", netloc="", fragment="").geturl() if own and parts.path else "/"
