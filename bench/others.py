"""What search is compared with: `grep` over the same incidents as files, and the library `modelsearch`."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.db import connection

from bench.queries import Case
from postmortems.models import SearchDocument
from postmortems.search_documents import passages_of

ROOT = Path(__file__).resolve().parent.parent
EACH = 5  # queries of a class for the library


def write_files(folder: Path) -> None:
    """Every incident as a file of Markdown."""
    ids = list(SearchDocument.objects.order_by("key").values_list("incident_id", flat=True))
    for start in range(0, len(ids), 200):
        for pk, passages in passages_of(ids[start : start + 200]).items():
            (folder / f"{pk}.md").write_text("\n\n".join(one.text for one in passages), encoding="utf-8")


def grepped(folder: Path, texts: list[str]) -> list[float]:
    """Milliseconds of CPU to list the files that have each text; of several words those that have all."""
    spent = []
    for text in texts:
        wanted = [text.strip().strip('"')] if '"' in text or len(text) > 100 else text.strip("*").split()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found: list[str] = ["-r", str(folder)]
        for word in wanted:
            command = ["xargs", "-0", "/bin/grep", "-ilZF", "-e", word]
            listed = subprocess.run(  # noqa: S603
                command, input="\0".join(found).encode(), stdout=subprocess.PIPE, check=False
            )
            found = [name for name in listed.stdout.decode().split("\0") if name]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1_000)
    return spent


def library(folder: Path, cases: dict[str, list[Case]], most: int) -> dict[str, list[float]]:
    """Milliseconds of CPU for a few queries of each class over so many of the files; nothing when it is not there.

    It is not asked for classes that it has no notion of. Its index stands in a database of its own, removed again.
    """
    if not find_spec("modelsearch"):
        print("modelsearch is not installed; README.md says how to.")
        return {}
    texts = {name: [text for text, _ in some][:EACH] for name, some in cases.items() if name.split(",")[0] in ASKED}
    path = folder / "rival.sqlite3"
    address = f"sqlite:///{path}" if connection.vendor == "sqlite" else _own_database()
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "bench.rival", str(folder), str(most)],
        input=json.dumps(texts), stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": ""},
    )  # fmt: skip
    if connection.vendor == "postgresql":
        _drop_own_database()
    if ran.returncode:
        print("modelsearch could not be measured.")
        return {}
    told = json.loads(ran.stdout)
    print(f"modelsearch indexed {told['built']['count']:,} incidents in {told['built']['seconds']:.0f} s of CPU")
    return dict(told["times"])


ASKED = {"frequent word", "medium word", "rare word", "two frequent words", "three words", "phrase", "pasted line"}


def _own_name() -> str:
    return f"{settings.DATABASES['default']['NAME']}_rival"


def _own_database() -> str:
    """A new, empty one on the same server, and its address."""
    _drop_own_database()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(_own_name())}")
    given = os.environ["DATABASE_URL"]
    return given.replace(f"/{settings.DATABASES['default']['NAME']}", f"/{_own_name()}", 1)


def _drop_own_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(_own_name())}")
