"""What one incident says of another, and who wants to hear when a cause comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from .choices import one_of

if TYPE_CHECKING:
    from ..access import Reader


class RelationKind(models.TextChoices):
    """How an incident stands to another. NONE is a proposal that somebody turned down."""

    REPEAT = "repeat", "Repeat of"
    SAME = "same", "Same incident as"
    RELATED = "related", "Related to"
    NONE = "none", "Not related to"


class Relation(models.Model):
    """One incident that stands to an earlier told one as its kind says; confirmed by a person."""

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="relations")
    other = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=RelationKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "other"], name="relation_once"),
            models.CheckConstraint(condition=~models.Q(incident=models.F("other")), name="relation_to_another"),
            one_of("kind", RelationKind, "relation"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.kind} {self.other_id}"


class CauseWatchQuerySet(models.QuerySet["CauseWatch"]):
    """Named queries over who watches what."""

    def of(self, user: Reader) -> CauseWatchQuerySet:
        """This person's own; none of anybody who is not signed in."""
        return self.filter(user=user.pk) if user.pk else self.none()


class CauseWatch(models.Model):
    """Somebody who wants to hear by mail of the next incident with a cause.

    `last_link` and `last_at` say what was there when they were last told: links made after it, and incidents published
    after it, are news.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cause_watches")
    cause = models.ForeignKey("postmortems.Cause", models.CASCADE, related_name="watches")
    last_link = models.BigIntegerField()
    last_at = models.DateTimeField()

    objects: Any = CauseWatchQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cause", "user"], name="cause_watched_once")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.cause}"
