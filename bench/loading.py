"""Puts generated incidents into the database in bulk, with everything that is derived from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max
from django.utils.text import slugify

import actionables.occurrences
import actionables.tallying
import postmortems.tallying
from actionables.models import Actionable, StatusChange
from bench import words
from bench.drafts import USUAL, Draft, Weighted, World, draft
from bench.prose import Block, Pool
from postmortems import markdown, search
from postmortems.markdown_evidence import mark
from postmortems.models import (
    Cause,
    Edition,
    Incident,
    IncidentCause,
    IncidentLink,
    Numbering,
    Organisation,
    Reference,
    RenderedText,
    Service,
)
from postmortems.prose import Evidence, Text
from postmortems.refresh import refresh_cause, refresh_place
from timelines.models import TimelineEntry

BATCH = 500
# The least frequent causes: some that were never seen, some seen a few times in a hundred thousand incidents.
UNSEEN, RARE = 4, 6


def fill(count: int, seed: int, say: Callable[[str], None], *, searchable: bool = True, work: float = USUAL) -> float:
    """Add so many incidents to a migrated database, then work out what pages need and, if asked, what search needs.

    work: the mean number of actionables of an incident. Returns the seconds of processor time the search index took.
    """
    first = _next(Incident)
    act = _next(Actionable)
    world = _world(first + count - 1, seed, work)
    for start in range(first, first + count, BATCH):
        drafts = []
        for number in range(start, min(start + BATCH, first + count)):
            drafts.append(draft(Random(f"{seed} {number}"), number, act, world))  # noqa: S311
            act += len(drafts[-1].work)
        _insert(drafts)
        say(f"{start + len(drafts) - first:,} of {count:,}")
    _finish(first + count - 1, act - 1)
    begun = time.process_time()
    if searchable:
        search.rebuild(lambda done, of: say(f"indexed {done:,} of {of:,}"))
    return time.process_time() - begun


def _next(model: Any) -> int:
    return (model.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _world(last: int, seed: int, work: float) -> World:
    """The taxonomy and the places, made where they are missing; the same ones are frequent for the same seed."""
    if not Cause.objects.exists():
        call_command("loaddata", "causes", verbosity=0)
    causes = list(Cause.objects.order_by("slug"))
    for cause in causes:
        refresh_cause(cause)
    ids = [cause.pk for cause in causes]
    Random(seed).shuffle(ids)  # noqa: S311
    weights = [1 / (rank + 3) ** 1.2 for rank in range(len(ids))]
    weights[-UNSEEN - RARE :] = [0.00005] * RARE + [0.0] * UNSEEN
    organisations = _places(Organisation, words.ORGANISATIONS, "Runs the {}.")
    services = _places(Service, words.SERVICES, "The {} and what belongs to it.")
    return World(_skewed(organisations), _skewed(services), Weighted(ids, weights), Pool(seed), last, work)


def _skewed(ids: list[int]) -> Weighted:
    return Weighted(ids, [1 / (rank + 2) for rank in range(len(ids))])


def _places(model: Any, names: list[str], words_about: str) -> list[int]:
    """The ids of these places, in the order of the names."""
    rows = [model(name=name, slug=slugify(name), description=words_about.format(name)) for name in names]
    model.objects.bulk_create(rows, ignore_conflicts=True)
    found = {place.name: place for place in model.objects.filter(name__in=names)}
    for place in found.values():
        refresh_place(place)
    return [found[name].pk for name in names]


@transaction.atomic
def _insert(drafts: Sequence[Draft]) -> None:
    """One batch: the incidents, then what points at them."""
    Incident.objects.bulk_create([made.incident for made in drafts])
    hit = Incident.services.through
    hit.objects.bulk_create(
        [hit(incident_id=made.incident.pk, service_id=pk) for made in drafts for pk in made.services]
    )
    for model, name in ((TimelineEntry, "timeline"), (IncidentCause, "causes"), (IncidentLink, "links")):
        rows = [_of(made.incident, row) for made in drafts for row in getattr(made, name)]
        model.objects.bulk_create(rows)
    _insert_work(drafts)
    RenderedText.objects.bulk_create([row for made in drafts for row in rendered(made)])
    Reference.objects.bulk_create([row for made in drafts for row in mentions(made)])


def _of(incident: Incident, row: Any) -> Any:
    row.incident_id = incident.pk
    return row


def _insert_work(drafts: Sequence[Draft]) -> None:
    work = [(_of(made.incident, row), aimed, changes) for made in drafts for row, aimed, changes in made.work]
    Actionable.objects.bulk_create([row for row, _, _ in work if row.alternative_to is None])
    others = [row for row, _, _ in work if row.alternative_to is not None]
    for row in others:
        row.alternative_to = row.alternative_to  # takes over its id, known only now
    Actionable.objects.bulk_create(others)
    aims = Actionable.causes.through
    aims.objects.bulk_create([aims(actionable_id=row.pk, cause_id=pk) for row, aimed, _ in work for pk in aimed])
    for row, _, changes in work:
        for change in changes:
            change.actionable_id = row.pk
    StatusChange.objects.bulk_create([change for _, _, changes in work for change in changes])


@lru_cache(maxsize=50_000)
def html_of(source: str) -> str:
    """The real rendering of one block; blocks do not affect each other, so a text is its blocks joined."""
    return markdown.render(source)


@lru_cache(maxsize=50_000)
def words_of(source: str) -> str:
    """What a reader sees of a block, to find passages in it."""
    return markdown.plain(html_of(source))


def marked_html(blocks: Sequence[Block], evidence: Evidence) -> str:
    """What `markdown.render` gives for the whole text: each passage is marked where it first stands."""
    parts, open_ones = [], list(evidence)
    for block in blocks:
        here = [pair for pair in open_ones if pair[1] in words_of(block.source)]
        open_ones = [pair for pair in open_ones if pair not in here]
        parts.append(mark(html_of(block.source), here) if here else html_of(block.source))
    return "\n".join(parts)


def rendered(made: Draft) -> list[RenderedText]:
    """The kept HTML of all texts of an incident."""
    scope, evidence = f"incident:{made.incident.pk}", made.evidence()
    rows: dict[str, RenderedText] = {}
    for told in made.texts:
        pairs = evidence if told.marked else ()
        key = Text(told.source, pairs, told.name).digest()
        rows[key] = RenderedText(scope=scope, digest=key, html=marked_html(told.blocks, pairs))
    return list(rows.values())


def mentions(made: Draft) -> list[Reference]:
    """What the texts of an incident refer to."""
    found = {one for told in made.texts for block in told.blocks for one in markdown.references(block.source)}
    return [Reference(incident_id=made.incident.pk, prefix=prefix, number=n) for prefix, n in sorted(found)]


def _finish(last: int, last_act: int) -> None:
    for prefix, number in (("INC", last), ("ACT", last_act)):
        Numbering.objects.update_or_create(prefix=prefix, defaults={"last": number})
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
    postmortems.tallying.rebuild()
    actionables.tallying.rebuild()
    actionables.occurrences.rebuild()
    Edition.bump()


def analyse() -> int:
    """Let the database's planner look at the data; returns the size of the database in bytes. Not in a transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])
