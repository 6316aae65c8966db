"""Queries that are compiled once give what they would give anew."""

from __future__ import annotations

import pytest
from django.db import connection

from postmortems import search_sqlite
from postmortems.models import Incident
from postmortems.prepared import MARK, SIZES, Prepared
from postmortems.rows import FIELDS
from timelines.models import TimelineEntry

pytestmark = pytest.mark.usefixtures("five")


def pks() -> list[int]:
    return list(Incident.objects.order_by("number").values_list("pk", flat=True))


def test_rows_are_those_of_the_query_itself() -> None:
    prepared = Prepared(lambda ids: Incident.objects.filter(pk__in=ids).order_by("number").values_list(*FIELDS))
    for ids in (pks(), pks()[:3], pks()[2:4], [pks()[0]], [*pks(), *range(-100, 0)], list(range(-1_000, 0))):
        asked = Incident.objects.filter(pk__in=ids).order_by("number").values_list(*FIELDS)
        assert [tuple(row) for row in prepared.rows(ids)] == list(asked)


def test_each_list_and_each_name_has_its_place() -> None:
    prepared = Prepared(
        lambda ids, positions, name: (
            TimelineEntry.objects.filter(position__in=positions, incident__in=ids)
            .order_by("pk")
            .values_list("incident_id", "position", name)
        )
    )
    for name in ("text", "when_at"):
        for positions in ([1], [2, 3]):
            asked = TimelineEntry.objects.filter(incident__in=pks()[:2], position__in=positions).order_by("pk")
            wanted = list(asked.values_list("incident_id", "position", name))
            assert wanted
            assert [tuple(row) for row in prepared.rows(pks()[:2], positions, name)] == wanted


def test_it_is_compiled_once_for_each_size(django_assert_num_queries) -> None:
    made: list[int] = []

    def make(ids: list[int]):
        made.append(len(ids))
        return Incident.objects.filter(pk__in=ids).values_list("pk")

    prepared, every = Prepared(make), pks()
    with django_assert_num_queries(4):
        for ids in (every[:3], every[:4], every, every[:1]):
            assert {row[0] for row in prepared.rows(ids)} == set(ids)
    assert made == [5, 1]
    assert set(made) <= set(SIZES)


def test_nothing_is_asked_for_no_ids(django_assert_num_queries) -> None:
    prepared = Prepared(lambda ids: Incident.objects.filter(pk__in=ids).values_list("pk"))
    with django_assert_num_queries(0):
        assert prepared.rows([]) == []


def test_a_query_that_alters_the_list_is_refused() -> None:
    prepared = Prepared(lambda ids: Incident.objects.filter(pk__in=[one - MARK for one in ids]).values_list("pk"))
    with pytest.raises(ValueError, match="not in the query"):
        prepared.rows(pks())


@pytest.mark.sqlite
def test_the_planner_never_takes_the_search_index_for_small() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        search_sqlite.settle()
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'postmortems_searchindex_data'")
        assert cursor.fetchall() == [("1000000",)]
