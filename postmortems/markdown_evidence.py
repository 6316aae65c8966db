"""Passages found again in rendered HTML, and marked without touching anything else in it.

Works on what the sanitiser wrote: tags are well formed, attribute values are in double quotes, and text holds
no bare `<` or `&`. Only fixed tokens are inserted, so taking them out again gives back the same HTML.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape

# The sanitiser leaves `>` alone inside attribute values, so quoted values are stepped over as a whole.
_TOKEN = re.compile(
    r'<(?P<tag>/?[a-z0-9]+)(?:[^<>"]|"[^"]*")*+>|(?P<space>(?:\s|&nbsp;)++)|(?P<text>[^<&\s]++)|(?P<entity>&[a-z]+;|&)'
)
_KEY = re.compile(r"[a-z0-9-]{1,40}\Z")
_INLINE = frozenset("a abbr b code del em i img ins kbd mark s samp span strong sub sup".split())  # noqa: SIM905
_CLOSE = "</mark>"


@dataclass
class _Run:
    """Text between two block boundaries, as a reader sees it: white space as one blank.

    For each part of the text: where it begins in the run and its place in the HTML as (start, end). A part stands there
    character by character, unless its place has another length: an entity or white space.
    """

    parts: list[str] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0

    def add(self, part: str, start: int, end: int) -> None:
        self.parts.append(part)
        self.begins.append(self.length)
        self.places.append((start, end))
        self.length += len(part)

    def add_space(self, start: int, end: int) -> None:
        if self.parts and self.parts[-1] != " ":
            self.add(" ", start, end)

    def find(self, passage: str) -> tuple[int, int] | None:
        """Where the passage stands in the HTML, tags inside it included."""
        at = "".join(self.parts).find(passage)
        return (self._place(at)[0], self._place(at + len(passage) - 1)[1]) if at >= 0 else None

    def _place(self, at: int) -> tuple[int, int]:
        """The place of one character; the whole of an entity that stands for it."""
        number = bisect(self.begins, at) - 1
        start, end = self.places[number]
        if end - start != len(self.parts[number]):
            return start, end
        start += at - self.begins[number]
        return start, start + 1


def _runs(html: str) -> Iterator[_Run]:
    run = _Run()
    for token in _TOKEN.finditer(html):
        if token["text"]:
            run.add(token["text"], *token.span())
        elif token["entity"]:
            run.add(unescape(token["entity"]), *token.span())
        elif token["space"] or token["tag"] == "br":
            run.add_space(*token.span())
        elif token["tag"].lstrip("/") not in _INLINE:
            yield run
            run = _Run()
    yield run


def collapsed(text: str) -> str:
    """The text with every run of white space as one blank, and none at the ends."""
    return " ".join(text.split())


def plain(html: str) -> str:
    """What a reader sees of the HTML, on one line; a block boundary counts as white space."""
    return collapsed(" ".join("".join(run.parts) for run in _runs(html)))


def lines(html: str) -> list[str]:
    """What a reader sees of the HTML, block by block; empty ones left out."""
    texts = (collapsed("".join(run.parts)) for run in _runs(html))
    return [text for text in texts if text]


def contains(html: str, passage: str) -> bool:
    """Whether mark() would find the passage."""
    wanted = collapsed(passage)
    return bool(wanted) and any(run.find(wanted) for run in _runs(html))


def mark(html: str, evidence: Sequence[tuple[str, str]]) -> str:
    """The HTML with the first occurrence of each passage in `<mark class="evidence">`.

    evidence: (key, passage as a reader sees it). The first mark of a passage has the id `evidence-KEY`. Marks
    never stand inside each other: where passages overlap the earlier one keeps the text, and one that lies
    wholly inside earlier ones gets an empty mark with its id in front of them, so that a link to it works.
    Raises ValueError for a key that is not [a-z0-9-]{1,40}.
    """
    runs = list(_runs(html))
    taken: list[tuple[int, int]] = []
    inserts: list[tuple[int, int, str]] = []
    for number, (key, passage) in enumerate(evidence):
        if not _KEY.match(key):
            raise ValueError(f"not a key of evidence: {key!r}")
        place = _place(runs, passage)
        if place:
            pieces = _free(list(_text_pieces(html, *place)), taken)
            inserts += _marks(key, number, pieces, place[0], taken)
            taken += pieces
    return _insert(html, inserts)


def _place(runs: list[_Run], passage: str) -> tuple[int, int] | None:
    wanted = collapsed(passage)
    return next(filter(None, (run.find(wanted) for run in runs)), None) if wanted else None


def _text_pieces(html: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of text between the tags from start to end."""
    at = start
    for token in _TOKEN.finditer(html, start, end):
        if token["tag"] is None:
            continue
        if token.start() > at:
            yield at, token.start()
        at = token.end()
    if end > at:
        yield at, end


def _free(pieces: list[tuple[int, int]], taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of the pieces outside of the stretches that are taken."""
    for begin, finish in taken:
        pieces = [
            part
            for start, end in pieces
            for part in ((start, min(end, begin)), (max(start, finish), end))
            if part[0] < part[1]
        ]
    return pieces


def _marks(
    key: str, number: int, pieces: list[tuple[int, int]], start: int, taken: list[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    """(position, order at that position, token) of each insertion for one passage."""
    name = f' id="evidence-{key}"'
    if not pieces:
        before = next((begin for begin, end in taken if begin <= start < end), start)
        yield before, 1, f'<mark class="evidence"{name}>{_CLOSE}'
    for begin, end in pieces:
        yield begin, 2, f'<mark class="evidence"{name}>'
        yield end, 0, _CLOSE
        name = ""


def _insert(html: str, inserts: list[tuple[int, int, str]]) -> str:
    """At one position: marks that end, then empty ones, then the one that starts."""
    parts, at = [], 0
    for position, _, token in sorted(inserts, key=lambda insert: insert[:2]):
        parts += [html[at:position], token]
        at = position
    return "".join([*parts, html[at:]])
