"""The product's pages, and a constant one of any size: what the server and the middleware alone cost."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.urls import path

from kb import urls

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@lru_cache
def _text(size: int) -> bytes:
    return b"x" * size


def floor(request: HttpRequest, size: int) -> HttpResponse:
    """So many bytes."""
    return HttpResponse(_text(size))


urlpatterns = [path("bench/floor/<int:size>/", floor), *urls.urlpatterns]
