"""Finds and orders: as asked, and when that finds nothing, as nearly as asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from sys import intern

from . import search_words
from .conditional import Held
from .models import SearchDocument
from .prepared import Prepared
from .search_engine import engine
from .search_expression import EVER, Expression, Phrase, Span, Token, either, together
from .search_facets import BANDS
from .search_query import Query, Term
from .search_rank import Candidate, needle, ranked, rarity, tiers_of
from .search_scope import COUNTED, Scope
from .search_tokens import stem

CAP = 1_000  # counted and counted by facet up to here
RANKED = 80  # put in order by what they say
FROM_TIER = 25  # of these, by title or summary, however old
TELLING = 6  # rarest words that a long text is looked up by
MOST_NEEDED = 8  # of the words of a long text
ENOUGH = 6  # words of a long text that are known: it may be cut off within a word, or have times and numbers of its own
FREQUENT = 0.1  # share of all incidents above which a word tells nothing among others
WEAKEST = 0.3  # of the best score, for what only has some of the words
LONG_ENOUGH = 5  # letters of a word that is put right unasked: most words of four are near another one
MOST_UNKNOWN = 3  # words of a query that are looked up as misspelt
IN_BAND = 2_000
TRIES = 5
_COUNTED = tuple(f"@{kind}:" for kind in COUNTED)
Row = tuple[int, int, int | None, tuple[str, ...]]  # key, incident's id, seconds it lasted, what is counted of it
_ROWS: Held[int, Row] = Held(20_000)
_CANDIDATES: Held[int, Candidate] = Held(1_000)  # of some 8 kB
_IDS = Prepared(lambda keys: SearchDocument.objects.filter(key__in=keys).values_list("key", "incident_id"))
_TEXTS = Prepared(
    lambda keys: SearchDocument.objects.filter(key__in=keys).values_list("key", "incident_id", "minute", "stream")
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to understand a query. `how`: "" as asked, "prefix", "parts", "spelling" or "any" (some of the words)."""

    how: str
    terms: tuple[Term, ...]
    phrases: tuple[tuple[str, ...], ...] = ()
    any_of: tuple[Expression, ...] = ()

    def wanted(self, mark: str = "~") -> Expression | None:
        """What an incident must have in the bag with this mark; None without words."""
        if self.any_of:
            return either(list(self.any_of))
        parts: list[Expression] = [term.expression(mark) for term in self.terms]
        parts += [Phrase(phrase) if len(phrase) > 1 else Token(phrase[0]) for phrase in self.phrases]
        return together(parts) if parts else None


@dataclass(slots=True)
class Found:
    """What an attempt found: the newest rows up to `CAP` and one more, and how frequent its words are.

    `streams` are those that were read to put incidents in order, by the incident's id. `cut` says that only the newest
    of about the same length were put in order.
    """

    attempt: Attempt
    rows: list[Row]
    frequencies: dict[str, int]
    streams: dict[int, str] = field(default_factory=dict)
    cut: bool = False

    @property
    def capped(self) -> bool:
        """Whether there are more than counted."""
        return len(self.rows) > CAP


def find(query: Query, scope: Scope) -> Found:
    """The first attempt that finds anything, else the first one."""
    stems = {stem for term in query.terms for stem in term.stems}
    frequencies = search_words.frequencies(stems) if query.terms else {}
    first: Found | None = None
    for attempt in _attempts(query, frequencies):
        rows = newest(scope.expression(attempt.wanted()), CAP + 1, scope.span)
        found = Found(attempt, rows, frequencies)
        if rows:
            return found
        first = first or found
    assert first is not None
    return first


def newest(expression: Expression, limit: int, span: Span) -> list[Row]:
    """The newest incidents it holds for (two queries, more while somebody moves one of them to another date)."""
    found: list[Row] = []
    for _ in range(TRIES):
        keys = engine().keys(expression, limit, span=span)
        rows = _ROWS.of(keys, _told)
        found = [rows[key] for key in keys if key in rows]
        if len(found) == len(keys):
            break
    return found


def _told(keys: list[int]) -> Iterator[tuple[int, Row]]:
    for key, pk, lasted, facets in engine().documents(keys):
        yield key, (key, pk, lasted, tuple(intern(one) for one in facets.split() if one.startswith(_COUNTED)))


