"""What is searched for in the measurements: classes of queries, drawn from what is in the index."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from urllib.parse import urlencode

from postmortems.models import SearchDocument, Word
from postmortems.search_tokens import STOP_WORDS

TWO_FACETS = [("severity", "SEV1"), ("severity", "SEV2"), ("year", "2020"), ("year", "2021")]
Case = tuple[str, list[tuple[str, str]]]  # the text and the other parameters


def words_between(low: float, high: float, random: Random, count: int) -> list[str]:
    """Words of four letters or more that stand in such a share of the open incidents, each once if there are enough."""
    everything = Word.objects.get(word="@open").documents
    rows = Word.objects.filter(documents__gte=max(low * everything, 1), documents__lte=high * everything)
    words = sorted(word for word in rows.values_list("word", flat=True) if len(word) > 3 and word not in STOP_WORDS)
    random.shuffle(words)
    return (words * (count // len(words) + 1))[:count] if words else []


def lines(random: Random, count: int, length: int) -> list[str]:
    """Stretches of what stands in incidents, so many characters long."""
    keys = list(SearchDocument.objects.values_list("key", flat=True))
    rows = SearchDocument.objects.filter(key__in=random.sample(keys, min(count, len(keys))))
    streams = rows.order_by("key").values_list("stream", flat=True)
    told = (" ".join(word for word in stream.split() if word[0] != "§") for stream in streams)
    return [text[(at := random.randrange(max(len(text) - length, 1))) : at + length] for text in told]


def classes(random: Random, count: int) -> Iterator[tuple[str, list[Case]]]:
    """Every class with its queries, no two of them for the same page."""
    frequent, medium = words_between(0.2, 1, random, 2 * count), words_between(0.01, 0.1, random, 2 * count)
    rare = words_between(0, 0.0005, random, count) or words_between(0, 0.002, random, count)
    plain: dict[str, list[str]] = {
        "frequent word": frequent[:count],
        "medium word": medium[:count],
        "rare word": rare,
        "two frequent words": [" ".join(random.sample(frequent, 2)) for _ in range(count)],
        "three words": [" ".join(random.sample(frequent, 2) + random.sample(medium, 1)) for _ in range(count)],
        "phrase": [f'"{" ".join(line.split()[1:4])}"' for line in lines(random, count, 60)],
        "prefix": [word[: random.randint(3, 4)] + "*" for word in frequent[:count]],
        "misspelt": [word[:2] + word[3] + word[2] + word[4:] for word in medium[:count]],
        "pasted line, 160": lines(random, count, 160),
        "pasted trace, 2,000": [line + "\n" for line in lines(random, count, 2_000)],
    }
    for name, texts in plain.items():
        yield name, [(text, []) for text in texts]
    yield "two facets", [(word, TWO_FACETS) for word in frequent[:count]]
    for sort in ("relevance", "newest", "severity"):
        yield f"page 500, {sort}", [(word, [("sort", sort), ("page", "500")]) for word in frequent[:count]]
    yield "longest first", [(word, [("sort", "longest")]) for word in frequent[:count]]


def address(case: Case, turn: int) -> str:
    """The query string. Spaces at the end make it another page for each turn, so that none was kept; they mean
    nothing to the search.
    """
    text, more = case
    return urlencode([("q", text + " " * turn), *more])
