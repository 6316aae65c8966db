"""Follow-through counted ahead: what the manager's page adds up. `manage.py recount` makes both tables anew."""

from __future__ import annotations

from django.db import models

# What is counted, in the month it is about; what is unfinished, due on no day or open since nobody knows, under "".
COUNTED = ("opened", "in_time", "late", "untold", "declined", "unfinished", "due", "since")


class Tally(models.Model):
    """How many actionables of open, published incidents: of one owner or service or of all, in one month or none."""

    way = models.CharField(max_length=7, help_text="owner, service or all.")
    name = models.CharField(max_length=120, help_text="The owner, or the key of the service; empty for none.")
    month = models.CharField(max_length=7, help_text="As in 2015-08, or empty.")
    opened = models.IntegerField(default=0)
    in_time = models.IntegerField(default=0)
    late = models.IntegerField(default=0)
    untold = models.IntegerField(default=0, help_text="Done, with no date to keep or at a time that does not tell.")
    declined = models.IntegerField(default=0)
    unfinished = models.IntegerField(default=0, help_text="Without a month.")
    due = models.IntegerField(default=0, help_text="Unfinished and due in the month; without one, on no day.")
    since = models.IntegerField(default=0, help_text="Unfinished and opened in the month; without one, not known.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["way", "month", "name"], name="tally_once")]

    def __str__(self) -> str:
        return f"{self.way} {self.name} {self.month}"


class Counted(models.Model):
    """What one incident added to the tallies, to be taken off again when it changes. It may be gone meanwhile."""

    incident = models.BigIntegerField(primary_key=True)
    facts = models.JSONField(default=dict, help_text="See actionables/tallying.py.")

    def __str__(self) -> str:
        return str(self.incident)
