"""What differs between two documents of an incident: fact by fact, section by section, row by row, word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from . import markdown
from .differences import Part, parts_of
from .document import ROWS, TEXTS, read_document
from .document_text import Block, DocumentError, Facts, Value
from .paired import Met, paired, said

FACTS = "Facts"
SILENT = ("hindsight", "reference")
SIGNED = {"+": "added", "-": "removed", "±": "changed", "": "moved"}
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing in both documents, empty where it is not said; `is_text` for Markdown."""

    label: str
    old: str
    new: str
    is_text: bool = False

    @property
    def markup_only(self) -> bool:
        """Whether it reads the same and only its markup differs."""
        return self.is_text and markdown.as_read(self.old) == markdown.as_read(self.new)

    def parts(self) -> list[Part]:
        """The difference as a reader sees it, word by word; of the source when it reads the same."""
        if not self.is_text or self.markup_only:
            return _said(parts_of(self.old, self.new, woven=True, around=0))
        return _said(parts_of(markdown.as_read(self.old), markdown.as_read(self.new), woven=True, around=1))


@dataclass(frozen=True, slots=True)
class Change:
    """Facts, a section or a row that is not as it was. The sign is "+", "-" or "±", empty for a row that only moved."""

    kind: str  # "Facts", the heading of a section, or the heading above the rows
    title: str
    sign: str
    pairs: tuple[Pair, ...]
    moved: tuple[int, int] | None = None  # from which place to which, among the rows that are in both
    begins: str = ""  # how a row begins of which nothing else is shown


def _said(parts: list[Part]) -> list[Part]:
    """Without the empty line that stands for a text that is not there."""
    for part in parts:
        part.lines = [line for line in part.lines if line.text or not line.sign]
    return parts


def changes(old: str, new: str) -> list[Change]:
    """All that differs from an old document to a new one, in their order; raises DocumentError."""
    (facts, blocks), (new_facts, new_blocks) = read_document(old), read_document(new)
    pairs = tuple(_facts(facts, new_facts))
    found = [Change(FACTS, FACTS, "±", pairs)] if pairs else []
    before, after = ({block.heading: block for block in each} for each in (blocks, new_blocks))
    for heading in (*TEXTS, *ROWS):
        was, now = before.get(heading, Block(heading)), after.get(heading, Block(heading))
        if heading in TEXTS and was.text != now.text:
            pair = Pair("", was.text, now.text, is_text=True)
            found.append(Change(heading, heading, _sign(was.text, now.text), (pair,)))
        elif heading in ROWS:
            found += [_row(heading, met) for met in paired(heading, was.within, now.within) if _differs(met)]
    return found


def in_words(old: str, new: str) -> str:
    """What differs, in one line: "Severity, Summary, Timeline (1 added, 2 changed)"; empty when it cannot be told."""
    try:
        found = changes(old, new)
    except DocumentError:
        return ""
    words = [pair.label for change in found if change.kind == FACTS for pair in change.pairs]
    words += [change.title for change in found if change.kind in TEXTS]
    for heading in ROWS:
        counted = Counter(SIGNED[change.sign] for change in found if change.kind == heading)
        if counted:
            words.append(f"{heading} ({', '.join(f'{count} {done}' for done, count in counted.items())})")
    line = ", ".join(words)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _sign(old: object, new: object) -> str:
    return "±" if old and new else "+" if new else "-"


def _facts(old: Facts, new: Facts) -> Iterator[Pair]:
    for name in dict.fromkeys((*old, *new)):
        if name not in SILENT and old.get(name) != new.get(name):
            yield Pair(label_of(name), fact_words(old.get(name)), fact_words(new.get(name)))


def label_of(name: str) -> str:
    """A fact as people call it."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def fact_words(value: Value) -> str:
    """What a fact says; empty when it says nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _differs(met: Met) -> bool:
    return bool(met.moved) or met.old is None or met.new is None or said(met.old) != said(met.new)


def _row(kind: str, met: Met) -> Change:
    """A row that was added, removed, changed or moved."""
    was, now = met.old or Block(""), met.new or Block("")
    pairs = [Pair("", was.heading, now.heading)] if met.old and met.new and was.heading != now.heading else []
    pairs += _facts(was.facts, now.facts)
    if was.text != now.text:
        pairs.append(Pair("", was.text, now.text, is_text=True))
    inner, newer = ({block.heading: block for block in each.within} for each in (was, now))
    for heading in dict.fromkeys((*inner, *newer)):
        one, two = inner.get(heading, Block(heading)), newer.get(heading, Block(heading))
        if one.text != two.text:
            pairs.append(Pair(heading, one.text, two.text))
        pairs += _facts(one.facts, two.facts)
    sign = _sign(met.old, met.new) if pairs or not met.moved else ""
    begins = "" if pairs else markdown.as_read(now.text).partition("\n")[0]
    return Change(kind, (met.new or was).heading, sign, tuple(pairs), met.moved, begins)
