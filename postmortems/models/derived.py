"""What is worked out from the rest and kept because pages need it fast. `manage.py refresh` makes all of it anew."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Q

from ..access import ADMINS, EVERYBODY, personal, reads_everything

if TYPE_CHECKING:
    from ..access import Reader


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


class CauseQuarter(models.Model):
    """How many open, published incidents of one quarter show a cause; those known only to the year are left out."""

    cause = models.ForeignKey("postmortems.Cause", models.CASCADE, related_name="quarters")
    quarter = models.PositiveIntegerField(help_text="Four times the year, and 0 to 3 for the quarter.")
    incidents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["quarter", "cause"], name="cause_quarter_once")]

    def __str__(self) -> str:
        return f"{self.cause_id} {self.quarter // 4}/{self.quarter % 4 + 1}: {self.incidents}"


class CountedIncident(models.Model):
    """What one incident added to the counts of its causes; stays when the incident goes, until they are counted."""

    incident = models.BigIntegerField(primary_key=True)
    facts = models.JSONField(default=list, help_text="See postmortems/tallying.py.")

    def __str__(self) -> str:
        return f"{self.incident}: {len(self.facts)} causes"


class Edition(models.Model):
    """A mark for each audience that changes with what its pages show. They carry it in their ETag.

    What everybody sees has one ("open"), all there is another ("all", for admins), and whoever is named on something
    that is not open one more ("reader:12"). So nothing that everybody gets changes with what only some may see.
    A mark is drawn by chance, not counted: it never comes back, also not after a backup is restored or a table emptied.
    """

    audience = models.CharField(max_length=32, primary_key=True)
    mark = models.CharField(max_length=16)

    def __str__(self) -> str:
        return f"{self.audience} {self.mark}"

    @classmethod
    def bump(cls, *audiences: str) -> None:
        """Note a change; called in the transaction that makes it (one query).

        Without audiences it is a change to what everybody sees. Admins see every change, and theirs comes first: two
        transactions then wait for each other in one order, and never each for the other.
        """
        changed = [ADMINS, *sorted({*(audiences or [EVERYBODY])} - {ADMINS})]
        rows = [Edition(audience=audience, mark=token_hex(8)) for audience in changed]
        Edition.objects.bulk_create(rows, update_conflicts=True, unique_fields=["audience"], update_fields=["mark"])

    @classmethod
    def renew(cls) -> None:
        """Note that anything may have changed, for everybody (two queries)."""
        cls.bump(EVERYBODY, *cls.objects.values_list("audience", flat=True))

    @classmethod
    def current(cls, audience: str = EVERYBODY) -> str:
        """The mark of an audience now, empty before the first change (one query)."""
        rows = _marks("SELECT mark FROM postmortems_edition WHERE audience = %s", audience)
        return rows[0][0] if rows else ""

    @classmethod
    def of(cls, user: Reader) -> str:
        """Names everything that this person's pages may show, empty before the first change (one query).

        Settles their audience too, so that nobody has to ask for it.
        """
        if not user.is_active or user.pk is None:
            return cls.current()
        if reads_everything(user):
            return cls.current(ADMINS)
        person: Any = user
        own = personal(person.pk)
        rows = _marks(_NAMED, person.pk, EVERYBODY, own)
        if not rows:
            return ""
        marks = {audience: mark for audience, mark, _ in rows}
        person.sees_more = bool(rows[0][2])
        everybodys = marks.get(EVERYBODY, "")
        return f"{own} {everybodys} {marks.get(own)}" if person.sees_more else everybodys


# Every page asks; building the queries would take ten times as long.
_NAMED = (
    "SELECT audience, mark, EXISTS (SELECT 1 FROM postmortems_incidentreader AS named INNER JOIN postmortems_incident "
    "AS incident ON incident.id = named.incident_id WHERE named.user_id = %s AND incident.is_open = 0) "
    "FROM postmortems_edition WHERE audience IN (%s, %s)"
)


def _marks(query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
