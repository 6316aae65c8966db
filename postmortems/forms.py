"""What every form of filing does: it saves only what it shows, and notices what others changed meanwhile."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import RegexValidator

from .markdown import MAX_CHARS
from .models import Incident
from .moments import Moment
from .moments_typed import NotATime, as_typed, moment_typed

if TYPE_CHECKING:
    from datetime import date

# Neither database is asked to keep these; Django itself refuses NUL.
STORABLE = RegexValidator("[\ud800-\udfff]", "This holds a character that cannot be kept.", inverse_match=True)
NOTE = "history_note"  # the field of the forms of filing that says why something was changed
TIMES_HELP = "As you would write it: 22:05, about 18:55, 23:5x, 01:00 next day, 2015-08-12 22:05."


class WatchedForm(forms.ModelForm):
    """A form that can tell, field by field, what it showed when it was opened."""

    moments: ClassVar[tuple[str, ...]] = ()
    # Fields that few need: shown folded under these words until they hold something.
    folded: ClassVar[tuple[str, ...]] = ()
    folded_words: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators = [*field.validators, STORABLE]

    def shown(self) -> dict[str, str]:
        """What each field shows before anybody types, as a browser sends it back."""
        return {name: plain(self.get_initial_for_field(field, name)) for name, field in self.fields.items()}

    def is_unfolded(self) -> bool:
        """Whether one of the folded fields holds something, or something wrong."""
        return any(self[name].errors or self[name].value() for name in self.folded)

    def marks(self) -> str:
        """A mark of what each field shows, to be sent along with what is typed."""
        return json.dumps({name: mark(value) for name, value in self.shown().items()})

    def clean_moments(self, zone: ZoneInfo, day: date | None) -> None:
        """Read the times that were typed; what is no time is said beside its field."""
        for name in self.moments:
            try:
                moment = moment_typed(self.cleaned_data.get(name, ""), zone, day)
            except NotATime as wrong:
                self.add_error(name, str(wrong))
                moment = Moment()
            if moment != getattr(self.instance, name) and (odd := moment.odd_year()):
                self.add_error(name, odd)
            setattr(self.instance, name, moment)

    def add_error(self, field: str | None, error: Any) -> None:
        """What the model says of a column of a moment belongs beside the field that it was typed in."""
        if field is None and hasattr(error, "error_dict"):
            for column, words in error.message_dict.items():
                name = column.rsplit("_", 1)[0] if column.rsplit("_", 1)[0] in self.moments else column
                super().add_error(name if name in self.fields else None, words)
            return
        super().add_error(field, error)


def mark(value: str) -> str:
    """Stands for a value; another mark later means that it was changed."""
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def plain(value: Any) -> str:
    """As a browser sends it."""
    if isinstance(value, (list, tuple)):
        return ",".join(sorted(plain(getattr(each, "pk", each)) for each in value))
    return "on" if value is True else "" if value in (None, False) else str(getattr(value, "pk", value))


class NoteField(forms.CharField):
    """A few words on one line for the history: why something was changed."""

    def __init__(self) -> None:
        super().__init__(
            label="Note for the history", required=False, max_length=200, validators=[STORABLE],
            help_text="Why you changed it, for whoever reads the history.",
            widget=forms.TextInput(attrs={"autocomplete": "off", "class": "field wide"}),
        )  # fmt: skip


class NoteForm(forms.Form):
    """A note alone, where nothing else is typed."""

    history_note = NoteField()

    def words(self) -> str:
        """The note on one line (the form must be valid)."""
        return " ".join(self.cleaned_data[NOTE].split())


class NotedForm(WatchedForm):
    """A form with whose save a note can be kept. What the note says is no part of the incident."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[NOTE] = NoteField()


class SectionForm(NotedForm):
    """One section of an incident. `columns` are what it saves; the rest of the incident is left alone."""

    columns: ClassVar[tuple[str, ...]] = ()

    def save_to(self, incident: Incident) -> None:
        """Write what was typed to the incident that is held, and nothing else (the form must be valid)."""
        for column in self.columns:
            setattr(incident, column, getattr(self.instance, column))
        incident.save(update_fields=list(self.columns))


class RowForm(NotedForm):
    """One row of an incident: of its timeline, its causes, its links."""

    instance: Any

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        self.incident = incident
        if kwargs.get("instance") is None:
            kwargs["instance"] = self._meta.model(incident=incident)
        super().__init__(*args, **kwargs)

    def save_row(self, by: Any) -> Any:
        """Save the row, a new one after all others (the form must be valid); the incident is held."""
        rows = getattr(self.incident, self.instance._meta.get_field("incident").remote_field.related_name)
        added = self.instance.pk is None
        if added:
            last = rows.order_by("-position").values_list("position", flat=True).first() or 0
            self.instance.position = last + 1
        self.save()
        return self.instance


class MarkdownField(forms.CharField):
    """A text of Markdown, kept exactly as typed but for the line breaks, which browsers change on their way."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", MAX_CHARS)
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        """Browsers send CR LF for every line break; a text has LF."""
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def validate(self, value: Any) -> None:
        """Blanks alone are not a text."""
        super().validate(value.strip())

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Told to be Markdown; without a maxlength, which would cut off what is pasted without a word."""
        return {"data-markdown": "", "rows": 6}


class TimeField(forms.CharField):
    """A time as people type it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "class": "field time"})
        super().__init__(required=False, max_length=100, widget=widget, **kwargs)


def zone_of(incident: Incident) -> ZoneInfo:
    """The zone the times of an incident are typed and shown in where it is written."""
    return ZoneInfo(incident.time_zone)


def first_day(incident: Incident) -> date | None:
    """The day that times without a date belong to: that of the first milestone or else timeline entry that has one.

    At most one query.
    """
    zone = zone_of(incident)
    for moment in (moment for _, moment in incident.milestones() if moment.at is not None):
        if moment.has_clock_time or moment.precision == "day":
            return (moment.at.astimezone(zone) if moment.has_clock_time else moment.at).date()  # type: ignore[union-attr]
    entries = incident.timeline.filter(when_at__isnull=False, when_precision__in=("second", "minute", "about"))
    at = entries.order_by("position").values_list("when_at", flat=True).first()
    return at.astimezone(zone).date() if at else None


def typed(moment: Moment, incident: Incident) -> str:
    """A moment of an incident as its form shows it."""
    return as_typed(moment, zone_of(incident), first_day(incident))
