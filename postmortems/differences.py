"""What differs between two texts, line by line and within a line word by word; exact, and bounded for long texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise, zip_longest

WORD = re.compile(r"\w+|\s+|[^\w\s]")
# Comparing costs up to the product of both lengths: longer ones are told as wholly replaced where they differ.
MOST_LINES = 2_000
MOST_WORDS = 400
ALIKE = 0.4  # words in common from which two lines count as one line that was changed
CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line; `sign` is "+" where only the new text has it, "-" where only the old one has, else ""."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: its sign, its numbers in the old and the new text (0 where it is not), its pieces.

    The sign is "±" for a line of both texts woven into one.
    """

    sign: str
    old: int
    new: int
    pieces: tuple[Piece, ...] = ()

    @property
    def text(self) -> str:
        """The line whole."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(slots=True)
class Part:
    """Lines that stand together: changed ones with what is around them, or `hidden` unchanged ones."""

    lines: list[Line] = field(default_factory=list)
    hidden: int = 0


def lines_of(old: str, new: str) -> list[Line]:
    """Every line of both texts, in order; the old text is the lines without "+", the new one those without "-"."""
    before, after = old.split("\n"), new.split("\n")
    found: list[Line] = []
    for kind, first, end, start, stop in _steps(before, after, MOST_LINES):
        if kind == "equal":
            found += [
                Line("", first + place + 1, start + place + 1, (Piece("", text),))
                for place, text in enumerate(before[first:end])
            ]
        else:
            found += _changed(before[first:end], after[start:stop], first, start)
    return found


def woven_of(old: str, new: str) -> list[Line]:
    """Every line of both texts, in order; one that was changed stands once, with "±" and the pieces of both in it."""
    before, after = old.split("\n"), new.split("\n")
    found: list[Line] = []
    for kind, first, end, start, stop in _steps(before, after, MOST_LINES):
        for place, (was, now) in enumerate(zip_longest(before[first:end], after[start:stop])):
            numbers = first + place + 1 if was is not None else 0, start + place + 1 if now is not None else 0
            if kind == "equal":
                found.append(Line("", *numbers, (Piece("", was),)))
            else:
                found += _woven(was, now, *numbers)
    return found


def parts_of(old: str, new: str, *, woven: bool = False, around: int = CONTEXT) -> list[Part]:
    """The changed lines with some unchanged ones around them, and how many are left out between."""
    lines = woven_of(old, new) if woven else lines_of(old, new)
    near = {
        place + step for place, line in enumerate(lines) if line.sign for step in range(-around, around + 1)
    }  # fmt: skip
    parts: list[Part] = []
    for place, line in enumerate(lines):
        shown = place in near
        if not parts or (parts[-1].hidden == 0) != shown:
            parts.append(Part())
        if shown:
            parts[-1].lines.append(line)
        else:
            parts[-1].hidden += 1
    return parts


def words_of(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """The pieces of an old and of a new line, signed where they differ."""
    before, after = WORD.findall(old), WORD.findall(new)
    was: list[Piece] = []
    now: list[Piece] = []
    for kind, first, end, start, stop in _steps(before, after, MOST_WORDS):
        if end > first:
            was.append(Piece("" if kind == "equal" else "-", "".join(before[first:end])))
        if stop > start:
            now.append(Piece("" if kind == "equal" else "+", "".join(after[start:stop])))
    return was, now


def _steps(before: Sequence[str], after: Sequence[str], most: int) -> Iterator[tuple[str, int, int, int, int]]:
    """difflib's steps; what begins and ends alike is set aside first, and what is left and too long is one step."""
    shorter = min(len(before), len(after))
    head = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    rest = shorter - head
    tail = next((place for place in range(rest) if before[-1 - place] != after[-1 - place]), rest)
    end, stop = len(before) - tail, len(after) - tail
    if head:
        yield "equal", 0, head, 0, head
    if max(end, stop) - head > most:
        yield "replace", head, end, head, stop
    else:
        matcher = SequenceMatcher(None, before[head:end], after[head:stop], autojunk=False)
        for kind, *places in matcher.get_opcodes():
            first, last, start, until = (place + head for place in places)
            yield kind, first, last, start, until
    if tail:
        yield "equal", end, len(before), stop, len(after)


def _changed(before: Sequence[str], after: Sequence[str], first: int, start: int) -> Iterator[Line]:
    """Old lines, then the new ones, with words compared where a line is the other one changed."""
    was: list[Line] = []
    now: list[Line] = []
    for place, (old, new) in enumerate(zip_longest(before, after)):
        left, right = _words(old, new) if place < MOST_LINES else _apart(old, new)
        if old is not None:
            was.append(Line("-", first + place + 1, 0, tuple(left)))
        if new is not None:
            now.append(Line("+", 0, start + place + 1, tuple(right)))
    yield from was
    yield from now


def _woven(old: str | None, new: str | None, at: int, to: int) -> Iterator[Line]:
    """One line with the pieces of both; the old one, then the new one, when they have too little in common."""
    if old is not None and new is not None:
        pieces = list(_pieces(WORD.findall(old), WORD.findall(new)))
        if sum(len(piece.text) for piece in pieces if not piece.sign) >= ALIKE * max(len(old), len(new)):
            yield Line("±", at, to, tuple(pieces))
            return
    if old is not None:
        yield Line("-", at, 0, (Piece("", old),))
    if new is not None:
        yield Line("+", 0, to, (Piece("", new),))


def _pieces(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for kind, first, end, start, stop in _steps(before, after, MOST_WORDS):
        if kind == "equal":
            yield Piece("", "".join(before[first:end]))
            continue
        if end > first:
            yield Piece("-", "".join(before[first:end]))
        if stop > start:
            yield Piece("+", "".join(after[start:stop]))


def _words(old: str | None, new: str | None) -> tuple[list[Piece], list[Piece]]:
    if old is not None and new is not None:
        left, right = words_of(old, new)
        same = sum(len(piece.text) for piece in left if not piece.sign)
        if same >= ALIKE * max(len(old), len(new)):
            return left, right
    return _apart(old, new)


def _apart(old: str | None, new: str | None) -> tuple[list[Piece], list[Piece]]:
    """Both lines as they are, nothing in them compared."""
    return [Piece("", old or "")], [Piece("", new or "")]


def merged(base: str, mine: str, theirs: str) -> str | None:
    """Both changes of a text put together; None where they touch the same or neighbouring lines in different ways."""
    if mine == theirs or base == theirs:
        return mine
    if base == mine:
        return theirs
    lines = base.split("\n")
    edits = sorted({*_edits(lines, mine.split("\n")), *_edits(lines, theirs.split("\n"))})
    for earlier, later in pairwise(edits):
        if later[0] <= earlier[1]:
            return None
    for first, end, text in reversed(edits):
        lines[first:end] = text
    return "\n".join(lines)


def _edits(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """What is put in the place of which lines."""
    for kind, first, end, start, stop in _steps(before, after, MOST_LINES):
        if kind != "equal":
            yield first, end, tuple(after[start:stop])
