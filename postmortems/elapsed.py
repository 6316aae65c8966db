"""Seconds between two columns, as an expression that both databases can store and index."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Func

LONGEST = 2**31 - 1


class Elapsed(Func):
    """Whole seconds from one column to another, both DateTimeField or both DurationField; null when either is.

    Null also when the second is earlier, which moments of different precisions may be. What is longer than an
    integer column can hold (68 years) counts as that longest. It differs by database: SQLite keeps moments as text
    and durations as microseconds.
    """

    output_field = models.IntegerField(null=True)
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """julianday is allowed in stored columns: it depends on nothing but its argument (days, to under 0.1 ms)."""
        template = "CAST(ROUND((julianday(%(end)s) - julianday(%(start)s)) * 86400) AS INTEGER)"
        if self._of_durations():
            template = "((%(end)s - %(start)s) / 1000000)"
        return self._fill(f"NULLIF(MIN(MAX({template}, -1), {LONGEST}), -1)", compiler)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """The difference of two timestamps or of two intervals is an interval."""
        template = "EXTRACT(EPOCH FROM (%(end)s - %(start)s))"
        return self._fill(f"NULLIF(LEAST(GREATEST({template}, -1), {LONGEST})::integer, -1)", compiler)

    def _of_durations(self) -> bool:
        source = self.get_source_expressions()[0]
        return source is not None and source.output_field.get_internal_type() == "DurationField"

    def _fill(self, template: str, compiler: Any) -> tuple[str, Any]:
        first, then = self.get_source_expressions()
        start, start_params = compiler.compile(first)
        end, end_params = compiler.compile(then)
        return template % {"start": start, "end": end}, (*end_params, *start_params)
