"""Text to sentences and words with their places, as suggestions read it.

Offsets are those of the text as it was written, so that a passage can be marked where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from .search_tokens import LONGEST, stem

MOST_SENTENCES = 400
MOST_CHARACTERS = 100_000
_FUNCTION_WORDS = """
a about all also an and any are as at be because been before being both but by can could did do does doing due during
each few for from further had has have having he her here his how i if in into is it its itself just may me might more
most much must my now of off on once only or other our out over own same she should so some such than that the their
them then there these they this those through to too under until up us very via was we were what when where which while
who whom why will with within would you your after again s t per
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_WORD = re.compile(r"[a-z0-9]+(?:[-'’.&/+_][a-z0-9]+)*|100%", re.IGNORECASE | re.ASCII)
_JOINT = re.compile(r"[-./+_&]")

_NOT_AN_END = r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bNo)(?<!\bInc)(?<!\bMr)(?<!\bU\.S)(?<!\ba\.m)(?<!\bp\.m)"
_END = re.compile(_NOT_AN_END + r"(?<=[.!?])[\"')\]*_`]*\s+(?=[\"'(\[*_`]*[A-Z0-9])")
_ITEM = re.compile(r"[ \t]*(?:[-*+•>][ \t]+|\d{1,3}[.)][ \t]+|#{1,6}(?=[ \t])|\|)")
_LETTERS = re.compile(r"[A-Za-z]{2}")
_HEADING = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]+(?P<marked>.+?)[ \t#]*|\*\*(?P<bold>[^*\n]{3,60})\*\*:?|(?P<bare>[^.!?\n]{3,40}):?)\s*\Z"
)
_KINDS = (
    ("well", re.compile(r"\b(went|worked|did) well\b|\bwhat worked\b|\bpositives?\b", re.I)),
    ("future", re.compile(r"\b(action items?|actionables?|follow[- ]?ups?|next steps|remediation|prevent\w*)\b", re.I)),
    ("cause", re.compile(r"\b(causes?|contributing|trigger|what explains it|went wrong|analysis)\b", re.I)),
)  # fmt: skip
KINDS = {name for name, _ in _KINDS}


class Token(NamedTuple):
    """A word: every form it is looked up by, where it stands, and its place among the words that carry meaning."""

    forms: tuple[str, ...]
    start: int
    end: int
    place: int


@dataclass(slots=True)
class Sentence:
    """A sentence, list item, heading or table row; `start` is where it begins in its text.

    kind: what its heading says it is: "well", "future", "cause" or "". at: form to the numbers of the tokens with it.
    words: what is counted of it. forms: all of `at`.
    """

    text: str
    start: int
    kind: str
    tokens: list[Token]
    at: dict[str, list[int]]
    words: tuple[str, ...]
    forms: frozenset[str]


@lru_cache(maxsize=50_000)
def forms_of(word: str) -> tuple[str, ...]:
    """What a word in lower case is looked up by: its stem, and for compounds the stems of their parts."""
    word = word.replace("’", "'")
    forms = [stem(word)]
    if word.endswith("n't"):
        forms += ["not", word.replace("'", "")]
    if "'" in word:
        forms.append(stem(word.split("'")[0]))
    if _JOINT.search(word):
        forms += [stem(part) for part in _JOINT.split(word) if part]
    return tuple(dict.fromkeys(form[:LONGEST] for form in forms))


@lru_cache(maxsize=50_000)
def _countable(word: str) -> tuple[str, ...]:
    """The forms of a word that are counted; short numbers tell nothing."""
    if word.isdigit() and len(word) < 3:
        return ()
    return tuple(form for form in forms_of(word) if len(form) > 1)


def read(text: str, start: int = 0, kind: str = "") -> Sentence:
    """The tokens of one sentence."""
    tokens: list[Token] = []
    at: dict[str, list[int]] = {}
    words: dict[str, None] = {}
    place = 0
    for number, found in enumerate(_WORD.finditer(text)):
        word = found[0].lower()
        token = Token(forms_of(word), found.start(), found.end(), place)
        tokens.append(token)
        for form in token.forms:
            at.setdefault(form, []).append(number)
        if word not in FUNCTION_WORDS:
            place += 1
            words.update(dict.fromkeys(_countable(word)))
    return Sentence(text, start, kind, tokens, at, tuple(words), frozenset(at))


def sentences(text: str, kind: str = "") -> list[Sentence]:
    """The sentences of a text in their order, at most `MOST_SENTENCES`; `kind` is that of the text as a whole."""
    found: list[Sentence] = []
    for start, end in _blocks(text[:MOST_CHARACTERS]):
        block = text[start:end]
        heading = _heading(block)
        if heading is not None:
            kind = heading
        for place, piece in _pieces(block):
            found.append(read(piece, start + place, kind))
            if len(found) == MOST_SENTENCES:
                return found
    return found


def _heading(block: str) -> str | None:
    """What a heading says of what follows; None when the block is none."""
    found = _HEADING.match(block)
    if found is None or "\n" in block.strip():
        return None
    words = found["marked"] or found["bold"] or found["bare"]
    named = next((name for name, pattern in _KINDS if pattern.search(words)), "")
    return named if named or found["marked"] else None


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs, list items, headings and table rows, as (start, end)."""
    start, at, single = -1, 0, False
    for line in text.splitlines(keepends=True):
        item = _ITEM.match(line)
        if start >= 0 and (item or single or not line.strip()):
            yield start, at
            start = -1
        if start < 0 and line.strip():
            start, single = at, line.lstrip().startswith(("#", "|"))
        at += len(line)
    if start >= 0:
        yield start, at


def _pieces(block: str) -> Iterator[tuple[int, str]]:
    """The sentences of a block with their places, without the marks of lists and headings."""
    begin = 0
    while item := _ITEM.match(block, begin):
        begin = item.end()
    ends = [(found.start(), found.end()) for found in _END.finditer(block, begin)]
    for end, following in [*ends, (len(block), len(block))]:
        piece = block[begin:end]
        lead = len(piece) - len(piece.lstrip())
        trimmed = piece.strip()
        if len(_LETTERS.findall(trimmed)) >= 2:
            yield begin + lead, trimmed
        begin = following
