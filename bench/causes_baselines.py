"""Simpler ways to suggest causes, to compare with."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import log, sqrt
from typing import Any

from bench.causes_set import Labelled, Ranked, Set

NEIGHBOURS = 10


class Neighbours:
    """Nearest incidents vote for their causes; the sentence shown is the one that shares most words with them."""

    learns_only = True
    threshold = 0.2
    joined = False

    def __init__(self, labelled: Set, name: str) -> None:
        self.set, self.name = labelled, name
        self.words = [Counter(word for sentence in one.read for word in sentence.words) for one in labelled.incidents]
        self.total = len(labelled.incidents)
        self.mean = sum(sum(words.values()) for words in self.words) / max(self.total, 1)

    def rarity(self, word: str) -> float:
        count = self.set.frequencies[word]
        return log(1 + (self.total - count + 0.5) / (count + 0.5))

    def likeness(self, one: int, other: int) -> float:
        raise NotImplementedError

    def vote(self, likeness: float) -> float:
        raise NotImplementedError

    def ranked(self, one: Labelled, unseen: list[Labelled] | None) -> Ranked:
        hidden = {other.position for other in unseen or ()}
        near = sorted(
            ((self.likeness(one.position, other.position), other) for other in self.set.incidents
             if other.position not in hidden),
            key=lambda row: (-row[0], row[1].position),
        )[:NEIGHBOURS]  # fmt: skip
        votes: Counter[str] = Counter()
        shown: dict[str, Counter[str]] = defaultdict(Counter)
        for likeness, other in near:
            for key in sorted(other.required):
                votes[key] += self.vote(likeness)  # type: ignore[assignment]
                for at in other.evidence[key]:
                    shown[key].update(other.read[at].words)
        whole = sum(self.vote(likeness) for likeness, _ in near) or 1.0
        ordered = sorted(votes, key=lambda key: (-votes[key], key))
        return [(key, votes[key] / whole, self._sentence(one, shown[key])) for key in ordered]

    def _sentence(self, one: Labelled, words: Counter[str]) -> int:
        scores = [sum(self.rarity(word) for word in sentence.words if word in words) for sentence in one.read]
        return scores.index(max(scores))


class Bm25(Neighbours):
    """BM25 of the whole text against the others (Robertson, k1 = 1.2, b = 0.75), votes by score."""

    def likeness(self, one: int, other: int) -> float:
        words, length = self.words[other], sum(self.words[other].values())
        total = 0.0
        for word in self.words[one].keys() & words.keys():
            total += self.rarity(word) * words[word] * 2.2 / (words[word] + 1.2 * (0.25 + 0.75 * length / self.mean))
        return round(total, 9)

    def vote(self, likeness: float) -> float:
        return likeness


class Tfidf(Neighbours):
    """Cosine of TF-IDF, one incident one vote."""

    def likeness(self, one: int, other: int) -> float:
        first, second = self._vector(one), self._vector(other)
        size = sqrt(sum(v * v for v in first.values()) * sum(v * v for v in second.values())) or 1.0
        return round(sum(first[word] * second[word] for word in sorted(first.keys() & second.keys())) / size, 9)

    def _vector(self, number: int) -> dict[str, float]:
        return {word: (1 + log(count)) * self.rarity(word) for word, count in self.words[number].items()}

    def vote(self, likeness: float) -> float:
        return 1.0


class Aliases:
    """The phrases of the taxonomy alone: the more of them a text says, the likelier the cause."""

    name, learns_only, threshold, joined = "aliases alone", False, 0.5, False

    def __init__(self, labelled: Set, engine: Any) -> None:
        self.set, self.engine = labelled, engine

    def ranked(self, one: Labelled, unseen: list[Labelled] | None) -> Ranked:
        said: dict[int, Counter[int]] = defaultdict(Counter)
        for number, sentence in enumerate(one.read):
            for cause, _, _ in self.engine.taxonomy.index.hits(sentence):
                said[cause][number] += 1
        rows = []
        for cause, sentences in said.items():
            at, _ = min(sentences.items(), key=lambda row: (-row[1], row[0]))
            rows.append((self.engine.keys[cause], 1 - 0.65 ** sum(sentences.values()), at))
        return sorted((row for row in rows if row[0] in self.set.keys), key=lambda row: (-row[1], row[0]))


class Other:
    """Another implementation with the interface of suggest_reference.py."""

    name, learns_only, threshold, joined = "reference", False, 0.7, False

    def __init__(self, module: Any, taxonomy: Any, labelled: Set) -> None:
        self.module, self.taxonomy, self.set = module, taxonomy, labelled
        self.full, self.bare = module.CauseSuggester(taxonomy), module.CauseSuggester(taxonomy)
        for one in labelled.incidents:
            self.full.learn(one.sentences, self._links(one))

    def _links(self, one: Labelled) -> dict[str, tuple[float, list[int]]]:
        return {key: (1.0 if key in one.required else 0.6, sorted(at)) for key, at in one.evidence.items()}

    def ranked(self, one: Labelled, unseen: list[Labelled] | None) -> Ranked:
        suggester = self.bare if unseen is None else self.full
        for other in unseen or ():
            suggester.learn(other.sentences, self._links(other), -1)
        rows = suggester.suggest(one.sentences, limit=99)
        for other in unseen or ():
            suggester.learn(other.sentences, self._links(other))
        return [(row.cause, row.score, row.sentence) for row in rows if row.cause in self.set.keys]


def ways(labelled: Set, engine: Any) -> list[Any]:
    """The baselines."""
    return [Bm25(labelled, "BM25 neighbours"), Tfidf(labelled, "TF-IDF, majority vote"), Aliases(labelled, engine)]
