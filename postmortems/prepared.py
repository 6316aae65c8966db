"""Queries written with the ORM and compiled once: to build a query anew costs ten times what asking it does."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from itertools import chain
from threading import local
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

# From here on numbers stand for those of a list while a query is compiled; a query may have none of its own there.
MARK = 2_147_000_000
# How long lists are in a compiled query; shorter ones are filled up with their last number, longer ones are compiled.
SIZES = (1, 2, 5, 10, 21, 40, 80, 200, 500)
Compiled = tuple[str, tuple[Any, ...], Callable[[list[Any]], list[Any]]]


class Prepared:
    """A query of which only lists of numbers change, such as ids; each thread compiles it once for each size of them.

    `make` gets the arguments of `rows` and builds the query, which must give rows (`values_list`). For an argument
    that is not a list, as True or a name, the query is compiled anew.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]]) -> None:
        self.make = make
        self.known = local()

    def rows(self, *given: Any, keep: Callable[[tuple[Any, ...]], bool] | None = None) -> list[tuple[Any, ...]]:
        """The rows for these arguments, each as values; none when a list is empty (one query, or none).

        keep: says of a row as the database gave it whether it is wanted; making values of the others would be for
        nothing.
        """
        given = tuple(_filled(one) if isinstance(one, list) else one for one in given)
        lists = [one for one in given if isinstance(one, list)]
        if not all(lists):
            return []
        known: dict[Any, Compiled] = vars(self.known)
        key = str([len(one) if isinstance(one, list) else one for one in given])
        if key not in known:
            known[key] = self._compile(given)
        sql, marked, converted = known[key]
        numbers = dict(enumerate(chain(*lists), start=MARK))
        with connection.cursor() as cursor:
            cursor.execute(sql, [numbers.get(one, one) for one in marked])
            rows = cursor.fetchall()
        return converted(rows if keep is None else list(filter(keep, rows)))

    def _compile(self, given: tuple[Any, ...]) -> Compiled:
        marks = iter(range(MARK, MARK + 1_000_000))
        marked = [[next(marks) for _ in one] if isinstance(one, list) else one for one in given]
        compiler = self.make(*marked).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        missing = {mark for one in marked if isinstance(one, list) for mark in one} - set(params)
        if missing:
            raise ValueError("A list is not in the query as it was given.")
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        return sql, params, partial(_converted, compiler, converters) if converters else list


def _filled(numbers: list[int]) -> list[int]:
    """Of one of the sizes; the last number is there several times then, which changes nothing in a condition."""
    size = SIZES[at] if (at := bisect_left(SIZES, len(numbers))) < len(SIZES) else len(numbers)
    return [*numbers, *numbers[-1:] * (size - len(numbers))]


def _converted(compiler: Any, converters: Any, rows: list[Any]) -> list[Any]:
    return list(compiler.apply_converters(rows, converters))
