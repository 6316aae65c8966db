"""Text to tokens, the same for what is indexed and what is asked, and the same on every database.

Engineers write identifiers, so a run without spaces is taken whole and in parts:

* parts: `api/v1` is "api", "v1"; parts in their order are what phrases are looked up in;
* pairs: neighbouring parts of one run, "api·v1", so that `api/v1` is found as itself without a phrase;
* pieces: `NullPointerException` is also "null", "pointer", "exception", and `labcontrol1001` also "labcontrol";
* stems: "restarted" and "restarts" are both "restart".

Tokens hold letters and digits alone (with "·" in pairs), so no token can be syntax of a query language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

LONGEST = 64  # characters of one part; more says nothing and would not fit into an index
CHUNK = re.compile(r"\w+(?:['’./:@#+=>~%&\\|$-]{1,3}\w+)*")
_PART = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile(r"['’](?:s\b)?", re.IGNORECASE)
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PLAIN_JOIN = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)+\Z")
_VOWEL = re.compile(r"[aeiouy]")
_STOP_WORDS = """
a about after all also an and any are as at be because been before but by can could did do does for from had has have
he her his how i if in into is it its may more no not of on or our out over she should so some than that the their
them then there these they this to too up was we were what when where which while who why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Chunk:
    """One run of text in tokens; `strict` when its parts belong together, as in 10.0.1 but not in log-rotation."""

    parts: tuple[str, ...]
    stems: tuple[str, ...]  # of the parts that are not stop words
    pairs: tuple[str, ...]
    pieces: tuple[str, ...]  # stems of what CamelCase and letters beside digits hold
    strict: bool

    @property
    def bag(self) -> tuple[str, ...]:
        """Everything it is found by, in no order."""
        return (*self.stems, *self.pairs, *self.pieces)

    @property
    def needed(self) -> tuple[str, ...]:
        """What must be there to find it as written."""
        return self.pairs if self.strict and self.pairs else self.stems


def fold(text: str) -> str:
    """Without case, accents and other differences that nobody types."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


@lru_cache(maxsize=200_000)
def _cached(raw: str) -> Chunk:
    return _chunk(raw)


def chunk(raw: str) -> Chunk:
    """The tokens of one match of `CHUNK`."""
    return _cached(raw) if len(raw) <= LONGEST else _chunk(raw)


def _chunk(raw: str) -> Chunk:
    raw = _APOSTROPHE.sub("", raw)
    written = _PART.findall(raw)
    # Of a word, so much that its first part is whole; some single characters become eighteen, with spaces among them.
    parts = tuple(part[:LONGEST] for word in written for part in _PART.findall(fold(word[: 4 * LONGEST])))
    stems = tuple(dict.fromkeys(stem(part) for part in parts if part not in STOP_WORDS))
    pairs = tuple(f"{one}·{two}" for one, two in pairwise(parts))
    pieces = {stem(piece.lower()) for word in written for piece in _pieces(word)}
    return Chunk(parts, stems, pairs, tuple(sorted(pieces - set(stems))), not _PLAIN_JOIN.match(raw))


def _pieces(word: str) -> list[str]:
    """What a compound is made of; nothing for plain words and for hashes, which are made of nothing."""
    if not word.isascii() or (word.islower() and word.isalpha()):
        return []
    pieces = _PIECE.findall(word)
    return [piece for piece in pieces if len(piece) > 1] if 1 < len(pieces) <= 6 else []


def chunks(text: str) -> Iterator[Chunk]:
    """The runs of a text in their order, those without any letter or digit left out."""
    return (found for found in map(chunk, CHUNK.findall(text)) if found.parts)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The beginning that the forms of an English word share; other words and short ones as they are.

    Light on purpose, in the manner of Harman's s-stemmer ("How effective is suffixing?", 1991) with -ed, -ing, -ion,
    -ment and -ly added. It only ever cuts, so that a stem is the beginning of every form: "retr" of retry, retries.
    """
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    return _without_ending(_without_suffix(_without_plural(word)))


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-2]
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word if not word.endswith("s") or word.endswith(("ss", "us", "is")) else word[:-1]


def _without_suffix(word: str) -> str:
    for suffix, least in (("ally", 4), ("ment", 4), ("ied", 3), ("ing", 3), ("ed", 3), ("ly", 4)):
        rest = word[: -len(suffix)]
        if word.endswith(suffix) and len(rest) >= least and _VOWEL.search(rest) and not word.endswith("eed"):
            doubled = rest[-1] == rest[-2] and rest[-1] not in "lsz"
            return rest[:-1] if doubled else rest
    return word[:-3] if word.endswith(("sion", "tion")) and len(word) > 6 else word


def _without_ending(word: str) -> str:
    """Drops e, then y or i after a consonant; at of -ate and -ation, ur of -ure where enough is left."""
    word = word[:-1] if len(word) > 3 and word[-1] == "e" else word
    word = word[:-1] if len(word) > 3 and word[-1] in "yi" and word[-2] not in "aeiou" else word
    word = word[:-2] if len(word) > 6 and word.endswith("at") else word
    return word[:-2] if len(word) > 5 and word.endswith("ur") else word
