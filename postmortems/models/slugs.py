"""Addresses that stay: every slug a thing ever had leads to it."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.http import Http404
from django.utils.text import slugify


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

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any) -> Any:
        """Remember the slug that is stored, to notice a change on save."""
        instance = super().from_db(db, field_names, values)
        instance._stored_slug = instance.__dict__.get("slug")
        return instance

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and keep a changed slug as an old one (one query more when it changed)."""
        if not self.slug:
            self.slug = self._free_slug()
        stored = getattr(self, "_stored_slug", None)
        super().save(*args, **kwargs)
        if stored and stored != self.slug:
            kind = self._meta.model_name
            OldSlug.objects.update_or_create(kind=kind, slug=stored, defaults={"object_id": self.pk})
        OldSlug.objects.filter(kind=self._meta.model_name, slug=self.slug).delete()
        self._stored_slug = self.slug

    def _free_slug(self) -> str:
        """A slug from the name that nothing of this kind has (queries once, more only on a clash)."""
        stem = slugify(getattr(self, self.slug_source))[:72].strip("-") or self._meta.model_name
        manager = type(self)._default_manager
        slug, number = stem, 1
        while manager.filter(slug=slug).exists():
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
