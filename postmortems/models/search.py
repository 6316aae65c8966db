"""What search looks things up in. Kept by `postmortems/search.py` alone; `manage.py reindex` makes all of it anew."""

from __future__ import annotations

from django.db import models


class SearchDocument(models.Model):
    """One incident as search sees it: what it can be narrowed by, its words in order, and what it is found by.

    Both databases index the three texts beside this table (migration 0002): SQLite in an FTS5 table that triggers
    keep, PostgreSQL in a column of its own.
    """

    key = models.BigAutoField(primary_key=True, help_text="The newer the incident the higher; undated ones lowest.")
    incident = models.OneToOneField("postmortems.Incident", models.CASCADE, related_name="search_document")
    minute = models.BigIntegerField(null=True, help_text="When it occurred, since the year 1; null when not known.")
    lasted = models.IntegerField(null=True, help_text="Seconds.")
    facets = models.TextField(help_text="Who may read it and what it can be narrowed by, as tokens.")
    stream = models.TextField(help_text="Its words as they stand, one passage a line.")
    bag = models.TextField(help_text="Stems and parts of identifiers, each once.")

    def __str__(self) -> str:
        return f"{self.key}: incident {self.incident_id}"


class Word(models.Model):
    """A word of the open incidents, for spelling, completion and telling frequent words from rare ones."""

    word = models.CharField(max_length=64, primary_key=True)
    stem = models.CharField(max_length=64, db_index=True)
    documents = models.IntegerField(default=0, help_text="In how many open incidents it stands, about.")

    def __str__(self) -> str:
        return f"{self.word} ({self.documents})"


class NameIndexed(models.Model):
    """The words of a cause, service or organisation that its incidents are indexed with."""

    kind = models.CharField(max_length=12)
    object_id = models.BigIntegerField()
    words = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="name_indexed_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
