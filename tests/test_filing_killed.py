"""The server is killed while sections are saved: what it said is saved is there, and nothing is half written."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from postmortems import search
from tests.killing import killed


@pytest.mark.skipif(sys.platform != "linux", reason="Finds the processes of the server in /proc.")
@pytest.mark.django_db(transaction=True)
def test_every_acknowledged_save_outlives_a_server_that_is_killed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills: int = request.config.getoption("--kills")
    saved, wrong = killed(tmp_path, kills, Random(1))
    print(f"{kills} kills, {saved} saves acknowledged")
    assert wrong == []
    assert saved >= kills
    assert search.check() == []
