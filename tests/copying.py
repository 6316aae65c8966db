"""A copy of everything in the test database, and putting it back."""

from __future__ import annotations

import sqlite3
from io import BytesIO
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection

TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
COUNTERS = "SELECT quote_ident(sequencename), last_value FROM pg_sequences WHERE schemaname = 'public'"


def copied() -> Any:
    """All rows of all tables, for `put_back` on the same database."""
    if connection.vendor == "sqlite":
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        connection.connection.backup(copy)
        return copy
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        rows = {table: BytesIO() for (table,) in cursor.fetchall()}
        for table, kept in rows.items():
            cursor.copy_expert(f"COPY {table} TO STDOUT (FORMAT binary)", kept)
        cursor.execute(COUNTERS)
        return rows, cursor.fetchall()


def put_back(copy: Any) -> None:
    """Replace all there is by the copy; committed at once."""
    ContentType.objects.clear_cache()
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        copy.backup(connection.connection)
        return
    rows, counters = copy
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the rows refer to each other in circles
        cursor.execute(f"TRUNCATE {', '.join(rows)}")
        for table, kept in rows.items():
            kept.seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT binary)", kept)
        for name, last in counters:
            cursor.execute(f"SELECT setval('{name}', %s, %s)", [last or 1, last is not None])
        cursor.execute("SET session_replication_role = DEFAULT")
