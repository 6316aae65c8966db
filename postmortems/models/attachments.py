"""Files that belong to an incident: graphs, logs, screenshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from ..access import readable_by
from .incidents import Incident

if TYPE_CHECKING:
    from ..access import Reader


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Named queries over attachments."""

    def visible_to(self, user: Reader) -> AttachmentQuerySet:
        """Those of incidents this reader may see, without what was removed."""
        return self.filter(readable_by(user, "incident__"), removed_at=None)


class Attachment(models.Model):
    """One file of an incident. Its content lies outside of the web root under its key, see postmortems/attaching.py."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="attachments")
    key = models.CharField(max_length=32, unique=True, help_text="Drawn by chance; the name of the file where it lies.")
    name = models.CharField(max_length=100, help_text="What it is called in its address and when it is downloaded.")
    kind = models.CharField(max_length=40, help_text="Its media type, told by its content.")
    size = models.PositiveIntegerField(help_text="In bytes.")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True, help_text="Stays when the account goes.")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="In the bin since then.")
    removed_by_name = models.CharField(max_length=150, blank=True)

    objects = models.Manager.from_queryset(AttachmentQuerySet)()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(name="") & ~Q(key=""), name="attachment_has_a_name")]

    def __str__(self) -> str:
        return f"file {self.pk} of incident {self.incident_id}"

    def get_absolute_url(self) -> str:
        """Where its content is."""
        return reverse("media", args=[self.key, self.name])

    @property
    def is_image(self) -> bool:
        """Whether pages show it."""
        return self.kind.startswith("image/")

    @property
    def markdown(self) -> str:
        """What puts it into a text."""
        return f"{'!' if self.is_image else ''}[{self.name}]({self.get_absolute_url()})"

    def remove(self, by_name: str) -> None:
        """Into the bin."""
        self.removed_at, self.removed_by_name = timezone.now(), by_name
        self.save(update_fields=["removed_at", "removed_by_name"])

    def put_back(self) -> None:
        """Out of the bin."""
        self.removed_at, self.removed_by_name = None, ""
        self.save(update_fields=["removed_at", "removed_by_name"])
