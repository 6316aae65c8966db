"""A taxonomy as it would meet texts that nobody had read when its phrases were written."""

from __future__ import annotations

from collections import defaultdict

from bench.causes_set import Labelled
from postmortems.suggest_phrases import Phrase, PhraseIndex
from postmortems.suggest_words import Sentence

Hit = tuple[int, Phrase, list[int]]


class Unread(PhraseIndex):
    """The phrases without those that only the incident at hand says, for they may have been written for it."""

    def __init__(self, index: PhraseIndex, incidents: list[Labelled]) -> None:
        super().__init__(index.by_head, index.unless)
        sayers: dict[tuple[int, str], set[int]] = defaultdict(set)
        self.kept: dict[int, list[Hit]] = {}
        for one in incidents:
            for sentence in one.read:
                self.kept[id(sentence)] = found = index.hits(sentence)
                for cause, phrase, _ in found:
                    sayers[cause, phrase.id].add(one.position)
        for number, found in self.kept.items():
            self.kept[number] = [row for row in found if len(sayers[row[0], row[1].id]) > 1]

    def hits(self, sentence: Sentence) -> list[Hit]:
        """Those of a sentence of these incidents."""
        return self.kept[id(sentence)]
