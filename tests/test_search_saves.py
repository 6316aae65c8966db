"""Search while several processes save: readers see each incident old or new, and killing savers does no harm."""

from __future__ import annotations

import signal
import time
from random import Random

import pytest

from postmortems import search
from tests.savers import faults, prepare, saves, started

pytestmark = pytest.mark.django_db(transaction=True)
INCIDENTS = 10


def test_readers_see_each_incident_old_or_new_while_processes_save():
    prepare(INCIDENTS)
    savers = [started(str(seed), 50) for seed in range(4)]  # each with its own order
    seen: set[str] = set()
    reads = 0
    while any(saver.poll() is None for saver in savers):
        seen.update(faults(INCIDENTS))
        reads += 1
    assert [saver.wait() for saver in savers] == [0, 0, 0, 0]
    assert seen == set()
    assert reads > 3
    assert saves() == 200
    assert search.check() == []


def test_savers_and_a_rebuild_that_are_killed_leave_a_sound_index():
    prepare(INCIDENTS)
    random = Random(5)
    before = 0
    for _ in range(2):
        running = [started("rebuild"), started(str(random.random())), started(str(random.random()))]
        for process in running:
            time.sleep(random.random() / 2)
            assert faults(INCIDENTS) == []
            process.send_signal(signal.SIGKILL)
        assert [process.wait() for process in running] == [-signal.SIGKILL] * 3
        assert search.check() == []
        assert faults(INCIDENTS) == []
        assert saves() > before
        before = saves()
