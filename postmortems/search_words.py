"""The words of the open incidents: which are rare, what begins so, what was meant.

Restricted incidents and drafts have no part in it, so nothing of them can show in a correction or a completion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice

from django.db import connection, transaction

from .models import SearchDocument, Word
from .search_engine import engine
from .search_tokens import LONGEST, stem

OPEN = "@open"  # counted like a word: the number of open incidents
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
COMPLETIONS = 12
MORE = 50
LOOKED_AT = 400  # words compared letter by letter for one that is misspelt twice


def words_in(facets: str, stream: str) -> set[str]:
    """The words an incident counts for; none unless it is open."""
    if OPEN not in facets.split():
        return set()
    return {word for word in stream.split() if word[0] != "§"} | {OPEN}


def change(before: set[str], after: set[str]) -> None:
    """Count the words of one incident that came and went (a query for each of the two, at most)."""
    for words, number in ((after - before, 1), (before - after, -1)):
        if words:
            ordered = sorted(words)
            engine().count_up(ordered, [stem(word) for word in ordered], number)


def frequencies(stems: Iterable[str]) -> dict[str, int]:
    """In about how many open incidents each of these stems stands, and all of them as `OPEN` (one query)."""
    asked = [*stems, OPEN]
    places = ", ".join(["%s"] * len(asked))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT stem, max(documents) FROM postmortems_word WHERE stem IN ({places}) GROUP BY stem",  # noqa: S608
            asked,
        )
        return dict(cursor.fetchall())


def completions(prefix: str, limit: int = COMPLETIONS) -> list[str]:
    """The stems of the most frequent words that begin so (one query)."""
    condition, params = engine().starting_with(prefix)
    query = (
        f"SELECT stem, max(documents) AS most FROM postmortems_word WHERE {condition} AND documents > 0 "  # noqa: S608
        "GROUP BY stem ORDER BY most DESC, stem LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, limit])
        return [row[0] for row in cursor.fetchall()]


def correction(word: str, known: int = 0) -> str | None:
    """The word that this one is a misspelling of, if there is one (two queries).

    `known` is in how many incidents it stands as it is; the right one stands in `MORE` times as many.

    One letter wrong, missing, added or swapped with its neighbour anywhere, or two in a word of seven letters or more
    whose first three are right (Damerau, 1964: nine of ten misspellings are of the first kind).
    """
    if not 4 <= len(word) <= 30:
        return None
    best = _most_frequent(_one_edit(word), MORE * known, stem(word))
    return best or (_two_edits(word) if len(word) >= 7 and not known else None)


def _most_frequent(words: list[str], least: int, but: str) -> str | None:
    """That in most incidents, if it is in more than these and has another stem."""
    condition, params = engine().one_of(words)
    query = (
        f"SELECT word FROM postmortems_word WHERE {condition} AND documents > %s AND stem <> %s "  # noqa: S608
        "ORDER BY documents DESC, word LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, least, but])
        return next((word for (word,) in cursor.fetchall()), None)


def _one_edit(word: str) -> list[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {head + tail[1:] for head, tail in cuts if tail}
    found |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    found |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in LETTERS}
    found |= {head + letter + tail for head, tail in cuts for letter in LETTERS}
    return sorted(found - {word})


def _two_edits(word: str) -> str | None:
    condition, params = engine().starting_with(word[:3])
    query = (
        f"SELECT word FROM postmortems_word WHERE {condition} AND documents > 0 "  # noqa: S608
        "AND length(word) BETWEEN %s AND %s ORDER BY documents DESC, word LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, len(word) - 2, len(word) + 2, LOOKED_AT])
        rows = [row[0] for row in cursor.fetchall()]
    return next((found for found in rows if found != word and distance(found, word) <= 2), None)


def distance(one: str, two: str) -> int:
    """Letters to change, drop, add or swap to make one word of the other (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(two) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, other in enumerate(two, start=1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != other))
            swapped = row > 1 and column > 1 and letter == two[column - 2] and one[row - 2] == other
            line.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, last = last, line
    return last[-1]


def recount() -> None:
    """Count all words anew, in small transactions; readers and writers go on meanwhile.

    A word that is nowhere any more counts 0 and stays: somebody may be saving it just now.
    """
    known = set(Word.objects.filter(documents__gt=0).values_list("word", flat=True).iterator())
    counts: Counter[str] = Counter()
    for facets, stream in SearchDocument.objects.values_list("facets", "stream").iterator(chunk_size=500):
        counts.update(words_in(facets, stream))
    for part in _parts(sorted(known - counts.keys()), 500):
        Word.objects.filter(word__in=part).update(documents=0)
    for part in _parts(sorted(counts), 2_000):
        rows = [Word(word=word, stem=stem(word), documents=counts[word]) for word in part if len(word) <= LONGEST]
        with transaction.atomic():
            Word.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["word"], update_fields=["stem", "documents"]
            )


def _parts(rows: Iterable[str], size: int) -> Iterable[list[str]]:
    walker = iter(rows)
    while part := list(islice(walker, size)):
        yield part
