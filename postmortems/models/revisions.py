"""What an incident said at every save."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from ..access import reads_everything
from .incidents import Incident
from .readers import IncidentReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..access import Reader


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Named queries over revisions."""

    def told_to(self, user: Reader) -> RevisionQuerySet:
        """Of an incident that this reader may see, the versions that were open when they were saved.

        Whoever is named on the incident, and admins, see all of its versions.
        """
        if reads_everything(user):
            return self
        open_ones = Q(was_open=True)
        if not (user.is_active and user.pk):
            return self.filter(open_ones)
        # Not by a join, which would give a version once for each person who is named.
        named = IncidentReader.objects.filter(user=user.pk).values("incident")
        return self.filter(open_ones | Q(incident__in=named))

    def latest_of(self, incidents: Iterable[Incident]) -> RevisionQuerySet:
        """The last version of each of these incidents that has one."""
        newest = self.filter(incident=models.OuterRef("incident")).order_by("-number").values("pk")[:1]
        return self.filter(incident__in=list(incidents), pk=models.Subquery(newest))

    def listed(self) -> RevisionQuerySet:
        """Newest first, without their documents, each with its `size` in characters."""
        size = models.functions.Length("document")
        return self.defer("document").annotate(size=size).order_by("-number")


class Revision(models.Model):
    """One saved state of an incident: its whole document, who saved it, when, and why."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(help_text="The version of the incident that this save made.")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True, help_text="Stays when the account goes; empty: not known.")
    note = models.CharField(max_length=200, blank=True, help_text="What was done, as in the name of a section.")
    why = models.CharField(max_length=200, blank=True, help_text="What the person noted about it, in their words.")
    changed = models.CharField(max_length=300, blank=True, help_text="What differs from the version before, in words.")
    was_open = models.BooleanField(default=False, help_text="It was published and open when this was saved.")
    document = models.TextField(help_text="See postmortems/document.py.")

    objects = models.Manager.from_queryset(RevisionQuerySet)()

    class Meta:
        ordering = ["incident", "number"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.incident.reference} version {self.number}"
