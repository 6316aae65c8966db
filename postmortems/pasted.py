"""What a pasted text holds: its title, sections, timeline, actionables and links, each with the lines it stands on.

Every line that is not empty belongs to one `Piece`: what is recognised as nothing else is text of a section, and marks
(headings, days on their own, rules) are told too. Pieces that are `also` something stand in the text besides. Pure: the
same text gives the same pieces. Times stay as they are written, for `moments_typed` to read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import pairwise

from . import pasted_stamps as stamps
from . import pasted_words as wording
from .markdown import MAX_CHARS
from .pasted_days import Days, Guess, guessed_day, guessed_zone
from .pasted_lines import ENTRY, MARK, MOST, TEXT, TITLE, WORK, Draft, Reader
from .pasted_stamps import Stamp
from .tickets import short_name

__all__ = ["ENTRY", "LINK", "MARK", "TEXT", "TITLE", "WORK", "Found", "Piece", "mark_of", "read_paste"]
LINK = "link"
MOST_LINKS = 150
LONG_TEXT = 40_000  # characters from which on a text is shown in parts, which can go into several sections
ROOM = MAX_CHARS - 1_000  # of one section, with what parts its texts
LONG_TITLE = 120
NOTHING_SAID = "…"  # at a time that stands alone
GREETING = 40  # characters up to which a first paragraph says no more than "Hi all,"


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was found: what it is, the numbers of its lines, and its words.

    `into` is the field of a text, or the kind of an entry, an actionable or a link. A time is `when`, as somebody would
    type it, and its `zone`, if it names one. `note` says to the person what was concluded. `key` names the piece as
    long as it says the same.
    """

    what: str
    lines: tuple[int, ...]
    words: str
    into: str = ""
    also: bool = False
    when: str = ""
    zone: str = ""
    note: str = ""
    excerpt: str = ""
    work: wording.Work | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """All of a text: its lines, its pieces in their order, the zone and the first day it seems to tell, and whether it
    says that zone of its times.
    """

    lines: tuple[str, ...]
    pieces: tuple[Piece, ...]
    zone: Guess | None
    zone_stated: bool
    day: Guess | None

    def of(self, what: str) -> list[Piece]:
        """The pieces of one sort."""
        return [piece for piece in self.pieces if piece.what == what]


def read_paste(text: str) -> Found:
    """What a text holds; any text gives an answer. Lines end with a line feed and count from 1."""
    reader = Reader(text.split("\n"))
    reader.read()
    timed = _timed(reader)
    pieces = [*_plain(reader.drafts), *_entries(timed), *_links(reader.lines)]
    pieces.sort(key=lambda piece: (piece.lines[0], piece.also))
    zone, is_stated = guessed_zone(reader.lines, [stamp for _, stamp, _ in timed])
    return Found(tuple(reader.lines), tuple(_keyed(_spread(pieces))), zone, is_stated, guessed_day(reader.lines))


def mark_of(what: str, words: str, excerpt: str = "", more: str = "") -> str:
    """Stands for what a piece says."""
    told = "\0".join((what, words, excerpt, more))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _keyed(pieces: Iterable[Piece]) -> Iterator[Piece]:
    seen: Counter[str] = Counter()
    for piece in pieces:
        mark = mark_of(piece.what, piece.words, piece.excerpt, piece.work.more if piece.work else "")
        seen[mark] += 1
        yield replace(piece, key=f"{mark}.{seen[mark]}")


def _plain(drafts: list[Draft]) -> Iterator[Piece]:
    """The pieces that are no entries."""
    texts = [draft for draft in drafts if draft.what == TEXT]
    has_summary = any(draft.into == "summary" for draft in texts)
    has_title = any(draft.what == TITLE for draft in drafts)
    for draft in drafts:
        if draft.what == TEXT and draft.into:
            yield from _text(draft.said, draft.into, draft.marks)
        elif draft.what == TEXT and has_summary:
            yield from _text(draft.said, "analysis", draft.marks)
        elif draft.what == TEXT:
            begin, end = _summary_in(draft.said)
            yield from _text(draft.said[begin:end], "summary", draft.marks)
            yield from _text(draft.said[:begin] + draft.said[end:], "analysis", [])
            has_summary = True
        elif draft.what == WORK:
            yield _work(draft)
        elif draft.what in (TITLE, MARK):
            yield Piece(draft.what, _numbers(draft.said, draft.marks), draft.said[0][1], also=draft.also)
    if not has_title:
        yield from _title_of([draft for draft in texts if draft.into == "summary"] or texts)


def _numbers(said: list[tuple[int, str]], marks: list[int]) -> tuple[int, ...]:
    return tuple(sorted({number for number, _ in said if number} | set(marks)))


def _joined(said: list[tuple[int, str]]) -> str:
    """Lines as one text, without empty ones around it, and one between paragraphs."""
    kept: list[str] = []
    for number, line in said:
        if number or (kept and kept[-1]):
            kept.append(line if number else "")
    return "\n".join(kept).strip("\n").rstrip()


def _text(said: list[tuple[int, str]], into: str, marks: list[int]) -> Iterator[Piece]:
    """A text, in parts where it is too long for one section."""
    length, begin = 0, 0
    for at, (_, line) in enumerate(said):
        length += len(line) + 1
        if length > LONG_TEXT and at > begin:
            yield from _text(said[begin:at], into, marks)
            length, begin, marks = len(line) + 1, at, []
    if _joined(said[begin:]).strip():
        yield Piece(TEXT, _numbers(said[begin:], marks), _joined(said[begin:]), into)


