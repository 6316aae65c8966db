"""Who is told of actionables, how, and what was told already."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from postmortems.models import Incident

from .actionables import Actionable

if TYPE_CHECKING:
    from datetime import datetime


class CalendarLink(models.Model):
    """A secret address at which one person's calendar reads due dates; revoked, it stays here and gives nothing."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_links")
    secret = models.CharField(max_length=43, unique=True, editable=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(revoked_at=None), name="calendar_link_one_each")
        ]

    def __str__(self) -> str:
        return f"Calendar of {self.person}"

    @classmethod
    def renew(cls, person: models.Model) -> CalendarLink:
        """Make a new address; the former one is revoked (two queries)."""
        cls.revoke(person)
        return cls.objects.create(person=person, secret=token_urlsafe(32))

    @classmethod
    def revoke(cls, person: models.Model) -> None:
        """Let a person's address give nothing from now on (one query)."""
        cls.objects.filter(person=person, revoked_at=None).update(revoked_at=timezone.now())


class ReminderChoice(models.Model):
    """What mail a person wants; whoever has no row gets all."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminder_choice")
    reminders = models.BooleanField(default=True, help_text="Before an actionable is due, when it is, and then weekly.")
    digest = models.BooleanField(default=True, help_text="Once a week, everything that is theirs.")
    assigned = models.BooleanField(default=True, help_text="At once, when somebody else makes something theirs.")

    def __str__(self) -> str:
        return f"Mail of {self.person}"


class Snooze(models.Model):
    """No reminders of an actionable until a day, and why; everybody sees it on its page."""

    actionable = models.ForeignKey(Actionable, models.CASCADE, related_name="snoozes")
    until = models.DateField()
    why = models.CharField(max_length=300)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.actionable.reference} until {self.until}"


class WatchQuerySet(models.QuerySet["Watch"]):
    """Named queries over what people watch."""

    def of(self, person: Any, incident: Any, actionable: Actionable | None) -> WatchQuerySet:
        """This person's watch of this actionable, or of this incident itself."""
        return self.filter(person=person, incident=incident, actionable=actionable)

    def of_incidents(self) -> WatchQuerySet:
        """Those of incidents themselves, by people who can get mail."""
        return self.filter(actionable=None, person__is_active=True).exclude(person__email="")

    def behind(self, before: datetime) -> WatchQuerySet:
        """Those of incidents that were saved since their people were told, if that was before a time or never."""
        saved = Q(told=None) | Q(told__lt=F("incident__version"))
        return self.of_incidents().filter(saved, Q(told_at=None) | Q(told_at__lte=before))

    def visible_to(self, person: Any) -> WatchQuerySet:
        """This person's, of what they may see."""
        return self.filter(person=person, incident__in=Incident.objects.visible_to(person).order_by().values("pk"))


class Watch(models.Model):
    """A person wants to see under their work what becomes of an incident, or of one actionable of it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watches")
    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="watches")
    # Reached from its incident alone, so that there is one way to it.
    actionable = models.ForeignKey(Actionable, models.CASCADE, null=True, blank=True, related_name="+")
    since = models.DateTimeField(default=timezone.now, editable=False)
    told = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="The version of the incident its changes were told up to."
    )
    told_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When a mail about them went out.")

    objects = models.Manager.from_queryset(WatchQuerySet)()

    class Meta:
        verbose_name_plural = "watches"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "actionable"], name="watch_actionable_once"),
            models.UniqueConstraint(
                fields=["person", "incident"], condition=Q(actionable=None), name="watch_incident_once"
            ),
        ]

    def __str__(self) -> str:
        return f"person {self.person_id} watches {self.incident_id}"


class Reminder(models.Model):
    """One message that was sent, or is being sent: to whom, about what, and which of several.

    `key` names the occasion, as in "due 2026-03-01" or "digest 2026-W09"; a person gets one message for each.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminders")
    key = models.CharField(max_length=60)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="reminder_once")]

    def __str__(self) -> str:
        return f"{self.key} to {self.person}"
