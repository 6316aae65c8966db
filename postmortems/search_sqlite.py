"""The index in SQLite: an FTS5 table over the texts of `SearchDocument`, kept by triggers, with its keys as rowids.

A walk from the highest rowid stops after the newest hits; ranking every hit is what would cost.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import DatabaseError, connection, transaction

from .search_expression import EVER, All, Either, Expression, Phrase, Span, Token, Without

_COLUMNS = {"@": "{facets bag}", **dict.fromkeys("~^+!", "bag")}  # by the mark of a token
_KEYS = "SELECT f.rowid FROM postmortems_searchindex AS f WHERE f.postmortems_searchindex MATCH %s"
_DOCUMENTS = (
    "SELECT key, incident_id, lasted, facets FROM postmortems_searchdocument "
    "WHERE key IN (SELECT value FROM json_each(%s))"
)


def rendered(expression: Expression) -> str:
    """As an FTS5 query, every token quoted, and looked for in its column only, which is nearly twice as fast."""
    match expression:
        case Token(token):
            return f'{_COLUMNS.get(token[:1], "stream")}:"{token}"'
        case Phrase(parts):
            return f'stream:"{" ".join(parts)}"'
        case All(members):
            return f"({' AND '.join(map(rendered, members))})"
        case Either(members):
            return f"({' OR '.join(map(rendered, members))})"
        case Without(kept, dropped):
            return f"({rendered(kept)} NOT ({' OR '.join(map(rendered, dropped))}))"


def keys(expression: Expression, limit: int, offset: int = 0, span: Span = EVER, *, oldest: bool = False) -> list[int]:
    """The keys of the newest (or oldest) incidents it holds for."""
    query, params = _KEYS, [rendered(expression)]
    for bound, condition in zip(span, (" AND f.rowid >= %s", " AND f.rowid < %s"), strict=True):
        if bound is not None:
            query, params = query + condition, [*params, bound]  # type: ignore[list-item]
    with connection.cursor() as cursor:
        way = "ASC" if oldest else "DESC"
        cursor.execute(f"{query} ORDER BY f.rowid {way} LIMIT %s OFFSET %s", [*params, limit, offset])
        return [row[0] for row in cursor.fetchall()]


def documents(keys: list[int]) -> list[tuple[Any, ...]]:
    """What is told of incidents without their text, as (key, incident's id, seconds it lasted, facets)."""
    with connection.cursor() as cursor:
        cursor.execute(_DOCUMENTS, [json.dumps(keys)])
        return cursor.fetchall()


def starting_with(prefix: str) -> tuple[str, list[str]]:
    """The condition on words that begin so, in a form that an index serves."""
    return "word >= %s AND word < %s", [prefix, prefix + "\U0010ffff"]


def one_of(words: list[str]) -> tuple[str, list[Any]]:
    """The condition on words that are among these, as one parameter: hundreds of them take longer than the search."""
    return "word IN (SELECT value FROM json_each(%s))", [json.dumps(words)]


def count_up(words: list[str], stems: list[str], change: int) -> None:
    """Count one incident more or less for each word."""
    rows = [(word, stem, max(change, 0), change) for word, stem in zip(words, stems, strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO postmortems_word (word, stem, documents) VALUES (%s, %s, %s) "
            "ON CONFLICT (word) DO UPDATE SET documents = max(documents + %s, 0)",
            rows,
        )


def unsound() -> list[str]:
    """What is wrong with the index itself, in words (reads all of it)."""
    try:
        _command("integrity-check", 1)
    except DatabaseError as error:
        return [f"The full-text index does not fit the documents: {error}"]
    return []


def repair() -> None:
    """Build the index from the documents; readers go on meanwhile, writers wait."""
    _command("rebuild", 0)


def _command(name: str, rank: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO postmortems_searchindex (postmortems_searchindex, rank) VALUES (%s, %s)", [name, rank]
        )


def settle() -> None:
    """Tell the planner about the tables, as a writer from the start: one that only becomes it is refused at once.

    And that the index's own is large whatever it is now: the planner would remember a small one as small, and each save
    would then read all of what it has become.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("PRAGMA optimize")
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone():
            cursor.execute("UPDATE sqlite_stat1 SET stat = '1000000' WHERE tbl = 'postmortems_searchindex_data'")
            cursor.execute("ANALYZE sqlite_schema")  # reads them anew
