"""What differs between two documents of an incident: fact by fact, section by section, row by row, word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from . import markdown
from .differences import ALIKE, Part, parts_of
from .document import ROWS, TEXTS, read_document
from .document_text import Block, DocumentError, Facts, Value

FACTS = "Facts"
SILENT = ("hindsight", "reference")
SIGNED = {"+": "added", "-": "removed", "±": "changed"}
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
    """Facts, a section or a row that is not as it was. The sign is "+", "-" or "±"."""

    kind: str  # "Facts", the heading of a section, or the heading above the rows
    title: str
    sign: str
    pairs: tuple[Pair, ...]


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
            found += [_row(heading, *rows) for rows in _aligned(was.within, now.within)]
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
    said = ", ".join(words)
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"


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


def _row(kind: str, old: Block | None, new: Block | None) -> Change:
    """A row that was added, removed or changed."""
    was, now = old or Block(""), new or Block("")
    pairs = [Pair("", was.heading, now.heading)] if old and new and was.heading != now.heading else []
    pairs += _facts(was.facts, now.facts)
    if was.text != now.text:
        pairs.append(Pair("", was.text, now.text, is_text=True))
    inner, newer = ({block.heading: block for block in each.within} for each in (was, now))
    for heading in dict.fromkeys((*inner, *newer)):
        one, two = inner.get(heading, Block(heading)), newer.get(heading, Block(heading))
        if one.text != two.text:
            pairs.append(Pair(heading, one.text, two.text))
        pairs += _facts(one.facts, two.facts)
    return Change(kind, (new or was).heading, _sign(old, new), tuple(pairs))


def _aligned(old: list[Block], new: list[Block]) -> Iterator[tuple[Block | None, Block | None]]:
    """The rows that are not the same in both, each with the one it became, as far as that can be told."""
    matcher = SequenceMatcher(None, [_all(block) for block in old], [_all(block) for block in new], autojunk=False)
    for kind, first, end, start, stop in matcher.get_opcodes():
        if kind == "equal":
            continue
        gone, come = old[first:end], new[start:stop]
        met = list(_met(gone, come))
        yield from ((block, None) for block in gone if not any(block is one for one, _ in met))
        for block in come:
            yield next((pair for pair in met if pair[1] is block), (None, block))


def _met(gone: list[Block], come: list[Block]) -> Iterator[tuple[Block, Block]]:
    """Rows that became one another: those of the same heading, then those in the same place with much in common."""
    for one, two in zip_longest(gone, come):
        if one and two and (one.heading == two.heading or _alike(one.text, two.text)):
            yield one, two
            gone, come = [each for each in gone if each is not one], [each for each in come if each is not two]
    for one in gone:
        twin = next((two for two in come if two.heading == one.heading), None)
        if twin:
            yield one, twin
            come = [each for each in come if each is not twin]


def _alike(old: str, new: str) -> bool:
    return SequenceMatcher(None, old[:500], new[:500], autojunk=False).ratio() >= ALIKE


def _all(block: Block) -> str:
    """Everything a row says."""
    return repr((block.heading, block.facts, block.text, [_all(inner) for inner in block.within]))
