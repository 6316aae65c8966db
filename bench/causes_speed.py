"""How long a suggestion and similar incidents take, on the database of DATABASE_URL."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median

from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection

from bench.load import Family
from postmortems import suggest
from postmortems.models import Incident


def table(count: int, *, learn: bool) -> None:
    """Milliseconds of processor time for each and for both, and the memory they add."""
    if learn:
        begun = time.process_time()
        call_command("relearn", verbosity=0)
        print(f"relearn took {time.process_time() - begun:.0f} s of processor time")
    total = Incident.objects.count()
    ids = list(Incident.objects.filter(is_open=1).values_list("pk", flat=True))
    incidents = Incident.objects.in_bulk(sorted(Random(1).sample(ids, min(count, len(ids)))))  # noqa: S311
    texts = ["\n\n".join([one.title, *one.texts()]) for one in incidents.values()]
    reader = AnonymousUser()
    before = _memory()
    suggest.causes_for(texts[0], reader)
    suggest.similar_to(texts[0], reader)
    rows, backend = [], _backend()
    for text in texts:
        marks = [_spent(backend)]
        suggest.causes_for(text, reader)
        marks.append(_spent(backend))
        suggest.similar_to(text, reader)
        marks.append(_spent(backend))
        suggest.both_for(text, reader)
        marks.append(_spent(backend))
        rows.append(tuple(after - before for before, after in pairwise(marks)))
    own, mapped = (after - before for before, after in zip(before, _memory(), strict=True))
    words = median(len(text.split()) for text in texts)
    print(f"{connection.vendor}, {total:,} incidents, {words:.0f} words, {len(texts)} asked for")
    print(f"{own:.0f} MB more of its own, {mapped:.0f} MB of the database's file mapped, which any process may share")
    print(f"{'ms of processor time':24}{'median':>10}{'95 %':>10}")
    for name, values in zip(("causes", "similar", "both together"), zip(*rows, strict=True), strict=True):
        ordered = sorted(values)
        print(f"{name:24}{median(ordered):>10.1f}{ordered[int(len(ordered) * 0.95)]:>10.1f}")


def _spent(backend: int) -> float:
    """Milliseconds that this process and its PostgreSQL process on this machine have used."""
    served = sum(Family(backend, [backend]).used().values()) / 1e6 if backend else 0.0
    return time.process_time() * 1000 + served


def _memory() -> tuple[float, float]:
    """Megabytes of this process, its own and of files."""
    rows = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return int(rows["RssAnon"].split()[0]) / 1024, int(rows["RssFile"].split()[0]) / 1024


def _backend() -> int:
    """The number of PostgreSQL's process that serves us; 0 for SQLite, which runs in this one."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
