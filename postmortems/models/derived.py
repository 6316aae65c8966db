"""What is worked out from the rest and kept because pages need it fast. `manage.py refresh` makes all of it anew."""

from __future__ import annotations

from secrets import token_hex

from django.db import connection, models
from django.db.models import Q


class RenderedText(models.Model):
    """The safe HTML of one Markdown text, found by what it was rendered from."""

    scope = models.CharField(max_length=40, help_text="Whose text it is, as in incident:7.")
    digest = models.CharField(max_length=40, help_text="Of the renderer's version, the source and its evidence.")
    html = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "digest"], name="rendered_once_per_scope")]
        indexes = [models.Index(fields=["digest"], name="rendered_by_digest")]

    def __str__(self) -> str:
        return f"{self.scope} {self.digest}"


class Reference(models.Model):
    """A mention of INC-n or ACT-n in an incident's text; the target lists what mentions it."""

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="references_made")
    prefix = models.CharField(max_length=3)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "prefix", "number"], name="reference_once"),
            models.CheckConstraint(condition=Q(prefix__in=["INC", "ACT"]), name="reference_prefix_known"),
        ]
        indexes = [models.Index(fields=["prefix", "number"], name="reference_by_target")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.number}"


class CauseYear(models.Model):
    """How many open, published incidents of one year (null: date unknown) show a cause."""

    cause = models.ForeignKey("postmortems.Cause", models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField(null=True)
    incidents = models.PositiveIntegerField()
    suspected = models.PositiveIntegerField(default=0, help_text="Those in which it is only suspected.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cause", "year"], name="cause_year_once"),
            models.UniqueConstraint(fields=["cause"], condition=Q(year__isnull=True), name="cause_undated_once"),
        ]

    def __str__(self) -> str:
        return f"{self.cause_id} {self.year}: {self.incidents}"


class Edition(models.Model):
    """A single row: a mark that changes with what pages show. They carry it in their ETag.

    It is drawn by chance, not counted: a mark never comes back, also not after a backup is restored or a table emptied.
    """

    mark = models.CharField(max_length=16)

    def __str__(self) -> str:
        return self.mark

    @classmethod
    def bump(cls) -> None:
        """Note a change; called in the transaction that makes it (one query, two the first time)."""
        mark = token_hex(8)
        if not cls.objects.filter(pk=1).update(mark=mark):
            cls.objects.create(pk=1, mark=mark)

    @classmethod
    def current(cls) -> str:
        """The mark now, empty before the first change (one query)."""
        with connection.cursor() as cursor:  # every page asks; building the query would take ten times as long
            cursor.execute("SELECT mark FROM postmortems_edition WHERE id = 1")
            row = cursor.fetchone()
        return row[0] if row else ""
