"""Times the page of search over filled databases: `search.py sqlite:////tmp/bench.sqlite3 postgresql://...`.

Without an address it is the database of DATABASE_URL, or that of HINDSIGHT_DATA. Every query is a whole page made anew
(results, passages, facets, template) through the WSGI application in this process, beside the bare query of the same
words, `grep` over the same incidents as files and, where it is installed, the library `modelsearch`. README.md says
what the columns mean.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.contrib.auth.models import AnonymousUser  # noqa: E402 - needs the settings
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.others import grepped, library, write_files  # noqa: E402
from bench.processor import Processor, Spent, at, yardstick  # noqa: E402
from bench.queries import Case, address, classes  # noqa: E402
from kb.wsgi import application  # noqa: E402
from postmortems import search  # noqa: E402
from postmortems.models import Incident, SearchDocument  # noqa: E402
from postmortems.search_engine import engine  # noqa: E402
from postmortems.search_find import CAP, find  # noqa: E402
from postmortems.search_query import parse  # noqa: E402
from postmortems.search_scope import scope_of  # noqa: E402

NOBODY = AnonymousUser()
WARMING = 5
HEAD = ("CPU 50 %", "95 %", "99 %", "database", "clock 50 %", "95 %", "99 %", "bare", "x bare", "grep", "modelsearch")


def page(query: str) -> bytes:
    """The list of incidents for this query string."""
    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/incidents/", "QUERY_STRING": query,
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr,
        "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip
    statuses: list[str] = []
    response = application(environ, lambda status, headers, error=None: statuses.append(status))  # type: ignore[arg-type]
    body = b"".join(response)
    response.close()
    if not statuses[0].startswith("200"):
        raise SystemExit(f"/incidents/?{query[:200]} answered {statuses[0]}")
    return body


def pages(cases: list[Case], processor: Processor, turn: int) -> list[Spent]:
    """What each page took; a few others come first."""
    for case in cases[:WARMING]:
        page(address(case, turn))
    spent = []
    for case in cases:
        query = address(case, turn + 1)
        before = processor.now()
        page(query)
        spent.append(processor.since(before))
    return spent


def bare(cases: list[Case], processor: Processor) -> list[float]:
    """The newest hits of the same words with what is counted of them, and nothing else: processor time."""
    spent = []
    for text, more in cases:
        filters = {name: [value for other, value in more if other == name] for name in ("severity", "year")}
        query = parse(text)
        scope = scope_of(NOBODY, query, filters)
        wanted = scope.expression(find(query, scope).attempt.wanted())
        before = processor.now()
        engine().documents(engine().keys(wanted, CAP + 1, span=scope.span))
        spent.append(processor.since(before).cpu)
    return spent


def plain_page(processor: Processor, query: str) -> float:
    """A list without a search."""
    spent = []
    for turn in range(40):
        before = processor.now()
        page(f"{query}&turn={turn}")
        spent.append(processor.since(before).cpu)
    return median(spent)


def size() -> float:
    """Megabytes of the index with its documents and words; 0 where the database cannot say."""
    tables = ("postmortems_searchdocument", "postmortems_word")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s) AS name", [list(tables)])
        else:
            cursor.execute(
                "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'postmortems\\_search%%' ESCAPE '\\' "
                "OR name LIKE '%%postmortems\\_word%%' ESCAPE '\\'"
            )
        return float(cursor.fetchone()[0] or 0) / 1e6


def build(processor: Processor, *, force: bool) -> None:
    """Index what is not indexed, or everything anew, and say how long it took."""
    before = processor.now()
    search.rebuild(force=force)
    spent = processor.since(before)
    print(f"built in {spent.clock / 1e3:.0f} s, {spent.cpu / 1e3:.0f} s of CPU", flush=True)


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """One database: prints its table; the figures by class."""
    connection.settings_dict["CONN_MAX_AGE"] = None  # the same process of PostgreSQL throughout
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    processor = Processor()
    if given.build or SearchDocument.objects.count() < Incident.objects.count():
        build(processor, force=given.build)
    cases = {name: cases for name, cases in classes(Random(1), given.count) if cases and given.only in name}  # noqa: S311
    count = SearchDocument.objects.count()
    empty, plain = plain_page(processor, "page=99999"), plain_page(processor, "page=1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.grep or given.library:
            write_files(folder)
        others = library(folder, cases, given.library) if given.library else {}
        print(f"\n{connection.vendor}, {count:,} incidents, index {size():,.0f} MB; milliseconds. {_machine()}")
        print(f"an empty page {empty:.1f}, a list of twenty {plain:.1f}")
        print(f"{'':22}{''.join(f'{head:>12}' for head in HEAD)}")
        figures = {}
        for turn, (name, some) in enumerate(cases.items()):
            spent, least = pages(some, processor, 2 * turn), median(bare(some, processor))
            found = grepped(folder, [text for text, _ in some][: given.grep]) if given.grep else []
            figures[name] = row(name, spent, least, plain, found, others.get(name, []))
    return {"incidents": count, "database": connection.vendor, "classes": figures}


def row(
    name: str, spent: list[Spent], least: float, plain: float, found: list[float], others: list[float]
) -> dict[str, float]:
    """Print one class; its processor times."""
    cpu, clock = [one.cpu for one in spent], [one.clock for one in spent]
    figures = [median(cpu), at(cpu, 0.95), at(cpu, 0.99), median(one.database for one in spent)]
    figures += [median(clock), at(clock, 0.95), at(clock, 0.99), least, median(cpu) / (least + plain)]
    shown = [f"{figure:12.1f}" for figure in figures]
    shown += [f"{median(times):12.0f}" if times else f"{'-':>12}" for times in (found, others)]
    print(f"{name:22}{''.join(shown)}", flush=True)
    return {"median": figures[0], "p95": figures[1], "p99": figures[2], "grep": median(found) if found else 0.0}


def _machine() -> str:
    return f"Load {os.getloadavg()[0]:.1f}; the yardstick takes {yardstick():.1f}."


def growth(runs: list[dict[str, Any]]) -> None:
    """The 99th percentile of the largest over that of the smallest of each kind of database."""
    for vendor in sorted({run["database"] for run in runs}):
        sizes = sorted((run for run in runs if run["database"] == vendor), key=lambda run: run["incidents"])
        least, most = sizes[0], sizes[-1]
        if least is not most:
            print(f"\n{vendor}, 99 % at {most['incidents']:,} over that at {least['incidents']:,}")
            for name in (name for name in least["classes"] if name in most["classes"]):
                print(f"{name:22}{most['classes'][name]['p99'] / least['classes'][name]['p99']:8.1f}")


def judged(run: dict[str, Any]) -> list[str]:
    """Which bars a database does not meet, in words."""
    large = run["incidents"] > 50_000
    most, which = (50.0, "p95") if large else (15.0, "median")
    rows = run["classes"].items()
    slow = [f"{name}: {which} {row[which]:.1f}, not {most:.0f}" for name, row in rows if row[which] > most]
    return slow + [f"{name}: slower than grep" for name, row in rows if row["grep"] and row["median"] > row["grep"]]


def arguments() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", help="Addresses as in DATABASE_URL; several are measured in turn.")
    parser.add_argument("--build", action="store_true", help="Index everything anew first, and say how long it took.")
    parser.add_argument("--count", type=int, default=100, help="Queries of each class (100).")
    parser.add_argument("--only", default="", help="Classes whose name contains this.")
    parser.add_argument("--grep", type=int, default=3, help="Queries of each class for grep (3; 0: none).")
    parser.add_argument("--library", type=int, default=2_000, help="Incidents for modelsearch (2,000; 0: none).")
    parser.add_argument("--keep", type=Path, help="Write the figures to this file.")
    return parser.parse_args()


def several(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Each database in a process of its own."""
    runs = []
    passed = [f"--{name}={getattr(given, name)}" for name in ("count", "only", "grep", "library")]
    for database in given.databases:
        with tempfile.NamedTemporaryFile(suffix=".json") as kept:
            command = [sys.executable, __file__, *passed, f"--keep={kept.name}", *["--build"] * given.build]
            subprocess.run(command, check=True, env={**os.environ, "DATABASE_URL": database})  # noqa: S603
            runs += json.loads(Path(kept.name).read_text())
    return runs


def main() -> None:
    """Measure, and say what is too slow."""
    given = arguments()
    begun = time.perf_counter()
    runs = several(given) if given.databases else [measure(given)]
    if given.keep:
        given.keep.write_text(json.dumps(runs, indent=1))
    if given.databases:
        growth(runs)
        print(f"\n{time.perf_counter() - begun:.0f} s in all")
    else:
        print("\n".join(["", *judged(runs[0])]) if judged(runs[0]) else "\nEvery class is within its bars.")


if __name__ == "__main__":
    main()
