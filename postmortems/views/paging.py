"""Pages of a list, and the parameters of its address."""

from __future__ import annotations

from django.http import HttpRequest

PAGE = 20
DEEPEST = 5_000


def page_number(request: HttpRequest) -> int:
    """The page asked for, 1 for anything that is not a page."""
    given = request.GET.get("page", "1")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 5 else 1
    return min(max(number, 1), DEEPEST)


def parameters(request: HttpRequest, *without: str) -> list[tuple[str, str]]:
    """The address's parameters as pairs, in order, blanks and those named left out."""
    return [(name, value) for name, values in request.GET.lists() for value in values if value and name not in without]
