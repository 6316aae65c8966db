"""Pages that answer a repeat visit without being made again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import condition

from .models import Edition

if TYPE_CHECKING:
    View = Callable[..., HttpResponseBase]


def etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    """Names what this reader would get now: content, release, reader, preferences and day (one query)."""
    parts = (
        Edition.current(),
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
        response: HttpResponseBase = conditional(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Cookie"])
        return response

    return inner
