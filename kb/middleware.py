"""What every response carries, and what every page knows about its reader."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from postmortems.unsaved import given_back

from .preferences import Preferences

logger = logging.getLogger(__name__)
PORT = re.compile(r"^([\d.]+|\[[^\]]*\]):\d+$")  # some proxies add it: 192.0.2.1:4711, [2001:db8::1]:4711
GetResponse = Callable[[HttpRequest], HttpResponse]

# No inline script or style, nothing from elsewhere. The admin draws some of its icons from data: URLs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{images}; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"


def security_headers(get_response: GetResponse) -> GetResponse:
    """A strict Content-Security-Policy and its companions on every response, static files included."""
    headers = {
        "Content-Security-Policy": POLICY.format(images=""),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
    }
    admin_policy = POLICY.format(images=" data:")

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/admin/"):
            response.headers["Content-Security-Policy"] = admin_policy
        return response

    return middleware


def preferences(get_response: GetResponse) -> GetResponse:
    """`request.preferences`: the reader's theme, time zone and shortcuts, from their cookie."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.preferences = Preferences.read(request.COOKIES.get("preferences", ""))  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def client_address(get_response: GetResponse) -> GetResponse:
    """`request.client_address`: the network address of whoever asks; empty when it cannot be told.

    What the proxy says counts only with TRUST_PROXY, and of its list only the last, which is the one the proxy itself
    added; all before it are the client's own words.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.client_address = _address(request)  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def _address(request: HttpRequest) -> str:
    said = request.headers.get("X-Forwarded-For", "") if settings.TRUST_PROXY else ""
    text = said.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(PORT.sub(r"\1", text).strip("[]").partition("%")[0])
    except ValueError:
        return ""
    # A server that listens to both kinds writes 192.0.2.1 as ::ffff:192.0.2.1; counted by its network, as IPv6 is,
    # everybody would be the same.
    return str(getattr(address, "ipv4_mapped", None) or address)


def no_nul_in_the_admin(get_response: GetResponse) -> GetResponse:
    """400 for a NUL in a query of the admin, whose lists filter by what the address says; PostgreSQL takes none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = request.GET.lists() if request.path.startswith("/admin/") else ()
        if any("\0" in text for name, values in asked for text in (name, *values)):
            raise BadRequest("A NUL in the query.")
        return get_response(request)

    return middleware


class UnavailableDatabase:
    """A page, not a traceback, when the database is locked, full or away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do on the way in or out."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """503 with an invitation to try again; other errors go their usual way."""
        if not isinstance(error, (OperationalError, InterfaceError)) or settings.DEBUG:
            return None
        logger.error("503 for %s", request.path, exc_info=error)
        page = get_template("503.html").render(given_back(request), request)
        return HttpResponse(page, status=503, headers={"Retry-After": "10"})
