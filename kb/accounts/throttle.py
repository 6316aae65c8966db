"""Counting attempts before they cost anything, without locking anybody out.

allauth keeps the times of recent attempts in the cache. Failed sign-ins count for the network address they come from
and for the account they are aimed at; the account's limit is so wide that guessing gets nowhere and its person still
gets in. A browser from which they signed in before is known by a signed cookie and counts by itself.

Codes of the second step are counted by allauth, as its "login_failed" (settings.py), apart from all that is here: it
forgets them after a right code, and whoever has an account with codes must not empty the count of passwords with it.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from allauth.core.internal import ratelimit
from django.core import signing
from django.core.cache import cache
from django.utils.crypto import get_random_string

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest, HttpResponse

KNOWN_DEVICE, YEAR = "known-device", 365 * 24 * 3600
LIMITS = {
    "password": "10/m/ip,200/h/key",
    "known_device": "10/5m/key",
    "token": "30/m/ip",
    "invitation": "20/m/ip",
}


def consume(request: HttpRequest, action: str, key: str = "") -> ratelimit.RateLimitUsage | None:
    """Count one attempt; None when it is one too many. What is returned can be given back with `rollback`."""
    return ratelimit.consume(request, app="kb", action=action, key=key, config=LIMITS, limit_get=True)


def wait(request: HttpRequest, action: str, key: str) -> int:
    """How many seconds until another attempt of this action counts, 1 at least."""
    longest = 1.0
    for rate in ratelimit.parse_rates(LIMITS[action]):
        place = ratelimit.get_cache_key(request, app="kb", action=action, rate=rate, key=key)
        history = cache.get(place, [])
        if len(history) >= rate.amount:
            longest = max(longest, history[rate.amount - 1] + rate.duration - time.time())
    return math.ceil(longest)


def in_words(seconds: int) -> str:
    """A wait, rounded up: "40 seconds", "3 minutes"."""
    if seconds <= 60:
        return f"{seconds} seconds" if seconds != 1 else "1 second"
    return f"{math.ceil(seconds / 60)} minutes"


def forget_codes(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Count the codes of the second step anew: whoever tried them with the former password tries no more."""
    ratelimit.clear(request, app="allauth.account", action="login_failed", key=f"mfa-auth-user-{user.pk}")


def known_device(request: HttpRequest, name: str) -> str:
    """The mark of this browser when this person signed in from it before; else empty."""
    try:
        mark, _, whose = signing.loads(
            request.COOKIES.get(_cookie(request), ""), salt=KNOWN_DEVICE, max_age=YEAR
        ).partition(":")
    except (signing.BadSignature, AttributeError):
        return ""
    return mark if whose == name.casefold() else ""


def remember_device(request: HttpRequest, response: HttpResponse, user: AbstractBaseUser) -> None:
    """Mark this browser as one from which this person signed in."""
    mark = f"{get_random_string(22)}:{user.get_username().casefold()}"
    response.set_cookie(
        _cookie(request),
        signing.dumps(mark, salt=KNOWN_DEVICE),
        max_age=YEAR,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def _cookie(request: HttpRequest) -> str:
    return "__Host-device" if request.is_secure() else "device"
