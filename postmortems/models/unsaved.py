"""What people typed into a form of filing and have not saved yet, and which forms were taken already."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from .incidents import Incident

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.http import QueryDict

RESENT = timedelta(days=30)  # so long the same form may come again, as when a browser opens its windows anew


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


class TakenQuerySet(models.QuerySet["Taken"]):
    """Named queries over forms that were taken."""

    def before(self, key: UUID | None) -> Taken | None:
        """What this very form did when it came first, None when it never came (one query; hold the incident)."""
        return self.filter(key=key).first() if key else None

    def note(self, key: UUID | None, incident: Incident, row: int) -> None:
        """Remember that this form added this row; what is too old to come again goes (two queries)."""
        if key is None:
            return
        self.filter(incident=incident, at__lt=timezone.now() - RESENT).delete()
        self.create(key=key, incident=incident, row=row)


class Taken(models.Model):
    """A form that added something to an incident, so that it adds nothing more when it is sent again."""

    key = models.UUIDField(unique=True, help_text="Names one opening of a form and what was sent from it.")
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="taken")
    row = models.BigIntegerField(help_text="The key of what it added, which may be gone by now.")
    at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(TakenQuerySet)()

    def __str__(self) -> str:
        return f"form at incident {self.incident_id}"
