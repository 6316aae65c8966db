"""Incidents and their postmortems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from .. import markdown
from ..access import DELETED, readable_by
from ..durations import Duration
from ..elapsed import Elapsed
from ..momentfields import MomentField, check_order, moment_constraint, order_constraint
from ..moments import TIMED, Moment, zones
from ..ordering import KnownFirstDescending
from .addresses import WebAddressField
from .choices import one_of
from .numbers import next_number
from .places import Organisation, Service
from .slugs import Slugged

if TYPE_CHECKING:
    from ..access import Reader


class Severity(models.TextChoices):
    """How bad it was; SEV1 is worst. The values sort by badness, unknown last."""

    SEV1 = "SEV1", "SEV1"
    SEV2 = "SEV2", "SEV2"
    SEV3 = "SEV3", "SEV3"
    SEV4 = "SEV4", "SEV4"
    UNKNOWN = "unknown", "Not rated"


class Status(models.TextChoices):
    """Where the postmortem stands."""

    DRAFT = "draft", "Draft"
    REVIEW = "review", "In review"
    PUBLISHED = "published", "Published"


class Visibility(models.TextChoices):
    """Who may read it."""

    OPEN = "open", "Open"
    RESTRICTED = "restricted", "Restricted"


class Detection(models.TextChoices):
    """How it was first noticed."""

    MONITORING = "monitoring", "Monitoring"
    USERS = "users", "Users or customers"
    STAFF = "staff", "Someone on the team"
    UNKNOWN = "unknown", "Not known"


MILESTONES = ("started", "detected", "acknowledged", "mitigated", "resolved")
# Which milestones tell how long an incident lasted: the first of these pairs that is known (see `rows.extent`).
EXTENTS = [(start, end) for start in ("started", "detected", "acknowledged") for end in ("mitigated", "resolved")]
# The Markdown sections of a postmortem in reading order: (field, heading on the page).
SECTIONS = (
    ("summary", "Summary"),
    ("impact", "Impact"),
    ("analysis", "What explains it"),
    ("recovery", "How it ended"),
    ("contradictions", "Where the sources disagree"),
    ("went_well", "What went well"),
    ("went_wrong", "What went wrong"),
    ("got_lucky", "Where we got lucky"),
)


NEWEST = (KnownFirstDescending("occurred_at"), F("number").desc())


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Named queries over incidents."""

    def visible_to(self, user: Reader) -> IncidentQuerySet:
        """Those this reader may see; the only way a page may reach incidents."""
        return self.filter(readable_by(user))

    def written_by(self, user: Reader) -> IncidentQuerySet:
        """Those that name this person as an author."""
        person: Any = user
        return self.filter(named_readers__user=person, named_readers__is_author=True)

    def published(self) -> IncidentQuerySet:
        """Those whose postmortem is out."""
        return self.filter(status=Status.PUBLISHED)

    def newest_first(self) -> IncidentQuerySet:
        """By date, undated ones last, then by number."""
        return self.order_by(*NEWEST)

    def recently_published(self) -> IncidentQuerySet:
        """By when they were published here, those without that date last."""
        return self.order_by(KnownFirstDescending("published_at"), "-number")

    def get_by_natural_key(self, slug: str) -> Incident:
        """The row a fixture means."""
        return self.get(slug=slug)


def _timed(start: str, end: str, part: str) -> Case:
    """Seconds between two milestones that say a time of day: a coarse one stands at the start of its day or year."""
    told = Q(**{f"{start}_precision__in": TIMED, f"{end}_precision__in": TIMED})
    return Case(When(told, then=Elapsed(f"{start}_{part}", f"{end}_{part}")))


