"""How much a word speaks for each cause."""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt

from .suggest_counts import Counts
from .suggest_taxonomy import Taxonomy
from .suggest_words import Sentence

SMOOTH = 60.0
DISTINCT, SPREAD = 120.0, 2.0  # different words of an incident where none was learned from; sentences for each of them
ENOUGH = 600.0  # words of evidence beyond which more of it does not make a word tell more
MANY, COMMON = 200, 0.4  # of so many incidents and more, a word that stands in a larger share of them tells nothing
LEARNED = 0.3  # what a learned word counts for beside one of a cause that comes with phrases


def tells(count: int, documents: int) -> bool:
    """Whether a word that stands in so many of so many incidents can speak for a cause at all."""
    return documents < MANY or count <= COMMON * documents


class WordWeights:
    """Log-odds of words in evidence of a cause against all sentences, in standard deviations.

    Monroe, Colaresi and Quinn, "Fightin' Words" (2008). Counts are scaled down where there is more than enough
    evidence, so that a weight means the same in a large knowledge base as in a small one.
    """

    def __init__(self, taxonomy: Taxonomy, counts: Counts, frequencies: Mapping[str, int], documents: int) -> None:
        self.taxonomy, self.counts, self.frequencies = taxonomy, counts, frequencies
        distinct = counts.size / counts.incidents if counts.incidents > 0 else DISTINCT
        self.documents = documents
        self.everything = taxonomy.size / 10 + SPREAD * documents * max(distinct, 1.0)
        self._known: dict[str, list[tuple[int, float]]] = {}
        self._causes: dict[int, tuple[float, float, float, float]] = {}

    def of(self, word: str) -> list[tuple[int, float]]:
        """The causes a word speaks for, and how much."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._weights(word)
        return known

    def telling(self, cause: int, sentence: Sentence) -> list[str]:
        """The words of a sentence that speak for a cause, those that say most first."""
        found = [(weight, word) for word in sentence.words for one, weight in self.of(word) if one == cause]
        return [word for _, word in sorted(found, key=lambda row: (-row[0], row[1]))]

    def _weights(self, word: str) -> list[tuple[int, float]]:
        if not tells(self.frequencies.get(word, 0), self.documents):
            return []
        own, learned = self.taxonomy.words.get(word, {}), self.counts.words.get(word, {})
        every = sum(own.values()) / 10 + SPREAD * self.frequencies.get(word, 0)
        found = []
        for cause in sorted(own.keys() | learned.keys()):
            total, mass, scale, share = self._of_cause(cause)
            count = (own.get(cause, 0) + share * learned.get(cause, 0)) * scale / 10
            if count * mass > every * scale * total:  # the others are cheap to tell
                weight = _weight(count, total, every * scale, mass)
                found += [(cause, weight)] if weight > 0 else []
        return found

    def _of_cause(self, cause: int) -> tuple[float, float, float, float]:
        """Words of evidence, words of everything, by how much both are scaled down, and what a learned word counts."""
        if cause not in self._causes:
            share = LEARNED if cause in self.taxonomy.phrased else 1.0
            total = (self.taxonomy.totals[cause] + share * self.counts.totals[cause]) / 10
            scale = min(1.0, ENOUGH / total) if total > 0 else 1.0
            self._causes[cause] = total * scale, max(self.everything * scale, 2 * total * scale), scale, share
        return self._causes[cause]


def _weight(count: float, total: float, every: float, mass: float) -> float:
    """Of a word that stands so often in evidence of a cause and in everything, of so many words."""
    every = min(max(every, count), mass / 4)
    prior = SMOOTH * every / mass
    here, there = count + prior, max(every - count, 0.0) + prior
    odds = log(here / (total + SMOOTH - here)) - log(there / max(mass - total + SMOOTH - there, SMOOTH))
    return odds / sqrt(1 / here + 1 / there)
