"""Addresses of this site: how they begin, and which of those a request names are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest

LONGEST = 2_000


def site_of(request: HttpRequest) -> str:
    """The beginning of every address, without a slash: the one people use, or else the one that was asked."""
    return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"


def safe_next(request: HttpRequest, address: str) -> str:
    """The address to go on to when it is one of ours and of a sensible length, else nothing."""
    own = address.startswith("/") and len(address) <= LONGEST
    own = own and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if own else ""
