"""Changing an incident so that nothing is lost: one person at a time, and every save kept whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from .access import name_of
from .binning import bring_back, drop_returned
from .compared import in_words
from .document import ROWS, apply_document, document_of
from .document_names import called_as_now
from .models import Incident, Revision
from .refresh import refresh_incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

EARLIER = "As it was before the first edit that was kept."
TOGETHER = 200  # incidents whose versions are made at once
# What their documents are made of.
INNER = {"incident_causes": "__cause", "actionables": "__causes"}
WITHIN = ("organisation", "services", *(rows.related + INNER.get(rows.related, "") for rows in ROWS.values()))


class Overtaken(Exception):
    """Somebody else saved the incident since `version` was read; `current` is what it is now. Nothing was changed."""

    def __init__(self, version: int, current: int) -> None:
        super().__init__(f"version {version} was read, {current} is saved")
        self.version, self.current = version, current


@contextmanager
def revising(pk: int, version: int | None, by: User | None, note: str = "", why: str = "") -> Iterator[Incident]:
    """The incident, held for this transaction; what the block saves becomes its next version.

    Raises Overtaken when `version` is no longer the stored one (None: whatever it is), Incident.DoesNotExist when it is
    gone. A block that raises changes nothing; one that changes nothing makes no version. `note` says what was done,
    `why` is what the person noted about it; each is kept up to 200 characters.
    """
    with transaction.atomic():
        incident = Incident.objects.select_for_update().get(pk=pk)
        if version is not None and incident.version != version:
            raise Overtaken(version, incident.version)
        keep_earlier(incident)
        yield incident
        record(incident, by, note, why)


def keep_earlier(incident: Incident) -> None:
    """Keep what an incident says now when that was never kept, as when a fixture brought it (one query or more)."""
    if not incident.revisions.exists():
        _saved(_revision(incident, document_of(incident), None, EARLIER))


@transaction.atomic
def record(incident: Incident, by: User | None, note: str = "", why: str = "") -> Revision | None:
    """Keep what is stored now as a new version and work out what hangs on it; None when it says what it said before."""
    revision = _record(incident, by, note, why)
    if revision is not None:
        refresh_incident(incident)
    return revision


@transaction.atomic
def record_change(incidents: Iterable[int], by: User | None, note: str) -> None:
    """Keep as new versions what was changed of these incidents where their rows have pages of their own, or a cause of
    theirs was merged (a dozen queries for each `TOGETHER` of them).

    Who changed it has worked out what hangs on it. Nothing for an incident of which no version was kept before.
    """
    wanted = sorted(incidents)
    for start in range(0, len(wanted), TOGETHER):
        held = list(Incident.objects.select_for_update().filter(pk__in=wanted[start : start + TOGETHER]).order_by("pk"))
        last = {row.incident_id: row for row in Revision.objects.latest_of(held)}
        kept = [incident for incident in held if incident.pk in last]
        prefetch_related_objects(kept, *WITHIN)
        pairs = called_as_now(*((last[incident.pk].document, document_of(incident)) for incident in kept))
        made = [_next(incident, last[incident.pk], pair, by, note) for incident, pair in zip(kept, pairs, strict=True)]
        new = [revision for revision in made if revision is not None]
        Revision.objects.bulk_create(new)
        Incident.objects.bulk_update([revision.incident for revision in new], ["version"])


def _record(incident: Incident, by: User | None, note: str, why: str = "") -> Revision | None:
    incident.refresh_from_db()
    last = incident.revisions.order_by("-number").first()
    document = document_of(incident)
    if last is None:
        return _saved(_revision(incident, document, by, note, why=why))
    (pair,) = called_as_now((last.document, document))
    revision = _next(incident, last, pair, by, note, why)
    if revision is None:
        return None
    Incident.objects.filter(pk=incident.pk).update(version=incident.version)
    return _saved(revision)


def _saved(revision: Revision) -> Revision:
    revision.save(force_insert=True)
    return revision


def _next(
    incident: Incident, last: Revision, pair: tuple[str, str], by: User | None, note: str, why: str = ""
) -> Revision | None:
    """The version after the last one, not saved yet; None when the document says what that one said.

    pair: what the last one said and what the incident says now, each thing called as it is called now.
    """
    former, document = pair
    if former == document:
        return None
    incident.version = max(incident.version, last.number) + 1
    return _revision(incident, document, by, note, in_words(former, document), why)


def _revision(
    incident: Incident, document: str, by: User | None, note: str, changed: str = "", why: str = ""
) -> Revision:
    return Revision(
        incident=incident, number=incident.version, at=timezone.now(), by=by, by_name=name_of(by), note=note[:200],
        why=why[:200], changed=changed, was_open=bool(incident.is_open), document=document,
    )  # fmt: skip


def restore(incident: Incident, number: int, by: User | None, why: str = "") -> Incident:
    """Make what an earlier version said the newest one; raises Overtaken and Revision.DoesNotExist.

    The status and the visibility stay as they are now.
    """
    document = incident.revisions.get(number=number).document
    with revising(incident.pk, incident.version, by, f"Version {number} restored.", why) as held:
        take_over(held, document, from_bin=True)
        drop_returned(held)
    return held


def take_over(held: Incident, document: str, *, from_bin: bool = False) -> None:
    """Make an incident that is held what a document says; of its actionables, only what documents change of them.

    from_bin: those that were removed since come back, too. Raises DocumentError.
    """
    if from_bin:
        bring_back(held, document)
    apply_document(document, held)


def taken_over(incident: Incident, document: str, *, from_bin: bool = False) -> tuple[str, str]:
    """What an incident says now, and what it would say once it took over a document: tried, and undone.

    Raises DocumentError, Incident.DoesNotExist when it is gone.
    """
    with transaction.atomic():
        held = Incident.objects.select_for_update().get(pk=incident.pk)
        before = document_of(held)
        try:
            take_over(held, document, from_bin=from_bin)
            return before, document_of(Incident.objects.get(pk=held.pk))
        finally:
            transaction.set_rollback(True)
