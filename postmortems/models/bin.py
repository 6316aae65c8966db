"""What was deleted and can come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from ..access import DELETED, reads_everything
from .incidents import Incident

if TYPE_CHECKING:
    from ..access import Reader


class DeletionQuerySet(models.QuerySet["Deletion"]):
    """Named queries over deletions."""

    def told_to(self, user: Reader) -> DeletionQuerySet:
        """What this person finds in the bin: all of it for admins, else what they deleted themselves; newest first."""
        rows = self.filter(incident__status=DELETED).order_by("-at", "-pk")
        return rows if reads_everything(user) else rows.filter(by=user.pk)


class Deletion(models.Model):
    """An incident in the bin: who put it there, when, why, and what status it had. Everything else stays as it was."""

    incident = models.OneToOneField(Incident, models.CASCADE, related_name="deletion")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True, help_text="Stays when the account goes.")
    why = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=9, help_text="What the incident's status was.")

    objects = models.Manager.from_queryset(DeletionQuerySet)()

    def __str__(self) -> str:
        return f"deletion of incident {self.incident_id}"
