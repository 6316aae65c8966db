"""What a page says about the change that led to it; all of it is in the address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from .access import may_work_on
from .models import Actionable

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models.queries import ActionableQuerySet

NAMED = 5


@dataclass(slots=True)
class Said:
    """The actionables that were changed together (`batch`), those that were not, and what was taken back."""

    batch: str = ""
    changed: list[Actionable] = field(default_factory=list)
    count: int = 0
    stale: list[str] = field(default_factory=list)
    undone: int = 0
    left: list[str] = field(default_factory=list)
    may_undo: bool = False


def changed_in(batch: str, visible: ActionableQuerySet) -> ActionableQuerySet:
    """The actionables that this change of many, or of one, was about."""
    return visible.filter(Q(changes__batch=batch) | Q(field_changes__batch=batch)).distinct().order_by("number")


def said_about(request: HttpRequest) -> Said | None:
    """What the address tells of a change; None when it tells nothing (one query when it does)."""
    given, user = request.GET, request.user
    said = Said(stale=_references(given.getlist("stale")), left=_references(given.getlist("left")))
    undone = given.get("undone", "")
    said.undone = int(undone) if re.fullmatch(r"\d{1,4}", undone, re.ASCII) else 0
    batch = given.get("batch", "")
    if user.is_authenticated and re.fullmatch(r"[0-9a-f]{16}", batch):
        rows = list(changed_in(batch, Actionable.objects.visible_to(user)).only("number", "title", "person_id"))
        every = all(may_work_on(user, row) for row in rows)
        said.batch, said.changed, said.count, said.may_undo = batch, rows[:NAMED], len(rows), every and bool(rows)
    return said if said.count or said.stale or said.undone or said.left or undone == "0" else None


def _references(given: list[str]) -> list[str]:
    return [value for value in given[:100] if re.fullmatch(r"ACT-[1-9]\d{0,8}", value, re.ASCII)]
