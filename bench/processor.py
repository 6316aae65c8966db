"""Processor time of this process and, on PostgreSQL, of the server's process that works for it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from django.db import connection


class Spent(NamedTuple):
    """Milliseconds: processor time of both, of the database's process alone, and the clock's."""

    cpu: float
    database: float
    clock: float


class Processor:
    """Reads the counters; on SQLite the database works in this process."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self.counter: Path | None = None
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                counter = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
            self.counter = counter if counter.exists() else None  # not when the server is another machine

    def now(self) -> Spent:
        """What was spent so far."""
        database = int(self.counter.read_text().split()[0]) / 1e6 if self.counter else 0.0
        return Spent(time.process_time() * 1e3 + database, database, time.perf_counter() * 1e3)

    def since(self, before: Spent) -> Spent:
        """What was spent since then."""
        return Spent(*(now - then for now, then in zip(self.now(), before, strict=True)))


def yardstick() -> float:
    """Milliseconds for a fixed piece of work: tells a busy machine from a quiet one."""
    times = []
    for _ in range(30):
        begun = time.process_time()
        words = [str(number) for number in range(20_000)]
        {word: word.find("9") + len(word.split("1")) for word in words}
        times.append((time.process_time() - begun) * 1e3)
    return sorted(times)[len(times) // 2]


def at(values: list[float], share: float) -> float:
    """The value that such a share of them stays within."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
