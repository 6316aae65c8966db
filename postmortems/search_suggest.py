"""What somebody may mean while still typing: incidents, causes, services, organisations and actionables by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from itertools import chain, islice
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from markupsafe import Markup, escape

from . import search_words
from .conditional import remembered
from .models import Cause, Incident, Organisation, Service
from .search_engine import engine
from .search_expression import Either, Expression, Token, together
from .search_query import Query, Term, parse
from .search_scope import Scope, scope_of
from .search_tokens import STOP_WORDS, chunks, fold, stem

if TYPE_CHECKING:
    from .access import Reader

LONGEST = 100  # characters; nobody types more and waits for suggestions
INCIDENTS, ACTIONABLES, OFFERED, ORGANISATIONS = 4, 3, 3, 2
NEAR = 100  # incidents looked at for words in their titles and in those of their actionables
NAMED: dict[str, Any] = {"cause": Cause, "service": Service}
MOST_NAMES = 1_000  # of a kind that are looked through in memory; of more the database picks those that may have it
Called = tuple[str, str, str, str]  # slug, name, other names by lines, the tokens of all of them
NAMES = 100  # names looked at, each of which has what was typed in it somewhere
PLAIN = Markup()
_INCIDENT = ("number", "slug", "title", "organisation__name")
_ACTIONABLE = ("actionables__number", "actionables__title", "actionables__status")
_REFERENCE = re.compile(r"(?:(inc|act)[ -]?)?#?([1-9]\d{0,8})\Z", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
LONGEST_NAME = 10  # words; no cause or service is called by more


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something with a page: its kind ("incident", "cause", "service", "organisation", "actionable"), its slug or
    reference, its name. `html` is the name as safe HTML, what was typed marked; `note` says what tells it from others
    (the organisation, another name, the status), marked in the same way by `suggest`.
    """

    kind: str
    slug: str
    name: str
    reference: str = ""
    note: str = ""
    html: Markup = PLAIN


@dataclass(frozen=True, slots=True)
class Typed:
    """Words as tokens that must all be there (`whole`), and the letters that another word begins with (`begun`)."""

    whole: tuple[str, ...]
    begun: str = ""

    @classmethod
    def of(cls, query: Query) -> Typed:
        """The words of a query; the last one may be only begun when the text ends with it."""
        terms, last = query.terms, query.terms[-1:]
        if not last or not query.unfinished or not query.text.rstrip("*").endswith(last[0].text):
            return cls(tuple(chain.from_iterable(term.needed for term in terms)))
        *before, begun = last[0].parts
        whole = chain.from_iterable(term.needed for term in terms[:-1])
        return cls((*whole, *(stem(part) for part in before if part not in STOP_WORDS)), begun)

    def expression(self, mark: str, likely: list[str]) -> Expression:
        """What an incident must have in the bag with this mark; `likely` are stems of words that begin so."""
        begun: list[Expression] = [Either(tuple(Token(mark + one) for one in likely))] if self.begun else []
        return together([*(Token(mark + token) for token in self.whole), *begun])

    def stands_in(self, text: str) -> bool:
        """Whether a text has all of it."""
        return self.among(_tokens(text))

    def among(self, tokens: str) -> bool:
        """Whether all of it is among the tokens of a text."""
        if not all(f" {token} " in tokens for token in self.whole):
            return False
        return f" {self.begun}" in tokens or f" {stem(self.begun)} " in tokens  # "" begins all

    def marked(self, text: str) -> Markup:
        """The text as HTML: the letters of the word that is begun marked, the other words whole."""
        whole = {part for token in (*self.whole, stem(self.begun)) for part in token.split("·")}
        parts: list[str] = []
        at = 0
        for found in _WORD.finditer(text):
            word, folded = found.group(), fold(found.group())
            if self.begun and folded.startswith(self.begun):
                end = found.start() + (len(self.begun) if len(folded) == len(word) else len(word))
            elif folded in whole or stem(folded) in whole:
                end = found.end()
            else:
                continue
            parts += [escape(text[at : found.start()]), Markup("<mark>%s</mark>") % text[found.start() : end]]
            at = end
        return Markup("").join([*parts, text[at:]])