def _attempts(query: Query, frequencies: dict[str, int]) -> Iterator[Attempt]:
    terms, phrases = tuple(query.terms), tuple(query.phrases)
    if not query.pasted or len(terms) < 2:
        yield Attempt("", terms, phrases)
    else:
        known = tuple(term for term in terms if _documents(term, frequencies))
        if len(known) == len(terms) or len(known) >= ENOUGH:
            how = "" if len(known) == len(terms) else "any"
            yield Attempt(how, _rarest(known, frequencies, MOST_NEEDED), phrases)
    if query.unfinished and terms and _is_unknown(terms[-1], frequencies):
        completed = tuple(search_words.completions(terms[-1].parts[0]))
        if completed:
            terms = (*terms[:-1], replace(terms[-1], completed=completed))
            yield Attempt("prefix", terms, phrases)
    loose = tuple(term.loosened() for term in terms)
    if not query.pasted and loose != terms:
        yield Attempt("parts", loose, phrases)
    spelt = () if query.pasted else _spelt(terms, frequencies)
    if spelt != terms and spelt:
        frequencies.update(search_words.frequencies(stem for term in spelt for stem in term.stems))
        yield Attempt("spelling", spelt, phrases)
        terms = spelt
    words = terms + tuple(_of_phrase(phrase) for phrase in phrases)
    if len(words) > 1 or phrases:
        yield from _some_of(words, frequencies)


def _is_unknown(term: Term, frequencies: dict[str, int]) -> bool:
    """Whether it is one word, and nowhere as it stands."""
    return len(term.parts) == 1 and not term.exact and not term.completed and not frequencies.get(term.stems[0])


def _spelt(terms: tuple[Term, ...], frequencies: dict[str, int]) -> tuple[Term, ...]:
    """With the first few words that are nowhere as the beginnings of others, or else put right."""
    unknown = [term for term in terms if _is_unknown(term, frequencies)][:MOST_UNKNOWN]
    return tuple(_meant(term) if term in unknown else term for term in terms)


def _meant(term: Term) -> Term:
    word = term.parts[0]
    better = search_words.correction(word) if len(word) >= LONG_ENOUGH else None
    if better:
        return Term(better, (better,), (stem(better),), (stem(better),))
    return replace(term, completed=tuple(search_words.completions(word)) if len(word) > 2 else ())


def _of_phrase(phrase: tuple[str, ...]) -> Term:
    return Term(" ".join(phrase), phrase, phrase, phrase, exact=True)


def _some_of(terms: tuple[Term, ...], frequencies: dict[str, int]) -> Iterator[Attempt]:
    """Two of the rarest words, then any of them; what is frequent or nowhere tells nothing, and numbers tell least."""
    known = {term: _documents(term, frequencies) for term in terms}
    telling = [term for term, count in known.items() if 0 < count <= FREQUENT * frequencies.get(search_words.OPEN, 0)]
    telling = telling or [term for term in terms if known[term]] or list(terms)
    telling.sort(key=lambda term: (term.is_number, known[term]))
    telling = [term for term in terms if term in telling[:TELLING]]
    loose = [(term if term.exact or term.is_number else term.loosened()).expression() for term in telling]
    pairs = tuple(together(list(pair)) for pair in combinations(loose, 2))
    if len(terms) > 2 and pairs:
        yield Attempt("any", tuple(telling), any_of=pairs)
    yield Attempt("any", tuple(telling), any_of=tuple(loose))


def _rarest(terms: tuple[Term, ...], frequencies: dict[str, int], most: int) -> tuple[Term, ...]:
    """At most so many, in their order."""
    kept = set(sorted(terms, key=lambda term: _documents(term, frequencies))[:most])
    return tuple(term for term in terms if term in kept)


def _documents(term: Term, frequencies: dict[str, int]) -> int:
    return min((frequencies.get(stem, 0) for stem in term.stems), default=0)


