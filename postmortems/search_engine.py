"""Which database's way of searching is in use."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.db import connection

from . import search_postgresql, search_sqlite
from .search_expression import Expression, Span


class Engine(Protocol):
    """What a database must be able to do; see `search_sqlite` for what each means."""

    def documents(self, keys: list[int]) -> list[tuple[Any, ...]]: ...

    def keys(
        self, expression: Expression, limit: int, offset: int = 0, span: Span = ..., *, oldest: bool = False
    ) -> list[int]: ...

    def starting_with(self, prefix: str) -> tuple[str, list[str]]: ...

    def one_of(self, words: list[str]) -> tuple[str, list[Any]]: ...

    def count_up(self, words: list[str], stems: list[str], change: int) -> None: ...

    def unsound(self) -> list[str]: ...

    def repair(self) -> None: ...

    def settle(self) -> None: ...


ENGINES = {"sqlite": search_sqlite, "postgresql": search_postgresql}


def engine() -> Engine:
    """The one of the database in use."""
    return cast(Engine, ENGINES[connection.vendor])
