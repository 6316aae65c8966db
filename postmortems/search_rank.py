"""Puts candidates in order by what they say, in the same way for every database.

For each word: BM25F (Robertson and Zaragoza, 2009) with a weight for each tier of an incident's text, the exact form
counting more than another form of its stem. Words beside each other, all words in one passage and all words in the
title add to it; a recent incident gains a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from .search_query import Term
from .search_tokens import stem

# The tiers against once in the story: title, names and summary, excerpts and links, and what this does not see.
TITLED, NAMED, CITED, HIDDEN = 6.0, 2.5, 0.5, 0.6
SATURATION = 1.2
OFTEN = 8  # beyond that a word counts no more; it would be a tenth at most
OTHER_FORM = 0.6  # what a form other than the typed one is worth
IN_TITLE, NEIGHBOURS, TOGETHER, WHOLE_TITLE = 1.0, 0.5, 0.5, 1.0  # times the words' weight
RECENCY = 0.1  # at most so much more for the newest; half of it after HALF_LIFE
HALF_LIFE = 4 * 365 * 24 * 60  # minutes
LOOKED_INTO = 25  # of the best, for words in company
USUAL_LENGTH = 6_000  # characters of a stream


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that may be shown."""

    key: int
    incident_id: int
    minute: int | None
    stream: str
    tiers: tuple[int, int, int]  # where the second, third and fourth tier of the stream begin


@dataclass(frozen=True, slots=True)
class Needle:
    """A word as it is looked for in a stream: exactly, or by its stem."""

    exact: str
    stems: tuple[str, ...]
    begins: str  # any word that begins with its rarest stem
    weight: float


def needle(term: Term, weight: float) -> Needle:
    """For one word of a query with its inverse document frequency."""
    stems = term.completed[:1] or term.stems
    return Needle(f" {' '.join(term.parts)} ", stems, f" {max(stems, key=len)}", weight)


def rarity(documents: int, all_documents: int) -> float:
    """Inverse document frequency as BM25 has it, never below a little."""
    return max(log(1 + (all_documents - documents + 0.5) / (documents + 0.5)), 0.1)


def ranked(candidates: Sequence[Candidate], needles: Sequence[Needle]) -> list[Candidate]:
    """Best first; equal ones newest first."""
    newest = max((one.minute for one in candidates if one.minute is not None), default=0)
    scores = {one.key: score(one, needles, newest) for one in candidates}
    order = sorted(candidates, key=lambda one: (-scores[one.key], -one.key))
    if len(needles) > 1:
        for one in order[:LOOKED_INTO]:
            scores[one.key] += company(one.stream, needles)
        order.sort(key=lambda one: (-scores[one.key], -one.key))
    return order


def score(candidate: Candidate, needles: Sequence[Needle], newest: int) -> float:
    """How well one incident answers, in no unit."""
    stream = candidate.stream
    named, told, cited = candidate.tiers
    in_title: set[str] = set()
    norm = SATURATION * (0.7 + 0.3 * len(stream) / USUAL_LENGTH)
    total = 0.0
    titled = 0
    for one in needles:
        first = stream.find(one.begins)  # its exact form may begin a word or more before
        found = _weighed(one, stream, first, (named, told, cited)) if first >= 0 else 0.0
        if 0 <= first < named:
            in_title = in_title or {stem(word) for word in stream[:named].split()}
            if in_title.issuperset(one.stems):
                found += TITLED
                total += one.weight * IN_TITLE
                titled += 1
        found = found or (_form(one, stream, cited, len(stream)) * CITED if first >= 0 else 0.0) or HIDDEN
        total += one.weight * found * (SATURATION + 1) / (found + norm)
    if titled == len(needles):
        total += WHOLE_TITLE * sum(one.weight for one in needles)
    if candidate.minute is not None:
        total *= 1 + RECENCY * 0.5 ** ((newest - candidate.minute) / HALF_LIFE)
    return total


def tiers_of(stream: str) -> tuple[int, int, int]:
    """Where the second, third and fourth tier of a stream begin; the first always has something."""
    cited = stream.find("\n§d")
    cited = len(stream) if cited < 0 else cited
    told = stream.find("\n§c", 0, cited)
    told = cited if told < 0 else told
    named = stream.find("\n§b", 0, told)
    return told if named < 0 else named, told, cited


def _weighed(one: Needle, stream: str, first: int, tiers: tuple[int, int, int]) -> float:
    """What a word that is there adds up to by the tiers it stands in; nothing when that is only the last one."""
    named, told, cited = tiers
    if first >= cited:
        return 0.0
    return (_form(one, stream, named, told) * NAMED if first < told else 0.0) + _often(one, stream, told, cited)


def _form(one: Needle, text: str, start: int, end: int) -> float:
    """1 for the typed form, less for another one, 0 when neither is there."""
    if text.find(one.exact, start, end) >= 0:
        return 1.0
    return OTHER_FORM if text.find(one.begins, start, end) >= 0 else 0.0


def _often(one: Needle, text: str, start: int, end: int) -> float:
    """How often it stands there as typed, up to `OFTEN`; less for other forms where it does not."""
    return _count(one.exact, text, start, end) or OTHER_FORM * _count(one.begins, text, start, end)


def _count(word: str, text: str, start: int, end: int) -> int:
    count, at = 0, text.find(word, start, end)
    while at >= 0 and count < OFTEN:
        count, at = count + 1, text.find(word, at + len(word) - 1, end)
    return count


def company(stream: str, needles: Sequence[Needle]) -> float:
    """For neighbours as they were typed, and for a passage that has all words."""
    total = 0.0
    for one, two in pairwise(needles):
        if one.exact[:-1] + two.exact in stream:
            total += NEIGHBOURS * min(one.weight, two.weight)
    rarest = max(needles, key=lambda one: one.weight)
    at = stream.find(rarest.begins)
    for _ in range(4):
        if at < 0:
            break
        end = stream.find("\n", at)
        line = stream[stream.rfind("\n", 0, at) + 1 : end if end >= 0 else len(stream)]
        if all(other.begins in line for other in needles):
            return total + TOGETHER * sum(one.weight for one in needles)
        at = stream.find(rarest.begins, end) if end >= 0 else -1
    return total
