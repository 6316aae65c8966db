"""What somebody may mean while still typing: incidents, causes, services and actionables by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from . import search_words
from .models import Cause, Incident, Service
from .search_engine import engine
from .search_expression import Either, Expression, Token, together
from .search_query import Query, Term, parse
from .search_scope import seen_by
from .search_tokens import fold, stem

if TYPE_CHECKING:
    from .access import Reader

SHOWN = 5
LONGEST_NAME = 10  # words; no cause or service is called by more
OFFERED = 3
NEAR = 60  # incidents looked at for actionables


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something with a page: its kind ("incident", "cause", "service", "actionable"), its slug or reference, a name."""

    kind: str
    slug: str
    name: str
    reference: str = ""


def suggest(prefix: str, user: Reader) -> list[Suggestion]:
    """Up to five of each kind whose names have all words typed, the last one only begun (about seven queries)."""
    query = parse(prefix)
    if not query.terms or query.pasted:
        return []
    words = [words_of(term) for term in query.terms]
    return [*_incidents(words, user), *named(query, SHOWN), *_actionables(words, query, user)]


def words_of(term: Term) -> list[str]:
    """The stems that a word stands for when it may be only the beginning of one."""
    if len(term.parts) > 1:
        return list(term.needed)
    return list(dict.fromkeys([*term.stems, *search_words.completions(term.parts[0])]))


def _in_bag(mark: str, words: list[list[str]], user: Reader) -> Expression:
    alternatives: list[Expression] = [Either(tuple(Token(mark + word) for word in some)) for some in words]
    return together([*alternatives, seen_by(user)])


def _incidents(words: list[list[str]], user: Reader) -> list[Suggestion]:
    rows = engine().found(_in_bag("^", words, user), SHOWN)
    order = {row[1]: place for place, row in enumerate(rows)}
    found = Incident.objects.visible_to(user).filter(pk__in=list(order)).values_list("pk", "slug", "title", "number")
    ordered = sorted(found, key=lambda row: order[row[0]])
    return [Suggestion("incident", slug, title, f"INC-{number}") for _, slug, title, number in ordered]


def named(query: Query, limit: int = OFFERED) -> list[Suggestion]:
    """Causes and services whose name (or, for causes, another name they go by) has all words (two queries)."""
    if not query.terms or query.pasted or len(query.terms) > LONGEST_NAME:
        return []
    found: list[Suggestion] = []
    kinds: list[tuple[str, Any, tuple[str, ...]]] = [
        ("cause", Cause, ("name", "aliases")),
        ("service", Service, ("name",)),
    ]
    for kind, model, fields in kinds:
        condition = Q()
        for term in query.terms:
            for word in term.stems:
                condition &= Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR)
        rows = model._default_manager.filter(condition).order_by("name").values_list("slug", "name", *fields)[:50]
        rows = [row for row in rows if _begins_words(query, " ".join(row[2:]))]
        rows.sort(key=lambda row: not _begins_words(query, row[1]))
        found += [Suggestion(kind, row[0], row[1]) for row in rows[:limit]]
    return found


def _begins_words(query: Query, text: str) -> bool:
    """Whether each word typed is, or begins, a word of the text."""
    folded = " " + "".join(char if char.isalnum() else " " for char in fold(text))
    return all(f" {word}" in folded for term in query.terms for word in term.stems)


def _actionables(words: list[list[str]], query: Query, user: Reader) -> list[Suggestion]:
    ids = [row[1] for row in engine().found(_in_bag("!", words, user), NEAR)]
    readable = Incident.objects.visible_to(user).filter(pk__in=ids).order_by("-actionables__number")
    rows = readable.values_list("actionables__number", "actionables__title")
    found = [(number, title) for number, title in rows if number and _has_all(words, f"ACT-{number} {title}")]
    return [Suggestion("actionable", f"ACT-{number}", title, f"ACT-{number}") for number, title in found[:SHOWN]]


def _has_all(words: list[list[str]], text: str) -> bool:
    there = {stem(word) for word in "".join(char if char.isalnum() else " " for char in fold(text)).split()}
    return all(any(set(word.split("·")) <= there for word in some) for some in words)
