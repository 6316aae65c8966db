"""Descending order with unknown values last, in a form both databases can index; rows that change places."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.indexes import IndexExpression

# Further than any list is long: rows step aside by it while they change places.
APART = 10_000


class KnownFirstDescending(OrderBy):
    """`column DESC NULLS LAST`; SQLite, which cannot index the words NULLS LAST, has nulls last by itself."""

    def __init__(self, expression: Any, **unused: Any) -> None:
        super().__init__(F(expression) if isinstance(expression, str) else expression, descending=True, nulls_last=True)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Without the words."""
        plain = OrderBy(self.expression, descending=True)
        return plain.as_sql(compiler, connection)


# Lets an index be declared with it, as with Django's own OrderBy.
IndexExpression.register_wrappers(*IndexExpression.wrapper_classes, KnownFirstDescending)


def renumber(rows: Any, ordered: list[Any]) -> None:
    """Give rows the places of this order, from 1 on; no two have the same place at any time (three queries or more)."""
    rows.update(position=F("position") + APART)
    for place, each in enumerate(ordered, start=1):
        each.position = place
    type(ordered[0]).objects.bulk_update(ordered, ["position"], batch_size=200)
