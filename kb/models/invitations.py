"""Links that make an account, once."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from .secrets import digest, new_secret

VALID = timedelta(hours=24)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by what they are good for."""

    def valid(self) -> InvitationQuerySet:
        """Not used and not too old."""
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def invite(self, role: str) -> str:
        """Make an invitation and return its secret, which is nowhere kept."""
        secret = new_secret("")
        self.create(digest=digest(secret), role=role, expires_at=timezone.now() + VALID)
        return secret

    def by_secret(self, secret: str) -> Invitation | None:
        """The valid invitation of a secret."""
        return self.valid().filter(digest=digest(secret)).first()


class Invitation(models.Model):
    """The right to make one account with a role, for whoever has the link."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.role}, until {self.expires_at:%Y-%m-%d %H:%M} UTC"

    def use(self) -> bool:
        """Use it up; False when somebody else was first (one query)."""
        left = Invitation.objects.valid().filter(pk=self.pk)
        return bool(left.update(used_at=timezone.now()))
