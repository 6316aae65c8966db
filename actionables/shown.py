"""Actionables as lists and boards show them: a few queries for a whole page, texts left out."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from postmortems.moments import Moment, Precision

from .models import Actionable

if TYPE_CHECKING:
    from collections.abc import Iterable

# What lists show of actionables and their incidents, whose texts are long.
SHOWN = (
    "number", "title", "kind", "owner", "status", "due_on", "priority", "version", "person_id",
    *(f"{name}_{part}" for name in ("opened", "closed") for part in ("at", "clock", "precision")),
    "incident__number", "incident__slug", "incident__short_name", "incident__title",
)  # fmt: skip
STEPS = (0, 14, 30, 60)  # days; each reached fills one more block of an age


@dataclass(frozen=True, slots=True)
class Age:
    """How long something has been open, or took: in words, and as filled blocks of four."""

    words: str
    blocks: int
    ended: bool

    @property
    def is_old(self) -> bool:
        """Whether all blocks are filled."""
        return self.blocks == len(STEPS) and not self.ended


def rows(wanted: list[int]) -> list[Actionable]:
    """The actionables with their incidents, in this order, for ids that came from `visible_to` (one query)."""
    found = Actionable.objects.select_related("incident").only(*SHOWN).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def age(actionable: Actionable, now: datetime.datetime | None = None) -> Age:
    """How old it is, or how long it took; says "not known" where either end is not, and never more than is stated."""
    ended = not actionable.is_unfinished
    end = actionable.closed if ended else Moment(now or timezone.now(), None, Precision.MINUTE)
    lasted = actionable.opened.until(end)
    if lasted.seconds is None:
        return Age("not known", 0, ended)
    days = lasted.seconds // 86_400
    exact = {actionable.opened.precision, end.precision} <= {Precision.SECOND, Precision.MINUTE, Precision.DAY}
    words = (f"{days:,} d" if days else "under 1 d") if exact else lasted.text()
    return Age(words, sum(days >= step for step in STEPS), ended)


def initials(owner: str) -> str:
    """Two letters that stand for an owner."""
    words = [word for word in owner.replace("-", " ").split() if word[0].isalnum()]
    return ("".join(word[0] for word in words[:2]) if len(words) > 1 else owner[:2]).upper()


def owners_of(actionables: Iterable[Actionable]) -> list[str]:
    """The owners that occur, sorted, each once."""
    return sorted({row.owner for row in actionables if row.owner})
