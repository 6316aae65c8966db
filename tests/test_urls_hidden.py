"""The addresses of a restricted incident: to whoever may not see it, as if they had never existed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from tests.leaking import OTHERS, SEEING, add_restricted, clients_of, make_people, public_world
from tests.leaking_asked import FILE, FIRST, FORMER, NUMBER, SLUG, WORK
from tests.permissions import HIDDEN, METHODS, Hidden


@pytest.fixture(scope="module")
def _world(_five: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Client]]:
    with django_db_blocker.unblock(), transaction.atomic():
        make_people()
        public_world()
        add_restricted()
        yield clients_of((*OTHERS, *SEEING))
        transaction.set_rollback(True)


@pytest.fixture
def world(_world: dict[str, Client], db: None) -> dict[str, Client]:
    """A browser for each person, with the restricted incident there; made once for all."""
    return _world


PARTS = {
    "slug": SLUG,
    "former slug": FORMER,
    "number": str(NUMBER),
    "work": str(WORK),
    "key": FILE,
    "entry": str(FIRST),
}
NEVER = {
    "slug": "nobody-slug",
    "former slug": "nobody-former-slug",
    "number": "70",
    "work": "70",
    "key": "ab" * 16,
    "entry": "900002",
}  # as long as those


def in_place(address: str, parts: dict[str, str]) -> str:
    """The address with these parts in it."""
    return re.sub(r"{(.+?)}", lambda found: parts[found[1]], address)


def renamed(text: str, there: str, never: str) -> str:
    """The text with one address for the other, also where it is a part of another."""
    return text.replace(there, never).replace(quote(there), quote(never))


@pytest.mark.parametrize("row", HIDDEN, ids=lambda row: row.address)
def test_a_restricted_incident_answers_as_the_table_says(world: dict[str, Client], row: Hidden) -> None:
    """To everybody else as an address that never existed, to the last byte; who must sign in first is asked to."""
    there, never = in_place(row.address, PARTS), in_place(row.address, NEVER)
    for name in OTHERS:
        client = world[name]
        for method in METHODS:
            told, untold = (client.generic(method, address) for address in (there, never))
            assert told.status_code == untold.status_code
            assert renamed(told.content.decode(), there, never) == untold.content.decode(), (name, method)
            headers = {header: renamed(value, there, never) for header, value in told.headers.items()}
            assert headers | {"Expires": ""} == dict(untold.headers) | {"Expires": ""}
        answer = client.get(there)
        asked_in = name == "anonymous" and answer.headers.get("Location", "").startswith("/sign-in/")
        assert asked_in or answer.status_code == row.others
    assert [world[name].get(there).status_code for name in SEEING] == [row.named, row.admin]
