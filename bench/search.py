"""Times search over the database of DATABASE_URL, or that of HINDSIGHT_DATA: `search.py --build --grep`.

Each class of queries is measured as the page does it (results, facets, passages), against the bare query of the same
words on the same database, and against `grep -r` over the same incidents as files.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")
django.setup()

from django.contrib.auth.models import AnonymousUser  # noqa: E402 - needs the settings
from django.db import connection  # noqa: E402

from postmortems import search  # noqa: E402
from postmortems.models import SearchDocument, Word  # noqa: E402
from postmortems.search_documents import passages_of  # noqa: E402
from postmortems.search_engine import engine  # noqa: E402
from postmortems.search_find import CAP, find  # noqa: E402
from postmortems.search_query import parse  # noqa: E402
from postmortems.search_scope import scope_of  # noqa: E402
from postmortems.search_tokens import STOP_WORDS  # noqa: E402

NOBODY = AnonymousUser()
Case = tuple[str, dict[str, object]]


def words_between(low: float, high: float, random: Random, count: int) -> list[str]:
    """Words of four letters or more that stand in such a share of the open incidents."""
    everything = Word.objects.get(word="@open").documents
    rows = Word.objects.filter(documents__gte=max(low * everything, 1), documents__lte=high * everything)
    words = sorted(word for word in rows.values_list("word", flat=True) if len(word) > 3 and word not in STOP_WORDS)
    return random.choices(words, k=count) if words else []


def lines(random: Random, count: int, length: int) -> list[str]:
    """Stretches of what stands in incidents, so many characters long."""
    keys = list(SearchDocument.objects.values_list("key", flat=True))
    rows = SearchDocument.objects.filter(key__in=random.sample(keys, min(count, len(keys))))
    streams = rows.values_list("stream", flat=True)
    told = (" ".join(word for word in stream.split() if word[0] != "§") for stream in streams)
    return [text[(at := random.randrange(max(len(text) - length, 1))) : at + length] for text in told]


def classes(random: Random, count: int) -> Iterator[tuple[str, list[Case]]]:
    """Every class with its queries."""
    frequent, medium = words_between(0.2, 1, random, 2 * count), words_between(0.01, 0.1, random, 2 * count)
    rare = words_between(0, 0.0005, random, count)
    plain: dict[str, list[str]] = {
        "frequent word": frequent[:count],
        "medium word": medium[:count],
        "rare word": rare,
        "two frequent words": [" ".join(random.sample(frequent, 2)) for _ in range(count)],
        "three words": [" ".join(random.sample(frequent, 2) + random.sample(medium, 1)) for _ in range(count)],
        "phrase": [f'"{" ".join(line.split()[1:4])}"' for line in lines(random, count, 60)],
        "prefix": [word[: random.randint(3, 4)] + "*" for word in frequent[:count]],
        "misspelt": [word[:2] + word[3] + word[2] + word[4:] for word in medium[:count]],
        "pasted line": lines(random, count, 160),
        "pasted trace": [line + "\n" for line in lines(random, count, 2_000)],
    }
    for name, texts in plain.items():
        yield name, [(text, {}) for text in texts]
    chosen: dict[str, object] = {"filters": {"severity": ["SEV1", "SEV2"], "year": ["2020", "2021"]}}
    yield "with two facets", [(word, chosen) for word in frequent[:count]]
    for sort in ("relevance", "newest", "severity"):
        yield f"page 500, {sort}", [(word, {"sort": sort, "page": 500}) for word in frequent[:count]]
    yield "longest first", [(word, {"sort": "longest"}) for word in frequent[:count]]
    yield "no words", [("", {})] * count


def page(case: Case) -> None:
    """What a page of results asks for."""
    text, options = case
    results = search.search(text, NOBODY, **options)  # type: ignore[arg-type]
    search.passages(results.ids, results.words)


def bare(case: Case) -> None:
    """The newest hits of the same words, and nothing else."""
    query = parse(case[0])
    wanted = find(query, scope_of(NOBODY, query, {})).attempt.wanted()
    begun = time.process_time()
    if wanted:
        engine().keys(wanted, CAP + 1)
    BARE.append((time.process_time() - begun) * 1_000)


BARE: list[float] = []


def typed(case: Case) -> None:
    """What each key typed asks for."""
    search.suggest(case[0].split(" ")[0][:5], NOBODY)


def timed(run: Callable[[Case], None], cases: list[Case]) -> tuple[list[float], list[float]]:
    """Milliseconds of CPU and of the clock for each case, sorted. The server's CPU is not ours on PostgreSQL."""
    cpu, wall = [], []
    for case in cases:
        begun = time.process_time(), time.perf_counter()
        run(case)
        cpu.append((time.process_time() - begun[0]) * 1_000)
        wall.append((time.perf_counter() - begun[1]) * 1_000)
    return sorted(cpu), sorted(wall)


def at(values: list[float], share: float) -> float:
    """The value that such a share of them does not exceed."""
    return values[min(int(len(values) * share), len(values) - 1)]


def three(values: list[float]) -> str:
    """Median, 95th and 99th percentile."""
    return f"{median(values):7.1f} {at(values, 0.95):7.1f} {at(values, 0.99):7.1f}"


def files(folder: Path, most: int) -> int:
    """Write incidents as text, a file each; returns how many."""
    ids = list(SearchDocument.objects.values_list("incident_id", flat=True)[:most])
    for start in range(0, len(ids), 200):
        for pk, passages in passages_of(ids[start : start + 200]).items():
            (folder / f"{pk}.md").write_text("\n\n".join(one.text for one in passages), encoding="utf-8")
    return len(ids)


def grepped(folder: Path, words: list[str]) -> list[float]:
    """Milliseconds of CPU for `grep -ril` of each word."""
    spent = []
    for word in words:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["/bin/grep", "-ril", word, str(folder)], stdout=subprocess.DEVNULL, check=False)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1_000)
    return sorted(spent)


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


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true", help="Index everything anew first, and say how long it took.")
    parser.add_argument("--grep", action="store_true", help="Compare with grep over the incidents as files.")
    parser.add_argument("--count", type=int, default=40, help="Queries of each class (default: 40).")
    given = parser.parse_args()
    if given.build:
        begun = time.perf_counter(), time.process_time()
        search.rebuild(force=True)
        print(f"built in {time.perf_counter() - begun[0]:.0f} s, {time.process_time() - begun[1]:.0f} s of it our CPU")
    print(f"{connection.vendor}, {SearchDocument.objects.count():,} incidents, index {size():,.0f} MB; milliseconds")
    print(f"{'':24}{'CPU 50 %    95 %    99 %':>24}{'clock 50 %    95 %    99 %':>28}{'bare':>8}{'as typed':>10}")
    for name, cases in classes(Random(1), given.count):  # noqa: S311
        if cases:
            timed(page, cases[:3])
            cpu, wall = timed(page, cases)
            BARE.clear()
            timed(bare, cases)
            keys = timed(typed, cases)[0]
            print(f"{name:24}{three(cpu)} {three(wall):>27}{median(BARE):8.2f}{median(keys):10.1f}", flush=True)
    if given.grep:
        with tempfile.TemporaryDirectory() as name:
            count = files(Path(name), 100_000)
            spent = grepped(Path(name), words_between(0.01, 1, Random(1), 20))  # noqa: S311
            print(f"grep -ril of one word over {count:,} files: {three(spent)} ms of CPU")


if __name__ == "__main__":
    main()
