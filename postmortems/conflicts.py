"""When two people save the same: what each changed is kept, and where both changed the same, the second one chooses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .differences import Part, merged, parts_of
from .document import read_document
from .document_text import Block, DocumentError
from .forms import MarkdownField, WatchedForm, mark

if TYPE_CHECKING:
    from django.http import QueryDict

    from .models import Incident

MARKS = "marks"
VERSIONS_BACK = 50  # so far back it is looked for what a form showed when it was opened


def settled(given: QueryDict, stored: WatchedForm) -> tuple[QueryDict, list[str]]:
    """What is to be saved, and the names of the fields that both changed, each in another way.

    `given` is what was typed, with the marks of what the form showed; `stored` is a form of what is saved now. A field
    that only somebody else changed keeps what they wrote; so does one for which the person chose that ("take_<field>"
    is "theirs"). With "alone" it is what they typed by themselves ("mine_<field>"), not what stands in the field.
    """
    data, both = given.copy(), []
    before = marks_of(given)
    for name, there in stored.shown().items():
        key = stored.add_prefix(name)
        if given.get(f"take_{name}") == "alone" and f"mine_{name}" in given:
            data.setlist(key, given.getlist(f"mine_{name}")[-1:])
        mine = typed_in(data, stored, name)
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


def differences(
    given: QueryDict, stored: WatchedForm, names: list[str], together: Mapping[str, str]
) -> dict[str, list[Part]]:
    """Each of these fields from what is saved now to what was typed, or to both put together where that goes."""
    there = stored.shown()
    return {name: parts_of(there[name], together.get(name) or typed_in(given, stored, name)) for name in names}


def put_together(incident: Incident, given: QueryDict, stored: WatchedForm, names: list[str]) -> dict[str, str]:
    """The texts in which both changed other lines, each with the changes of both.

    What they had before them is found by its mark in the versions that were kept (one query).
    """
    wanted = {name: marks_of(given).get(name) for name in names if isinstance(stored.fields[name], MarkdownField)}
    before = _said_before(incident, {told for told in wanted.values() if told})
    there = stored.shown()
    found = {
        name: merged(before[told], typed_in(given, stored, name), there[name])
        for name, told in wanted.items()
        if told in before
    }
    return {name: text for name, text in found.items() if text is not None}


def _said_before(incident: Incident, wanted: set[str]) -> dict[str, str]:
    """The texts of these marks, as far as a version of the incident says them."""
    found: dict[str, str] = {}
    versions = incident.revisions.order_by("-number").values_list("document", flat=True) if wanted else ()
    for document in versions[:VERSIONS_BACK]:
        try:
            found |= {told: text for text in _texts(read_document(document)[1]) if (told := mark(text)) in wanted}
        except DocumentError:
            continue
        if len(found) == len(wanted):
            break
    return found


def _texts(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        yield block.text
        yield from _texts(block.within)
