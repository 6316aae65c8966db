"""Who is signed in where."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions of people."""

    def live_of(self, user: User) -> SessionQuerySet:
        """This person's, the latest used first."""
        oldest = timezone.now() - timedelta(seconds=settings.SESSION_ABSOLUTE_AGE)
        live = self.filter(user=user, expire_date__gt=timezone.now(), started_at__gt=oldest)
        return live.order_by("-seen_at")

    def end(self, user: User, but: str | None = None) -> int:
        """End this person's sessions, except one; how many there were."""
        return self.filter(user=user).exclude(session_key=but).delete()[0]


class Session(AbstractBaseSession):
    """A browser in which somebody may be signed in. Columns repeat what its data holds, to list and end it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    device = models.CharField(max_length=200, blank=True)

    objects = SessionQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.device or 'unknown device'}, {self.address or 'unknown place'}"

    @property
    def mark(self) -> str:
        """What a page calls it: the key itself would let in whoever reads it there."""
        return salted_hmac("kb.session", self.session_key).hexdigest()[:32]

    @property
    def device_words(self) -> str:
        """The browser and the system, as far as the browser told."""
        return device_words(self.device)


# The first that occurs names it; Chromium's relatives also say Chrome, Chrome also says Safari.
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox": "Firefox", "Chrom": "Chrome", "Safari": "Safari", "curl": "curl",
}  # fmt: skip
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def device_words(agent: str) -> str:
    """What a User-Agent stands for, as in "Firefox on Windows"."""
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "Unknown browser")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return f"{browser} on {system}" if system else browser
