"""Descending order with unknown values last, in a form both databases can index."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.indexes import IndexExpression


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
