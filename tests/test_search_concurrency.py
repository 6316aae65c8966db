"""Search while others write: every reader sees a sound index, old or new."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from postmortems import search
from postmortems.models import Incident
from postmortems.refresh import refresh_incident
from tests.factories import make_incident

pytestmark = pytest.mark.usefixtures("five_committed")
NOBODY = AnonymousUser()


def together(*tasks: Callable[[], Any]) -> list[BaseException]:
    """Run these at the same time, each with a connection of its own; what went wrong."""
    errors: list[BaseException] = []

    def run(task: Callable[[], Any]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def save(pk: int, text: str) -> None:
    """What a form does."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update().get(pk=pk)
        incident.summary = text
        incident.save(update_fields=["summary"])
        refresh_incident(incident)


def test_readers_go_on_during_a_rebuild_and_saves():
    pks = [make_incident(f"Frumious {number}", summary="old words").pk for number in range(10)]
    search.rebuild()
    done = threading.Event()
    counts: set[int] = set()

    def read() -> None:
        while not done.is_set():
            counts.add(search.search("frumious", NOBODY).count)

    def write(start: int) -> None:
        for number in range(20):
            save(pks[(start + number) % 10], f"new words {number}")

    def work() -> None:
        try:
            errors.extend(together(*(lambda n=n: write(n) for n in range(3)), lambda: search.rebuild(force=True)))
        finally:
            done.set()

    errors: list[BaseException] = []
    errors += together(read, read, work)
    assert errors == []
    assert counts == {10}
    assert search.check() == []
    assert search.search("old", NOBODY).count == 0


def test_two_who_save_one_incident_leave_what_was_saved_last():
    pk = make_incident("Bandersnatch").pk
    assert together(*(lambda n=n: save(pk, f"word{n}") for n in range(6))) == []
    assert search.check() == []
    assert search.search(Incident.objects.get(pk=pk).summary, NOBODY).ids == [pk]
