"""What the forms of filing refuse, and a file may not bring in either; versions that were kept come back without it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .document import read_document
from .document_moments import moment_read
from .document_text import Block, DocumentError, Value
from .models import MILESTONES
from .moments import UNKNOWN, Moment

# What other apps have against a row, by the heading above the rows: called with its block, raises DocumentError. Their
# AppConfig adds to it.
CHECKS: dict[str, Callable[[Block], None]] = {}
MOMENTS = (*MILESTONES, "source_published")


def check_filed(text: str, stored: Collection[str] = ()) -> None:
    """Raise DocumentError for what no form would take; rows whose reference is one of `stored` are left alone.

    The document must be one that can be read; what is no time is said where the document is taken over.
    """
    facts, blocks = read_document(text)
    for number, (name, value) in enumerate(facts.items(), start=2):
        if name in MOMENTS:
            check_year(name, value, number)
    for block in blocks:
        for row in block.within:
            if block.heading == "Timeline":
                check_year("time", row.heading, row.line)
            if block.heading in CHECKS and row.facts.get("reference") not in stored:
                CHECKS[block.heading](row)


def check_year(name: str, value: Value, line: int) -> Moment:
    """The moment; raises DocumentError when its year cannot be meant."""
    try:
        moment = moment_read(str(value))
    except ValueError:
        return UNKNOWN
    if wrong := moment.odd_year():
        raise DocumentError(line, f"{name}: {wrong}")
    return moment
