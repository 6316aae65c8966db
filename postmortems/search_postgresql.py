"""The index in PostgreSQL: GIN over the tokens of `SearchDocument` as a tsvector, which is nowhere but in the index.

PostgreSQL keeps the index itself. A match of tokens alone reads neither texts nor positions, which is what costs; so
words that must stand together are looked for in the texts of the newest `WINDOW` incidents that have them all.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from .search_expression import EVER, All, Either, Expression, Phrase, Span, Token, Without, loosened, phrases_of

WINDOW = 500
_TOKENS = "postmortems_search_tokens(stream, bag, facets)"
# Not the bare column: walking the table by its key would make the tokens of every row it passes.
_KEY = "(key + 0)"

# The tokens of the year of the newest incident and of the one before.
_NEWEST_YEARS = (
    "(SELECT quote_literal('@year:' || year)::tsquery || quote_literal('@year:' || (year - 1))::tsquery FROM "
    "(SELECT extract(year FROM timestamp '0001-01-01' + make_interval(mins => coalesce(minute, 0)::int))::int AS year "
    "FROM postmortems_searchdocument ORDER BY key DESC LIMIT 1) AS newest)"
)


def rendered(expression: Expression) -> str:
    """As a tsquery, every token quoted (tokens hold no quotes and no backslashes); phrases as their words."""
    match expression:
        case Token(token):
            return f"'{token}'"
        case Phrase():
            return rendered(loosened(expression))
        case All(members):
            return f"({' & '.join(map(rendered, members))})"
        case Either(members):
            return f"({' | '.join(map(rendered, members))})"
        case Without(kept, dropped):
            return f"({rendered(kept)} & !({' | '.join(map(rendered, dropped))}))"


def keys(expression: Expression, limit: int, offset: int = 0, span: Span = EVER, *, oldest: bool = False) -> list[int]:
    """The keys of the newest (or oldest) incidents it holds for."""
    there, not_there = phrases_of(expression)
    way = "ASC" if oldest else "DESC"
    near, params = _near(loosened(expression), WINDOW if there or not_there else limit + offset, span, way)
    if there or not_there:
        # Not LIKE, which goes through a text letter by letter.
        asked = ["strpos(stream, %s) > 0"] * len(there) + ["strpos(stream, %s) = 0"] * len(not_there)
        params += [f" {' '.join(parts)} " for parts in (*there, *not_there)]
        near = f"SELECT key FROM postmortems_searchdocument WHERE key = ANY(ARRAY({near})) AND {' AND '.join(asked)}"  # noqa: S608
    with connection.cursor() as cursor:
        query = f"SELECT key FROM ({near}) AS near ORDER BY 1 {way} LIMIT %s OFFSET %s"  # noqa: S608
        cursor.execute(query, [*params, limit, offset])
        return [row[0] for row in cursor.fetchall()]


def _near(expression: Expression, count: int, span: Span, way: str) -> tuple[str, list[Any]]:
    """The query for so many keys, with its parameters.

    The newest are looked for in the two newest years first: PostgreSQL cannot walk the index by date, and would read
    every row that a frequent word is in. When there are fewer, the rest of the query is carried out.
    """
    whole, params = _matching(expression, "%s::tsquery", count, span, way)
    if way == "ASC" or span != EVER:
        return whole, params
    newest, of_newest = _matching(expression, f"(%s::tsquery && {_NEWEST_YEARS})", count, span, way)
    enough = "(SELECT count(*) FROM newest)"
    return (
        f"WITH newest AS MATERIALIZED ({newest}) SELECT key FROM newest WHERE {enough} >= %s "  # noqa: S608
        f"UNION ALL SELECT key FROM ({whole}) AS every WHERE {enough} < %s",
        [*of_newest, count, *params, count],
    )


def _matching(expression: Expression, tsquery: str, count: int, span: Span, way: str) -> tuple[str, list[Any]]:
    condition, params = f"{_TOKENS} @@ {tsquery}", [rendered(expression)]
    for bound, bounded in zip(span, (f" AND {_KEY} >= %s", f" AND {_KEY} < %s"), strict=True):
        if bound is not None:
            condition, params = condition + bounded, [*params, bound]  # type: ignore[list-item]
    query = f"SELECT {_KEY} AS key FROM postmortems_searchdocument WHERE {condition} ORDER BY 1 {way} LIMIT %s"  # noqa: S608
    return query, [*params, count]


def documents(keys: list[int]) -> list[tuple[Any, ...]]:
    """What is told of incidents without their text, as (key, incident's id, seconds it lasted, facets)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, incident_id, lasted, facets FROM postmortems_searchdocument WHERE key = ANY(%s)", [keys]
        )
        return cursor.fetchall()


def starting_with(prefix: str) -> tuple[str, list[str]]:
    """The condition on words that begin so, in a form that an index serves (words hold no wildcards)."""
    return "word LIKE %s", [prefix + "%"]


def one_of(words: list[str]) -> tuple[str, list[Any]]:
    """The condition on words that are among these, as one parameter."""
    return "word = ANY(%s)", [words]


def count_up(words: list[str], stems: list[str], change: int) -> None:
    """Count one incident more or less for each word.

    Rows that somebody else is changing are passed over: a count is about right, and nobody waits for frequent words.
    """
    with connection.cursor() as cursor:
        if change > 0:
            cursor.execute(
                "INSERT INTO postmortems_word (word, stem, documents) "
                "SELECT word, stem, 0 FROM unnest(%s::text[], %s::text[]) AS new (word, stem) "
                "WHERE NOT EXISTS (SELECT 1 FROM postmortems_word AS old WHERE old.word = new.word) "
                "ORDER BY word ON CONFLICT (word) DO NOTHING",
                [words, stems],
            )
        cursor.execute(
            # As an array, which costs the same whatever the planner believes of a table that just grew.
            "UPDATE postmortems_word SET documents = greatest(documents + %s, 0) WHERE word = ANY(ARRAY("
            "SELECT word FROM postmortems_word WHERE word = ANY(%s) ORDER BY word FOR UPDATE SKIP LOCKED))",
            [change, words],
        )


def unsound() -> list[str]:
    """Nothing that could be told: PostgreSQL makes the index from what the documents hold."""
    return []


def repair() -> None:
    """Nothing to build anew."""


def settle() -> None:
    """Tell the planner about a new index."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE postmortems_searchdocument")
