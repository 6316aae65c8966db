"""Deleting an incident, or a row of it, so that it comes back whole, and for good."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.admin.utils import NestedObjects
from django.core import serializers
from django.core.exceptions import ObjectDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction

from .access import DELETED, name_of
from .attaching import forget
from .models import Cause, Deletion, Incident, RemovedRow, RenderedText
from .ordering import renumber
from .refresh import refresh_incident

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


class Exact(DjangoJSONEncoder):
    """Times to the microsecond, of which Django's own keeps three digits."""

    def default(self, o: Any) -> Any:
        """A value that JSON has no form for."""
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class NoPlace(Exception):
    """What a removed row hung on is gone, or the same stands there again. Nothing was changed."""


@transaction.atomic
def take_out(row: Any, section: str, title: str, by: User) -> RemovedRow:
    """Delete a row of an incident and all that hangs on it, and keep them aside; call it within `revising`."""
    collector = NestedObjects(using=DEFAULT_DB_ALIAS)
    collector.collect([row])
    hanging = [
        each
        for model, rows in collector.data.items()
        if not model._meta.auto_created  # links of many to many stand with the row that has them
        for each in sorted(rows, key=lambda each: each.pk)
        if each != row
    ]
    removed = RemovedRow.objects.create(
        incident=row.incident, section=section, title=title[:200], by=by, by_name=name_of(by),
        content=serializers.serialize("json", [row, *hanging], cls=Exact),
    )  # fmt: skip
    row.delete()
    return removed


@transaction.atomic
def put_back(removed: RemovedRow, rows: Any) -> Any:
    """The row again, where it stood among `rows` or at their end, with all that hung on it; call it within `revising`.

    Raises NoPlace.
    """
    try:
        # Within its own savepoint: what fails half way leaves nothing behind.
        with transaction.atomic():
            whole = list(serializers.deserialize("json", removed.content, ignorenonexistent=True))
            row: Any = whole[0].object
            place, others = row.position, list(rows)
            row.position = max((each.position for each in others), default=0) + 1
            for each in _as_things_are(whole):
                each.save()
            connection.check_constraints()
    except (IntegrityError, ObjectDoesNotExist, serializers.base.DeserializationError) as error:
        raise NoPlace from error
    others.insert(sum(each.position < place for each in others), row)
    renumber(rows, others)
    removed.delete()
    return row


def _as_things_are(whole: list[Any]) -> list[Any]:
    """The row and what hung on it, less what belongs to rows that were deleted since, such as an account; a cause that
    was merged is what it was merged into.
    """
    coming = {(type(each.object), each.object.pk) for each in whole}
    kept = whole[:1]
    for each in whole:
        row, fits = each.object, True
        for field in row._meta.concrete_fields:
            key = getattr(row, field.attname)
            if not field.is_relation or key is None or (field.related_model, key) in coming:
                continue
            there = _present(field.related_model, [key])
            fits = fits and bool(there or field.null)
            setattr(row, field.attname, there[0] if there else None if field.null else key)
        for name, keys in (each.m2m_data or {}).items():
            each.m2m_data[name] = _present(row._meta.get_field(name).related_model, keys)
        if fits and each is not whole[0]:
            kept.append(each)
    return kept


def _present(model: Any, keys: list[Any]) -> list[Any]:
    """The keys of the rows that there are, in their order, of a merged cause that of what it became."""
    rows = model._base_manager.filter(pk__in=keys).order_by("pk")
    return list(dict.fromkeys((row.in_use() if isinstance(row, Cause) else row).pk for row in rows))


def drop_returned(incident: Incident) -> None:
    """Take out of the bin what stands in the incident again, as after an earlier version was restored."""
    for removed in incident.removed_rows.all():
        first = json.loads(removed.content or "[]")[:1]
        for said in first:
            rows = apps.get_model(said["model"])._default_manager.filter(incident=incident)
            there = json.loads(serializers.serialize("json", rows, cls=Exact))
            if any(_same(said, one) for one in there):
                removed.delete()


def _same(one: Any, other: Any) -> bool:
    """Whether two rows say the same, wherever they stand."""
    return {**one["fields"], "position": 0} == {**other["fields"], "position": 0}


def bring_back(incident: Incident, document: str) -> None:
    """Put back the removed actionables that a document names, where they have a place."""
    rows: Any = incident
    for removed in incident.removed_rows.filter(section="actionables"):
        reference = removed.title.partition(" ")[0]
        if f"\nreference: {reference}\n" in document:
            with suppress(NoPlace):
                put_back(removed, rows.actionables.all())
