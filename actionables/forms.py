"""What people type about actionables."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from postmortems.moments import Moment, Precision
from postmortems.moments_typed import NotATime, moment_typed

from .models import Actionable, Priority, Status
from .models.actionables import NEEDS_WORDS
from .owners import name_of, people_named

EARLIEST, LATEST = datetime.date(1990, 1, 1), datetime.date(2199, 12, 31)
LONGEST = 5_000
# The fields a form may hold; those it does not hold are left as they are.
CHANGES = ("status", "owner", "due_on", "priority")
CLEARED = ("owner", "due_on")  # by sending them empty
NO_CHANGE = ("", "No change")
NO_DAY, TO_COME = "Give the day too, as in 2015-08-14.", "This is still to come."


class OwnerField(forms.CharField):
    """A name: of somebody who signs in here, of a team, or of anybody else; gives (name, account or None)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=120, required=False, **options)

    def clean(self, value: Any) -> tuple[str, Any]:
        """A name that several people have, or an @name that nobody has, is refused."""
        text = str(super().clean(value))
        found = people_named(text) if text else []
        if len(found) > 1:
            raise ValidationError("Several people have this name. Give the name they sign in with.")
        if not found and text.startswith("@"):
            raise ValidationError(f"Nobody signs in as {text[1:]}.")
        return (name_of(found[0]), found[0]) if found else (text, None)


class DueField(forms.DateField):
    """A day from 1990 to 2199."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **options)
        self.error_messages["invalid"] = "Give a day as in 2026-03-31."

    def validate(self, value: datetime.date | None) -> None:
        """Within the years in which anything here can be due."""
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError("Give a day from 1990 to 2199.")


class WhenField(forms.CharField):
    """A day or a time that has been, as people type it; gives a Moment, None when nothing is typed."""

    zone: datetime.tzinfo = datetime.UTC

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, required=False, **options)

    def clean(self, value: Any) -> Moment | None:
        """With its day, and not to come."""
        text = str(super().clean(value))
        if not text:
            return None
        try:
            moment = moment_typed(text, self.zone)
        except NotATime as wrong:
            raise ValidationError(str(wrong)) from None
        if moment.is_known and not moment.is_dated:
            raise ValidationError(NO_DAY)
        if not has_been(moment):
            raise ValidationError(TO_COME)
        if odd := moment.odd_year():
            raise ValidationError(odd)
        return moment


def has_been(moment: Moment) -> bool:
    """Whether a moment may be past by now."""
    return not Moment(datetime.datetime.now(datetime.UTC), None, Precision.MINUTE).surely_before(moment)


def wrong_end(given: dict[str, Any], status: str) -> str:
    """What is wrong with the end that was typed, beside the status and the beginning; empty for nothing."""
    opened, closed = given.get("opened"), given.get("closed")
    if closed is not None and status not in NEEDS_WORDS:
        return "Only what is done or declined has ended; choose its status too."
    if opened is not None and closed is not None and closed.surely_before(opened):
        return "It cannot have ended before it was opened."
    return ""


class ChangeForm(forms.Form):
    """Status, owner, due date and priority of one actionable; those that are not sent stay as they are."""

    status = forms.ChoiceField(choices=Status.choices, required=False)
    owner = OwnerField()
    due_on = DueField()
    priority = forms.ChoiceField(choices=Priority.choices, required=False)
    why = forms.CharField(max_length=LONGEST, required=False)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, error_messages={"required": "", "invalid": ""})

    def values(self) -> dict[str, Any]:
        """What to change, as `Actionable.change` takes it."""
        cleaned = self.cleaned_data
        values = {name: cleaned[name] for name in CHANGES if name in self.data and (cleaned[name] or name in CLEARED)}
        if "owner" in values:
            values["owner"], values["person"] = cleaned["owner"]
        return values


class ManyForm(forms.Form):
    """A change of several actionables; what is left empty stays as it is."""

    status = forms.ChoiceField(choices=[NO_CHANGE, *Status.choices], required=False)
    owner = OwnerField()
    due_on = DueField()
    priority = forms.ChoiceField(choices=[NO_CHANGE, *Priority.choices], required=False)
    clear = forms.MultipleChoiceField(choices=[("owner", "Owner"), ("due_on", "Due date")], required=False)
    why = forms.CharField(max_length=LONGEST, required=False)

    def clean(self) -> dict[str, Any]:
        """Something must change, nothing both ways, and an end needs words."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        if not self.values():
            raise ValidationError("Choose what to change.")
        for name in cleaned.get("clear", ()):
            if self.data.get(name):
                self.add_error(name, "Give a value or remove it, not both.")
        needed = NEEDS_WORDS.get(cleaned.get("status", ""))
        if needed and not cleaned.get("why"):
            self.add_error("why", needed)
        return cleaned

    def values(self) -> dict[str, Any]:
        """What to change, as `Actionable.change` takes it."""
        cleaned = self.cleaned_data
        values: dict[str, Any] = {name: cleaned[name] for name in ("status", "due_on", "priority") if cleaned.get(name)}
        if cleaned.get("owner", ("", None))[0]:
            values["owner"], values["person"] = cleaned["owner"]
        for name in cleaned.get("clear", ()):
            values |= {"owner": "", "person": None} if name == "owner" else {"due_on": None}
        return values


class CommentForm(forms.Form):
    """What somebody has to say."""

    text = forms.CharField(max_length=20_000, error_messages={"required": "Write something."})


class SnoozeForm(forms.Form):
    """Until when to send no reminders, and why."""

    until = DueField()
    why = forms.CharField(max_length=300, error_messages={"required": "Say why."})

    def clean_until(self) -> datetime.date:
        """A day to come, within a year."""
        until = self.cleaned_data["until"]
        today = datetime.datetime.now(datetime.UTC).date()
        if until is None or not today < until <= today + datetime.timedelta(days=366):
            raise ValidationError("Give a day after today, within a year.")
        return until


def shown_values(actionable: Actionable) -> dict[str, Any]:
    """What a form shows of an actionable before anybody typed."""
    return {
        "status": actionable.status,
        "owner": actionable.owner,
        "due_on": actionable.due_on.isoformat() if actionable.due_on else "",
        "priority": actionable.priority,
        "why": "",
        "version": actionable.version,
    }
