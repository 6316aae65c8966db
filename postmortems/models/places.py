"""Whose incident it was, and what was affected."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse

from .slugs import Slugged


class ByName(models.Manager[Any]):
    """Finds rows of fixtures by their slug."""

    def get_by_natural_key(self, slug: str) -> models.Model:
        """The row with this slug."""
        return self.get(slug=slug)


class Organisation(Slugged):
    """Whose incident it was."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, help_text="Markdown.")

    objects = ByName()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.slug,)

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("organisation", args=[self.slug])


class Service(Slugged):
    """What was affected: a service, system or part of one, shared by all organisations that run it."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, help_text="Markdown.")

    objects = ByName()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.slug,)

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("service", args=[self.slug])
