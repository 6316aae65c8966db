"""Tokens with which programs act for a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from .secrets import digest, new_secret

PREFIX = "hindsight_"
# The time of the last use is kept this roughly, so that a program that asks often does not write each time.
USE_NOTED_EVERY = timedelta(minutes=5)


class Scope(models.TextChoices):
    """What a token may do; never more than its person."""

    READ = "read", "Read"
    WRITE = "write", "Read and write"


class TokenQuerySet(models.QuerySet["Token"]):
    """Tokens by what they are good for."""

    def live(self) -> TokenQuerySet:
        """Neither revoked nor expired, of people who may sign in."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at=None, user__is_active=True)

    def by_secret(self, secret: str) -> Token | None:
        """The live token of a secret (one query, none for what cannot be one)."""
        if not secret.startswith(PREFIX) or len(secret) > 100:
            return None
        return self.live().filter(digest=digest(secret)).first()

    def make(self, user: User, name: str, scope: str, expires_at: datetime | None) -> tuple[Token, str]:
        """A new token and its secret, which is nowhere kept."""
        secret = new_secret(PREFIX)
        made = self.create(
            user=user, name=name, scope=scope, expires_at=expires_at, digest=digest(secret), ending=secret[-4:]
        )
        return made, secret


class Token(models.Model):
    """A secret by which a program reads or writes for one person; kept as a hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    ending = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.name} (…{self.ending})"

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def revoke(self) -> None:
        """End it for good."""
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])

    def note_use(self) -> None:
        """Remember that it was used just now (at most one query every few minutes)."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USE_NOTED_EVERY:
            self.last_used_at = now
            self.save(update_fields=["last_used_at"])
