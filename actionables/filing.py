"""The form of one actionable while its postmortem is written."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from postmortems.forms import MarkdownField, RowForm, zone_of
from postmortems.models import Cause
from postmortems.moments_typed import as_typed

from .forms import WhenField, wrong_end
from .handing import tell_owners
from .models import Actionable
from .models.actionables import NEEDS_WORDS
from .owners import name_of, named


class ActionableForm(RowForm):
    """What is to be done, why, by whom and by when; how far it is."""

    description = MarkdownField(label="Why, and what exactly")
    outcome = MarkdownField(label="How it ended", help_text="When it is done or declined: what was done, or why not.")
    causes = forms.ModelMultipleChoiceField(
        Cause.objects.none(), required=False, widget=forms.CheckboxSelectMultiple,
        label="Aimed at", help_text="The causes of this incident it would take away or lessen.",
    )  # fmt: skip
    opened = WhenField(label="Opened", help_text="As far as it is stated: 2015-08-14, August 2015, unknown.")
    closed = WhenField(label="Finished", help_text="The same, for what is done or declined.")
    field_order = (
        "title", "kind", "owner", "due_on", "causes", "description", "status", "outcome", "ticket_url", "ticket_label",
        "opened", "closed",
    )  # fmt: skip

    folded = ("ticket_url", "ticket_label", "opened", "closed")
    folded_words = "Add a ticket, or when it was opened and finished"

    class Meta:
        model = Actionable
        fields = ("title", "kind", "owner", "due_on", "description", "status", "outcome", "ticket_url", "ticket_label")
        labels: ClassVar = {"title": "What is to be done", "due_on": "Due", "ticket_url": "Ticket", "owner": "Owner"}
        widgets: ClassVar = {
            "title": forms.TextInput(attrs={"class": "field wide"}),
            "due_on": forms.DateInput(attrs={"type": "date", "max": "2199-12-31"}, format="%Y-%m-%d"),
            "ticket_url": forms.URLInput(attrs={"class": "field wide"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        causes: Any = self.fields["causes"]
        own = list(self.instance.causes.values_list("pk", flat=True)) if self.instance.pk else []
        here = self.incident.incident_causes.values_list("cause", flat=True)
        causes.queryset = Cause.objects.filter(pk__in=[*here, *own]).order_by("name")
        self.initial["causes"] = own
        for name in ("opened", "closed"):
            field: Any = self.fields[name]
            field.zone = zone_of(self.incident)
            self.initial[name] = as_typed(getattr(self.instance, name), field.zone)
        if not causes.queryset.exists():
            del self.fields["causes"]

    def clean(self) -> dict[str, Any]:
        """What is done or declined says how it ended."""
        given = super().clean() or self.cleaned_data
        needed = NEEDS_WORDS.get(given.get("status", ""))
        if needed and not given.get("outcome") and "status" in self.changed_data:
            self.add_error("outcome", needed)
        ends = {name: given.get(name) for name in ("opened", "closed")}
        if "closed" not in self.changed_data and given.get("status") not in NEEDS_WORDS:
            ends["closed"] = None  # work that goes on again has no end
        if wrong := wrong_end(ends, given.get("status", "")):
            self.add_error("closed", wrong)
        return given

    def save_row(self, by: Any) -> Any:
        """A new one begins its history; of one that was there, every change goes into it, with who made it."""
        name, owner = name_of(by), named(self.cleaned_data["owner"])
        if self.instance.pk is None:
            self.instance.person = owner
            row = super().save_row(by)
            row.begin(self.cleaned_data["opened"], self.cleaned_data["closed"], by=name)
            row.handed_over = True
            tell_owners([row], by)
            return row
        row = Actionable.objects.select_for_update().get(pk=self.instance.pk)
        typed = {field: self.cleaned_data[field] for field in self._meta.fields or () if field in self.changed_data}
        row.change(typed | ({"person": owner} if "owner" in typed else {}), by=name)
        tell_owners([row], by)
        if "causes" in self.changed_data:
            row.reword({}, self.cleaned_data["causes"], row.alternative_to, by=name, expected=row.version)
        anew = [self.cleaned_data[field] if field in self.changed_data else None for field in ("opened", "closed")]
        row.redate(*anew, by=name)
        return row
