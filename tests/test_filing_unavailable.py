"""The database is locked or full: reading goes on, writing says so and keeps what was typed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from postmortems.models import Incident
from tests.factories import make_incident
from tests.filing import address, opened
from tests.test_filing_kept import LONG, given_back

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def locked() -> Iterator[None]:
    """Somebody else holds what a save needs, for longer than it waits (which is made short here)."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA busy_timeout=100")
        with closing(sqlite3.connect(known["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        connection.close()  # the next one waits as long as ever
        return
    connection.cursor().execute("SET lock_timeout = '100ms'")
    with closing(psycopg2.connect(dbname=known["NAME"], user=known["USER"], host=known["HOST"])) as other:
        other.cursor().execute("SELECT 1 FROM postmortems_incident FOR UPDATE")
        yield
    connection.close()


@contextmanager
def full() -> Iterator[None]:
    """The database may not grow by a page."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count={pages}")
    yield
    connection.close()


@pytest.mark.parametrize("trouble", [locked, pytest.param(full, marks=pytest.mark.sqlite)])
def test_reading_goes_on_and_writing_keeps_the_text(
    client: Client, alice: User, trouble: Callable[[], AbstractContextManager[None]]
) -> None:
    incident = make_incident(summary="As it was.")
    client.force_login(alice)
    client.raise_request_exception = False
    where = address(incident, "impact")
    typed = opened(client, where) | {"summary": LONG}
    with trouble():
        answer = client.post(where, typed)
        reading = [client.get(page).status_code for page in (incident.get_absolute_url(), "/", where, "/healthz")]
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert reading == [200] * 4
    assert Incident.objects.get().summary == "As it was."
    again = given_back(answer.content.decode())
    assert again["summary"] == LONG
    assert client.post(where, again).status_code == 302
    assert Incident.objects.get().summary == LONG.replace("\r\n", "\n")
