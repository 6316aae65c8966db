"""What was deleted and can come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from ..access import DELETED, readable_by, reads_everything
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


class RemovedRowQuerySet(models.QuerySet["RemovedRow"]):
    """Named queries over removed rows."""

    def told_to(self, user: Reader) -> RemovedRowQuerySet:
        """What this person finds in the bin: all of it for admins, else what they removed themselves from incidents
        that they may still read; newest first.
        """
        rows = self.filter(readable_by(user, "incident__")).order_by("-at", "-pk")
        return rows if reads_everything(user) else rows.filter(by=user.pk)


class RemovedRow(models.Model):
    """A row taken out of a postmortem, such as a timeline entry or an actionable, with all that hung on it."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="removed_rows")
    section = models.CharField(max_length=20, help_text="The section it stood in, as in its address.")
    title = models.CharField(max_length=200, help_text="How it began, to be recognised by.")
    content = models.TextField(help_text="Its rows as Django's serializer writes them in JSON, the row itself first.")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True, help_text="Stays when the account goes.")

    objects = models.Manager.from_queryset(RemovedRowQuerySet)()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.title} (removed)"
