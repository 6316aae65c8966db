"""What suggestions learn from this knowledge base's own incidents: counters, which `manage.py relearn` makes anew.

Only open, published incidents are learned from, so nothing of the others can show in what is suggested elsewhere.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class LearnedWord(models.Model):
    """How often a word stands in passages that show a cause."""

    word = models.CharField(max_length=64, primary_key=True)
    evidence = models.JSONField(default=dict, help_text="The id of a cause to a count in tenths.")

    def __str__(self) -> str:
        return self.word


class LearnedCause(models.Model):
    """What is known of one cause: in how many incidents it is, and how often each of its phrases was right."""

    cause = models.OneToOneField("postmortems.Cause", models.CASCADE, primary_key=True, related_name="learned")
    incidents = models.IntegerField(default=0, help_text="That show it, in tenths; a suspected cause counts less.")
    words = models.IntegerField(default=0, help_text="In all passages that show it, in tenths.")
    phrases = models.JSONField(default=dict, help_text="A phrase to [right, seen], in tenths.")

    def __str__(self) -> str:
        return f"{self.cause_id}: {self.incidents}"


class CausePair(models.Model):
    """In how many open incidents two causes stand together, whatever their roles and certainty."""

    one = models.ForeignKey("postmortems.Cause", models.CASCADE, related_name="+")
    two = models.ForeignKey("postmortems.Cause", models.CASCADE, related_name="+", help_text="The higher key of both.")
    incidents = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "two"], name="cause_pair_once")]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.two_id}: {self.incidents}"


class LearnedIncident(models.Model):
    """What one incident added to the counters, to be taken off again when it changes."""

    incident = models.OneToOneField(
        "postmortems.Incident", models.CASCADE, primary_key=True, related_name="learned_from"
    )
    lesson = models.JSONField(help_text="See postmortems/suggest_learning.py.")

    def __str__(self) -> str:
        return str(self.incident_id)


class Rejection(models.Model):
    """Somebody said that an incident does not show a cause: it is not suggested there again."""

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="rejections")
    cause = models.ForeignKey("postmortems.Cause", models.CASCADE, related_name="rejections")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "cause"], name="rejection_once")]

    def __str__(self) -> str:
        return f"{self.cause} not in {self.incident}"


class KeyTerm(models.Model):
    """One of the rarest words and identifiers of an incident, by which others like it are found."""

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="key_terms")
    term = models.CharField(max_length=64)
    weight = models.PositiveSmallIntegerField(help_text="Of the whole incident, in thousandths.")
    written = models.CharField(max_length=120, help_text="As it stands in the text.")
    is_open = models.PositiveSmallIntegerField(help_text="As of the incident: 1 when everybody may read it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "term"], name="key_term_once")]
        # Holds all that a search reads, which is thousands of rows.
        indexes = [models.Index(fields=["term", "is_open", "-incident", "weight"], name="key_term_postings")]

    def __str__(self) -> str:
        return f"{self.term} in {self.incident_id}"