@lru_cache(maxsize=10_000)
def _tokens(text: str) -> str:
    """Everything a name is found by, each between spaces."""
    return f" {' '.join({token for chunk in chunks(text) for token in (*chunk.bag, *chunk.parts)})} "


def suggest(text: str, user: Reader) -> list[Suggestion]:
    """What this reader may see and may mean: for a whole reference what bears it, for words whatever has just that
    name and then a few of each kind whose names have them all, the last one only begun; nothing for pasted text.

    At most a dozen queries, however much there is.
    """
    query = parse(text) if len(text) <= LONGEST else Query(pasted=True)
    if not query.terms or query.pasted:
        return []
    typed, match = Typed.of(query), _REFERENCE.match(query.text)
    referred = _referred(match[1], int(match[2]), user) if match else []
    found = [] if match and match[1] else _meant(typed, query, user)
    distinct = dict.fromkeys([*referred, *found])
    return [replace(one, html=typed.marked(one.name), note=typed.marked(one.note)) for one in distinct]


def _meant(typed: Typed, query: Query, user: Reader) -> list[Suggestion]:
    """What has the words in its name (six to twelve queries)."""
    likely = _likely(typed.begun) if typed.begun else []
    scope = scope_of(user, query, {})
    found = [
        *_incidents(typed, scope, likely, user),
        *_named("cause", Cause.objects.all(), query, OFFERED),
        *_named("service", _hit(Service.objects.all(), "services", user), query, OFFERED),
        *_named("organisation", _hit(Organisation.objects.all(), "organisation", user), query, ORGANISATIONS),
        *_actionables(typed, scope, likely, user),
    ]
    exact = fold(query.text)
    return sorted(found, key=lambda one: fold(one.name) != exact)


def _likely(begun: str) -> list[str]:
    """The stems of the most frequent words that begin so, those that say nothing left out (one query)."""
    stems = search_words.completions(begun, 2 * search_words.COMPLETIONS)
    telling = [one for one in dict.fromkeys([stem(begun), *stems]) if one not in STOP_WORDS]
    return telling[: search_words.COMPLETIONS] or [stem(begun)]


def _referred(prefix: str | None, number: int, user: Reader) -> list[Suggestion]:
    """What INC-3, ACT-3 or both for a bare 3 lead to (a query each)."""
    visible, found = Incident.objects.visible_to(user), []
    if prefix is None or prefix.lower() == "inc":
        found += [_incident(*row) for row in visible.filter(number=number).values_list(*_INCIDENT)]
    if prefix is None or prefix.lower() == "act":
        rows = visible.filter(actionables__number=number).values_list(*_ACTIONABLE)
        found += [_actionable(*row) for row in rows]
    return found


def _incident(number: int, slug: str, title: str, organisation: str | None) -> Suggestion:
    return Suggestion("incident", slug, title, f"INC-{number}", organisation or "")


def _actionable(number: int, title: str, status: str) -> Suggestion:
    return Suggestion("actionable", f"ACT-{number}", title, f"ACT-{number}", status)


def _incidents(typed: Typed, scope: Scope, likely: list[str], user: Reader) -> list[Suggestion]:
    """Those with the words in their titles, then those of an organisation of that name, newest first (two queries).

    What a cause or a service is called is not enough: nobody would see why, and it is suggested itself.
    """
    keys = engine().keys(scope.expression(typed.expression("^", likely)), NEAR, span=scope.span)
    near = Incident.objects.visible_to(user).filter(search_document__in=keys).order_by("-search_document__key")
    rows = list(near.values_list(*_INCIDENT, "short_name"))
    titled = [row for row in rows if typed.stands_in(f"INC-{row[0]} {row[2]} {row[4]}")]
    theirs = [row for row in rows if row not in titled and typed.stands_in(f"INC-{row[0]} {row[2]} {row[3] or ''}")]
    return [_incident(*row[:4]) for row in (titled + theirs)[:INCIDENTS]]


