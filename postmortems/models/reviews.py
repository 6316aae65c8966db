"""Review of a postmortem: who is asked, what they decided, what was said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from ..access import may_publish, reads_everything
from .choices import one_of
from .incidents import Incident
from .readers import IncidentReader

if TYPE_CHECKING:
    from ..access import Reader

PERSON = settings.AUTH_USER_MODEL


class Reviewer(models.Model):
    """A person who was asked by name to review a postmortem."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="reviewers")
    user = models.ForeignKey(PERSON, models.CASCADE, related_name="reviews", verbose_name="person")
    asked_at = models.DateTimeField(auto_now_add=True)
    asked_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")
    named = models.BooleanField(default=False, help_text="Being asked is what names this person on the incident.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["incident", "user"], name="reviewer_once_per_incident")]

    def __str__(self) -> str:
        return f"person {self.user_id} on incident {self.incident_id}"


class Kind(models.TextChoices):
    """What happened in a review. The value is what the page says."""

    ASKED = "asked for review", "Asked for review"
    APPROVED = "approved", "Approved"
    CHANGES = "asked for changes", "Asked for changes"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REOPENED = "reopened", "Reopened"


VERDICTS = (Kind.APPROVED, Kind.CHANGES)


class ReviewStep(models.Model):
    """One thing that happened in the review of a postmortem; steps are added, never altered."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="review_steps")
    kind = models.CharField(max_length=17, choices=Kind.choices)
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True, help_text="Stays when the account goes.")
    version = models.PositiveIntegerField(help_text="The version of the incident that it is about.")
    note = models.TextField(blank=True, help_text="Markdown.")
    checked = models.CharField(max_length=200, blank=True, help_text="Keys of the checklist that hold, by spaces.")

    class Meta:
        ordering = ["pk"]
        constraints = [one_of("kind", Kind, "review_step")]

    def __str__(self) -> str:
        return f"{self.kind}, version {self.version}"

    @property
    def is_verdict(self) -> bool:
        """Whether it is a reviewer's."""
        return self.kind in VERDICTS


class RemarkQuerySet(models.QuerySet["Remark"]):
    """Named queries over comments."""

    def unresolved(self) -> RemarkQuerySet:
        """What still waits for an answer."""
        return self.filter(parent=None, resolved_at=None)

    def told_to(self, user: Reader) -> RemarkQuerySet:
        """Of an incident that this reader may see, those said while it was published and open.

        Whoever is named on the incident, and those who publish, see what was said in its reviews too.
        """
        if reads_everything(user) or may_publish(user):
            return self
        open_ones = Q(was_open=True)
        if not (user.is_active and user.pk):
            return self.filter(open_ones)
        named = IncidentReader.objects.filter(user=user.pk).values("incident")
        return self.filter(open_ones | Q(incident__in=named))

    def number_on(self, incident: OuterRef) -> Coalesce:
        """How many there are on the incident that this refers to, as a column of its query."""
        counts = self.filter(incident=incident).order_by().values("incident").annotate(number=Count("pk"))
        return Coalesce(Subquery(counts.values("number")), 0)


class Remark(models.Model):
    """A remark about a section or a passage of a postmortem, or a reply to one."""

    LONGEST = 10_000
    LONGEST_PASSAGE = 1_000

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="replies")
    section = models.CharField(max_length=20, blank=True, help_text="What it is about, as in impact; empty: all of it.")
    passage = models.CharField(max_length=LONGEST_PASSAGE, blank=True, help_text="The words it is about, as they read.")
    text = models.TextField(max_length=LONGEST, help_text="Markdown.")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True, help_text="Stays when the account goes.")
    version = models.PositiveIntegerField(help_text="The version of the incident that it is about.")
    was_open = models.BooleanField(default=False, help_text="It was said where everybody who reads it may see it.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by_name = models.CharField(max_length=150, blank=True)

    objects = models.Manager.from_queryset(RemarkQuerySet)()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | Q(resolved_at=None, section="", passage=""), name="comment_reply_is_plain"
            )
        ]

    def __str__(self) -> str:
        return f"comment {self.pk} on incident {self.incident_id}"

    def speakers(self) -> list[Any]:
        """Who said something before in the thread that this is an answer in (one query; none for what begins one)."""
        if self.parent_id is None:
            return []
        thread = Remark.objects.filter(Q(pk=self.parent_id) | Q(parent=self.parent_id), pk__lt=self.pk)
        return [one.by for one in thread.exclude(by=None).select_related("by")]

    def resolve(self, by_name: str) -> None:
        """What it asked for is done."""
        self.resolved_at, self.resolved_by_name = timezone.now(), by_name
        self.save(update_fields=["resolved_at", "resolved_by_name"])

    def unresolve(self) -> None:
        """It is not done after all."""
        self.resolved_at, self.resolved_by_name = None, ""
        self.save(update_fields=["resolved_at", "resolved_by_name"])


class Mailing(models.Model):
    """Which mails somebody wants; who has no row wants them all."""

    user = models.OneToOneField(PERSON, models.CASCADE, related_name="mailing")
    asked = models.BooleanField("when I am asked to review a postmortem", default=True)
    decided = models.BooleanField("when a postmortem I wrote is approved, published or needs changes", default=True)
    commented = models.BooleanField("when somebody comments where I take part or answers me", default=True)
    watched = models.BooleanField("when a postmortem I watch is published, reopened or withdrawn", default=True)
    watched_commented = models.BooleanField("when somebody comments on a postmortem I watch", default=True)
    watched_changed = models.BooleanField("when a postmortem I watch is changed, at most once an hour", default=True)

    def __str__(self) -> str:
        return f"mails of person {self.user_id}"
