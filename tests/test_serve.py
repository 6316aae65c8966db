"""`manage.py serve`: refuses to start on what is wrong, answers, keeps connections, stops without noise."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from django.conf import settings

START_SECONDS = 30


def environment(place: Path, **variables: str) -> dict[str, str]:
    """The environment of a fresh installation with its data in `place`."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG")}
    return {**kept, "HINDSIGHT_DATA": str(place), **variables}


def manage(place: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment(place, **variables),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A data directory with a migrated SQLite database and collected files."""
    place = tmp_path_factory.mktemp("installation")
    for arguments in (["migrate"], ["collectstatic", "--noinput"]):
        ran = manage(place, *arguments, "--verbosity=0")
        assert ran.returncode == 0, ran.stderr
    return place


@contextmanager
def serving(place: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A server that answers; ended at the end if the test did not."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment(place), stdout=pipe, stderr=pipe, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=40)


def _wait(port: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with connected(port) as connection:
                ask(connection, "GET")
                return
        except (OSError, HTTPException):
            time.sleep(0.1)
    pytest.fail(f"The server did not answer: {process.communicate(timeout=5) if process.poll() else ''}")


@contextmanager
def connected(port: int) -> Iterator[HTTPConnection]:
    """One connection to the server; that it was closed by the other side is an error, not a reason to open another."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.connect()
    connection.auto_open = 0
    with closing(connection):
        yield connection


def ask(connection: HTTPConnection, method: str, **headers: str) -> tuple[int, bytes]:
    """Status and body of the answer about the server's health."""
    connection.request(method, "/healthz", headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def interrupt(process: subprocess.Popen[str]) -> None:
    """What Ctrl-C in a terminal does: every process of the group gets the signal."""
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        os.killpg(process.pid, signal.SIGINT)


def test_it_keeps_connections_bounds_requests_and_stops_cleanly(place):
    port = free_port()
    with serving(place, port) as process:
        with connected(port) as kept:
            assert ask(kept, "GET")[0] == 200
            time.sleep(3)  # longer than some servers wait; a browser comes back after a pause
            assert ask(kept, "HEAD") == (200, b"")
            assert ask(kept, "GET")[0] == 200
        with connected(port) as other:
            assert ask(other, "GET", Endless="a" * 200_000)[0] == 431
        interrupt(process)
        said, complained = process.communicate(timeout=10)  # well below the time after which workers are killed
    assert process.returncode == 0
    assert "[" not in complained, complained
    assert f"runs at http://127.0.0.1:{port} " in said
    assert f"There is no admin yet: `manage.py invite --site http://127.0.0.1:{port}` prints a link" in said
    assert "Traceback" not in said + complained


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends the workers itself.")
def test_workers_end_with_a_server_that_was_killed(place):
    port = free_port()
    with serving(place, port) as process:
        process.kill()
        process.wait(timeout=5)
        until = time.monotonic() + 15
        while time.monotonic() < until and _is_taken(port):
            time.sleep(0.2)
        assert not _is_taken(port)


def _is_taken(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def test_a_busy_port_is_said(place):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = manage(place, "serve", "--port", str(port))
    assert ran.returncode == 1
    assert f"port {port}" in ran.stderr
    assert "PORT=8001" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ALLOWED_HOSTS": "*"}, "hindsight.E011"),
        ({"SECRET_KEY": "short"}, "hindsight.E010"),
        ({"DEBUG": "1", "ALLOWED_HOSTS": "kb.example.org"}, "hindsight.E015"),
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps'"),
    ],
)
def test_wrong_settings_are_refused(place, variables, said):
    ran = manage(place, "serve", "--port", str(free_port()), **variables)
    assert ran.returncode != 0
    assert said in ran.stderr


def test_an_installation_that_was_not_prepared_is_refused(tmp_path):
    ran = manage(tmp_path, "serve", "--port", str(free_port()))
    assert ran.returncode != 0
    assert "hindsight.E020" in ran.stderr
    manage(tmp_path, "collectstatic", "--noinput", "--verbosity=0")
    ran = manage(tmp_path, "serve", "--port", str(free_port()))
    assert ran.returncode == 1
    assert "manage.py migrate" in ran.stderr
