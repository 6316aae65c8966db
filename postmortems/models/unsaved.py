"""What people typed into a form of filing and have not saved yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from .incidents import Incident

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import QueryDict


class UnsavedQuerySet(models.QuerySet["Unsaved"]):
    """Named queries over unsaved texts."""

    def of(self, user: object, place: str) -> Unsaved | None:
        """What this person typed there last (one query)."""
        return self.filter(user=user, place=place).first()

    def keep(self, user: object, place: str, incident: Incident | None, fields: QueryDict) -> Unsaved:
        """Keep what this person has typed there by now, in place of what was kept before."""
        told = {"incident": incident, "fields": fields.urlencode(), "at": timezone.now()}
        return self.update_or_create(user=user, place=place, defaults=told)[0]

    def by_others(self, incident: Incident, user: object, since: datetime) -> list[Unsaved]:
        """What other people than this one have typed at an incident since then, the last first (one query)."""
        theirs = self.filter(incident=incident, at__gte=since).exclude(user=user)
        return list(theirs.select_related("user").defer("fields").order_by("-at"))

    def discard(self, user: object, place: str) -> None:
        """Drop what this person typed there."""
        self.filter(user=user, place=place).delete()


class Unsaved(models.Model):
    """The fields of one form as one person left them, for that person alone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, related_name="unsaved")
    place = models.CharField(max_length=60, help_text="The form: its incident's number, its section, its row.")
    fields = models.TextField(help_text="As the form sends them.")
    at = models.DateTimeField()

    objects = models.Manager.from_queryset(UnsavedQuerySet)()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "place"], name="unsaved_once_per_place")]

    def __str__(self) -> str:
        return f"person {self.user_id} at {self.place}"
