"""What an actionable says: its words, what it is aimed at and where it comes from, as people type them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from postmortems.models import Cause, Incident

from .forms import LONGEST, DueField, OwnerField
from .models import Actionable, Kind, Priority

if TYPE_CHECKING:
    from postmortems.access import Reader

WORDS = ("title", "kind", "description", "passage", "ticket_url", "ticket_label")
HINTS = {
    "title": "What is to be done, as in “Send syslog over UDP”.",
    "passage": "Copied from the postmortem; it leads there.",
    "ticket_label": "Only where its address does not tell.",
    "alternative_to": "When this is one of several ways of doing it.",
    "owner": "A person or a team; leave it empty when nobody has it yet.",
}


class WordingForm(forms.Form):
    """The words of an actionable, and its causes among those of its incident."""

    title = forms.CharField(max_length=200, error_messages={"required": "Say what is to be done."})
    kind = forms.ChoiceField(choices=Kind.choices)
    description = forms.CharField(
        max_length=LONGEST * 4, required=False, strip=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    passage = forms.CharField(
        label="The passage it comes from", max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    causes = forms.ModelMultipleChoiceField(
        Cause.objects.none(), label="Aimed at", required=False, widget=forms.CheckboxSelectMultiple
    )
    alternative_to = forms.ModelChoiceField(
        Actionable.objects.none(), label="A way of doing", required=False, empty_label="Stands for itself"
    )
    ticket_url = forms.URLField(label="Ticket", max_length=2_000, required=False, assume_scheme="https")
    ticket_label = forms.CharField(label="Its short name", max_length=60, required=False)

    def __init__(
        self, incident: Incident, data: Any, own: Actionable | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, auto_id="w-%s", initial=initial)
        self.incident = incident
        named = Q(incident_causes__incident=incident)
        causes: Any = self.fields["causes"]
        causes.queryset = Cause.objects.filter(named | Q(actionables=own) if own else named).distinct().order_by("name")
        others = incident.actionables.filter(alternative_to=None).order_by("position", "number")
        ways: Any = self.fields["alternative_to"]
        # What has alternatives of its own is not one: alternatives are one level deep.
        ways.queryset = others.none() if own and own.alternatives.exists() else others.exclude(pk=own.pk if own else 0)

    def words(self) -> dict[str, Any]:
        """What the actionable shall say."""
        return {name: self.cleaned_data[name] for name in WORDS}


class NewForm(WordingForm):
    """A new actionable: also whose it is, until when, and how urgent."""

    owner = OwnerField()
    due_on = DueField(label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    priority = forms.ChoiceField(choices=Priority.choices, required=False, initial=Priority.UNKNOWN)

    def clean_priority(self) -> str:
        """Not known when it is not said."""
        return str(self.cleaned_data["priority"] or Priority.UNKNOWN)


class EditForm(WordingForm):
    """The words of an actionable that is there, of the version they were read in."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


def incident_meant(text: str, user: Reader) -> Incident | None:
    """The incident that "INC-3" means to this reader; None when there is none."""
    number = re.fullmatch(r"(?:INC-)?([1-9]\d{0,8})", text.strip(), re.IGNORECASE | re.ASCII)
    return Incident.objects.visible_to(user).filter(number=int(number[1])).first() if number else None


def first_values(actionable: Actionable) -> dict[str, Any]:
    """What the form shows before anybody typed."""
    return {
        **{name: getattr(actionable, name) for name in (*WORDS, "version")},
        "causes": list(actionable.causes.values_list("pk", flat=True)),
        "alternative_to": actionable.alternative_to_id,
    }


def refuse(form: forms.Form, error: ValidationError) -> None:
    """Say beside its field what the model has against it, or above the form."""
    for name, texts in error.message_dict.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
