"""The timeline of an incident."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from postmortems.models.choices import one_of
from postmortems.momentfields import MomentField, moment_constraint


class Kind(models.TextChoices):
    """What kind of thing a timeline entry tells."""

    CHANGE = "change", "Change"
    DETECTION = "detection", "Detection"
    DIAGNOSIS = "diagnosis", "Diagnosis"
    ACTION = "action", "Action"
    MITIGATION = "mitigation", "Mitigation"
    RECOVERY = "recovery", "Recovery"
    COMMUNICATION = "communication", "Communication"
    NOTE = "note", "Note"


class TimelineEntryManager(models.Manager["TimelineEntry"]):
    """Finds rows of fixtures by incident and position."""

    def get_by_natural_key(self, incident: str, position: int) -> TimelineEntry:
        """The entry at this place of this incident's timeline."""
        return self.get(incident__slug=incident, position=position)


class TimelineEntry(models.Model):
    """One dated row of an incident's timeline."""

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="timeline")
    position = models.PositiveSmallIntegerField(help_text="Its place in the order the source tells.")
    when = MomentField()
    kind = models.CharField(max_length=13, choices=Kind.choices, default=Kind.NOTE)
    text = models.TextField(help_text="Markdown.")
    excerpt = models.TextField(blank=True, help_text="A log or code excerpt, shown as it is.")
    excerpt_label = models.CharField(max_length=120, blank=True, help_text="What the excerpt is, in a few words.")

    objects = TimelineEntryManager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "position"], name="entry_position_once"),
            one_of("kind", Kind, "entry"),
            moment_constraint("when", "entry"),
        ]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return f"{self.incident} {self.when.text(date=False)}"

    def natural_key(self) -> tuple[str, int]:
        """Names the row in fixtures."""
        return (self.incident.slug, self.position)

    natural_key.dependencies = ["postmortems.incident"]  # type: ignore[attr-defined]

    def clean(self) -> None:
        """Refuse a moment that contradicts itself."""
        if self.when.problems():
            raise ValidationError({"when_precision": self.when.problems()})
