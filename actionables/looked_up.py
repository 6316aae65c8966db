"""A moment out of a table that comes with the query: so many precisions times so many causes, found without a scan."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import F, Func, Value


class LookedUp(Func):
    """What `{"day": {7: moment}}` says for a column with a precision and one with a key; null when nothing.

    Both databases are given the table as JSON, which they read once; SQLite keeps moments as text and compares them so.
    """

    output_field = models.DateTimeField(null=True)

    def __init__(self, table: dict[str, dict[int, datetime]], precision: str | F, key: str | F) -> None:
        told = {name: {str(one): _text(at) for one, at in row.items()} for name, row in table.items()}
        super().__init__(Value(json.dumps(told), models.TextField()), precision, key)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """The path to the value, as in $.day."7"."""
        return self._filled("json_extract(%s, '$.' || %s || '.\"' || %s || '\"')", compiler)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """One step for each of both."""
        return self._filled("((%s)::jsonb -> %s ->> (%s)::text)::timestamp AT TIME ZONE 'UTC'", compiler)

    def _filled(self, template: str, compiler: Any) -> tuple[str, Any]:
        parts = [compiler.compile(one) for one in self.get_source_expressions()]
        return template % tuple(sql for sql, _ in parts), tuple(one for _, params in parts for one in params)


def _text(at: datetime) -> str:
    """As SQLite stores it: UTC without saying so, no fraction of a second."""
    return str(at.astimezone(UTC).replace(tzinfo=None, microsecond=0))
