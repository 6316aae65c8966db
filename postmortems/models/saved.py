"""Searches that people come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

if TYPE_CHECKING:
    from ..access import Reader


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    """Named queries over saved searches."""

    def owned_by(self, user: Reader) -> SavedSearchQuerySet:
        """Those this person saved, by name; the only ones they may change."""
        return self.filter(owner_id=user.pk).order_by("name")

    def shared_with(self, user: Reader) -> SavedSearchQuerySet:
        """Those that others share with everybody who signs in, by name."""
        return self.filter(shared=True).exclude(owner_id=user.pk).order_by("name", "pk")

    def visible_to(self, user: Reader) -> SavedSearchQuerySet:
        """Their own and the shared ones; none for whoever is not signed in."""
        return self.filter(Q(owner_id=user.pk) | Q(shared=True)) if user.is_authenticated else self.none()


class SavedSearch(models.Model):
    """A search of one of the lists under a name. It holds what is asked for, never what is found."""

    class Listing(models.TextChoices):
        """The list that is searched; the value is the name of its address."""

        INCIDENTS = "incidents"
        ACTIONABLES = "actionables"

    LONGEST_NAME = 80
    LONGEST_QUERY = 8_000  # what servers and proxies take in an address
    MOST = 200  # of one person

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.TextField(help_text="The query string of the list, as `listed.normalised` writes it.")
    listing = models.CharField(max_length=11, choices=Listing.choices, default=Listing.INCIDENTS)
    words = models.TextField(blank=True, help_text="What it asks for in words, of a list that says so itself.")
    shared = models.BooleanField(default=False, help_text="Everybody who signs in may find and use it.")
    created = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(SavedSearchQuerySet)()

    class Meta:
        verbose_name_plural = "saved searches"
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_search_name_once_per_owner"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="saved_search_not_empty"),
            models.CheckConstraint(
                condition=Q(listing__in=["incidents", "actionables"]), name="saved_search_of_a_known_list"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Leads to what it finds now."""
        return reverse("saved_search", args=[self.pk])

    def rename(self, name: str) -> None:
        """Give it another name. Raises IntegrityError when its owner has another search of that name."""
        self.name = name
        self.save(update_fields=["name"])

    def share(self) -> None:
        """Let everybody who signs in find it."""
        self.shared = True
        self.save(update_fields=["shared"])

    def unshare(self) -> None:
        """Keep it to its owner again."""
        self.shared = False
        self.save(update_fields=["shared"])
