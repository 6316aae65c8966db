"""Whether a moment was on a day or before it, as an expression that calls no function of ours for each row."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Func


class InTime(Func):
    """Whether a DateTimeField (UTC) is on the day of a DateField at the latest; null when either is."""

    output_field = models.BooleanField(null=True)
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """SQLite keeps both as text that begins with the day."""
        return self.as_sql(compiler, connection, template="(substr(%(expressions)s)", arg_joiner=", 1, 10) <= ")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """The day in UTC, whatever the zone of the connection."""
        template, joiner = "((%(expressions)s)", " AT TIME ZONE 'UTC')::date <= "
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner)
