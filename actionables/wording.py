"""What an actionable says: its words, what it is aimed at and where it comes from, as people type them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from postmortems.forms import zone_of
from postmortems.models import Cause, Incident
from postmortems.moments_typed import as_typed

from .forms import LONGEST, DueField, OwnerField, WhenField, wrong_end
from .models import Actionable, Kind, Priority, Status
from .models.actionables import NEEDS_WORDS

if TYPE_CHECKING:
    from postmortems.access import Reader
    from postmortems.moments import Moment

PAST = ("status", "opened", "closed", "outcome")  # shown folded: few need them
WORDS = ("title", "kind", "description", "passage", "ticket_url", "ticket_label")
HINTS = {
    "title": "What is to be done, as in “Send syslog over UDP”.",
    "passage": "Copied from the postmortem; it leads there.",
    "ticket_label": "Only where its address does not tell.",
    "alternative_to": "When this is one of several ways of doing it.",
    "opened": "2015-08-14, about 15:30 on 14 Aug 2015, August 2015, unknown: as far as it is stated.",
    "closed": "The same, for what is done or declined; empty when it is not known.",
    "outcome": "For what is done or declined: what shows it, or why not.",
    "owner": "A person or a team; leave it empty when nobody has it yet.",
}


class WordingForm(forms.Form):
    """The words of an actionable, its causes, and when it was opened and closed."""

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
    opened = WhenField(label="Opened")
    closed = WhenField(label="Finished")

    def __init__(
        self, incident: Incident, data: Any, own: Actionable | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, auto_id="w-%s", initial=initial)
        self.incident = incident
        causes: Any = self.fields["causes"]
        named = Q(incident_causes__incident=incident)
        near = Cause.objects.filter(named | Q(actionables=own) if own else named)
        # Those of the incident come first; the others, as far as they are offered, are folded away.
        own_pks = set(near.values_list("pk", flat=True))
        self.near = set(map(str, own_pks))
        causes.queryset = Cause.objects.filter(Q(retired_at=None) | Q(pk__in=own_pks)).order_by("name")
        for name in ("opened", "closed"):
            field: Any = self.fields[name]
            field.zone = zone_of(incident)
        others = incident.actionables.filter(alternative_to=None).order_by("position", "number")
        ways: Any = self.fields["alternative_to"]
        # What has alternatives of its own is not one: alternatives are one level deep.
        ways.queryset = others.none() if own and own.alternatives.exists() else others.exclude(pk=own.pk if own else 0)

    def boxes(self) -> tuple[list[Any], list[Any]]:
        """The boxes of the causes: of this incident, or chosen already; and of all others."""
        boxes: list[Any] = list(self["causes"])
        return tuple([box for box in boxes if (str(box.data["value"]) in self.near) == own] for own in (True, False))  # type: ignore[return-value]

    def past(self) -> tuple[list[Any], bool]:
        """The fields about when it began and ended, and whether one of them holds something, or something wrong."""
        bound = [self[name] for name in PAST if name in self.fields]
        return bound, any(one.errors or one.value() not in (None, "", Status.OPEN) for one in bound)

    def words(self) -> dict[str, Any]:
        """What the actionable shall say."""
        return {name: self.cleaned_data[name] for name in WORDS}

    def moments(self) -> dict[str, Moment | None]:
        """When it was opened and closed, where that was typed anew; None for what is left alone."""
        given = {name: self.cleaned_data[name] for name in ("opened", "closed")}
        return {name: moment if name in self.changed_data else None for name, moment in given.items()}


class NewForm(WordingForm):
    """A new actionable: also whose it is, until when, how urgent, and how far it is when it began earlier."""

    status = forms.ChoiceField(choices=Status.choices, required=False, initial=Status.OPEN)
    outcome = forms.CharField(
        label="How it ended", max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    owner = OwnerField()
    due_on = DueField(label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    priority = forms.ChoiceField(choices=Priority.choices, required=False, initial=Priority.UNKNOWN)

    field_order = (
        "title", "kind", "owner", "due_on", "priority", "description", "passage", "causes", "alternative_to",
        "ticket_url", "ticket_label", *PAST,
    )  # fmt: skip

    def clean_priority(self) -> str:
        """Not known when it is not said."""
        return str(self.cleaned_data["priority"] or Priority.UNKNOWN)

    def clean_status(self) -> str:
        """Open when it is not said."""
        return str(self.cleaned_data["status"] or Status.OPEN)

    def clean(self) -> dict[str, Any]:
        """What is finished says how, and nothing ends before it began or while there is work to do."""
        given = super().clean() or self.cleaned_data
        status = given.get("status", Status.OPEN)
        if status in NEEDS_WORDS and not given.get("outcome"):
            self.add_error("outcome", NEEDS_WORDS[Status(status)])
        if wrong := wrong_end(given, status):
            self.add_error("closed", wrong)
        return given


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
        **{name: as_typed(getattr(actionable, name), zone_of(actionable.incident)) for name in ("opened", "closed")},
    }


def refuse(form: forms.Form, error: ValidationError) -> None:
    """Say beside its field what the model has against it, or above the form."""
    for name, texts in error.message_dict.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
