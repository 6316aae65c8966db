"""When two people save the same: what each changed is kept, and where both changed the same, the second one chooses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .differences import Part, parts_of
from .forms import WatchedForm, mark

if TYPE_CHECKING:
    from django.http import QueryDict

MARKS = "marks"


def settled(given: QueryDict, stored: WatchedForm) -> tuple[QueryDict, list[str]]:
    """What is to be saved, and the names of the fields that both changed, each in another way.

    `given` is what was typed, with the marks of what the form showed; `stored` is a form of what is saved now. A field
    that only somebody else changed keeps what they wrote; so does one for which the person chose that ("take_<field>").
    """
    data, both = given.copy(), []
    before = marks_of(given)
    for name, there in stored.shown().items():
        key = stored.add_prefix(name)
        mine = typed_in(given, stored, name)
        changed_by_others = before.get(name) != mark(there)
        if given.get(f"take_{name}") == "theirs" or (changed_by_others and before.get(name) == mark(mine)):
            data.setlist(key, _as_sent(stored, name, there))
        elif changed_by_others and mine != there:
            both.append(name)
    return data, both


def _as_sent(form: WatchedForm, name: str, value: str) -> list[str]:
    """A value as a browser sends it: each choice of several, nothing of an empty checkbox."""
    if _takes_several(form, name):
        return value.split(",") if value else []
    return [value] if value or getattr(form.fields[name].widget, "input_type", "") != "checkbox" else []


def _takes_several(form: WatchedForm, name: str) -> bool:
    return bool(getattr(form.fields[name].widget, "allow_multiple_selected", False))


def marks_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The marks that came with a form; none when they are not to be understood."""
    try:
        marks = json.loads(given.get(MARKS, ""))
    except (ValueError, RecursionError):
        return {}
    return marks if isinstance(marks, dict) else {}


def typed_in(given: QueryDict, form: WatchedForm, name: str) -> str:
    """What was typed into a field, with the line breaks that are stored."""
    key = form.add_prefix(name)
    if _takes_several(form, name):
        return ",".join(sorted(given.getlist(key)))
    return str(given.get(key, "")).replace("\r\n", "\n")


def differences(given: QueryDict, stored: WatchedForm, names: list[str]) -> dict[str, list[Part]]:
    """Each of these fields from what is saved now to what was typed."""
    there = stored.shown()
    return {name: parts_of(there[name], typed_in(given, stored, name)) for name in names}
