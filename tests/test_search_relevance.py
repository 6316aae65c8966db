"""Search finds what somebody means: known-item queries over the five incidents, alone and among generated ones."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from bench.loading import fill
from postmortems import search
from postmortems.models import Incident
from tests.relevance import GENERATED, OTHER_TOPS, SCEPTIC, TABLE

pytestmark = pytest.mark.usefixtures("five")
NOBODY = AnonymousUser()


def rank(text: str, number: int) -> float:
    """One over the place of the wanted incident; a corrected spelling counts as one more click, so as the second."""
    results = search.search(text, NOBODY)
    wanted = Incident.objects.get(number=number).pk
    if wanted in results.ids:
        return 1 / (results.ids.index(wanted) + 1)
    if results.did_you_mean:
        return rank(results.did_you_mean, number) / 2 if results.did_you_mean != text else 0.0
    return 0.0


def ranks(table: list[tuple[str, int]]) -> dict[str, float]:
    """The reciprocal rank for each text, all of which are shown where one fails."""
    found = {text: rank(text, number) for text, number in table}
    print({text: value for text, value in found.items() if value < 1})
    return found


def mean_rank(table: list[tuple[str, int]]) -> float:
    """The mean reciprocal rank of a table."""
    found = ranks(table)
    return sum(found.values()) / len(found)


def test_the_tables_are_long_enough():
    everything = [text for text, _ in (*TABLE, *SCEPTIC, *GENERATED)]
    assert len(everything) >= 60
    assert len(set(everything)) == len(everything)


def test_known_items_come_first():
    assert mean_rank(TABLE) >= 0.95
    assert mean_rank(SCEPTIC) >= 0.95


def test_known_items_come_first_among_others():
    fill(300, 1, lambda words: None)
    search.rebuild()
    assert mean_rank(TABLE) >= 0.95
    assert mean_rank(SCEPTIC) >= 0.9
    assert mean_rank(GENERATED) >= 0.95
    # The same first result on every database: each agrees with one list in so many that any two agree in 95 %.
    expected = dict((*TABLE, *SCEPTIC, *GENERATED)) | OTHER_TOPS
    different = {text: top for text, number in expected.items() if (top := _top(text)) != number}
    assert len(different) <= 0.025 * len(expected), different


def _top(text: str) -> int:
    results = search.search(text, NOBODY)
    return Incident.objects.get(pk=results.ids[0]).number if results.ids else 0
