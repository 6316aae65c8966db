"""Pages that answer a repeat visit without being made again, and the parts of pages that many share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import condition

from .models import Edition

if TYPE_CHECKING:
    View = Callable[..., HttpResponseBase]

T = TypeVar("T")
# The edition the page at work began with; None outside of `revalidated` pages, and in a transaction, which may have
# changed things that no edition has yet.
_edition: ContextVar[str | None] = ContextVar("edition", default=None)
_made: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
MOST_MADE = 100


def remembered(key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What `make` gives, made once an edition by each process; the key must tell everything else it depends on.

    Nobody may alter it: the next page gets the same.
    """
    edition = _edition.get()
    if edition is None:
        return make()
    key = (edition, *key)
    found: T | None = _made.get(key)
    if found is None:
        found = _made[key] = make()
        while len(_made) > MOST_MADE:
            _made.popitem(last=False)
    return found


def etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    """Names what this reader would get now: content, release, reader, preferences and day (one query)."""
    edition = Edition.current()
    _edition.set(None if connection.in_atomic_block or not edition else edition)
    parts = (
        edition,
        settings.RELEASE,
        request.user.pk,
        request.COOKIES.get("preferences", ""),
        timezone.now().date(),
    )
    return f'W/"{blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


def revalidated(view: View) -> View:
    """Gives a page an ETag, and answers 304 to whoever has that page already."""
    conditional = condition(etag_func=etag)(view)

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = conditional(request, *args, **kwargs)
        finally:
            _edition.set(None)
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Cookie"])
        return response

    return inner
