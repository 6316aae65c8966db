"""Actionables: owned, datable follow-on work, and the history of their status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from postmortems.models import Incident, next_number
from postmortems.models.addresses import WebAddressField
from postmortems.models.choices import one_of
from postmortems.momentfields import MomentField, moment_constraint
from postmortems.moments import Moment, Precision

if TYPE_CHECKING:
    import datetime

    from postmortems.access import Reader


class Kind(models.TextChoices):
    """What the work is for."""

    PREVENT = "prevent", "Prevent"
    DETECT = "detect", "Detect"
    MITIGATE = "mitigate", "Mitigate"
    PROCESS = "process", "Process"
    INVESTIGATE = "investigate", "Investigate"


class Status(models.TextChoices):
    """How far the work is."""

    OPEN = "open", "Open"
    IN_PROGRESS = "in progress", "In progress"
    BLOCKED = "blocked", "Blocked"
    DONE = "done", "Done"
    DECLINED = "declined", "Declined"


UNFINISHED = (Status.OPEN, Status.IN_PROGRESS, Status.BLOCKED)


class ActionableQuerySet(models.QuerySet["Actionable"]):
    """Named queries over actionables."""

    def visible_to(self, user: Reader) -> ActionableQuerySet:
        """Those of incidents this reader may see."""
        # EXISTS, not a join: the database then walks the actionables in their own order and stops when it has enough.
        return self.filter(Exists(Incident.objects.visible_to(user).filter(pk=OuterRef("incident_id"))))

    def unfinished(self) -> ActionableQuerySet:
        """Open, in progress or blocked."""
        return self.filter(status__in=UNFINISHED)

    def overdue(self, today: datetime.date) -> ActionableQuerySet:
        """Unfinished with a due date before `today`."""
        return self.unfinished().filter(due_on__lt=today)

    def get_by_natural_key(self, number: int) -> Actionable:
        """The row a fixture means."""
        return self.get(number=number)


class Actionable(models.Model):
    """One piece of follow-on work that came out of an incident."""

    number = models.PositiveIntegerField(unique=True, editable=False, help_text="The n of ACT-n.")
    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="actionables")
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, help_text="Markdown.")
    kind = models.CharField(max_length=11, choices=Kind.choices)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.OPEN)
    owner = models.CharField(max_length=120, blank=True, help_text="A person or a team; empty when not known.")
    due_on = models.DateField("due", null=True, blank=True)
    outcome = models.TextField(blank=True, help_text="How it ended: what was done, or why it was declined. Markdown.")
    ticket_url = WebAddressField(blank=True, help_text="Where the work is tracked elsewhere.")
    ticket_label = models.CharField(max_length=60, blank=True, help_text="Its short name, as in RT 4318.")
    causes = models.ManyToManyField("postmortems.Cause", blank=True, related_name="actionables")
    alternative_to = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="alternatives", db_index=False,
        help_text="The actionable this was considered for as one way of doing it.",
    )  # fmt: skip

    objects = models.Manager.from_queryset(ActionableQuerySet)()

    class Meta:
        ordering = ["incident", "position", "number"]
        constraints = [
            one_of("kind", Kind, "actionable"),
            one_of("status", Status, "actionable"),
            models.CheckConstraint(condition=~Q(status="declined", outcome=""), name="actionable_declined_says_why"),
            models.CheckConstraint(condition=Q(number__gte=1), name="actionable_number_from_1"),
        ]
        indexes = [
            models.Index("status", "due_on", "number", name="actionable_status_due"),
            models.Index("due_on", "number", name="actionable_due"),
            models.Index("owner", "status", "number", name="actionable_owner"),
            # Only those that are one: from an index of all, SQLite would answer "is not one" and then sort everything.
            models.Index("alternative_to", condition=Q(alternative_to__isnull=False), name="actionable_alternatives"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def natural_key(self) -> tuple[int]:
        """Names the row in fixtures."""
        return (self.number,)

    natural_key.dependencies = ["postmortems.incident", "postmortems.cause"]  # type: ignore[attr-defined]

    @property
    def reference(self) -> str:
        """ACT-n; empty before the first save."""
        return f"ACT-{self.number}" if self.number else ""

    @property
    def is_unfinished(self) -> bool:
        """Whether there is still work to do."""
        return self.status in UNFINISHED

    def is_overdue(self, today: datetime.date) -> bool:
        """Whether it should have been finished before `today`."""
        return self.is_unfinished and self.due_on is not None and self.due_on < today

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("actionable", args=[self.reference])

    def clean(self) -> None:
        """Declining needs a reason; an alternative belongs to the same incident."""
        if self.status == Status.DECLINED and not self.outcome:
            raise ValidationError({"outcome": "Say why it was declined."})
        if self.alternative_to is not None and self.alternative_to.incident_id != self.incident_id:
            raise ValidationError({"alternative_to": "An alternative belongs to the same incident."})
        if self.pk and self.alternative_to_id == self.pk:
            raise ValidationError({"alternative_to": "It cannot be an alternative to itself."})

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give a new actionable its number (inside the same transaction)."""
        if not self.number:
            self.number = next_number("ACT", Actionable.objects.all())
        super().save(*args, **kwargs)

    @transaction.atomic
    def change_status(self, to: str, by: str, why: str = "") -> None:
        """Move to another status and keep who did it, when and why (four queries); nothing if it is there already.

        What counts as the former status is what is stored now, whatever this copy says.
        """
        before = Actionable.objects.select_for_update().get(pk=self.pk).status
        self.status = to
        if before == to:
            return
        self.save(update_fields=["status"])
        self.record_change(before, by, why)

    @transaction.atomic
    def record_change(self, before: str, by: str, why: str = "") -> None:
        """Add a row to the history for the status it has now (three queries)."""
        Actionable.objects.select_for_update().get(pk=self.pk)
        last = self.changes.aggregate(last=Max("position"))["last"] or 0
        now = Moment(timezone.now().replace(microsecond=0), None, Precision.SECOND)
        change = StatusChange(actionable=self, position=last + 1, by=by, why=why)
        change.from_status, change.to_status, change.when = before, self.status, now
        change.save()


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

    objects = StatusChangeManager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["actionable", "position"], name="change_position_once"),
            models.CheckConstraint(condition=Q(from_status__in=["", *Status.values]), name="change_from_known"),
            one_of("to_status", Status, "change"),
            moment_constraint("when", "change"),
        ]

    def __str__(self) -> str:
        return f"{self.actionable.reference}: {self.from_status or 'new'} to {self.to_status}"

    def natural_key(self) -> tuple[int, int]:
        """Names the row in fixtures."""
        return (self.actionable.number, self.position)

    natural_key.dependencies = ["actionables.actionable"]  # type: ignore[attr-defined]