def by_relevance(found: Found, scope: Scope, skip: int, limit: int) -> list[int]:
    """A page of ids: the candidates best first, then the others and what lies beyond the first `CAP` newest first."""
    keys = _candidates(found, scope)
    rows = {row[0]: row[1] for row in found.rows[:CAP]}
    first = len(rows.keys() | set(keys))
    ids: list[int] = []
    if skip < first:
        ordered = _ranked(keys, found)
        chosen = set(ordered)  # not by key: one that somebody moved meanwhile has another
        ids = [*ordered, *(pk for pk in rows.values() if pk not in chosen)][skip : skip + limit]
    if found.capped and len(ids) < limit:
        beyond = engine().keys(
            scope.expression(found.attempt.wanted()), limit - len(ids), max(skip - first, 0), (scope.span[0], min(rows))
        )
        ids += _ids([key for key in beyond if key not in keys])
    return ids


def _candidates(found: Found, scope: Scope) -> list[int]:
    """The keys of what is put in order: the newest, and of many the best by title or summary too."""
    keys = [row[0] for row in found.rows[:RANKED]]
    if len(found.rows) <= RANKED or found.attempt.any_of or not found.attempt.terms:
        return keys
    # Many words are not all in a title, and incidents that have them all differ by little but their age.
    many = len(found.attempt.terms) > TELLING
    return keys[: RANKED // 2] if many else _with_best_tiers(keys, found, scope)


def _ranked(keys: list[int], found: Found) -> list[int]:
    candidates = list(_CANDIDATES.of(keys, _candidates_at).values())
    found.streams.update((one.incident_id, one.stream) for one in candidates)
    everything = found.frequencies.get(search_words.OPEN, 0) or len(found.rows)
    needles = [
        needle(term, rarity(min(_documents(term, found.frequencies), everything), everything))
        for term in (*_rarest(found.attempt.terms, found.frequencies, TELLING), *map(_of_phrase, found.attempt.phrases))
    ]
    return [one.incident_id for one in ranked(candidates, needles)]


def _candidates_at(keys: list[int]) -> Iterator[tuple[int, Candidate]]:
    for key, pk, minute, stream in _TEXTS.rows(keys):
        yield key, Candidate(key, pk, minute, stream, tiers_of(stream))


def _with_best_tiers(keys: list[int], found: Found, scope: Scope) -> list[int]:
    best: dict[int, None] = {}
    for mark in "^+":
        wanted = scope.expression(found.attempt.wanted(mark))
        best.update(dict.fromkeys(engine().keys(wanted, FROM_TIER, span=scope.span)))
    best.update(dict.fromkeys(keys))
    return list(best)[:RANKED]


def _ids(keys: list[int]) -> list[int]:
    """The incidents of these keys, in their order (one query)."""
    ids = dict(_IDS.rows(keys))
    return [ids[key] for key in keys if key in ids]


def in_order(found: Found, scope: Scope, sort: str, skip: int, limit: int) -> list[int]:
    """A page of ids sorted by date, severity or duration, walking band by band; nothing is ranked."""
    ids: list[int] = []
    for expression, span, oldest in _bands(found, scope, sort):
        if len(ids) >= limit:
            break
        if sort == "longest":
            rows = newest(expression, IN_BAND, span)
            found.cut |= len(rows) == IN_BAND
            rows.sort(key=lambda row: (-(row[2] if row[2] is not None else -1), -row[0]))
            total, page = len(rows), [row[1] for row in rows[skip : skip + limit - len(ids)]]
        else:
            page = _ids(engine().keys(expression, limit - len(ids), skip, span, oldest=oldest))
            total = skip + len(page) if page or not skip else len(engine().keys(expression, skip, span=span))
        skip = max(skip - total, 0)
        ids += page
    return ids


def _bands(found: Found, scope: Scope, sort: str) -> Iterator[tuple[Expression, Span, bool]]:
    """Parts of the result that come one after the other, each as (what, from when to when, oldest first)."""
    whole = scope.expression(found.attempt.wanted())
    start, end = scope.span
    if sort == "oldest":
        yield whole, (max(start or 0, 0), end), True
        if scope.span == EVER:
            yield whole, (None, 0), True
        return
    tokens = {
        "severity": [f"@severity:{value}" for value in ("sev1", "sev2", "sev3", "sev4", "unknown")],
        "longest": [*(f"@lasted:{band}" for band in BANDS), "@lasted:unknown"],
    }.get(sort)
    for token in tokens or [""]:
        yield (together([whole, Token(token)]) if token else whole), scope.span, False
