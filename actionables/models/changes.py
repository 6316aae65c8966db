"""Changes of many actionables at once, and taking them back."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from actionables.owners import named

from .actionables import Actionable
from .history import FieldChange, StatusChange


@dataclass(slots=True)
class Undone:
    """What came of taking a change back: how many are as they were, and which were changed again since."""

    count: int = 0
    kept: list[Actionable] = field(default_factory=list)


@transaction.atomic
def put_back(batch: str, actionables: list[Actionable], *, by: str) -> Undone:
    """Take back a change of many at once, of these actionables, except what was changed again since.

    Putting back is a change like any other: it stands in the history.
    """
    told: dict[int, dict[str, tuple[str, str]]] = defaultdict(dict)
    for change in StatusChange.objects.filter(batch=batch):
        told[change.actionable_id]["status"] = (change.from_status, change.to_status)
    for row in FieldChange.objects.filter(batch=batch):
        told[row.actionable_id][row.what] = (row.before, row.after)
    undone = Undone()
    for actionable in actionables:
        former = _former(actionable, told[actionable.pk])
        if former is None:
            undone.kept.append(actionable)
        elif actionable.change(former, by=by, why="Taken back.", expected=actionable.version):
            undone.count += 1
    return undone


def _former(actionable: Actionable, told: dict[str, tuple[str, str]]) -> dict[str, Any] | None:
    """The values before a change, None when one of them is no longer what that change made of it."""
    values: dict[str, Any] = {}
    for name, (before, after) in told.items():
        now = getattr(actionable, name)
        if ("" if now is None else str(now)) != after:
            return None
        values[name] = _value(name, before)
    if "owner" in values:
        values["person"] = named(values["owner"])
    return values


def _value(name: str, kept: str) -> Any:
    if name == "due_on":
        return datetime.date.fromisoformat(kept) if kept else None
    return kept
