"""Whatever is typed or put into the address: no error, nothing injected, nothing hidden shown, and little time."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from hypothesis import HealthCheck, Phase, example, given, settings

from postmortems import search
from postmortems.models import SearchDocument
from postmortems.refresh import refresh_incident
from postmortems.search_tokens import STOP_WORDS
from tests.factories import make_actionable, make_incident
from tests.hostile import ADDRESSES, INJECTED, LONGEST, TEXTS, encoded

pytestmark = pytest.mark.usefixtures("five")
NOBODY = AnonymousUser()
# Seconds of processor time; `bench/hostile.py` holds it to less where nothing else is at work.
MOST = 0.5
MANY = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
FEWER = settings(MANY, max_examples=200)
TAGS = re.compile(r"</?mark>")
# Texts that were too much once.
COSTLY = [
    '"a"*' * 2_500,
    "@all" * 2_500,
    "..a" * 3_333,
    ":a" * 5_000,
    "v1.2.3" * 1_666,
    "/1-1/a" * 1_666,
    "-foo:bar" * 1_250,
    "owner:a-b/c" * 900,
    "\ufdfa" * 10_000,
]


@pytest.fixture
def hidden() -> int:
    """A restricted incident that half of what is asked would find, by its id."""
    incident = make_incident("Restart rsyslog and rabbitmq", summary="timeout restart a", visibility="restricted")
    refresh_incident(incident)
    return incident.pk


def spent(run: Any) -> float:
    """Seconds of processor time."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def ask(text: str, hidden: int) -> None:
    """What a page of results, and the box above it, ask for."""
    results = search.search(text, NOBODY)
    assert hidden not in results.ids
    assert results.count <= 5
    for passages in search.passages(results.ids, results.words).values():
        assert not [one for one in passages if "<" in TAGS.sub("", str(one.html))]
    assert not [one for one in search.suggest(text[:500], NOBODY) if one.name.startswith("Restart rsyslog")]


def test_no_text_is_an_error_shows_what_is_hidden_or_takes_long(hidden: int) -> None:
    @MANY
    @given(TEXTS)
    def every(text: str) -> None:
        assert spent(lambda: ask(text, hidden)) < MOST

    for text in COSTLY:
        every = example(text)(every)
    every()
    assert SearchDocument.objects.count() == 6


def test_no_address_is_an_error_shows_what_is_hidden_or_takes_long(client: Client, hidden: int) -> None:
    def visit(address: str) -> None:
        response = client.get("/incidents/", QUERY_STRING=address)
        if response.status_code == 302:  # what was typed stands in the address as what is clicked
            response = client.get(response.headers["Location"])
        assert response.status_code == 200
        assert INJECTED.encode() not in response.content
        assert b"Restart rsyslog and rabbitmq" not in response.content

    @FEWER
    @given(ADDRESSES)
    def every(address: str) -> None:
        assert spent(lambda: visit(address)) < MOST

    for text in COSTLY:
        every = example(f"q={encoded(text)}")(every)
    every()


def test_more_than_can_be_looked_for_is_said():
    text = " ".join(f'"the {word}"' for word in sorted(STOP_WORDS)[:20])
    assert any("more than can be looked for at once" in notice for notice in search.search(text, NOBODY).query.notices)


def test_an_owner_of_characters_that_stand_for_sentences_is_found():
    owner = "\ufdfa" * 120
    incident = make_actionable(owner=owner).incident
    refresh_incident(incident)
    assert search.search(f"owner:{owner}", NOBODY).ids == [incident.pk]


def test_only_so_much_of_a_text_is_looked_at():
    text = "rsyslog " + "x" * LONGEST
    assert search.search(text + " rabbitmq", NOBODY).words == search.search(text, NOBODY).words
