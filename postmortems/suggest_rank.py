"""Puts the causes a text shows in order, each with the sentence that shows it best.

Two kinds of evidence in a sentence, phrases and words, are weighed together with where the sentence stands; the weights
are a logistic regression over labelled public incidents (`bench/causes.py` measures what they are worth on others).
A cause is as likely as that one of its sentences shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log, log1p, sqrt

from .suggest_counts import CONFIRMED, Counts
from .suggest_phrases import GAP, Phrase
from .suggest_taxonomy import DEFENCE, RESPONSE, TRIGGER, Taxonomy
from .suggest_weights import WordWeights
from .suggest_words import Sentence

# How often a phrase is right before it was seen (a hint, one of a word or two, one of more), and what that counts for.
HINT, PRIOR, LONG_PRIOR, PRIOR_WEIGHT = 0.15, 0.35, 0.45, 6
QUIET = 0.8  # words alone that say less than this show nothing
BEST = 4  # sentences that count for a cause
NAMED = 4  # words named as matched
SAID = 3  # phrases that count in a sentence; more of them mostly say the same again
BIAS = -4.19
WEIGHTS = {
    "phrases": 1.2038, "words": 2.6, "margin": 1.0, "future": -0.7905, "future defence": 1.364,
    "future response": 1.3293, "defence": 0.2649, "response": 0.371, "place": -0.845,
    "both": -0.4025, "words beside": -0.2223, "phrases beside": -0.1936, "why": 0.4,
}  # fmt: skip
SCALE, SHIFT = 1.124, 0.133
# What a phrase still says when a comma or the like stands between its words, and when as many others as may.
BROKEN, STRETCHED = 0.7, 0.75
# What set an incident off is told early in a text, how it was got over late: a weight, and where it is neither.
EARLY, LATE = (-1.8, 0.0), (1.8, 0.7)
IN_CAUSES, IN_WELL = 0.4, -1.0  # for sentences under a heading that says so

CUE = re.compile(
    r"\b(root cause|caus(?:e|ed|ing)|due to|because|result(?:ed|ing)? (?:in|of)|trigger|led to|stemm|contribut|"
    r"factor|fail(?:ed|ure|s)?|bug|misconfig|lack|missing|insufficient|did not|didn't|not)\b",
    re.IGNORECASE,
)
# Says why something happened, not merely that it did.
WHY = re.compile(
    r"\b(because|due to|led to|leading to|caus(?:ed|ing)|(?:root|primary) cause|underlying|culprit|turned out|stemm\w+|"
    r"attributed to|traced to|trigger(?:ed)? (?:by|at|when)|result(?:ed|ing) (?:from|in)|"
    r"(?:began|started|occurred|happened) (?:when|after|because)|(?:cause|trigger|reason|issue|problem) (?:was|is))\b",
    re.IGNORECASE,
)
BREAK = re.compile(r"[,;:()]|--")
FUTURE = re.compile(
    r"\b(will|plan|plans|planned|planning|improvements?|improving|to prevent|prevent(ing)? (recurrence|similar|future)|"
    r"in (the )?future|future|action items|lessons?|learned|learnings|enhanc\w+|remediation|measures|steps|commit\w*|"
    r"follow-ups?|since then|going forward|moving forward|recommend\w*|mitigations?|"
    r"includ(e|es|ing) (adding|implementing|improving))\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Shown:
    """A cause that a text shows. sentence: the number of the one to show; tokens: of it, those that a phrase matched.

    phrase: the line of the taxonomy; counted: the words that tell most.
    """

    cause: int
    score: float
    sentence: int
    phrase: str = ""
    tokens: list[int] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Signs:
    """What speaks for a cause in one sentence. said: by phrases, told: by words."""

    phrases: list[tuple[float, Phrase, list[int]]] = field(default_factory=list)
    said: float = 0.0
    told: float = 0.0


def logit(probability: float) -> float:
    """Of a probability between 0 and 1, held off both ends."""
    return log((probability + 0.03) / (1 - probability + 0.03))


NO_PHRASE = logit(0.0)


class Ranking:
    """One text against a taxonomy and what was learned. frequencies: word to the number of incidents with it."""

    def __init__(self, taxonomy: Taxonomy, counts: Counts, frequencies: Mapping[str, int], documents: int) -> None:
        self.taxonomy, self.counts = taxonomy, counts
        self.words = WordWeights(taxonomy, counts, frequencies, documents)

    def ranked(self, sentences: list[Sentence]) -> list[Shown]:
        """Every cause that anything speaks for, the likeliest first."""
        signs = [self._signs(sentence) for sentence in sentences]
        chances = self._chances(sentences, signs)
        found = [self._shown(cause, rows, sentences, signs) for cause, rows in chances.items()]
        return sorted(found, key=lambda one: (-one.score, one.cause))

    def _signs(self, sentence: Sentence) -> dict[int, _Signs]:
        """Cause to what speaks for it; causes of which only a few words do are left out."""
        found: dict[int, _Signs] = {}
        for cause, phrase, tokens in self.taxonomy.index.hits(sentence):
            signs = found.setdefault(cause, _Signs())
            signs.phrases.append((self._reliability(cause, phrase) * _hold(sentence, tokens), phrase, tokens))
        told: dict[int, float] = {}
        for word in sentence.words:
            for cause, weight in self.words.of(word):
                told[cause] = told.get(cause, 0.0) + weight
        size = sqrt(len(sentence.words) + 6) / (1.2 if CUE.search(sentence.text) else 1)
        for cause, weight in told.items():
            if weight > QUIET * size and cause not in found:
                found[cause] = _Signs()
        for cause, signs in found.items():
            signs.told = log1p(told.get(cause, 0.0) / size)
            signs.said = _said(signs) if signs.phrases else NO_PHRASE
        return found

    def _reliability(self, cause: int, phrase: Phrase) -> float:
        right, seen = self.counts.phrases.get((cause, phrase.id), (0, 0))
        prior = PRIOR_WEIGHT * (HINT if phrase.hint else PRIOR if len(phrase.slots) < 3 else LONG_PRIOR)
        return min((max(right, 0) / CONFIRMED + prior) / (max(seen, 0) / CONFIRMED + PRIOR_WEIGHT), 0.98)

    def _chances(self, sentences: list[Sentence], signs: list[dict[int, _Signs]]) -> dict[int, list[tuple[float, int]]]:
        """Cause to (chance, number) of each sentence that may show it."""
        most: dict[int, _Signs] = {}
        for row in signs:
            for cause, one in row.items():
                highest = most.setdefault(cause, _Signs(said=NO_PHRASE))
                highest.said, highest.told = max(highest.said, one.said), max(highest.told, one.told)
        chances: dict[int, list[tuple[float, int]]] = {cause: [] for cause in most}
        for number, (sentence, row) in enumerate(zip(sentences, signs, strict=True)):
            about = self._about(sentence, number / max(len(sentences) - 1, 1))
            first, second = _two_highest(one.told for one in row.values())
            for cause, one in row.items():
                margin = one.told - (second if one.told >= first else first)
                weight = about[self._part(cause)] + WEIGHTS["margin"] * margin + _weighed(one, most[cause])
                chances[cause].append((1 / (1 + exp(-weight)), number))
        return chances

    def _part(self, cause: int) -> str:
        nature = self.taxonomy.natures[cause]
        return nature if nature in (DEFENCE, RESPONSE, TRIGGER) else ""

    def _about(self, sentence: Sentence, place: float) -> dict[str, float]:
        """What the sentence itself says for causes of each kind: missing defences, responses, triggers, others."""
        future = sentence.kind == "future" or bool(FUTURE.search(sentence.text))
        base = BIAS + WEIGHTS["place"] * place + WEIGHTS["future"] * future
        base += WEIGHTS["why"] * bool(WHY.search(sentence.text))
        base += IN_CAUSES * (sentence.kind == "cause") + IN_WELL * (sentence.kind == "well")
        defence = base + WEIGHTS["defence"] + WEIGHTS["future defence"] * future
        response = base + WEIGHTS["response"] + WEIGHTS["future response"] * future
        response += LATE[0] * (place - LATE[1])
        trigger = base + EARLY[0] * (place - EARLY[1])
        defence -= 5.0 if sentence.kind == "well" else 0.0
        return {"": base, RESPONSE: response, TRIGGER: trigger, DEFENCE: defence}

    def _shown(
        self, cause: int, rows: list[tuple[float, int]], sentences: list[Sentence], signs: list[dict[int, _Signs]]
    ) -> Shown:
        best = sorted(rows, key=lambda row: (-row[0], row[1]))[:BEST]
        missed = 1.0
        for chance, _ in best:
            missed *= 1 - chance
        missed = min(max(missed, 1e-9), 1 - 1e-9)
        score = 1 / (1 + exp(-(SCALE * log((1 - missed) / missed) + SHIFT)))
        number = best[0][1]
        one = signs[number][cause]
        found = Shown(cause, round(score, 6), number, counted=self.words.telling(cause, sentences[number])[:NAMED])
        if one.phrases:
            _, phrase, found.tokens = min(one.phrases, key=lambda row: (-row[0], row[1].text))
            found.phrase = phrase.text
        return found


def _hold(sentence: Sentence, tokens: list[int]) -> float:
    """How far these tokens make one statement, from 0 to 1."""
    if len(tokens) == 1:
        return 1.0
    first, last = sentence.tokens[min(tokens)], sentence.tokens[max(tokens)]
    between = last.place - first.place + 1 - len(tokens)
    broken = BREAK.search(sentence.text, first.end, last.start)
    return (BROKEN if broken else 1.0) * (STRETCHED if between >= GAP else 1.0)


def _said(signs: _Signs) -> float:
    """The chance that one of the phrases is right."""
    missed = 1.0
    for right in sorted((right for right, _, _ in signs.phrases), reverse=True)[:SAID]:
        missed *= 1 - right
    return logit(1 - missed)


def _weighed(one: _Signs, most: _Signs) -> float:
    """What phrases and words together say, in this sentence and beside the one that says most."""
    weight = WEIGHTS["phrases"] * one.said + WEIGHTS["words"] * one.told + WEIGHTS["both"] * one.said * one.told
    weight += WEIGHTS["words beside"] * (one.told - most.told)
    return weight + WEIGHTS["phrases beside"] * (one.said - most.said)


def _two_highest(values: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(values, reverse=True)
    return ordered[0] if ordered else 0.0, ordered[1] if len(ordered) > 1 else 0.0
