"""The form of one timeline entry."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django import forms

from postmortems.forms import TIMES_HELP, MarkdownField, RowForm, TimeField, first_day, typed, zone_of
from postmortems.ordering import renumber

from .models import TimelineEntry


class EntryForm(RowForm):
    """When, what kind of thing, and what happened."""

    when = TimeField(label="Time", help_text=TIMES_HELP)
    day = forms.DateField(
        label="Day", required=False,
        help_text="Asked once, for times that name no day. Leave it empty when the day is not known.",
        widget=forms.DateInput(attrs={"type": "date", "max": "9990-12-31"}, format="%Y-%m-%d"),
    )  # fmt: skip
    text = MarkdownField(label="What happened", required=True)
    excerpt = MarkdownField(label="Log or code excerpt", help_text="Shown as it is, folded.")
    moments = ("when",)
    folded = ("excerpt_label", "excerpt")
    folded_words = "Add a log or code excerpt"
    field_order = ("when", "day", "kind", "text", "excerpt_label", "excerpt")

    class Meta:
        model = TimelineEntry
        fields = ("kind", "text", "excerpt_label", "excerpt")
        labels: ClassVar = {"excerpt_label": "What the excerpt is"}
        help_texts: ClassVar = {"excerpt_label": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first_day: date | None = first_day(self.incident)
        if self.first_day:
            del self.fields["day"]
        self.initial["when"] = typed(self.instance.when, self.incident)
        del self.fields["excerpt"].widget.attrs["data-markdown"]

    def clean(self) -> dict[str, Any]:
        """Read the time on the incident's day, or on the one that is asked for until there is one."""
        given = super().clean() or self.cleaned_data
        self.clean_moments(zone_of(self.incident), self.first_day or given.get("day"))
        return given

    def save_row(self, by: Any) -> Any:
        """A new entry goes where its time says, after all that are not surely later."""
        added = self.instance.pk is None
        entry = super().save_row(by)
        return entry if not added else self._in_order(entry)

    def _in_order(self, entry: TimelineEntry) -> TimelineEntry:
        rows = list(self.incident.timeline.exclude(pk=entry.pk))
        later = next((place for place, row in enumerate(rows) if entry.when.surely_before(row.when)), None)
        if later is not None:
            renumber(self.incident.timeline.all(), [*rows[:later], entry, *rows[later:]])
        return entry
