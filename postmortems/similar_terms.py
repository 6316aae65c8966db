"""The words by which an incident is like another: rare ones, and identifiers before prose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log, sqrt

from .search_tokens import LONGEST, fold, stem
from .suggest_words import FUNCTION_WORDS

KEPT = 40  # terms of an incident
THOUSANDTHS = 1000
IDENTIFIER = 1.3  # what an identifier counts for beside a word
MOST_CHARACTERS = 200_000
# Exception names, error codes, host and package names with versions, paths, options: whatever is no word of prose.
_RUN = re.compile(r"[^\W_](?:[\w]|[-./:@+](?=\w))*")
_PART = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_NUMBER = re.compile(r"[\d.:,/-]+\Z")
_CLOCK = re.compile(
    r"\d{1,4}[-:/.]\d{1,2}(?:[-:/.T]\d{1,4})*\w{0,3}\Z|\d+(?:st|nd|rd|th|am|pm|h|m|s|ms|k|x|min|utc)?\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text is compared by. weights: term to its part of the whole, in thousandths; written: as it stands.

    known: term to the number of incidents with it.
    """

    weights: dict[str, int]
    written: dict[str, str]
    known: dict[str, int] = field(default_factory=dict)


@lru_cache(maxsize=50_000)
def _terms_of(run: str) -> tuple[tuple[str, float], ...]:
    """The terms of a run without blanks, and what each counts for."""
    if _CLOCK.match(run):
        return ()
    found: dict[str, float] = {}
    joined = not run.isalnum()
    special = bool(_CAMEL.search(run)) or any(letter.isdigit() for letter in run) or "_" in run
    special = special or (len(run) > 3 and run.isupper())
    if (joined or special) and not (joined and not special and re.fullmatch(r"[A-Za-z]+(?:[-/.][A-Za-z]+)+", run)):
        found[fold(run)[:LONGEST]] = IDENTIFIER
    for part in _PART.findall(run):
        word = fold(part)
        if len(word) > 1 and word not in FUNCTION_WORDS and not _CLOCK.match(word):
            found.setdefault(stem(word)[:LONGEST], 1.0)
    return tuple(found.items())


Counted = tuple[Counter[str], dict[str, float], dict[str, str]]


def counted(texts: Iterable[str]) -> Counted:
    """Terms to how often they stand in the texts, to what each counts for, and as they are written first."""
    counts: Counter[str] = Counter()
    importance: dict[str, float] = {}
    written: dict[str, str] = {}
    for text in texts:
        for run in _RUN.findall(text[:MOST_CHARACTERS]):
            for term, weight in _terms_of(run.strip(".:/-")):
                counts[term] += 1
                importance[term] = max(weight, importance.get(term, 0.0))
                if term not in written:
                    written[term] = run.strip(".:/-") if weight > 1 else _part(run, term)
    return counts, importance, written


def _part(run: str, term: str) -> str:
    """The word of a run that a term was made from."""
    return next((part for part in _PART.findall(run) if stem(fold(part))[:LONGEST] == term), run)


def terms_of(found: Counted, frequencies: Mapping[str, int], documents: int, kept: int = KEPT) -> Terms:
    """The rarest and most used terms of what was `counted`. frequencies: of words, in how many of so many incidents
    they stand.
    """
    counts, importance, written = found
    weights = {
        term: importance[term] * (1 + log(count)) * rarity(frequencies.get(term, 0), documents)
        for term, count in counts.items()
    }
    best = sorted(weights, key=lambda term: (-weights[term], term))[:kept]
    size = sqrt(sum(weights[term] ** 2 for term in best)) or 1.0
    return Terms(
        {term: max(1, round(THOUSANDTHS * weights[term] / size)) for term in best},
        {term: written[term] for term in best},
        {term: frequencies.get(term, 0) for term in best},
    )


def rarity(count: int, documents: int) -> float:
    """The logarithm of one over the share of incidents that have it; a new word tells less than one known elsewhere."""
    return log((documents + 2) / (max(count, 1) + 0.5))


def cosine(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """How alike, from 0 to 1, as far as the kept terms tell."""
    small, large = sorted((one, other), key=len)
    return sum(weight * large.get(term, 0) for term, weight in small.items()) / THOUSANDTHS**2
