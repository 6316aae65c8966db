"""Measures every page on the real server: `pages.py` with the DATABASE_URL of a filled database."""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.db import connection as database_connection  # noqa: E402 - needs the settings
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench.load import (  # noqa: E402
    HOST,
    Connection,
    Family,
    Run,
    Visits,
    at_once,
    first_visits,
    in_turn,
    repeat_visits,
    same_visits,
)
from bench.places import Page, pages  # noqa: E402
from postmortems.models import Edition  # noqa: E402

FLOOR = "/bench/floor/{}/"
HEAD = (
    "Page", "CPU ms", "database ms", "kept ms", "median ms", "p99 ms", "requests/s", "bytes", "queries", "x floor",
    "growth",
)  # fmt: skip


@dataclass
class Timed:
    """Processor time for one request in milliseconds, of the server and of the database, and the requests."""

    server: float
    database: float
    run: Run

    @property
    def cpu(self) -> float:
        """Of both."""
        return self.server + self.database


@dataclass
class Figures:
    """What was measured of one page: when it is made, when it is kept, and a floor of its size."""

    name: str
    made: Timed
    kept: Timed
    floor: Timed
    rate: float
    queries: int

    def row(self, before: dict[str, float]) -> list[str]:
        """As a row of the table; `before` has the processor time of each page in an earlier run."""
        run, size = self.made.run, max(answer.size for answer in self.made.run.answers)
        times = (self.made.server, self.made.database, self.kept.cpu, run.quantile(0.5), run.quantile(0.99))
        growth = f"{self.made.cpu / before[self.name]:.2f}" if self.name in before else ""
        over = f"{self.made.cpu / self.floor.cpu:.1f}"
        shown = [f"{value:.2f}" for value in times]
        return [self.name, *shown, f"{self.rate:,.0f}", f"{size:,}", str(self.queries), over, growth]


@contextmanager
def serving(*, workers: int) -> Iterator[tuple[int, Family]]:
    """The product's own server on a free port, stopped at the end; gives the port and its processes."""
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "collectstatic", "--noinput", "-v0"], check=True, cwd=ROOT)  # noqa: S603
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    command = [*manage, "serve", "--host", HOST, "--port", str(port), "--workers", str(workers)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_for(port, server)
        family = Family(server.pid)
        family.find()
        yield port, family
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit("The server did not start; `manage.py serve` says why.")
        try:
            Connection(port).get(FLOOR.format(1))
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The server did not answer.")


def database_family() -> Family | None:
    """The processes of PostgreSQL when it runs on this machine; SQLite runs inside the server."""
    if database_connection.vendor != "postgresql":
        return None
    with database_connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    try:
        parent = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
    return Family(parent)


def measure(page: Page, port: int, server: Family, given: argparse.Namespace) -> Figures:
    """One page: first one request after the other, then many at once."""
    connection = Connection(port)

    def visits(connection: Connection) -> Visits:
        return repeat_visits(page.paths, connection) if page.revisit else first_visits(page.paths)

    count = given.requests * (5 if page.revisit else 1)
    made = _timed(connection, visits(connection), count, server, Edition.bump if given.cold else _nothing)
    wrong = {answer.status for answer in made.run.answers} - {page.status}
    if wrong and not (given.cold and page.revisit):
        raise SystemExit(f"{page.name} ({page.paths[0]}) answered {wrong}, not {page.status}.")
    kept = _timed(connection, same_visits(page.paths[:20]), given.requests * 5, server)
    size = sum(answer.size for answer in made.run.answers) // count
    floor = _timed(connection, same_visits([FLOOR.format(size)]), given.requests * 5, server)
    rate = at_once(port, given.clients, given.seconds, visits) if given.seconds else 0
    return Figures(page.name, made, kept, floor, rate, 0 if page.revisit else most_queries(page))


def _nothing() -> None:
    """Nobody edits anything."""


def _timed(
    connection: Connection, visits: Visits, count: int, server: Family, edit: Callable[[], None] = _nothing
) -> Timed:
    """Processor time of the server and of the database for one request, and the requests."""
    in_turn(connection, visits, 25)
    database = database_family()
    families = [family for family in (server, database) if family]
    for family in families:
        family.find()
    before = [family.used() for family in families]
    run = in_turn(connection, visits, count, edit)
    used = [family.used_since(then) / count for family, then in zip(families, before, strict=True)]
    return Timed(used[0], used[1] if database else 0.0, run)


def most_queries(page: Page) -> int:
    """The queries of the page, in this process; of several addresses the most."""
    logging.disable(logging.ERROR)  # pages that are not found are meant to be
    client, most = Client(raise_request_exception=False), 0
    for path in page.paths[:10]:
        Edition.bump()  # so that nothing is remembered from before
        with CaptureQueriesContext(database_connection) as asked:
            client.get(path, headers={"host": "localhost"})
        most = max(most, len(asked))
    return most


def arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100, help="One after the other, for each page (100).")
    parser.add_argument("--clients", type=int, default=8, help="Connections at once (8).")
    parser.add_argument("--seconds", type=float, default=1.5, help="How long they work on each page (1.5; 0: not).")
    parser.add_argument("--workers", type=int, default=2, help="Processes of the server (2).")
    parser.add_argument("--cold", action="store_true", help="An edit before each request: nothing is remembered.")
    parser.add_argument("--only", default="", help="Pages whose name contains this.")
    parser.add_argument("--keep", type=Path, help="Write the processor time of each page to this file.")
    parser.add_argument("--against", type=Path, help="Compare with a file that --keep wrote.")
    return parser.parse_args()


def main() -> None:
    """Measure and print a table."""
    given = arguments()
    before = json.loads(given.against.read_text()) if given.against else {}
    wanted = [page for page in pages() if given.only in page.name]
    kept = {}
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    with serving(workers=given.workers) as (port, server):
        for page in wanted:
            figures = measure(page, port, server, given)
            kept[page.name] = figures.made.cpu
            print("| " + " | ".join(figures.row(before)) + " |", flush=True)
    if given.keep:
        given.keep.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
