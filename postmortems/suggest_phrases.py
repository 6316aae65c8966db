"""The phrases by which a cause is recognised, and finding them in a sentence.

The grammar, for those who edit the taxonomy. A phrase is words of one sentence, in any order and near each other:

    certificate expired         both words, or other forms of them ("the certificate had silently expired")
    disk/volume full            "disk" or "volume", and "full"
    "no space left"             exactly so
    <lack> monitoring           any word of a class below, as in no, without, missing
    ~provider                   a hint: counts for little until it has been right
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from .search_tokens import stem
from .suggest_classes import CLASSES
from .suggest_words import FUNCTION_WORDS, Sentence

EVERYWHERE = 20  # as many sentences have a function word as have that many other words
GAP = 3  # words that may stand between those of a phrase, beside function words
_SLOT = re.compile(r'(?:"[^"]*"|[^\s"])+')
_CHOICE = re.compile(r'"[^"]*"|[^/]+')
_RUN = re.compile(r"[a-z0-9]+(?:[-'.&/+_][a-z0-9]+)*|100%")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a phrase: any of these stems, or any of these runs of stems."""

    words: frozenset[str]
    runs: tuple[tuple[str, ...], ...]

    @property
    def size(self) -> int:
        return len(self.words) + len(self.runs)

    @property
    def heads(self) -> set[str]:
        """The stems it can begin with."""
        return set(self.words) | {run[0] for run in self.runs}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, taken apart; `id` names it in what was learned of it."""

    text: str
    id: str
    slots: tuple[Slot, ...]
    hint: bool

    def find(self, sentence: Sentence) -> list[int] | None:
        """The numbers of the tokens that say it, those nearest together; None when the sentence does not."""
        for slot in self.slots:
            if not slot.runs and slot.words.isdisjoint(sentence.forms):
                return None
        options = [_places(slot, sentence) for slot in self.slots]
        if not all(options):
            return None
        if len(options) == 1:
            return [options[0][0]]
        return _nearest(options, sentence)


def _places(slot: Slot, sentence: Sentence) -> list[int]:
    found = [number for word in slot.words & sentence.forms for number in sentence.at[word]]
    for run in slot.runs:
        found += [number for number in sentence.at.get(run[0], ()) if _stands(run, number, sentence)]
    return sorted(set(found))


def _stands(run: tuple[str, ...], number: int, sentence: Sentence) -> bool:
    tokens = sentence.tokens
    if number + len(run) > len(tokens):
        return False
    return all(form in tokens[number + step].forms for step, form in enumerate(run))


def _nearest(options: list[list[int]], sentence: Sentence) -> list[int] | None:
    """One of each, all within the phrase's window, as close as they come."""
    place = [token.place for token in sentence.tokens]
    window = len(options) + GAP
    first = min(options, key=len)
    best: tuple[int, list[int]] | None = None
    for start in first:
        used = _around(start, [option for option in options if option is not first], place, window)
        if used is None:
            continue
        places = [place[number] for number in used]
        width = max(places) - min(places)
        if width < window and (best is None or width < best[0]):
            best = width, used
    return best[1] if best else None


def _around(start: int, others: list[list[int]], place: list[int], window: int) -> list[int] | None:
    used = [start]
    for option in others:
        near = [number for number in option if number not in used and abs(place[number] - place[start]) < window]
        if not near:
            return None
        used.append(min(near, key=lambda number: (abs(place[number] - place[start]), number)))
    return used


_COMMON = frozenset(map(stem, FUNCTION_WORDS | {"not"}))


def _cost(slot: Slot) -> int:
    """How many sentences would have to be looked at for this slot, roughly."""
    return sum(EVERYWHERE if head in _COMMON else 1 for head in slot.heads)


@lru_cache(maxsize=20_000)
def phrase(text: str) -> Phrase | None:
    """A line of the taxonomy as a phrase; None when there is no word in it."""
    text = " ".join(text.lower().replace("’", "'").split())
    body = text.lstrip("~").strip()
    if body.startswith('"') and body.endswith('"') and body.count('"') == 2:
        slots = [_slot(body)]
    else:
        slots = [_slot(part) for part in _SLOT.findall(body)]
    kept = tuple(slot for slot in slots if slot.size)
    if not kept:
        return None
    return Phrase(text, blake2b(text.encode(), digest_size=4).hexdigest(), kept, text.startswith("~"))


def _slot(part: str) -> Slot:
    words: set[str] = set()
    runs: list[tuple[str, ...]] = []
    for choice in _CHOICE.findall(part):
        name = choice.strip("<>")
        if choice.startswith('"'):
            run = tuple(stem(word) for word in _RUN.findall(choice))
            runs += [run] if run else []
        elif choice.startswith("<") and name in CLASSES:
            words |= CLASSES[name]
        else:
            words |= {stem(word) for word in _RUN.findall(choice)}
    return Slot(frozenset(words), tuple(runs))


def spoken(text: str) -> str:
    """The bare words of a line, for counting; classes say too little to be counted."""
    return re.sub(r"<\w+>|[/~\"]", " ", text)


@dataclass(slots=True)
class PhraseIndex:
    """All phrases of a taxonomy, found by one of their words."""

    by_head: dict[str, list[tuple[int, Phrase, tuple[frozenset[str], ...]]]] = field(default_factory=dict)
    unless: dict[int, list[Phrase]] = field(default_factory=dict)

    def add(self, cause: int, lines: Iterable[str], unless: Iterable[str]) -> None:
        """The phrases of one cause."""
        for found in filter(None, map(phrase, lines)):
            anchor = min(found.slots, key=_cost)
            others = tuple(frozenset(slot.heads) for slot in found.slots if slot is not anchor)
            for head in sorted(anchor.heads):
                self.by_head.setdefault(head, []).append((cause, found, others))
        self.unless[cause] = [found for found in map(phrase, unless) if found]

    def hits(self, sentence: Sentence) -> list[tuple[int, Phrase, list[int]]]:
        """(cause, phrase, numbers of its tokens) for every phrase that the sentence says."""
        found: list[tuple[int, Phrase, list[int]]] = []
        cancelled: dict[int, bool] = {}
        for (cause, _), one in self._near(sentence).items():
            at = one.find(sentence)
            if at is None:
                continue
            if cause not in cancelled:
                cancelled[cause] = any(other.find(sentence) is not None for other in self.unless.get(cause, ()))
            if not cancelled[cause]:
                found.append((cause, one, at))
        return found

    def _near(self, sentence: Sentence) -> dict[tuple[int, str], Phrase]:
        """The phrases of which each slot may have a word there, each once; of some fifty begun most are none."""
        found: dict[tuple[int, str], Phrase] = {}
        forms = sentence.forms
        for head in sentence.at:
            for cause, one, others in self.by_head.get(head, ()):
                for other in others:
                    if other.isdisjoint(forms):
                        break
                else:
                    found[cause, one.id] = one
        return found
