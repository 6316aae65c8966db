"""Within what is searched: what the reader may see, what is chosen, from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from .access import reads_everything
from .models import Cause, Organisation, Service
from .search_expression import Expression, Span, Token, Without, together
from .search_query import CHOICES, PLACES, Query, chosen_expression
from .search_tokens import fold

if TYPE_CHECKING:
    from .access import Reader

MODELS: dict[str, Any] = {"organisation": Organisation, "service": Service, "cause": Cause}
COUNTED = (*PLACES, "severity", "year", "detection", "status")
KINDS = (*COUNTED, "owner", "has")
MOST_VALUES = 50


def seen_by(user: Reader) -> Expression:
    """What an incident must have for this reader to see it: the counterpart of `access.readable_by`.

    A rule that names readers adds a token for each of them to the documents, and here an alternative to "@open".
    """
    return Token("@all" if reads_everything(user) else "@open")


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


def scope_of(user: Reader, query: Query, filters: Mapping[str, list[str]]) -> Scope:
    """The filters of the address and the qualifiers in the text together; adds to `query.notices` what is unknown.

    A query for each of organisation, service and cause that is chosen.
    """
    scope = Scope(seen_by(user), excluded=tuple(query.excluded), span=(query.after, query.before))
    for kind in KINDS:
        values = [*filters.get(kind, []), *query.filters.get(kind, [])][:MOST_VALUES]
        if kind in PLACES and values:
            values = _ids(query, kind, values)
        elif kind in CHOICES:
            values = [value for value in values if value in CHOICES[kind]]
        if values or query.filters.get(kind) or filters.get(kind):
            scope.values[kind] = values
            scope.chosen[kind] = chosen_expression(kind, values or ["nothing"])
    return scope


def _ids(query: Query, kind: str, values: list[str]) -> list[str]:
    """The ids of what is meant: by slug, by name, or by a part of either."""
    wanted = {fold(value): value for value in values}
    condition = Q()
    for value in wanted.values():
        condition |= Q(slug__icontains=value) | Q(name__icontains=value)
    rows = list(MODELS[kind]._default_manager.filter(condition).values_list("pk", "slug", "name")[:1_000])
    found: list[str] = []
    for folded, value in wanted.items():
        exact = [pk for pk, slug, name in rows if folded in (fold(slug), fold(name))]
        near = [pk for pk, slug, name in rows if folded in fold(slug) or folded in fold(name)][:MOST_VALUES]
        found += map(str, exact or near)
        if not near and not exact:
            query.notices.append(f"There is no {kind} “{value[:60]}”.")
    return list(dict.fromkeys(found))
