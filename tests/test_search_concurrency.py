"""Search while others write: every reader sees a sound index, and a writer that is killed leaves one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from postmortems import search
from postmortems.models import Incident, SearchDocument
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


def test_a_killed_rebuild_leaves_a_sound_index():
    for number in range(60):
        refresh_incident(make_incident(f"Frumious {number}"))
    script = "import django; django.setup(); from postmortems import search\nwhile True: search.rebuild(force=True)"
    for wait in (0.3, 0.6):
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=settings.BASE_DIR, env=os.environ | _same_database()
        )
        time.sleep(1.5 + wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert SearchDocument.objects.count() == 65
        assert search.check() == []


def _same_database() -> dict[str, str]:
    """The test's database, for another process."""
    known = connection.settings_dict
    url = f"sqlite:///{known['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgresql://{known['USER']}:{known['PASSWORD']}@/{known['NAME']}?host={known['HOST']}"
    return {"DJANGO_SETTINGS_MODULE": "kb.settings", "DATABASE_URL": url}
