"""The sections of a postmortem that are forms of its own columns: overview, times, texts, source."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from .forms import TIMES_HELP, MarkdownField, SectionForm, TimeField, first_day
from .models import MILESTONES, Incident, Organisation, Service
from .moments import zones
from .moments_typed import as_typed
from .refresh import refresh_place

LONG = 20_000  # characters of a list of names
MOST_NAMES = 50
PICKED = {"autocomplete": "off", "class": "field wide"}


def picked(kind: str) -> dict[str, Any]:
    """How the field of a name is shown: choices while it is typed, from the browser's own list without script."""
    return PICKED | {"list": f"known-{kind}s", "data-suggest": reverse_lazy(f"pick_{kind}")}


class NamesField(forms.CharField):
    """Names of rows, separated by commas or lines; those that are not there yet are made when the form is saved."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(max_length=LONG, **kwargs)

    def clean(self, value: Any) -> Any:
        """The names, each once."""
        names = [" ".join(part.split()) for part in super().clean(value).replace("\n", ",").split(",")]
        found = list({name.casefold(): name for name in names if name}.values())
        longest = self.model._meta.get_field("name").max_length
        if any(len(name) > longest for name in found):
            raise ValidationError(f"A name has at most {longest} characters; separate names by commas.")
        if len(found) > MOST_NAMES:
            raise ValidationError(f"At most {MOST_NAMES} names, please.")
        return found


def named(model: Any, name: str) -> Any:
    """The row of this name, made if there is none, for every list to offer; upper and lower case are the same.

    One query, more when it is made.
    """
    found = model.objects.filter(name__iexact=name).first()
    if found is None:
        found = model.objects.create(name=name)
        refresh_place(found)
    return found


def clean_zone(name: str) -> str:
    """The zone of this name, as the calendar writes it; raises ValidationError."""
    zone = zones().get(name.casefold())
    if zone is None:
        raise ValidationError("There is no time zone of this name; one is Europe/Berlin.")
    return zone


class OverviewForm(SectionForm):
    """What it was, whose, and how bad."""

    organisation_name = forms.CharField(
        label="Organisation", max_length=120, required=False, help_text="Whose incident it was.",
        widget=forms.TextInput(picked("organisation")),
    )  # fmt: skip
    service_names = NamesField(
        Service, label="Services", required=False, help_text="What was affected, separated by commas.",
        widget=forms.TextInput(picked("service") | {"data-several": ""}),
    )  # fmt: skip
    columns = ("title", "short_name", "severity", "detection", "responders")

    class Meta:
        model = Incident
        fields = ("title", "short_name", "severity", "detection", "responders")
        labels: ClassVar = {"detection": "First noticed by"}
        help_texts: ClassVar = {
            "severity": "SEV1 is the worst. Leave it unrated rather than guess.",
            "responders": "Names, separated by commas. People respond; they are never a cause.",
        }
        widgets: ClassVar = {"title": forms.TextInput(attrs={"class": "field wide"})}

    field_order = ("title", "short_name", "organisation_name", "service_names", "severity", "detection", "responders")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        incident: Incident = self.instance
        if incident.organisation:
            self.initial["organisation_name"] = incident.organisation.name
        self.initial["service_names"] = ", ".join(incident.services.order_by("name").values_list("name", flat=True))

    def clean_organisation_name(self) -> str:
        """The name with single spaces."""
        return " ".join(self.cleaned_data["organisation_name"].split())

    def save_to(self, incident: Incident) -> None:
        """Organisation and services too."""
        super().save_to(incident)
        name = self.cleaned_data["organisation_name"]
        incident.organisation = named(Organisation, name) if name else None
        incident.save(update_fields=["organisation"])
        incident.services.set([named(Service, name) for name in self.cleaned_data["service_names"]])


class TimesForm(SectionForm):
    """The milestones, typed the way people write times; the day and the zone are asked once."""

    time_zone = forms.CharField(
        max_length=60, help_text="The zone all times of this postmortem are written in, as in UTC or Europe/Berlin.",
        widget=forms.TextInput(attrs={"list": "known-zones", "autocomplete": "off"}),
    )  # fmt: skip
    day = forms.DateField(
        label="Day it started", required=False,
        help_text="For times that name no day. Leave it empty when the day is not known.",
        widget=forms.DateInput(attrs={"type": "date", "max": "9990-12-31"}, format="%Y-%m-%d"),
    )  # fmt: skip
    moments = MILESTONES
    columns = (
        "time_zone", "time_zone_assumed",
        *(f"{name}_{part}" for name in MILESTONES for part in ("at", "clock", "precision")),
    )  # fmt: skip
    field_order = ("time_zone", "time_zone_assumed", "day", *MILESTONES)
    aside = TIMES_HELP

    class Meta:
        model = Incident
        fields = ("time_zone", "time_zone_assumed")
        labels: ClassVar = {"time_zone_assumed": "The source does not say its zone; this one is a guess"}
        help_texts: ClassVar = {"time_zone_assumed": ""}

    started, detected, acknowledged, mitigated, resolved = (
        TimeField(label="Started", help_text="When it began to hurt."),
        TimeField(label="Detected", help_text="When somebody or something first noticed."),
        TimeField(label="Acknowledged", help_text="When somebody took it on."),
        TimeField(label="Mitigated", help_text="When the impact ended."),
        TimeField(label="Resolved", help_text="When the underlying fix was in."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        incident: Incident = self.instance
        zone, day = ZoneInfo(incident.time_zone), first_day(incident)
        self.initial["day"] = day.isoformat() if day else ""
        self.initial.update({name: as_typed(moment, zone, day) for name, moment in incident.milestones()})

    def clean_time_zone(self) -> str:
        """A zone there is."""
        return clean_zone(self.cleaned_data["time_zone"])

    def clean(self) -> dict[str, Any]:
        """Read the times, each in its zone and on its day."""
        given = super().clean() or self.cleaned_data
        self.clean_moments(ZoneInfo(given.get("time_zone") or "UTC"), given.get("day"))
        return given

    def understood(self) -> dict[str, str]:
        """Each milestone in words, as it was understood."""
        zone = ZoneInfo(self.instance.time_zone)
        return {
            name: moment.text(zone) + (f" ({zone})" if moment.is_dated and moment.has_clock_time else "")
            for name, moment in self.instance.milestones()
            if moment.is_known
        }


def texts_form(**words: str) -> type[SectionForm]:
    """A form of some of the Markdown sections, each with the guidance under it."""
    fields = {}
    for name, help_text in words.items():
        label = str(Incident._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        fields[name] = MarkdownField(label=label[:1].upper() + label[1:], help_text=help_text)
    meta = type("Meta", (), {"model": Incident, "fields": tuple(words)})
    return type("TextsForm", (SectionForm,), {**fields, "Meta": meta, "columns": tuple(words)})


class SourceForm(SectionForm):
    """The writeup this was filed from, when there is one."""

    source_published = TimeField(label="Published", help_text="A day is enough, as in 2015-08-14.")
    source_note = MarkdownField(label="What is uncertain about the source")
    moments = ("source_published",)
    columns = (
        "source_title", "source_url", "source_published_at", "source_published_clock", "source_published_precision",
        "source_note",
    )  # fmt: skip

    class Meta:
        model = Incident
        fields = ("source_title", "source_url", "source_note")
        labels: ClassVar = {"source_title": "Title", "source_url": "Address"}
        widgets: ClassVar = {"source_title": forms.TextInput(attrs={"class": "field wide"})}

    field_order = ("source_title", "source_url", "source_published", "source_note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["source_published"] = as_typed(self.instance.source_published, ZoneInfo(self.instance.time_zone))

    def clean(self) -> dict[str, Any]:
        """Read when it was published."""
        given = super().clean() or self.cleaned_data
        self.clean_moments(ZoneInfo(self.instance.time_zone), None)
        return given