def _spread(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """What a section has no room for goes into the next of those that take anything."""
    held: Counter[str] = Counter()
    for piece in pieces:
        if piece.what == TEXT:
            places = (piece.into, "analysis", "source_note")
            into = next((into for into in places if held[into] + len(piece.words) <= ROOM), piece.into)
            held[into] += len(piece.words) + 2
            piece = replace(piece, into=into)
        yield piece


def _summary_in(said: list[tuple[int, str]]) -> tuple[int, int]:
    """Where the first paragraph begins and ends that is more than a greeting; else the first one."""
    edges = [at for at, (number, _) in enumerate(said) if not number]
    spans = list(pairwise([-1, *edges, len(said)]))
    told = [(begin + 1, end) for begin, end in spans if _joined(said[begin + 1 : end]).strip()]
    return next((span for span in told if len(_joined(said[slice(*span)])) >= GREETING), told[0] if told else (0, 0))


def _title_of(texts: list[Draft]) -> Iterator[Piece]:
    """How the summary begins, where the text has no title."""
    for draft in (draft for draft in texts if draft.into in ("", "summary")):
        for number, line in draft.said[slice(*_summary_in(draft.said))]:
            if number and re.search(r"\w", line[:20]):
                said = wording.shortened(line.strip(), LONG_TITLE)
                yield Piece(TITLE, (number,), said, also=True, note="There is no title; this is how the text begins.")
                return


def _work(draft: Draft) -> Piece:
    said = _joined(draft.said)
    first, _, rest = said.partition("\n")
    work = wording.work_in(draft.cells) if draft.cells else wording.work_of(first, draft.outcome)
    if rest.strip():
        work.more = f"{work.more or work.title}\n{rest}" if not work.more.endswith(rest) else work.more
    if status := wording.status_alone(draft.outcome):
        work.status = status
    return Piece(WORK, _numbers(draft.said, draft.marks), work.title, work.kind, work=work)


Timed = tuple[tuple[int, int], Stamp, Piece]


def _timed(reader: Reader) -> list[Timed]:
    """Every time in the text with its place and what happened then; a day on its own has no piece."""
    found: list[Timed] = []
    for draft in reader.drafts:
        if draft.stamp:
            found.append(((draft.said[0][0], 0), draft.stamp, _entry(draft)))
        elif draft.what in (TEXT, WORK):
            found.extend(_signed(draft))
        if draft.what == TEXT and draft.into != "source_note" and not reader.has_timeline:
            found.extend(_told(draft))
    return sorted(found, key=lambda each: each[0])


def _entry(draft: Draft) -> Piece:
    said = _joined(draft.said)
    if draft.stamp and draft.stamp.who and said.startswith(f"{draft.stamp.who}:\n"):
        said = said.replace("\n", " ", 1)  # the name stands on a line of its own
    excerpt = "\n".join(line for _, line in draft.excerpt)
    if not said.strip():
        said, excerpt = excerpt if excerpt.strip() else NOTHING_SAID, ""
    marks = [*draft.marks, *(number for number, _ in draft.excerpt)]
    return Piece(draft.what, _numbers(draft.said, marks), said, draft.into, excerpt=excerpt)


def _signed(draft: Draft) -> Iterator[Timed]:
    """Lines that somebody signed on a wiki, with the time."""
    for number, line in draft.said:
        stamp = stamps.signature(line) if number else None
        if stamp:
            found = wording.bullet(line)
            said = found["rest"] if found else line.strip()
            yield (number, len(line)), stamp, Piece(ENTRY, (number,), said, "note", also=True)


def _told(draft: Draft) -> Iterator[Timed]:
    """The sentences of running text that tell a time."""
    for paragraph in _paragraphs(draft.said):
        starts = [0]
        for _, line in paragraph:
            starts.append(starts[-1] + len(line) + 1)
        text = "\n".join(line for _, line in paragraph)
        sentences = wording.sentence_starts(text)
        for found, stamp in stamps.mentions(text):
            at = bisect_right(sentences, found.start())
            begin = sentences[at - 1] if at else 0
            after = bisect_right(sentences, found.end() - 1)
            end = sentences[after] if after < len(sentences) else len(text)
            number = paragraph[bisect_right(starts, found.start("clock")) - 1][0]
            piece = Piece(ENTRY, (number,), text[begin:end].strip(), "note", also=True)
            yield (number, found.start()), stamp, piece


def _paragraphs(said: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Runs of lines; an empty one parts them, and so does a bullet."""
    run: list[tuple[int, str]] = []
    for number, line in said:
        if run and (not number or wording.bullet(line)):
            yield run
            run = []
        if number and line.strip():
            run.append((number, line))
    if run:
        yield run


def _entries(timed: list[Timed]) -> Iterator[Piece]:
    """What happened when, each time on its day; beyond so many, only what stands nowhere else."""
    led, besides, many = Days(), Days(), 0
    for _, stamp, piece in timed:
        if piece.what == MARK:
            led.begin(stamp.date)
            besides.begin(stamp.date)
            continue
        many += 1
        if piece.also and many > MOST[ENTRY]:
            continue
        when, note = (besides if piece.also else led).typed(stamp, piece.lines[0])
        yield replace(piece, when=when, zone=stamp.zone, note=note)


def _links(lines: list[str]) -> Iterator[Piece]:
    """Every address once, with the first line it stands on."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        for url in wording.addresses(line):
            found.setdefault(url, number)
    for url, number in list(found.items())[:MOST_LINKS]:
        yield Piece(LINK, (number,), url, wording.link_kind(url), also=True, note=short_name(url))
