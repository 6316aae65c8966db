"""What was learned, as counters, and what one incident adds to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from .suggest_phrases import PhraseIndex
from .suggest_words import Sentence

CONFIRMED, SUSPECTED, REJECTED = 10, 6, 20  # tenths
Judged = Mapping[int, tuple[int, Iterable[Sentence]]]


@dataclass(slots=True)
class Lesson:
    """What one incident teaches; counts in tenths.

    causes: cause to its weight. words: cause to the words of the passages that show it, a word once for each.
    phrases: cause to phrase (its id) to [times right, times seen]. size: different words of the whole incident.
    """

    causes: dict[int, int] = field(default_factory=dict)
    words: dict[int, list[str]] = field(default_factory=dict)
    phrases: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    size: int = 0

    def stored(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            "causes": {str(cause): weight for cause, weight in sorted(self.causes.items())},
            "words": {str(cause): " ".join(words) for cause, words in sorted(self.words.items())},
            "phrases": {str(cause): dict(sorted(counts.items())) for cause, counts in sorted(self.phrases.items())},
            "size": self.size,
        }

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Lesson:
        """The way back."""
        return cls(
            {int(cause): weight for cause, weight in stored["causes"].items()},
            {int(cause): words.split() for cause, words in stored["words"].items()},
            {int(cause): counts for cause, counts in stored["phrases"].items()},
            stored["size"],
        )


def lesson_of(sentences: list[Sentence], judged: Judged, rejected: Iterable[int], index: PhraseIndex) -> Lesson | None:
    """What a text teaches whose causes somebody judged; None when nobody did.

    judged: cause to its weight and the sentences that show it. A phrase that stands in the text was right when its
    cause was found there, and is counted wrong twice where the cause was rejected.
    """
    refused = set(rejected)
    if not judged and not refused:
        return None
    lesson = Lesson(size=len({word for sentence in sentences for word in sentence.words}))
    for cause, (weight, passages) in sorted(judged.items()):
        lesson.causes[cause] = weight
        lesson.words[cause] = [word for passage in passages for word in passage.words]
    for cause, phrase in sorted({(cause, found.id) for one in sentences for cause, found, _ in index.hits(one)}):
        right = lesson.causes.get(cause, 0)
        seen = REJECTED if cause in refused else CONFIRMED
        lesson.phrases.setdefault(cause, {})[phrase] = [right, seen]
    return lesson


@dataclass(slots=True)
class Counts:
    """Counters over many lessons, all of them or those that a text asks for.

    words: word to cause to a count; totals: cause to its words; causes: cause to its incidents; phrases: (cause,
    phrase) to [right, seen]; pairs: two causes, the lower first, to the incidents that have both; incidents and size:
    how many there were, and their different words together.
    """

    words: dict[str, dict[int, int]] = field(default_factory=dict)
    totals: Counter[int] = field(default_factory=Counter)
    causes: Counter[int] = field(default_factory=Counter)
    phrases: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    incidents: int = 0
    size: int = 0

    def add(self, lesson: Lesson, sign: int = 1) -> None:
        """Count a lesson; with sign -1, take it off again."""
        self.incidents += sign
        self.size += sign * lesson.size
        for pair in combinations(sorted(lesson.causes), 2):
            self.pairs[pair] += sign
        for cause, weight in lesson.causes.items():
            self.causes[cause] += sign * weight
            for word in lesson.words.get(cause, ()):
                counts = self.words.setdefault(word, {})
                counts[cause] = counts.get(cause, 0) + sign * weight
                self.totals[cause] += sign * weight
        for cause, counts_of in lesson.phrases.items():
            for phrase, (right, seen) in counts_of.items():
                known = self.phrases.setdefault((cause, phrase), [0, 0])
                known[0] += sign * right
                known[1] += sign * seen
