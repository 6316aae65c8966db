"""Deleting an incident so that it comes back whole, and for good."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from .access import DELETED
from .attaching import forget
from .models import Deletion, Incident, RenderedText
from .refresh import refresh_incident
from .revising import name_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def put_into_bin(incident: Incident, by: User, why: str = "") -> Deletion:
    """Nobody sees it any more but in the bin, and nothing of it is lost. Deleting it again changes nothing."""
    held = Incident.objects.select_for_update().get(pk=incident.pk)
    found = Deletion.objects.filter(incident=held).first() if held.status == DELETED else None
    if found:
        return found
    Deletion.objects.filter(incident=held).delete()
    row = Deletion.objects.create(incident=held, by=by, by_name=name_of(by), why=why, status=held.status)
    _set_status(held, DELETED)
    return row


@transaction.atomic
def take_out_of_bin(deletion: Deletion) -> Incident:
    """As it was, for whom it was."""
    held = Incident.objects.select_for_update().get(pk=deletion.incident_id)
    _set_status(held, deletion.status)
    deletion.delete()
    return held


def _set_status(held: Incident, status: str) -> None:
    """Not through `save`, which dates what is published."""
    Incident.objects.filter(pk=held.pk).update(status=status)
    held.refresh_from_db()
    refresh_incident(held)


@transaction.atomic
def purge(deletion: Deletion) -> None:
    """For good: the incident, all that hangs on it, and the contents of its files. No page showed it any more."""
    incident = deletion.incident
    keys = list(incident.attachments.values_list("key", flat=True))
    RenderedText.objects.filter(scope=f"incident:{incident.pk}").delete()
    incident.delete()
    transaction.on_commit(partial(forget, keys))
