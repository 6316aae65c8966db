"""How good similar incidents are: whether one with the same causes is among the first five."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from math import log
from typing import Any

from bench.causes_baselines import Bm25, Tfidf
from bench.causes_set import Labelled, Set
from postmortems.similar import Likeness, cause_cosine, weigh
from postmortems.similar_terms import cosine, counted, terms_of
from postmortems.suggest import SHOWN_AS_KNOWN

FIRST = 5
SHARED = (1, 2)  # how many required causes make two incidents relatives


class Kin:
    """The product's way of comparing, over a labelled set in memory; every pair is compared."""

    def __init__(self, labelled: Set, engine: Any) -> None:
        self.set, self.engine = labelled, engine
        texts = [[one.title, *one.sentences] for one in labelled.incidents]
        known: Counter[str] = Counter()
        for text in texts:
            known.update(counted(text)[0].keys())
        self.terms = [terms_of(counted(text), known, len(texts)).weights for text in texts]
        causes = Counter(key for one in labelled.incidents for key in one.required)
        self.rare = {key: log(1 + len(texts) / (1 + causes[key])) for key in sorted(labelled.keys)}
        self.number = {key: place for place, key in enumerate(sorted(labelled.keys))}

    def links(self, one: Labelled) -> dict[int, float]:
        """Its confirmed causes."""
        return {self.number[key]: 1.0 if key in one.required else 0.6 for key in one.evidence}

    def guessed(self, one: Labelled) -> dict[int, float]:
        """The causes its text shows, learned from all others."""
        rows = self.engine.ranked(one, [one])[:8]
        return {self.number[key]: score for key, score, _ in rows if score >= SHOWN_AS_KNOWN}

    def nearest(self, one: Labelled, causes: dict[int, float], others: dict[int, dict[int, float]]) -> list[int]:
        rare = {self.number[key]: value for key, value in self.rare.items()}
        found = []
        for other in self.set.incidents:
            if other is not one:
                like = Likeness(other.position, text=cosine(self.terms[one.position], self.terms[other.position]))
                like.causes, like.cause_cosine = cause_cosine(causes, others.get(other.position, {}), rare)
                found.append(like)
        weigh(found, 0)
        return [like.incident for like in sorted(found, key=lambda like: (-like.score, like.incident))[:FIRST]]


def table(labelled: Set, engine: Any, other: Any, say: Callable[[str], None]) -> None:
    """Share of incidents with a relative among the first five and in first place, and recall@5."""
    kin = Kin(labelled, engine)
    confirmed = {one.position: kin.links(one) for one in labelled.incidents}
    guessed = {one.position: kin.guessed(one) for one in labelled.incidents}
    ways: list[tuple[str, Callable[[Labelled], list[int]]]] = [
        ("text only, nothing known", lambda one: kin.nearest(one, guessed[one.position], guessed)),
        ("text, others confirmed", lambda one: kin.nearest(one, guessed[one.position], confirmed)),
        ("with confirmed causes", lambda one: kin.nearest(one, confirmed[one.position], confirmed)),
        ("words alone", lambda one: kin.nearest(one, {}, {})),
    ]
    for baseline in (Bm25(labelled, "BM25"), Tfidf(labelled, "TF-IDF cosine")):
        ways.append((baseline.name, partial(_by_likeness, baseline, labelled)))
    ways += _of_reference(other, labelled) if other else []
    for shared in SHARED:
        said = "at least one required cause is shared" if shared == 1 else f"{shared} required causes are shared"
        say(f"\nsimilar incidents, when {said:42}{'in first 5':>12}{'first':>10}{'recall@5':>10}{'of':>6}")
        for name, way in ways:
            say(f"{name:67}{_rates(labelled, way, shared)}")


def _by_likeness(baseline: Any, labelled: Set, one: Labelled) -> list[int]:
    others = [other.position for other in labelled.incidents if other is not one]
    return sorted(others, key=lambda other: (-baseline.likeness(one.position, other), other))[:FIRST]


def _of_reference(other: Any, labelled: Set) -> list[tuple[str, Callable[[Labelled], list[int]]]]:
    finder = other.module.SimilarFinder()
    for one in labelled.incidents:
        causes = {key: 1.0 if key in one.required else 0.6 for key in one.evidence}
        finder.add(one.position, " ".join(one.sentences), causes)

    def find(one: Labelled, *, known: bool) -> list[int]:
        causes = {key: 1.0 if key in one.required else 0.6 for key in one.evidence} if known else None
        rows = finder.find(" ".join(one.sentences), causes, limit=FIRST, skip={one.position})
        return [row[0] for row in rows]

    return [
        ("reference, text only", lambda one: find(one, known=False)),
        ("reference, with confirmed causes", lambda one: find(one, known=True)),
    ]


def _rates(labelled: Set, way: Callable[[Labelled], list[int]], shared: int) -> str:
    hits, firsts, recalls = 0, 0, []
    for one in labelled.incidents:
        relatives = {
            other.position for other in labelled.incidents
            if other is not one and len(one.required & other.required) >= shared
        }  # fmt: skip
        if relatives:
            found = way(one)
            hits += bool(relatives & set(found))
            firsts += found[0] in relatives
            recalls.append(len(relatives & set(found)) / min(FIRST, len(relatives)))
    count = max(len(recalls), 1)
    return f"{hits / count:>12.3f}{firsts / count:>10.3f}{sum(recalls) / count:>10.3f}{len(recalls):>6}"
