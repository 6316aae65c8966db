"""Actionables: owned, datable follow-on work, and the verbs that change it and keep what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, Max, Q, When
from django.urls import reverse
from django.utils import timezone

from postmortems.models import next_number
from postmortems.models.addresses import WebAddressField
from postmortems.models.choices import one_of
from postmortems.momentfields import MomentField, columns, moment_constraint
from postmortems.moments import UNKNOWN, Moment, Precision
from postmortems.ordering import KnownFirstDescending
from postmortems.tickets import short_name

from .choices import FINISHED, UNFINISHED, Kind, Priority, Status
from .queries import ActionableQuerySet

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

# What a change may be of; each is kept with what it was before.
CHANGEABLE = (
    "status", "owner", "due_on", "priority", "outcome", "title", "kind", "description", "passage", "ticket_url",
    "ticket_label", "causes", "alternative",
)  # fmt: skip
NEEDS_WORDS = {
    Status.DECLINED: "Say why it is declined.",
    Status.DONE: "Say what shows that it is done: a link, or a few words.",
}


class OutOfDate(Exception):
    """Somebody else changed the actionable since the form was made; `stored` is what it is now."""

    def __init__(self, stored: Actionable) -> None:
        super().__init__(f"{stored.reference} is at version {stored.version}.")
        self.stored = stored


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
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="actionables",
        help_text="The account of the owner, when that is a person who signs in here.",
    )  # fmt: skip
    due_on = models.DateField("due", null=True, blank=True)
    priority = models.CharField(max_length=7, choices=Priority.choices, default=Priority.UNKNOWN)
    outcome = models.TextField(blank=True, help_text="How it ended: what was done, or why it was declined. Markdown.")
    ticket_url = WebAddressField(blank=True, help_text="Where the work is tracked elsewhere.")
    ticket_label = models.CharField(max_length=60, blank=True, help_text="Its short name, as in RT 4318.")
    causes = models.ManyToManyField("postmortems.Cause", blank=True, related_name="actionables")
    alternative_to = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="alternatives", db_index=False,
        help_text="The actionable this was considered for as one way of doing it.",
    )  # fmt: skip
    chosen = models.BooleanField(default=False, help_text="Of the alternatives, this is the way that was taken.")
    passage = models.TextField(
        blank=True, help_text="The passage of the incident's postmortem it comes from, as it reads there."
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    # Kept by the database itself; a number, because databases walk an index for `unfinished = 1` but not for a list.
    unfinished = models.GeneratedField(
        expression=Case(When(status__in=UNFINISHED, then=1), default=0),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    # Worked out from the history of its status, and kept here because lists are sorted and counted by them.
    opened = MomentField()
    closed = MomentField()

    objects = models.Manager.from_queryset(ActionableQuerySet)()
    handed_over = False  # whether the last change through this copy made it another account's, or nobody's

    class Meta:
        ordering = ["incident", "position", "number"]
        constraints = [
            one_of("kind", Kind, "actionable"),
            one_of("status", Status, "actionable"),
            models.CheckConstraint(condition=~Q(status="declined", outcome=""), name="actionable_declined_says_why"),
            models.CheckConstraint(condition=Q(number__gte=1), name="actionable_number_from_1"),
            one_of("priority", Priority, "actionable"),
            moment_constraint("opened", "actionable"),
            moment_constraint("closed", "actionable"),
            models.CheckConstraint(
                condition=Q(chosen=False) | Q(alternative_to__isnull=False), name="actionable_chosen_is_alternative"
            ),
            models.UniqueConstraint(fields=["alternative_to"], condition=Q(chosen=True), name="actionable_one_chosen"),
        ]
        indexes = [
            models.Index("status", "due_on", "number", name="actionable_status_due"),
            models.Index("due_on", "number", name="actionable_due"),
            models.Index("owner", "status", "due_on", "number", name="actionable_owner_due"),
            models.Index(
                "owner", "status", KnownFirstDescending("closed_at"), F("number").desc(), name="actionable_owner_closed"
            ),
            # Only those that are one: from an index of all, SQLite would answer "is not one" and then sort everything.
            models.Index("alternative_to", condition=Q(alternative_to__isnull=False), name="actionable_alternatives"),
            models.Index("priority", "number", name="actionable_priority"),
            models.Index("unfinished", "due_on", "number", name="actionable_unfinished_due"),
            models.Index("unfinished", "opened_at", "number", name="actionable_unfinished_opened"),
            models.Index("opened_at", "number", name="actionable_opened"),
            models.Index(KnownFirstDescending("closed_at"), F("number").desc(), name="actionable_closed"),
            models.Index(
                "status", KnownFirstDescending("closed_at"), F("number").desc(), name="actionable_status_closed"
            ),
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

    @property
    def ticket(self) -> str:
        """The short name of its ticket elsewhere: the one given, else what its address tells; empty without one."""
        return self.ticket_label or (short_name(self.ticket_url) if self.ticket_url else "")

    @transaction.atomic
    def change(
        self, values: dict[str, Any], *, by: str, why: str = "", expected: int | None = None, batch: str = ""
    ) -> bool:
        """Change status, owner, due date, priority or outcome, and keep each change; says whether there was any.

        `values` maps names of `CHANGEABLE` (and "person" beside "owner") to what they shall be. `why` is kept with the
        change; what is done or declined has it as its outcome. What counts as former is what is stored now, whatever
        this copy says. Raises OutOfDate when that is other than wanted and not the version `expected`, ValidationError
        keyed by field when something is missing. Three queries, and two to three for each value that changes.
        """
        stored = type(self)._default_manager.select_for_update().get(pk=self.pk)
        self.handed_over = False
        new = {name: value for name, value in values.items() if getattr(stored, name) != value}
        if new and expected is not None and stored.version != expected:
            raise OutOfDate(stored)
        if "status" in new:
            new |= _outcome(stored, new["status"], new.get("outcome") or why)
        if new:
            stored._keep(new, by, why, batch)
            self.handed_over = "person" in new
        for name in {*new, *values, "version", "closed_at", "closed_clock", "closed_precision"}:
            setattr(self, name, getattr(stored, name))
        return bool(new)

    def _keep(self, new: dict[str, Any], by: str, why: str, batch: str) -> None:
        """Write the new values of the stored copy, and a row of history for each."""
        before = {name: getattr(self, name) for name in new}
        for name, value in new.items():
            setattr(self, name, value)
        self.version = F("version") + 1
        self.save(update_fields=[*new, "version"])
        self.refresh_from_db(fields=["version"])
        # The reason stands once: with the change of status, else with the first of the others.
        reason = "" if "status" in new else why
        for name in CHANGEABLE[1:]:
            if name in new:
                told = {"before": _told(before[name]), "after": _told(new[name]), "by": by, "batch": batch}
                self.field_changes.create(what=name, why=reason, **told)
                reason = ""
        if "status" in new:
            self.record_change(before["status"], by, why, batch)

    @transaction.atomic
    def record_change(self, before: str, by: str, why: str = "", batch: str = "", when: Moment | None = None) -> None:
        """Add a row to the history for the status it has now, reached at a moment or just now (four queries)."""
        type(self)._default_manager.select_for_update().get(pk=self.pk)
        last = self.changes.aggregate(last=Max("position"))["last"] or 0
        reached = Moment(timezone.now().replace(microsecond=0), None, Precision.SECOND) if when is None else when
        change = self.changes.model(actionable=self, position=last + 1, by=by, why=why, batch=batch)
        change.from_status, change.to_status, change.when = before, self.status, reached
        change.save()
        if not before:
            self.opened = reached
        self.closed = reached if self.status in FINISHED else UNKNOWN
        self.save(update_fields=columns("opened", "closed"))

    @transaction.atomic
    def begin(self, opened: Moment | None, closed: Moment | None, *, by: str) -> None:
        """Begin the history of what was just saved: it was opened, and has become what it is since.

        A moment that is not given is now for what there is still to do, and not known for what is finished.
        """
        reached, missing = self.status, None if self.is_unfinished else UNKNOWN
        self.status = Status.OPEN
        self.record_change("", by, when=missing if opened is None else opened)
        if reached != Status.OPEN:
            self.status = reached
            self.record_change(Status.OPEN, by, why=self.outcome, when=missing if closed is None else closed)

    @transaction.atomic
    def redate(self, opened: Moment | None, closed: Moment | None, *, by: str) -> None:
        """Say better when it was opened and closed; None leaves what there is. What stood before is kept.

        A history that lacks the change is given it. Raises ValidationError keyed by field: closed before it was opened,
        or closed while there is still work to do.
        """
        type(self)._default_manager.select_for_update().get(pk=self.pk)
        if closed is not None and self.is_unfinished:
            raise ValidationError({"closed": "Only what is done or declined has ended."})
        for name, moment in (("opened", opened), ("closed", closed)):
            former = getattr(self, name)
            if moment is None or moment == former:
                continue
            change = self._opening() if name == "opened" else self._closing()
            change.when = moment
            change.save()
            setattr(self, name, moment)
            told = {"before": former.text() if former.is_known else "", "after": moment.text()}
            self.field_changes.create(what=name, by=by, **told)
        if self.closed.surely_before(self.opened):
            raise ValidationError({"closed": "It cannot have ended before it was opened."})
        self.save(update_fields=columns("opened", "closed"))

    def _opening(self) -> Any:
        """The first change of its history, from nothing; a new one before all others when there is none."""
        first = self.changes.order_by("position").first()
        if first is not None and not first.from_status:
            return first
        to = first.from_status if first else Status.OPEN
        return self.changes.model(actionable=self, position=0, from_status="", to_status=to)

    def _closing(self) -> Any:
        """The last change of its history that finished it; a new one after all others when there is none."""
        last = self.changes.order_by("-position").first()
        if last is not None and last.to_status == self.status:
            return last
        place, before = (last.position + 1, last.to_status) if last else (1, Status.OPEN)
        return self.changes.model(actionable=self, position=place, from_status=before, to_status=self.status)

    @transaction.atomic
    def reword(
        self, words: dict[str, Any], causes: Iterable[Any], alternative_to: Actionable | None, *, by: str, expected: int
    ) -> None:
        """Change what it says, what it is aimed at and what it is an alternative to; each is kept in the history.

        Raises OutOfDate when it is not at the version `expected`, ValidationError keyed by field for what may not be.
        """
        stored = type(self)._default_manager.select_for_update().get(pk=self.pk)
        if stored.version != expected:
            raise OutOfDate(stored)
        self.change(words, by=by)
        self.alternative_to = alternative_to
        self.chosen = self.chosen and alternative_to is not None
        self.clean_fields()
        self.clean()
        former, wanted = sorted(cause.name for cause in self.causes.all()), sorted(cause.name for cause in causes)
        others = {
            "causes": (", ".join(former), ", ".join(wanted)),
            "alternative": (_reference(stored.alternative_to), _reference(alternative_to)),
        }
        for what, (before, after) in others.items():
            if before != after:
                self.field_changes.create(what=what, before=before, after=after, by=by)
        self.version = F("version") + 1
        self.save(update_fields=["alternative_to", "chosen", "version"])
        self.refresh_from_db(fields=["version"])
        self.causes.set(causes)

    @transaction.atomic
    def choose(self, *, by: str) -> None:
        """Take this way of the alternatives: the others that are still open are declined in its favour."""
        others = self._siblings().exclude(pk=self.pk)
        others.filter(chosen=True).update(chosen=False, version=F("version") + 1)
        for other in others.unfinished():
            other.change({"status": Status.DECLINED}, by=by, why=f"{self.reference} was chosen instead.")
        type(self)._default_manager.filter(pk=self.pk).update(chosen=True, version=F("version") + 1)
        self.refresh_from_db(fields=["chosen", "version"])
        self.field_changes.create(what="chosen", before="", after="chosen", by=by)

    def _siblings(self) -> ActionableQuerySet:
        if self.alternative_to_id is None:
            raise ValidationError("Only one of several alternatives can be chosen.")
        return type(self).objects.filter(alternative_to=self.alternative_to_id)


def _outcome(stored: Actionable, status: str, words: str) -> dict[str, str]:
    """The outcome that goes with a status: words when it is finished, else what there is."""
    if status not in FINISHED:
        return {}
    if not words:
        raise ValidationError({"why": NEEDS_WORDS[Status(status)]})
    return {"outcome": words} if words != stored.outcome else {}


def _reference(actionable: Actionable | None) -> str:
    return actionable.reference if actionable else ""


def _told(value: Any) -> str:
    """A value as the history keeps it; empty for none."""
    return "" if value is None else str(value)
