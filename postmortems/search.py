"""Search: the one door to it. Nothing outside `postmortems/search*.py` knows how any database searches.

How it is done: every incident is a document of tokens made here (`search_tokens`), the same for every database. An
engine finds the newest documents that match, up to `CAP`; of these the newest and the best by title and summary,
however old, are put in order (`search_rank`). So a frequent word costs no more than a rare one, and both databases
give the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser

from . import search_words
from .access import EVERYBODY, audience
from .conditional import Held
from .models import Incident
from .prepared import Prepared
from .search_engine import engine
from .search_expression import EVER, Expression
from .search_find import CAP, IN_BAND, Found, Row, by_relevance, find, in_order, newest
from .search_index import check, forget, index_incident, index_name, rebuild
from .search_passages import Passage, Words, marked, passages, words_of
from .search_query import Query, Typed, cleaned, parse, typed
from .search_scope import COUNTED, Called, Scope, called, say_doubtful, scope_of
from .search_suggest import Suggestion, named, suggest

if TYPE_CHECKING:
    from .access import Reader

__all__ = [
    "CAP", "PAGE", "SORTS", "Called", "Drop", "Passage", "Query", "Results", "Suggestion", "Typed", "Words", "called",
    "check", "cleaned", "counts", "every", "forget", "index_incident", "index_name", "marked", "passages", "rebuild",
    "search", "suggest", "typed", "words_of",
]  # fmt: skip

PAGE = 20
SORTS = ("relevance", "newest", "oldest", "severity", "longest")
_OPEN = Prepared(lambda ids: Incident.objects.visible_to(AnonymousUser()).filter(pk__in=ids).values_list("pk"))
_SEEN: Held[int, bool] = Held(20_000)
LITTLE = 2  # results up to which a spelling is doubted


@dataclass(frozen=True, slots=True)
class Drop:
    """What stands in the way, and how many there are without it: a kind of filter, "dates", or "excluded"."""

    kind: str
    count: int
    capped: bool


@dataclass(slots=True)
class Results:
    """One page of what was found.

    how: "" when everything asked for holds; "prefix" when the last word was completed; "parts" when parts of an
    identifier stand apart; "spelling" when words that are nowhere were put right or completed; "any" when only some of
    the words do (then the best come first and count is what is shown).
    facets: kind to value to count among the first `CAP`, each kind counted without its own selection; organisations,
    services and causes by id (as text). partly: the kinds of which there are more than these. query.notices say what
    was not understood. streams: what `passages` takes.
    """

    ids: list[int]
    count: int
    capped: bool
    page: int
    has_next: bool
    sort: str
    how: str
    query: Query
    words: Words
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    partly: frozenset[str] = frozenset()
    did_you_mean: str = ""
    drops: list[Drop] = field(default_factory=list)
    named: list[Suggestion] = field(default_factory=list)
    streams: dict[int, str] = field(default_factory=dict)


def search(
    text: str,
    user: Reader,
    *,
    filters: Mapping[str, list[str]] | None = None,
    places: Mapping[str, list[int]] | None = None,
    sort: str = "",
    page: int = 1,
) -> Results:
    """Find incidents this reader may see; for any text whatever.

    filters: kind (see `search_scope.KINDS`; "after" and "before" too) to values, slugs for organisation, service and
    cause, whose ids may be given as `places`; values of one kind are alternatives, kinds must all hold. sort: one of
    `SORTS`; by default relevance, newest first without words.
    Three to a dozen queries.
    """
    query = parse(text)
    scope = scope_of(user, query, filters or {}, places)
    found = find(query, scope)
    sort = _order(sort, query)
    page = max(page, 1)
    ids, count = _page(found, scope, sort, page)
    if found.cut:
        query.notices.append(f"Of incidents that lasted about as long, only the newest {IN_BAND:,} are put in order.")
    facets, partly = _facets(found, scope)
    results = Results(
        ids=_visible(ids[:PAGE], user), count=count, capped=found.capped, page=page, has_next=len(ids) > PAGE,
        sort=sort, how=found.attempt.how, query=query, words=words_of(_as_found(query, found)),
        facets=facets, partly=partly, streams={pk: found.streams[pk] for pk in ids[:PAGE] if pk in found.streams},
    )  # fmt: skip
    say_doubtful(query, scope)
    if page == 1:
        results.named = named(query)
        _help(results, found, scope)
    return results


def every(
    text: str, user: Reader, *, filters: Mapping[str, list[str]] | None = None, sort: str = "", most: int
) -> tuple[list[int], list[str]]:
    """The ids on all pages of `search`, in its order, up to `most`, and what was not understood in words.

    They come from the index: rows are to be read through `visible_to`.
    """
    query = parse(text)
    scope = scope_of(user, query, filters or {})
    found = find(query, scope)
    sort = _order(sort, query)
    say_doubtful(query, scope)
    ids = by_relevance(found, scope, 0, most) if sort == "relevance" else in_order(found, scope, sort, 0, most)
    return ids, query.notices


def _order(sort: str, query: Query) -> str:
    if sort not in SORTS or (sort == "relevance" and not query.has_words):
        return "relevance" if query.has_words else "newest"
    return sort


def _as_found(query: Query, found: Found) -> Query:
    """The words that were looked for in the end, for marking."""
    return Query(terms=list(found.attempt.terms) or query.terms, phrases=query.phrases)


def _page(found: Found, scope: Scope, sort: str, page: int) -> tuple[list[int], int]:
    """The ids of a page and one more if there is a next one, and the count."""
    skip, limit = (page - 1) * PAGE, PAGE + 1
    count = min(len(found.rows), CAP)
    if sort == "relevance":
        return by_relevance(found, scope, skip, limit), count
    return in_order(found, scope, sort, skip, limit), count


def _visible(ids: list[int], user: Reader) -> list[int]:
    """Without what the reader may not see, whatever the index says (one query)."""
    seen = _SEEN.of(ids, lambda some: dict.fromkeys(_visible_of(some, user), True).items())
    return [pk for pk in ids if pk in seen]


def _visible_of(ids: list[int], user: Reader) -> list[int]:
    if audience(user) == EVERYBODY:
        return [pk for (pk,) in _OPEN.rows(ids)]
    return list(Incident.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def counts(
    user: Reader, filters: Mapping[str, list[str]], places: Mapping[str, list[int]] | None = None
) -> tuple[dict[str, dict[str, int]], frozenset[str], tuple[int, bool]]:
    """What `search` counts by facet when nothing is typed, the kinds of which there are more than it counts, and how
    many incidents there are, up to `CAP`, and whether more.

    Two queries, and two for each kind that is chosen.
    """
    scope = scope_of(user, parse(""), filters, places)
    found = find(parse(""), scope)
    return *_facets(found, scope), (min(len(found.rows), CAP), found.capped)


def _facets(found: Found, scope: Scope) -> tuple[dict[str, dict[str, int]], frozenset[str]]:
    """Counts by kind, and the kinds that were not counted to the end; a query more for each kind that is chosen."""
    wanted = found.attempt.wanted()
    facets = _counted(found.rows)
    partly = set(COUNTED) if found.capped else set()
    for kind in scope.chosen.keys() & facets.keys():
        rows = newest(scope.expression(wanted, without=kind), CAP + 1, scope.span)
        facets[kind] = _counted(rows)[kind]
        partly |= {kind} if len(rows) > CAP else set()
    return facets, frozenset(partly)


def _counted(rows: list[Row]) -> dict[str, dict[str, int]]:
    """Counts by kind of the first `CAP`."""
    counts: dict[str, dict[str, int]] = {kind: {} for kind in COUNTED}
    for token, number in Counter(chain.from_iterable([row[3] for row in rows[:CAP]])).items():
        kind, _, value = token[1:].partition(":")
        if value:
            counts[kind][_shown(value)] = number
    return counts


def _shown(value: str) -> str:
    return value.upper() if value[:3] == "sev" else value


def _help(results: Results, found: Found, scope: Scope) -> None:
    """When little is found: another spelling, and which filter to drop."""
    if results.query.has_words and (results.count <= LITTLE or results.how in ("spelling", "any")):
        results.did_you_mean = _corrected(results.query, found, scope)
    if not found.rows:
        results.drops = _drops(found.attempt.wanted(), scope)


def _drops(wanted: Expression | None, scope: Scope) -> list[Drop]:
    """Each filter without which there is something, that of most first (a query for each, one for dates and for
    exclusions).
    """
    ways = {kind: (scope.expression(wanted, kind), scope.span) for kind in scope.chosen}
    if scope.span != EVER:
        ways["dates"] = scope.expression(wanted), EVER
    if scope.excluded:
        ways["excluded"] = replace(scope, excluded=()).expression(wanted), scope.span
    counts = {kind: len(engine().keys(expression, CAP + 1, span=span)) for kind, (expression, span) in ways.items()}
    drops = [Drop(kind, min(count, CAP), count > CAP) for kind, count in counts.items() if count]
    return sorted(drops, key=lambda drop: -drop.count)


def _corrected(query: Query, found: Found, scope: Scope) -> str:
    """The text with misspelt words put right, if that finds something this reader may see."""
    text = query.text
    for term in query.terms if not query.pasted else []:
        known = found.frequencies.get(term.stems[0], 0)
        better = search_words.correction(term.parts[0], known) if len(term.parts) == 1 else None
        if better:
            text = text.replace(term.text, better, 1)
    if text == query.text:
        return ""
    wanted = find(parse(text), scope).attempt.wanted()
    return text if engine().keys(scope.expression(wanted), 1, span=scope.span) else ""
