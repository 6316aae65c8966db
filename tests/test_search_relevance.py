"""Search finds what somebody means: known-item queries over the five incidents, alone and among generated ones."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from bench.loading import fill
from postmortems import search
from postmortems.models import Incident
from tests.relevance import TABLE

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


def mean_rank() -> float:
    """The mean reciprocal rank of the whole table."""
    ranks = {(text, number): rank(text, number) for text, number in TABLE}
    print({key: value for key, value in ranks.items() if value < 1})
    return sum(ranks.values()) / len(ranks)


def test_the_table_is_long_enough():
    assert len(TABLE) >= 60
    assert len({text for text, _ in TABLE}) == len(TABLE)


def test_known_items_come_first():
    assert mean_rank() >= 0.95


def test_known_items_come_first_among_others():
    fill(300, 1, lambda words: None)
    search.rebuild()
    assert mean_rank() >= 0.9
