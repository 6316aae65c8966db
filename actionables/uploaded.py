"""What an actionable in a file must say, as its forms ask for it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from postmortems.document_checks import check_year
from postmortems.document_text import Block, DocumentError

from .forms import NO_DAY, TO_COME, DueField, has_been, wrong_end
from .models.actionables import NEEDS_WORDS


def check(block: Block) -> None:
    """Raise DocumentError, at the line of what is wrong, for an actionable that no form would take."""
    try:
        _check(block)
    except DocumentError as error:
        raise DocumentError(error.line, f"“{block.heading[:60]}”, {error.words}") from None


def _check(block: Block) -> None:
    facts = block.facts
    lines = {name: number for number, name in enumerate(facts, start=block.line + 1)}
    status = str(facts.get("status", "open"))
    outcome = next((inner.text for inner in block.within if inner.heading == "Outcome"), "")
    if status in NEEDS_WORDS and not outcome.strip():
        raise DocumentError(lines["status"], f"{status}: {NEEDS_WORDS[status]} It stands under ### Outcome")  # type: ignore[index]
    ends: dict[str, Any] = {
        name: check_year(name, facts[name], lines[name]) for name in ("opened", "closed") if name in facts
    }
    try:
        DueField().clean(facts.get("due_on"))
    except ValidationError as error:
        raise DocumentError(lines["due_on"], f"due_on: {error.messages[0]}") from None
    for name, moment in ends.items():
        if moment.is_known and not moment.is_dated:
            raise DocumentError(lines[name], f"{name}: {NO_DAY}")
        if not has_been(moment):
            raise DocumentError(lines[name], f"{name}: {TO_COME}")
    if wrong := wrong_end({name: moment for name, moment in ends.items() if moment.is_known}, status):
        raise DocumentError(lines["closed"], f"closed: {wrong}")
