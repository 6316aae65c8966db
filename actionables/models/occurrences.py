"""What is reckoned of causes in incidents, kept in numbers. `manage.py recount` makes the table anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from postmortems.access import readable_by, sees_more

if TYPE_CHECKING:
    from postmortems.access import Reader


class OccurrenceQuerySet(models.QuerySet["Occurrence"]):
    """Named queries over occurrences."""

    def visible_to(self, user: Reader) -> OccurrenceQuerySet:
        """Those in incidents this reader may see; who sees no more than everybody is answered by the index alone."""
        if sees_more(user):
            return self.filter(readable_by(user, "incident__"))
        return self.filter(is_open=1)


class Occurrence(models.Model):
    """One cause in one incident that is not in the bin. Times are seconds since 1970, null without a date."""

    # Rows stay when their incident goes, until they are kept anew; no cause goes that an incident has.
    incident = models.ForeignKey(
        "postmortems.Incident", models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    cause = models.ForeignKey(
        "postmortems.Cause", models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    is_open = models.PositiveSmallIntegerField(help_text="1 where everybody may see the incident, else 0.")
    confirmed = models.PositiveSmallIntegerField(help_text="1, or 0 where the cause is only suspected.")
    sure_from = models.BigIntegerField(null=True, help_text="It surely was later than anything before this.")
    vague = models.PositiveSmallIntegerField(help_text="1 where a milestone says no more than a day, else 0.")
    severity = models.CharField(max_length=7)
    lasted = models.IntegerField(null=True, help_text="Seconds.")
    timed = models.PositiveSmallIntegerField(help_text="1 where it is told with a time of day, else 0.")
    first = models.BigIntegerField(null=True, help_text="The earliest second it can have been.")
    last = models.BigIntegerField(null=True, help_text="The latest second it can have been.")

    objects = models.Manager.from_queryset(OccurrenceQuerySet)()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "cause"], name="occurrence_once")]
        # Each is read without the row, in its order.
        indexes = [
            models.Index(
                "cause", "is_open", "confirmed", "sure_from", "incident", "vague", "severity", "lasted",
                name="occurrence_reckoned",
            ),
            models.Index("cause", "is_open", "timed", "confirmed", "first", "incident", name="occurrence_first"),
            models.Index("cause", "is_open", "timed", "last", "incident", name="occurrence_last"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.cause_id} in {self.incident_id}"
