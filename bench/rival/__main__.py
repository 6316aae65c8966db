"""`python -m bench.rival folder most`: index so many of the folder's files, then answer the queries on standard input.

They come as JSON, class to texts; what each class took comes out the same way. The database of DATABASE_URL is filled
and left behind.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from kb.environment import database

PATIENCE = 20.0  # seconds for a class; what it answered by then is what counts
settings.configure(
    DATABASES={"default": database(os.environ["DATABASE_URL"])},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.postgres", "modelsearch", "bench.rival"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.db import connection  # noqa: E402 - needs the settings
from modelsearch.backends import get_search_backend  # noqa: E402

from bench.processor import Processor  # noqa: E402
from bench.rival.models import Written  # noqa: E402


def fill(folder: Path, most: int) -> dict[str, float]:
    """Store and index; how many, and in how many seconds of processor time."""
    call_command("migrate", verbosity=0, run_syncdb=True)
    with connection.schema_editor() as editor:
        if Written._meta.db_table not in connection.introspection.table_names():
            editor.create_model(Written)
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))[:most]]
    Written.objects.bulk_create(Written(title=text.partition("\n")[0], text=text) for text in texts)
    begun = time.process_time()
    index = get_search_backend("default").get_index_for_model(Written)
    rows = list(Written.objects.all())
    for start in range(0, len(rows), 500):
        index.add_items(Written, rows[start : start + 500])
    return {"count": len(rows), "seconds": time.process_time() - begun}


def answer(texts: list[str], processor: Processor) -> list[float]:
    """Milliseconds for twenty results of each text, as long as patience lasts."""
    spent: list[float] = []
    for text in texts:
        before = processor.now()
        try:
            list(get_search_backend("default").search(text, Written, operator="and")[:20])
        except Exception as error:  # noqa: BLE001 - whatever it cannot do is a result, too
            print(type(error).__name__, str(error)[:200], file=sys.stderr)
            return []
        spent.append(processor.since(before).cpu)
        if sum(spent) > PATIENCE * 1e3:
            break
    return spent


def main() -> None:
    """Print one JSON object: the index's figures, and the times of each class."""
    built = fill(Path(sys.argv[1]), int(sys.argv[2]))
    processor = Processor()
    print(
        json.dumps(
            {"built": built, "times": {name: answer(texts, processor) for name, texts in json.load(sys.stdin).items()}}
        )
    )


main()
