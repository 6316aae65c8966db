"""Keeps the index: one incident in the transaction that changes it, all of them while readers go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.db import connection, transaction
from django.db.models import F, QuerySet

from . import search_words
from .models import Cause, Edition, Incident, NameIndexed, Organisation, SearchDocument, Service, Word
from .search_documents import Document, documents_of
from .search_engine import engine

BATCH = 50
PAUSE = 0.02  # seconds between batches of a rebuild: SQLite does not queue writers, who would wait for its end
# A key holds the minute, and room for eight incidents in each before the next one's is used. Undated ones come below
# all others, by number.
ROOM = 8
UNDATED = -(2**40)
Named = Cause | Service | Organisation


def key_at(minute: int) -> int:
    """The lowest key of a minute."""
    return minute * ROOM


@transaction.atomic
def index_incident(incident: Incident) -> None:
    """Bring the index up to date with what is stored of this incident; call it in the transaction that changed it.

    Nobody else can index the same incident until that transaction ends, so the last one to do it has read everything.
    About twenty queries.
    """
    _lock([incident.pk])
    for document in documents_of([incident.pk]):
        _put(document)


@transaction.atomic
def forget(incident_id: int) -> None:
    """Take an incident out. Deleting one does that by itself; its words go on being counted until `reindex`."""
    for row in SearchDocument.objects.filter(incident=incident_id):
        search_words.change(search_words.words_in(row.facets, row.stream), set())
        row.delete()


def _lock(ids: list[int]) -> None:
    list(Incident.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _put(document: Document, *, count: bool = True, force: bool = False) -> bool:
    """Store a document unless it is there already; says whether it was not."""
    old = SearchDocument.objects.filter(incident=document.incident_id).first()
    if old and not force and not _difference(old, document):
        return False
    kept = old.key if old and old.minute == document.minute else None
    if old:
        SearchDocument.objects.filter(pk=old.key).delete()
    if kept is None or not _store(kept, document):
        _store_new(document)
    if count:
        before = search_words.words_in(old.facets, old.stream) if old else set()
        search_words.change(before, search_words.words_in(document.facets, document.stream))
    return True


def _store_new(document: Document) -> None:
    """Under the first free key of its minute; another transaction may take one at the same time."""
    key = UNDATED + document.number if document.minute is None else key_at(document.minute)
    while True:
        near = SearchDocument.objects.filter(key__gte=key, key__lt=key + 1_000).order_by("key")
        taken = set(near.values_list("key", flat=True))
        key = next(free for free in range(key, key + 1_001) if free not in taken)
        if _store(key, document):
            return


def _store(key: int, document: Document) -> bool:
    """Put a document under a key; False when the key is taken. The database indexes it by itself."""
    fields = ("incident_id", "minute", "lasted", "facets", "stream", "bag")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO postmortems_searchdocument (key, {', '.join(fields)}) "  # noqa: S608
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING",
            [key, *(getattr(document, field) for field in fields)],
        )
        return cursor.rowcount == 1


def _difference(old: SearchDocument, document: Document) -> str:
    """What of a stored document is not as it should be; empty when all is."""
    fields = ("minute", "lasted", "facets", "stream", "bag")
    return ", ".join(name for name in fields if getattr(old, name) != getattr(document, name))


def index_name(row: Named) -> None:
    """After a cause, service or organisation changed: index its incidents anew if its names are others now.

    All of them in the transaction that changed it, which on SQLite keeps other writers waiting: 5 ms of processor time
    for each incident of usual length.
    """
    words = "\n".join([row.name, getattr(row, "aliases", "")])
    kind = str(row._meta.model_name)
    known, new = NameIndexed.objects.get_or_create(kind=kind, object_id=row.pk, defaults={"words": words})
    links = {"cause": "incident_causes__cause", "service": "services", "organisation": "organisation"}
    incidents = Incident.objects.filter(**{links[kind]: row.pk})
    if known.words == words and not (new and _lags(incidents)):
        return
    NameIndexed.objects.filter(pk=known.pk).update(words=words)
    # All are locked before any is written, so that nobody who saves one of them waits for a word that is new in both.
    locked = Incident.objects.select_for_update().filter(pk__in=incidents.values("pk")).order_by("pk")
    for ids in _batches(locked.values_list("pk", flat=True)):
        for document in documents_of(ids):
            _put(document)


def _lags(incidents: QuerySet[Incident]) -> bool:
    """Whether one of them is indexed with other names; it then holds for all, because nobody had noted the names."""
    stored = SearchDocument.objects.filter(incident__in=incidents.values("pk")).order_by("-key").first()
    return stored is not None and bool(_difference(stored, documents_of([stored.incident_id])[0]))


def _batches(ids: object) -> Iterator[list[int]]:
    found = list(ids)  # type: ignore[call-overload]
    return (found[start : start + BATCH] for start in range(0, len(found), BATCH))


def rebuild(progress: Callable[[int, int], None] = lambda done, of: None, *, force: bool = False) -> int:
    """Index every incident that is not, or not as it should be; returns how many. `progress` gets done and all.

    In small transactions, each of which leaves a sound index, so it can be stopped at any time and run again.
    """
    changed = done = 0
    engine().settle()
    # In the order of keys: SQLite's index writes what it holds whenever a key is lower than the one before it.
    oldest = Incident.objects.order_by(F("occurred_at").asc(nulls_first=True), "number")
    ids = list(oldest.values_list("pk", flat=True))
    for batch in _batches(ids):
        with transaction.atomic():
            _lock(batch)
            documents = sorted(documents_of(batch), key=lambda document: (document.minute or 0, document.number))
            changed_now = sum([_put(document, count=False, force=force) for document in documents])
            if changed_now:
                Edition.renew()  # a key may stand for another incident now
        changed += changed_now
        time.sleep(PAUSE)
        done += len(batch)
        progress(done, len(ids))
    for model in (Cause, Service, Organisation):
        for row in model._default_manager.iterator():
            index_name(row)
    if engine().unsound():
        engine().repair()
    search_words.recount()
    engine().settle()
    return changed


def check() -> list[str]:
    """How the index differs from what the incidents say, a line for each; empty when it is sound (reads everything)."""
    wrong: list[str] = []
    seen: set[str] = set()
    for batch in _batches(Incident.objects.order_by("pk").values_list("pk", flat=True)):
        stored = {row.incident_id: row for row in SearchDocument.objects.filter(incident__in=batch)}
        for document in documents_of(batch):
            row = stored.get(document.incident_id)
            said = _difference(row, document) if row else "not indexed"
            wrong += [f"INC-{document.number}: {said}"] if said else []
            seen |= search_words.words_in(document.facets, document.stream)
    missing = seen - set(Word.objects.values_list("word", flat=True).iterator())
    wrong += [f"{len(missing)} words are not counted, as {min(missing)}"] if missing else []
    return wrong + engine().unsound()
