"""Changing an incident so that nothing is lost: one person at a time, and every save kept whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from .access import name_of
from .binning import bring_back, drop_returned
from .compared import in_words
from .document import apply_document, document_of
from .models import Incident, Revision
from .refresh import refresh_incident

if TYPE_CHECKING:
    from django.contrib.auth.models import User

EARLIER = "As it was before the first edit that was kept."


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
        _keep(incident, document_of(incident), None, EARLIER)


@transaction.atomic
def record(incident: Incident, by: User | None, note: str = "", why: str = "") -> Revision | None:
    """Keep what is stored now as a new version and work out what hangs on it; None when it says what it said before."""
    revision = _record(incident, by, note, why)
    if revision is not None:
        refresh_incident(incident)
    return revision


@transaction.atomic
def record_change(incidents: Iterable[int], by: User | None, note: str) -> None:
    """Keep as new versions what was changed of these incidents where their rows have pages of their own.

    Who changed it has worked out what hangs on it. Nothing for an incident of which no version was kept before.
    """
    kept = Revision.objects.filter(incident__in=list(incidents)).values("incident")
    for incident in Incident.objects.select_for_update().filter(pk__in=kept).order_by("pk"):
        _record(incident, by, note)


def _record(incident: Incident, by: User | None, note: str, why: str = "") -> Revision | None:
    incident.refresh_from_db()
    last = incident.revisions.order_by("-number").first()
    document = document_of(incident)
    if last is not None and last.document == document:
        return None
    if last is not None:
        incident.version = max(incident.version, last.number) + 1
        Incident.objects.filter(pk=incident.pk).update(version=incident.version)
    return _keep(incident, document, by, note, in_words(last.document, document) if last else "", why)


def _keep(incident: Incident, document: str, by: User | None, note: str, changed: str = "", why: str = "") -> Revision:
    return Revision.objects.create(
        incident=incident, number=incident.version, at=timezone.now(), by=by, by_name=name_of(by), note=note[:200],
        why=why[:200], changed=changed, was_open=bool(incident.is_open), document=document,
    )  # fmt: skip


def restore(incident: Incident, number: int, by: User | None, why: str = "") -> Incident:
    """Make what an earlier version said the newest one; raises Overtaken and Revision.DoesNotExist.

    The status and the visibility stay as they are now.
    """
    document = incident.revisions.get(number=number).document
    with revising(incident.pk, incident.version, by, f"Version {number} restored.", why) as held:
        bring_back(held, document)
        apply_document(document, held)
        drop_returned(held)
    return held
