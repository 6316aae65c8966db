"""Pages that answer a repeat visit without being made again, and the parts of pages that many share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import condition

from .access import standing
from .models import Edition

if TYPE_CHECKING:
    View = Callable[..., HttpResponseBase]

K = TypeVar("K")
T = TypeVar("T")
# The edition the page at work began with; None outside of `revalidated` pages, and in a transaction, which may have
# changed things that no edition has yet.
_edition: ContextVar[str | None] = ContextVar("edition", default=None)
_made: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
MOST_MADE = 300  # whole pages among them, of some 35 kB
EDITIONS = 4  # of which `Held` keeps what was read


def remembered(key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What `make` gives, made once an edition by each process; the key must tell everything else it depends on.

    Who sees more than everybody has editions of their own, so nothing that was made for one audience reaches another.
    Nobody may alter it: the next page gets the same.
    """
    edition = _edition.get()
    if edition is None:
        return make()
    key = (edition, *key)
    found: T | None = _made.pop(key, None)
    found = make() if found is None else found
    _made[key] = found  # at the end: what was not asked for longest goes first
    while len(_made) > MOST_MADE:
        _made.popitem(last=False)
    return found


class Held(Generic[K, T]):
    """What was read or made of things: each once an edition by each process, as long as there are not `most`.

    As with `remembered`, it may depend on the key and the edition alone, and nobody may alter it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.editions: OrderedDict[str, dict[K, T]] = OrderedDict()

    def of(self, keys: Iterable[K], read: Callable[[list[K]], Iterable[tuple[K, T]]]) -> dict[K, T]:
        """Those there are of these keys; `read` is asked at most once, for what is not held."""
        held = self._held()
        there = {key: held.get(key) for key in keys}
        found = {key: one for key, one in there.items() if one is not None}
        if len(found) < len(there):
            read_now = dict(read([key for key in there if key not in found]))
            found |= read_now
            held |= read_now
            for key in list(held)[: max(len(held) - self.most, 0)]:
                held.pop(key, None)
        return found

    def _held(self) -> dict[K, T]:
        """What is held for this page's edition; nothing where it has none."""
        edition = _edition.get()
        if edition is None:
            return {}
        held = self.editions.setdefault(edition, {})
        while len(self.editions) > EDITIONS:
            self.editions.popitem(last=False)
        return held


def etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    """Names what this reader would get now: content, release, reader, preferences and day (one query).

    For who is signed in also the secret that their forms are tied to, which changes when they sign in again.
    """
    edition = Edition.of(request.user)
    _edition.set(None if connection.in_atomic_block or not edition else edition)
    parts = (
        edition,
        settings.RELEASE,
        standing(request.user),
        request.COOKIES.get(settings.CSRF_COOKIE_NAME, "") if request.user.is_authenticated else "",
        request.COOKIES.get("preferences", ""),
        timezone.now().date(),
    )
    return f'W/"{blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


def kept(view: View) -> View:
    """Makes a page once an edition for all who are not signed in. It must not hold a form that posts: its token is
    one person's.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "GET" or request.user.is_authenticated:
            return view(request, *args, **kwargs)
        asked = request.get_full_path(), request.headers.get("HX-Request"), request.COOKIES.get("preferences", "")
        page: Any = remembered(("page", *asked, timezone.now().date()), lambda: view(request, *args, **kwargs))
        return HttpResponse(page.content, status=page.status_code, headers=page.headers)  # others alter their own

    return inner


def revalidated(view: View) -> View:
    """Gives a page an ETag, answers 304 to whoever has that page already, and keeps it as `kept` says."""
    return tagged(kept(view))


def tagged(view: View) -> View:
    """Gives an answer an ETag, and says 304 to whoever has it already; keeps nothing: for what is streamed, names the
    host it was asked of, or is asked in too many ways.
    """
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
