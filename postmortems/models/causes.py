"""Causes that can recur, in two levels, and their part in each incident."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from .choices import one_of
from .slugs import Slugged


class BySlug(models.Manager[Any]):
    """Finds rows of fixtures by their slug."""

    def get_by_natural_key(self, slug: str) -> models.Model:
        """The row with this slug."""
        return self.get(slug=slug)


class CauseQuerySet(models.QuerySet["Cause"]):
    """Named queries over causes."""

    def offered(self) -> CauseQuerySet:
        """Those that may be linked: neither retired nor merged into another."""
        return self.filter(retired_at=None)

    def in_groups(self) -> CauseQuerySet:
        """In the order of the taxonomy."""
        return self.order_by("group__position", "group__name", "name")


class CauseManager(models.Manager.from_queryset(CauseQuerySet)):  # type: ignore[misc]
    """Finds rows of fixtures by their slug."""

    def get_by_natural_key(self, slug: str) -> Cause:
        """The cause with this slug."""
        return self.get(slug=slug)

    def called(self, name: str) -> Cause | None:
        """The cause that may be linked by this name or this other name, upper and lower case being the same.

        One that was merged is what it was merged into; a retired one is found by its name alone, after those that are
        offered (one query or two, one more for each merge).
        """
        found: Cause | None = self.filter(name__iexact=name).order_by(F("retired_at").asc(nulls_first=True)).first()
        if name and (found is None or found.retired_at):
            likely = self.offered().filter(aliases__icontains=name)
            found = next((cause for cause in likely if name.casefold() in map(str.casefold, cause.alias_list)), found)
        return found.in_use() if found else None


class CauseGroup(Slugged):
    """The upper level of the taxonomy: a question that its causes answer."""

    name = models.CharField(max_length=80, unique=True)
    question = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = BySlug()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.slug,)


class Nature(models.TextChoices):
    """What part a cause tends to play, whatever its role in one incident."""

    TRIGGER = "trigger", "Sets it off"
    FAULT = "fault", "Is wrong underneath"
    AMPLIFIER = "amplifier", "Makes it bigger"
    DEFENCE = "defence", "Should have stopped it"
    RESPONSE = "response", "Makes it last"


class Cause(Slugged):
    """A cause that can recur, with a page of its own."""

    group = models.ForeignKey(CauseGroup, models.PROTECT, related_name="causes")
    key = models.CharField(
        max_length=40, blank=True, editable=False, help_text="Names it in labelled sets; empty for one made here."
    )
    name = models.CharField(max_length=120, unique=True)
    nature = models.CharField(max_length=10, choices=Nature.choices)
    definition = models.TextField(help_text="One or two sentences. Markdown.")
    aliases = models.TextField(blank=True, help_text="Other names people use, one a line.")
    recognise = models.TextField("how to recognise it", blank=True, help_text="Markdown.")
    mitigations = models.TextField("known mitigations", blank=True, help_text="Markdown.")
    hazards = models.TextField(
        "where it lies in wait", blank=True, help_text="What is known to bring it, elsewhere too. Markdown."
    )
    phrases = models.TextField(
        blank=True, help_text="How writeups say it, one a line: words of one sentence in any order, a/b for either."
    )
    unless = models.TextField(blank=True, help_text="Phrases that cancel the ones above in the same sentence.")
    examples = models.TextField(blank=True, help_text="Sentences that show it, one a line.")
    retired_at = models.DateTimeField(null=True, editable=False, help_text="Not offered any more since then.")
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="merged", help_text="Where its address leads."
    )
    moved = models.JSONField(default=dict, editable=False, help_text="What was moved when it was merged, to undo it.")
    is_proposed = models.BooleanField("proposed", default=False, help_text="Filed by an author; not confirmed yet.")

    objects = CauseManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of("nature", Nature, "cause"),
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="cause_key_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.slug,)

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("cause", args=[self.slug])

    def also_called(self, *names: str) -> list[str]:
        """Add names that it has not yet to its other names, to be saved; returns those."""
        known = {self.name.lower(), *(alias.lower() for alias in self.alias_list)}
        new = [name for name in dict.fromkeys(names) if name.lower() not in known]
        self.aliases = "\n".join([*self.alias_list, *new])
        return new

    def in_use(self) -> Cause:
        """What it was merged into in the end, itself when it was not merged (a query for each merge)."""
        cause = self
        while cause.merged_into is not None:
            cause = cause.merged_into
        return cause

    def confirm(self) -> None:
        """Take a proposed cause into the taxonomy; call `refresh_cause` in the same transaction."""
        self.is_proposed = False
        self.save(update_fields=["is_proposed"])

    @property
    def alias_list(self) -> list[str]:
        """The other names, in their order."""
        return [line.strip() for line in self.aliases.splitlines() if line.strip()]


class Role(models.TextChoices):
    """The part a cause played in an incident."""

    TRIGGER = "trigger", "Trigger"
    ROOT = "root", "Root cause"
    CONTRIBUTING = "contributing", "Contributing factor"


class Certainty(models.TextChoices):
    """Whether the writeup establishes the cause or offers it as a theory."""

    CONFIRMED = "confirmed", "Confirmed"
    SUSPECTED = "suspected", "Suspected"


class IncidentCauseManager(models.Manager["IncidentCause"]):
    """Finds rows of fixtures by incident, cause and role."""

    def get_by_natural_key(self, incident: str, cause: str, role: str) -> IncidentCause:
        """The one row of this cause in this role in this incident."""
        return self.get(incident__slug=incident, cause__slug=cause, role=role)


class IncidentCause(models.Model):
    """One cause in one incident: its role, how certain it is, why, and the passage that shows it."""

    incident = models.ForeignKey("postmortems.Incident", models.CASCADE, related_name="incident_causes")
    cause = models.ForeignKey(Cause, models.PROTECT, related_name="incident_causes")
    role = models.CharField(max_length=12, choices=Role.choices)
    certainty = models.CharField(max_length=9, choices=Certainty.choices)
    explanation = models.TextField(blank=True, help_text="How it acted here. Markdown.")
    evidence = models.TextField(blank=True, help_text="The passage of this postmortem that shows it, as it reads.")
    position = models.PositiveSmallIntegerField(default=0)

    objects = IncidentCauseManager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "cause", "role"], name="one_cause_once_per_role"),
            one_of("role", Role, "incident_cause"),
            one_of("certainty", Certainty, "incident_cause"),
        ]
        indexes = [models.Index(fields=["cause", "incident"], name="incident_cause_by_cause")]

    def __str__(self) -> str:
        return f"{self.cause} in {self.incident} ({self.role})"

    def natural_key(self) -> tuple[str, str, str]:
        """Names the row in fixtures."""
        return (self.incident.slug, self.cause.slug, self.role)

    natural_key.dependencies = ["postmortems.incident", "postmortems.cause"]  # type: ignore[attr-defined]

    @property
    def key(self) -> str:
        """Names its evidence on the incident's page: unique there, stable when causes are reordered."""
        return f"{self.cause_id}-{self.role}"

    def clean(self) -> None:
        """Refuse evidence that is not in the incident's own text (queries the timeline)."""
        known = self.incident_id or IncidentCause.incident.is_cached(self)
        if self.evidence and known and not self.incident.says(self.evidence):
            raise ValidationError({"evidence": "This passage is not in the postmortem's text as it reads."})
