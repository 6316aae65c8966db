"""Where a form leads to when it is done."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponseRedirect

from postmortems.addresses import safe_next

# Told once, after one change; the next change says its own.
SAID = ("batch", "stale", "undone", "left")


def asked_for(request: HttpRequest, default: str) -> str:
    """The address the form names in `next`, when it is one of ours; else the default."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    return safe_next(request, address) or default


def back(address: str, *said: tuple[str, object], anchor: str = "") -> HttpResponseRedirect:
    """Go there with what is to be said about the change in the address, so that a reload says it again."""
    parts = urlsplit(address)
    kept = [pair for pair in parse_qsl(parts.query, max_num_fields=200) if pair[0] not in SAID]
    query = urlencode([*kept, *said])
    target = parts._replace(query=query, fragment=anchor or parts.fragment)
    return HttpResponseRedirect(target.geturl())
