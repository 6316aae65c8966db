"""Who may read an incident although not everybody may."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


class IncidentReaderManager(models.Manager["IncidentReader"]):
    """Finds rows of fixtures by incident and person."""

    def get_by_natural_key(self, incident: str, user: str) -> IncidentReader:
        """The one row of a person on an incident."""
        return self.get(incident__slug=incident, user__username=user)


class IncidentReader(models.Model):
    """A person named on an incident: reads it also as a draft and when it is restricted.

    Whoever adds, changes or removes one calls `refresh.refresh_incident` in the same transaction.
    """

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="named_readers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="named_on", verbose_name="person")
    is_author = models.BooleanField("author", default=False, help_text="Writes the postmortem, not only reads it.")

    objects = IncidentReaderManager()

    class Meta:
        verbose_name = "named reader"
        ordering = ["-is_author", "pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="reader_once_per_incident")]

    def __str__(self) -> str:
        # Without the incident's title: the admin shows this beside the person too.
        return f"person {self.user_id} on incident {self.incident_id}"

    def natural_key(self) -> tuple[Any, ...]:
        """Names the row in fixtures."""
        return (self.incident.slug, *self.user.natural_key())

    natural_key.dependencies = ["postmortems.incident"]  # type: ignore[attr-defined]
