"""The causes as suggestions see them: phrases to find, and the words their own texts bring along."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from .models import Cause, Nature
from .prepared import Prepared
from .suggest_phrases import PhraseIndex, spoken
from .suggest_words import read


class Row(NamedTuple):
    """What of a cause is looked at."""

    id: int
    name: str
    nature: str
    definition: str
    aliases: str
    recognise: str
    phrases: str
    unless: str
    examples: str


# How much a word counts for each place it stands in, in tenths of a word in confirmed evidence.
WEIGHTS = {"definition": 15, "example": 10, "recognise": 7, "phrases": 15}


@dataclass(slots=True)
class Taxonomy:
    """All causes, ready to be found in a text.

    words: word to cause to a count in tenths; totals: cause to the sum of its counts.
    """

    rows: tuple[Row, ...]
    index: PhraseIndex = field(default_factory=PhraseIndex)
    natures: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    phrased: set[int] = field(default_factory=set)
    words: dict[str, dict[int, int]] = field(default_factory=dict)
    totals: Counter[int] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """The sum of all counts, in tenths."""
        return sum(self.totals.values())


def taxonomy_of(rows: Iterable[Row]) -> Taxonomy:
    """Takes the texts of the causes apart (some 200 ms for the 76 that are shipped)."""
    taxonomy = Taxonomy(tuple(rows))
    for row in taxonomy.rows:
        aliases = [alias.replace("/", " ").replace('"', " ") for alias in row.aliases.splitlines()]
        taxonomy.index.add(row.id, [*row.phrases.splitlines(), *aliases], row.unless.splitlines())
        taxonomy.natures[row.id], taxonomy.names[row.id] = row.nature, row.name
        if row.phrases:
            taxonomy.phrased.add(row.id)
        for text, weight in _texts(row):
            _count(taxonomy, row.id, text, weight)
    return taxonomy


def _texts(row: Row) -> Iterable[tuple[str, int]]:
    yield f"{row.name}. {row.definition}", WEIGHTS["definition"]
    yield from ((example, WEIGHTS["example"]) for example in row.examples.splitlines())
    yield row.recognise, WEIGHTS["recognise"]
    yield row.aliases, WEIGHTS["recognise"]
    yield spoken(row.phrases), WEIGHTS["phrases"]


def _count(taxonomy: Taxonomy, cause: int, text: str, weight: int) -> None:
    for word in read(text).words:
        counts = taxonomy.words.setdefault(word, {})
        counts[cause] = counts.get(cause, 0) + weight
        taxonomy.totals[cause] += weight


_last: list[Taxonomy] = []
_ROWS = Prepared(lambda: Cause.objects.offered().order_by("pk").values_list(*Row._fields))


def current() -> Taxonomy:
    """The causes as they are now (one query; taken apart again only when one of them changed)."""
    rows = tuple(_ROWS.rows())
    if not _last:
        _last.append(taxonomy_of(map(Row._make, rows)))
        # What a process keeps for good need not be walked again by every full collection, which takes 40 ms.
        gc.collect()
        gc.freeze()
    if _last[0].rows != rows:
        _last[:] = [taxonomy_of(map(Row._make, rows))]
    return _last[0]


DEFENCE, RESPONSE, TRIGGER = Nature.DEFENCE.value, Nature.RESPONSE.value, Nature.TRIGGER.value