class Incident(Slugged):
    """What happened, with its postmortem: the facts in columns, the story in Markdown sections."""

    number = models.PositiveIntegerField(unique=True, editable=False, help_text="The n of INC-n.")
    title = models.CharField(max_length=200)
    short_name = models.CharField(max_length=24, blank=True, help_text="A word or two for tables, as in Swift.")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="incidents")
    services = models.ManyToManyField(Service, blank=True, related_name="incidents")
    severity = models.CharField(max_length=7, choices=Severity.choices, default=Severity.UNKNOWN)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.OPEN)
    detection = models.CharField(max_length=10, choices=Detection.choices, default=Detection.UNKNOWN)
    responders = models.CharField(max_length=500, blank=True, help_text="Names, separated by commas.")

    started = MomentField()
    detected = MomentField()
    acknowledged = MomentField()
    mitigated = MomentField()
    resolved = MomentField()
    time_zone = models.CharField(
        max_length=60, default="UTC", help_text="The zone the source writes its times in, as in Europe/Berlin."
    )
    time_zone_assumed = models.BooleanField(
        default=False, help_text="The source does not state its zone; the one above is a guess and shown as such."
    )

    readers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="postmortems.IncidentReader", related_name="incidents_named_on", blank=True,
        help_text="Who may read it also while it is a draft or restricted, its authors among them.",
    )  # fmt: skip

    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    template = models.ForeignKey(
        "postmortems.FilingTemplate", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    filed_as = models.UUIDField(
        null=True,
        unique=True,
        editable=False,
        help_text="Names the form it was filed by, so that it is filed once.",
    )

    source_title = models.CharField(max_length=200, blank=True, help_text="Of the writeup this was filed from.")
    source_url = WebAddressField(blank=True)
    source_published = MomentField()

    # Kept by the database itself, so that no way of writing a row can leave them stale. A number, not a boolean:
    # SQLite walks an index for `is_open = 1` but not for a bare `is_open`.
    is_open = models.GeneratedField(
        expression=Case(When(status="published", visibility="open", then=1), default=0),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    occurred_at = models.GeneratedField(
        expression=Coalesce("started_at", "detected_at", "acknowledged_at", "mitigated_at", "resolved_at"),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )
    lasted = models.GeneratedField(
        expression=Coalesce(*[_timed(start, end, part) for start, end in EXTENTS for part in ("at", "clock")]),
        output_field=models.IntegerField(null=True),
        db_persist=True,
    )

    # The long texts come last: a database that reads the facts of a row need not pass over them.
    summary = models.TextField(blank=True, help_text="What happened, in two to four sentences. Markdown.")
    impact = models.TextField(blank=True, help_text="Who noticed what, and how much of it. Markdown.")
    analysis = models.TextField("what explains it", blank=True, help_text="Markdown.")
    recovery = models.TextField("how it ended", blank=True, help_text="Markdown.")
    contradictions = models.TextField(
        "where the sources disagree", blank=True, help_text="What does not fit together, left standing. Markdown."
    )
    went_well = models.TextField(blank=True, help_text="Markdown.")
    went_wrong = models.TextField(blank=True, help_text="Markdown.")
    got_lucky = models.TextField("where we got lucky", blank=True, help_text="Markdown.")

    source_note = models.TextField(blank=True, help_text="What is uncertain about the source. Markdown.")

    objects = models.Manager.from_queryset(IncidentQuerySet)()
    slug_source = "title"

    class Meta:
        permissions = [("publish_incident", "Can publish incident")]
        constraints = [
            one_of("severity", Severity, "incident"),
            models.CheckConstraint(condition=Q(status__in=[*Status.values, DELETED]), name="incident_status_known"),
            one_of("visibility", Visibility, "incident"),
            one_of("detection", Detection, "incident"),
            *[moment_constraint(name, "incident") for name in (*MILESTONES, "source_published")],
            *[order_constraint("started", name, "incident") for name in MILESTONES[1:]],
            order_constraint("mitigated", "resolved", "incident"),
            models.CheckConstraint(condition=Q(number__gte=1), name="incident_number_from_1"),
        ]
        # Lists walk these from the top and stop; what everybody may read comes first, so nothing is skipped over.
        indexes = [
            models.Index("is_open", *NEWEST, name="incident_open_newest"),
            models.Index("is_open", "severity", *NEWEST, name="incident_open_severity"),
            models.Index("is_open", "organisation", *NEWEST, name="incident_open_organisation"),
            models.Index("is_open", KnownFirstDescending("lasted"), F("number").desc(), name="incident_open_longest"),
            models.Index(
                "is_open", KnownFirstDescending("published_at"), F("number").desc(), name="incident_open_published"
            ),
            # PostgreSQL cannot walk the first one backwards with unknown dates last.
            models.Index("is_open", "occurred_at", "number", name="incident_open_oldest"),
            models.Index(*NEWEST, name="incident_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def natural_key(self) -> tuple[str]:
        """Names the row in fixtures."""
        return (self.slug,)

    natural_key.dependencies = ["postmortems.organisation", "postmortems.service"]  # type: ignore[attr-defined]

    @property
    def reference(self) -> str:
        """INC-n; empty before the first save."""
        return f"INC-{self.number}" if self.number else ""

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("incident", args=[self.slug])

    def milestones(self) -> list[tuple[str, Moment]]:
        """The five milestones in the order in which they must happen, known or not."""
        return [(name, getattr(self, name)) for name in MILESTONES]

    def time_to(self, milestone: str) -> Duration:
        """From started to `milestone`: detected gives TTD, mitigated TTM, resolved TTR."""
        return self.started.until(getattr(self, milestone))

    def clean(self) -> None:
        """Refuse moments that contradict themselves and milestones that are surely out of order."""
        errors: dict[str, list[str]] = {}
        for name, moment in (*self.milestones(), ("source_published", self.source_published)):
            if moment.problems():
                errors[f"{name}_precision"] = moment.problems()
        if zones().get(self.time_zone.casefold()) != self.time_zone:
            errors["time_zone"] = ["There is no time zone of this name; one is Europe/Berlin."]
        if errors:
            raise ValidationError(errors)
        started, detected, acknowledged, *ends = self.milestones()
        for sequence in ([started, detected], [started, acknowledged], [started, *ends]):
            try:
                check_order(sequence)
            except ValidationError as error:
                errors.update(error.message_dict)
        if errors:
            raise ValidationError(errors)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give a new incident its number (inside the same transaction), and note when it was first published."""
        if not self.number:
            self.number = next_number("INC", Incident.objects.all())
        if self.status == Status.PUBLISHED and self.published_at is None and not self._was_published():
            self.published_at = timezone.now()
        super().save(*args, **kwargs)

    def _was_published(self) -> bool:
        """Whether it came published without a date, as fixtures do: whoever edits it now did not publish it."""
        return Incident.objects.filter(pk=self.pk, status=Status.PUBLISHED).exists()

    def told_to(self) -> list[tuple[str, bool]]:
        """Who is named on an incident that is not for everybody, as (name, is author), authors first (one query).

        None for one that is open, without asking.
        """
        rows = [] if self.is_open else self.named_readers.select_related("user")
        return [(row.user.get_full_name() or row.user.get_username(), row.is_author) for row in rows]

    def evidence(self) -> tuple[tuple[str, str], ...]:
        """The passages to mark in this incident's text, as (key, passage) (queries its causes)."""
        return tuple((link.key, link.evidence) for link in self.incident_causes.all() if link.evidence)

    def texts(self) -> list[str]:
        """Every Markdown text a passage can stand in: the sections, then the timeline (queries it)."""
        entries = self.timeline.values_list("text", flat=True) if self.pk else []
        return [*self.texts_of_sections(), *(text for text in entries if text)]

    def texts_of_sections(self) -> list[str]:
        """The Markdown sections that say anything, in reading order."""
        return [text for text in (getattr(self, field) for field, _ in SECTIONS) if text]

    def says(self, passage: str) -> bool:
        """Whether a passage stands in the text as it reads (queries the timeline)."""
        return any(markdown.found(text, passage) for text in self.texts())


class LinkKind(models.TextChoices):
    """What a link leads to."""

    CHANGE = "change", "Change"
    BUG = "bug", "Bug"
    TICKET = "ticket", "Ticket"
    DISCUSSION = "discussion", "Discussion"
    DOCUMENTATION = "documentation", "Documentation"


class IncidentLinkManager(models.Manager["IncidentLink"]):
    """Finds rows of fixtures by incident and address."""

    def get_by_natural_key(self, incident: str, url: str) -> IncidentLink:
        """The one link of an incident to an address."""
        return self.get(incident__slug=incident, url=url)


class IncidentLink(models.Model):
    """Something elsewhere that belongs to an incident: a change, a bug, a ticket."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="links")
    kind = models.CharField(max_length=13, choices=LinkKind.choices)
    url = WebAddressField()
    label = models.CharField(max_length=120, help_text="Its short name, as in Gerrit 231177.")
    note = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = IncidentLinkManager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "url"], name="link_once_per_incident"),
            one_of("kind", LinkKind, "incident_link"),
        ]

    def __str__(self) -> str:
        return self.label

    def natural_key(self) -> tuple[str, str]:
        """Names the row in fixtures."""
        return (self.incident.slug, self.url)

    natural_key.dependencies = ["postmortems.incident"]  # type: ignore[attr-defined]
