"""Within what is searched: what the reader may see, what is chosen, from when to when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from .access import ADMINS, EVERYBODY, audience
from .models import Cause, Organisation, Service, slug_in_use
from .search_engine import engine
from .search_expression import Either, Expression, Span, Token, Without, together
from .search_index import key_at
from .search_qualifiers import CHOICES, PLACES, SHOWN, minutes_of, values_of
from .search_query import Query, chosen_expression
from .search_tokens import fold

if TYPE_CHECKING:
    from .access import Reader

MODELS: dict[str, Any] = {"organisation": Organisation, "service": Service, "cause": Cause}
COUNTED = (*PLACES, "severity", "year", "detection", "status")
KINDS = (*COUNTED, "owner", "has")
MOST_VALUES = 50
LONGEST_NAME = 200  # no place or cause has a longer one
SLUG = re.compile(r"[a-z0-9-]{1,80}")


def seen_by(user: Reader) -> Expression:
    """What an incident must have for this reader to see it: the counterpart of `access.readable_by`.

    Documents carry "@all", "@open" when everybody may read them, and "@reader:12" for each person they name.
    """
    who = audience(user)
    if who in (EVERYBODY, ADMINS):
        return Token(f"@{who}")
    return Either((Token(f"@{EVERYBODY}"), Token(f"@{who}")))


@dataclass(slots=True)
class Scope:
    """The bounds of one search; `chosen` holds an expression for each kind of filter in use."""

    seen: Expression
    chosen: dict[str, Expression] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    excluded: tuple[Expression, ...] = ()
    span: Span = (None, None)

    def expression(self, wanted: Expression | None, without: str = "") -> Expression:
        """All of it, leaving one kind of filter out."""
        kept = [wanted] if wanted else []
        kept += [expression for kind, expression in self.chosen.items() if kind != without]
        whole = together([*kept, self.seen])
        return Without(whole, self.excluded) if self.excluded else whole


def scope_of(
    user: Reader, query: Query, filters: Mapping[str, list[str]], places: Mapping[str, list[int]] | None = None
) -> Scope:
    """The filters of the address and the qualifiers in the text together; adds to `query.notices` what is unknown.

    places: the ids of organisations, services and causes that `filters` name, where they are known already. A query
    for each of these kinds that is to be looked up.
    """
    scope = Scope(seen_by(user), span=_span(query, filters))
    for kind in KINDS:
        given, typed = filters.get(kind, []), query.filters.get(kind, [])
        if kind in PLACES and places is not None:
            values = [*map(str, places.get(kind, [])), *_known(query, kind, typed)]
        else:
            values = _known(query, kind, [*_as_typed(kind, given), *typed])
        if values or given or (typed and not query.pasted):
            scope.values[kind] = values
            scope.chosen[kind] = chosen_expression(kind, values or ["nothing"])
    without = {kind: _known(query, kind, values) for kind, values in query.without.items()}
    unwanted = [chosen_expression(kind, values) for kind, values in without.items() if values]
    scope.excluded = (*query.excluded, *unwanted)
    return scope


def _as_typed(kind: str, values: list[str]) -> list[str]:
    """Values of the address as qualifiers have them."""
    return [one for value in values for one in values_of(kind, value)] if kind == "owner" else values


def _span(query: Query, filters: Mapping[str, list[str]]) -> Span:
    """From when to when, of the address and the text together; what has no date is not known to be before one."""
    begins = [minutes_of("after", value) for value in filters.get("after", [])]
    ends = [minutes_of("before", value) for value in filters.get("before", [])]
    first = [key_at(found[0]) for found in begins if found and found[0] is not None]
    last = [key_at(found[1]) for found in ends if found and found[1] is not None]
    after = max([*first, *([query.after] if query.after is not None else [])], default=None)
    before = min([*last, *([query.before] if query.before is not None else [])], default=None)
    return key_at(0) if before is not None and after is None else after, before


def say_doubtful(query: Query, scope: Scope) -> None:
    """Add to `query.notices` which names before a colon are no qualifiers and stand so nowhere (a query for each)."""
    for name, expression in query.doubtful.items():
        if not engine().keys(together([expression, scope.seen]), 1):
            names = ", ".join(f"{one}:" for one in SHOWN)
            query.say(f"There is no qualifier “{name}:”, so it was looked for as text. There are {names}.")


def _known(query: Query, kind: str, values: list[str]) -> list[str]:
    """What of these values can be found, as tokens have it."""
    values = values[:MOST_VALUES]
    if kind in PLACES and values:
        return _ids(query, kind, values)
    return [value for value in values if value in CHOICES[kind]] if kind in CHOICES else values


def _ids(query: Query, kind: str, values: list[str]) -> list[str]:
    """The ids of what is meant; beside what was pasted only what has this very name."""
    found: list[str] = []
    for value, meant in called(kind, values).items():
        found += [str(one.pk) for one in meant if one.exact or not query.pasted]
        if not any(one.exact or not query.pasted for one in meant):
            query.say(f"There is no {kind} “{value[:60]}”{', so that narrows nothing down' if query.pasted else ''}.")
    return list(dict.fromkeys(found))


class Called(NamedTuple):
    """An organisation, service or cause that goes by a name, or by a longer one."""

    pk: int
    slug: str
    exact: bool


def called(kind: str, values: Iterable[str]) -> dict[str, list[Called]]:
    """What each value means: by slug, by name (for causes, also another one), by a part of either, by a former slug.

    One query, and up to five for each value that is none but may be a former slug.
    """
    wanted = {fold(value): value for value in values}
    names = ("slug", "name", "aliases") if kind == "cause" else ("slug", "name")
    condition = Q()
    for value in wanted.values():
        for name in names if len(value) <= LONGEST_NAME else ():
            condition |= Q((f"{name}__icontains", value))
    merged = {"merged_into": None} if kind == "cause" else {}
    there = MODELS[kind]._default_manager.filter(condition, **merged).values_list("pk", *names)
    rows = there[:1_000] if condition else []
    folded = [(pk, slug, [fold(one) for name in (slug, *said) for one in name.split("\n")]) for pk, slug, *said in rows]
    found = {}
    for asked, value in wanted.items():
        exact = [Called(pk, slug, exact=True) for pk, slug, said in folded if asked in said]
        near = [Called(pk, slug, exact=False) for pk, slug, said in folded if any(asked in one for one in said)]
        found[value] = exact or near[:MOST_VALUES] or _led_to(kind, value)
    return found


def _led_to(kind: str, value: str) -> list[Called]:
    """What a former slug, or that of a merged cause, stands for now."""
    rows = MODELS[kind]._default_manager
    slug = slug_in_use(rows.all(), value) if SLUG.fullmatch(value) else ""
    return [Called(pk, slug, exact=True) for pk in rows.filter(slug=slug).values_list("pk", flat=True)] if slug else []