def _actionables(typed: Typed, scope: Scope, likely: list[str], user: Reader) -> list[Suggestion]:
    """Those with the words in their titles, newest first (two queries)."""
    keys = engine().keys(scope.expression(typed.expression("!", likely)), NEAR, span=scope.span)
    near = Incident.objects.visible_to(user).filter(search_document__in=keys).order_by("-actionables__number")
    rows = near.filter(actionables__number__isnull=False).values_list(*_ACTIONABLE)
    found = (row for row in rows if typed.stands_in(f"ACT-{row[0]} {row[1]}"))
    return [_actionable(*row) for row in islice(found, ACTIONABLES)]


def _hit(places: Any, relation: str, user: Reader) -> Any:
    """Those with an incident that this reader may see: the page of any other is empty to them."""
    return places.filter(Exists(Incident.objects.visible_to(user).filter(**{relation: OuterRef("pk")})))


def named(query: Query, limit: int = OFFERED) -> list[Suggestion]:
    """Causes and services whose name (or, for causes, another name they go by) has all words (two queries)."""
    if not query.terms or query.pasted or len(query.terms) > LONGEST_NAME:
        return []
    return [found for kind in NAMED for found in _best(kind, _known(kind, query), query, limit)]


def _known(kind: str, query: Query) -> list[Called]:
    """What of a kind may have the words in its name: all there is, read once an edition, where that is not too much."""
    model = NAMED[kind]
    rows = remembered(("names", kind), lambda: _called(kind, model.objects.order_by("name"), MOST_NAMES + 1))
    return rows if len(rows) <= MOST_NAMES else _having(kind, model.objects.all(), query)


def _called(kind: str, rows: QuerySet[Any], most: int) -> list[Called]:
    names = ("name", "aliases") if kind == "cause" else ("name",)
    found = ((slug, name, "".join(more)) for slug, name, *more in rows.values_list("slug", *names)[:most])
    return [(slug, name, more, _tokens(f"{name}\n{more}")) for slug, name, more in found]


def _named(kind: str, everything: QuerySet[Any], query: Query, limit: int) -> list[Suggestion]:
    return _best(kind, _having(kind, everything, query), query, limit)


def _having(kind: str, everything: QuerySet[Any], query: Query) -> list[Called]:
    """Those with the letters of all words somewhere in what they are called (one query)."""
    fields = ["name", "aliases"] if kind == "cause" else ["name"]
    condition = Q()
    for word in chain.from_iterable(_words(term) for term in query.terms):
        # An accent as it is typed finds itself; the database does not know that it could be left out.
        ways = [Q(**{f"{field}__icontains": way}) for way in {stem(fold(word)), word} for field in fields]
        condition &= reduce(or_, ways)
    first = ExpressionWrapper(Q(name__istartswith=query.text), BooleanField())
    return _called(kind, everything.filter(condition).order_by(first.desc(), "name"), NAMES)


def _best(kind: str, rows: list[Called], query: Query, limit: int) -> list[Suggestion]:
    """Those that have the words in the name before those that go by such a name, and names that begin so first."""
    typed, begins = Typed.of(query), fold(query.text)
    near = (row for row in rows if typed.among(row[3]))
    found = [(alias, slug, name) for slug, name, more, _ in near if (alias := _alias(typed, name, more)) is not None]
    found.sort(key=lambda row: (row[0] != "", not fold(row[2]).startswith(begins)))
    return [Suggestion(kind, slug, name, note=alias and f"also called {alias}") for alias, slug, name in found[:limit]]


def _words(term: Term) -> Sequence[str]:
    return term.parts if term.text.isascii() else _WORD.findall(term.text)


def _alias(typed: Typed, name: str, aliases: str) -> str | None:
    """The other name that has the words; empty when the name itself has them, None when nothing has."""
    if typed.stands_in(name):
        return ""
    return next((line.strip() for line in aliases.splitlines() if typed.stands_in(line)), None)
