"""What follows from who is signed in: sessions end in time, tokens act for their person."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, JsonResponse

from kb.middleware import GetResponse
from kb.models import Token
from kb.models.tokens import Scope
from postmortems.models import Action, record

from .backend import person
from .throttle import consume

# How exactly it is known when a session was last used. Less would write with every page.
SEEN_EVERY = 300
SAFE = ("GET", "HEAD")


def sessions(get_response: GetResponse) -> GetResponse:
    """Ends a session that is too old, notes now and then that it is in use and from where, and keeps answers that
    may be one person's out of caches.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            if now - request.session.get("started", now) > settings.SESSION_ABSOLUTE_AGE:
                logout(request)
            elif now - request.session.get("seen", now) > SEEN_EVERY:
                note_place(request)
        response = get_response(request)
        # What no view thought about is kept nowhere.
        response.headers.setdefault("Cache-Control", "private, no-cache, no-store")
        return response

    return middleware


def begin_session(request: HttpRequest) -> None:
    """What a session holds from its beginning, at sign-in."""
    request.session["started"] = int(time.time())
    note_place(request)


def note_place(request: HttpRequest) -> None:
    """That the session is in use, and from where; written with the session."""
    request.session["seen"] = int(time.time())
    request.session["address"] = request.client_address  # type: ignore[attr-defined]
    agent = request.headers.get("User-Agent", "")[:200]
    request.session["device"] = "".join(char if char.isprintable() else " " for char in agent)


class Tokens:
    """`Authorization: Bearer` makes the token's person `request.user`, for the pages that take tokens."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse what is no live token; a session that came along does not count."""
        secret = bearer(request)
        if secret is None:
            return self.get_response(request)
        token = Token.objects.by_secret(secret)
        user = person(token.user_id) if token else None
        if token is None or user is None:
            return _not_valid(request)
        token.note_use()
        # No browser sends this header by itself, so there is no forgery to guard against.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        request.token, request.user = token, user  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view_func: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Whether this page takes a token, and one of this scope."""
        token = getattr(request, "token", None)
        if token is None:
            return None
        takes_changes = getattr(view_func, "for_programs", False)
        if not takes_changes and not getattr(view_func, "for_readers", False):
            return refused(403, "This page does not take tokens; sign in with a browser.")
        if request.method in SAFE:
            return None
        if not takes_changes or token.scope != Scope.WRITE:
            return refused(403, "This token may only read.")
        return None


def _not_valid(request: HttpRequest) -> HttpResponse:
    request.user = AnonymousUser()
    if not consume(request, "token"):
        return refused(429, "Too many tokens that are not valid; try again in a minute.")
    record(Action.TOKEN_REFUSED, request.path, request=request)
    return refused(401, "This token is not valid: mistyped, revoked or expired.")


def bearer(request: HttpRequest) -> str | None:
    """The secret of the header; None without one."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def refused(status: int, why: str) -> HttpResponse:
    """A refusal that a program understands."""
    headers = {"WWW-Authenticate": 'Bearer realm="Hindsight"', "Cache-Control": "no-store"}
    return JsonResponse({"error": why}, status=status, headers=headers)


def acting(request: HttpRequest) -> User:
    """The signed-in person; only for views behind the doors."""
    assert isinstance(request.user, User)
    return request.user
