"""Addresses that stay: every slug a thing ever had leads to it."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404
from django.utils.text import slugify

# Addresses that are pages of their own beside the rows, as in /incidents/new/.
RESERVED = {"new"}


REFERENCE = re.compile(r"(?:INC|ACT)-\d+", re.IGNORECASE)


class OldSlug(models.Model):
    """A slug that an incident, cause, service or organisation had before; its address redirects."""

    kind = models.CharField(max_length=40, help_text="The model's name, in lower case.")
    slug = models.SlugField(max_length=80)
    object_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="old_slug_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"


class Moved(Exception):
    """The thing asked for has another slug now; `args[0]` is that slug."""


class Slugged(models.Model):
    """Something with an address of its own: a unique slug, made from its name when none is given."""

    slug = models.SlugField(max_length=80, unique=True, help_text="Its address; the former one keeps leading here.")

    class Meta:
        abstract = True

    slug_source = "name"

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep a changed slug as an old one (one query more, three when it changed).

        The former slug is read from the database: what this instance was loaded with may be long out of date.
        """
        if not self.slug:
            self.slug = self._free_slug()
        model = type(self)
        stored = model._base_manager.filter(pk=self.pk).select_for_update().values_list("slug", flat=True)
        former = stored.first() if self.pk else None
        super().save(*args, **kwargs)
        update_fields = kwargs.get("update_fields")
        if former != self.slug and (update_fields is None or "slug" in update_fields):
            self._keep_former(former)

    def _keep_former(self, former: str | None) -> None:
        """Let the former slug lead here, and the new one nowhere else."""
        old_slugs = OldSlug.objects.filter(kind=self._meta.model_name)
        if former:
            OldSlug.objects.update_or_create(kind=self._meta.model_name, slug=former, defaults={"object_id": self.pk})
        old_slugs.filter(slug=self.slug).delete()

    def in_use(self) -> Slugged:
        """What its address leads to in the end: itself, where nothing of its kind is merged into another."""
        return self

    def clean_fields(self, exclude: Any = None) -> None:
        """Refuse a slug whose address leads elsewhere."""
        super().clean_fields(exclude)
        if self.slug in RESERVED or REFERENCE.fullmatch(self.slug):
            raise ValidationError({"slug": "This address leads to something else; choose another slug."})

    def _free_slug(self) -> str:
        """A slug from the name that nothing of this kind has or had (two queries, more only on a clash)."""
        kind = str(self._meta.model_name)
        stem = slugify(getattr(self, self.slug_source))[:72].strip("-") or kind
        rows, former = type(self)._base_manager.all(), OldSlug.objects.filter(kind=kind)
        slug, number = stem, 1
        while slug in RESERVED or rows.filter(slug=slug).exists() or former.filter(slug=slug).exists():
            number += 1
            slug = f"{stem}-{number}"
        return slug


def get_by_slug(queryset: models.QuerySet[Any], slug: str) -> Any:
    """The row with this slug. Raises `Moved` when the slug is a former one, Http404 when there is none."""
    row = queryset.filter(slug=slug).first()
    if row is not None:
        return row
    kind = queryset.model._meta.model_name
    former = OldSlug.objects.filter(kind=kind, slug=slug).values("object_id")
    current = queryset.filter(pk__in=former).values_list("slug", flat=True).first()
    if current is None:
        raise Http404
    raise Moved(current)


def slug_in_use(queryset: models.QuerySet[Any], slug: str) -> str:
    """The slug that a former one, or one of what was merged, leads to; empty if there is none (1 to 5 queries)."""
    try:
        row = get_by_slug(queryset, slug)
    except Moved as moved:
        row = queryset.get(slug=moved.args[0])
    except Http404:
        return ""
    return str(row.in_use().slug)
