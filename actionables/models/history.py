"""What happened to an actionable: every change of it, and what people said."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from postmortems.models.choices import one_of
from postmortems.momentfields import MomentField, moment_constraint

from .actionables import Actionable
from .choices import Status


class StatusChangeManager(models.Manager["StatusChange"]):
    """Finds rows of fixtures by actionable and position."""

    def get_by_natural_key(self, number: int, position: int) -> StatusChange:
        """The change at this place of an actionable's history."""
        return self.get(actionable__number=number, position=position)


class StatusChange(models.Model):
    """One change of an actionable's status: who, when, from, to, why."""

    actionable = models.ForeignKey(Actionable, models.CASCADE, related_name="changes")
    position = models.PositiveSmallIntegerField()
    when = MomentField()
    by = models.CharField(max_length=120, blank=True, help_text="Empty when not known.")
    from_status = models.CharField(max_length=11, choices=Status.choices, blank=True)
    to_status = models.CharField(max_length=11, choices=Status.choices)
    why = models.TextField(blank=True, help_text="Markdown.")
    batch = models.CharField(max_length=16, blank=True, editable=False, help_text="Of a change of many at once.")

    objects = StatusChangeManager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["actionable", "position"], name="change_position_once"),
            models.CheckConstraint(condition=Q(from_status__in=["", *Status.values]), name="change_from_known"),
            one_of("to_status", Status, "change"),
            moment_constraint("when", "change"),
        ]
        indexes = [models.Index("batch", condition=~Q(batch=""), name="change_batch")]

    def __str__(self) -> str:
        return f"{self.actionable.reference}: {self.from_status or 'new'} to {self.to_status}"

    def natural_key(self) -> tuple[int, int]:
        """Names the row in fixtures."""
        return (self.actionable.number, self.position)

    natural_key.dependencies = ["actionables.actionable"]  # type: ignore[attr-defined]


class FieldChange(models.Model):
    """One change of an actionable's owner, due date, priority or outcome: who, when, from, to, why."""

    actionable = models.ForeignKey(Actionable, models.CASCADE, related_name="field_changes")
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.CharField(max_length=120, blank=True, help_text="Empty when not known.")
    what = models.CharField(max_length=12, help_text="The name of the field.")
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    why = models.TextField(blank=True, help_text="Markdown.")
    batch = models.CharField(max_length=16, blank=True, editable=False, help_text="Of a change of many at once.")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index("batch", condition=~Q(batch=""), name="field_change_batch")]

    def __str__(self) -> str:
        return f"{self.actionable.reference}: {self.what} from {self.before or 'nothing'} to {self.after or 'nothing'}"


class Comment(models.Model):
    """What somebody said about an actionable."""

    actionable = models.ForeignKey(Actionable, models.CASCADE, related_name="comments")
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.CharField(max_length=120, blank=True)
    text = models.TextField(help_text="Markdown.")

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.by} on {self.actionable.reference}"
