"""Keeping the taxonomy: merging a cause into another, which can be undone, splitting one, and taking one out of use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from .models import Cause, Incident, IncidentCause
from .refresh import refresh_cause, refresh_incidents
from .revising import record_change

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 500  # incidents that a page moves; more are moved by `manage.py merge_causes`
LINK = ("incident_id", "role", "certainty", "explanation", "evidence", "position")


@transaction.atomic
def merge(cause: Cause, into: Cause, by: User | None = None, *, limited: bool = True) -> None:
    """Let everything that names a cause name another one; its address leads there, and its names become aliases.

    What was moved is kept with it, so that `undo_merge` puts it back, and each incident that named it has a version
    that says so. ValidationError when it cannot be merged.
    """
    cause, into = _held(cause, into)
    if cause == into or cause.merged_into_id or into.retired_at:
        raise ValidationError("Choose another cause that is in use.")
    links, told = list(cause.incident_causes.order_by("pk")), _told_by(cause)
    if limited and len(links) > MOST:
        raise ValidationError(f"It is in {len(links):,} incidents. `manage.py merge_causes` merges so many.")
    taken = set(into.incident_causes.values_list("incident_id", "role"))
    dropped = [link for link in links if (link.incident_id, link.role) in taken]
    kept = [link.pk for link in links if (link.incident_id, link.role) not in taken]
    cause.moved = {
        "links": kept,
        "dropped": [{name: getattr(link, name) for name in LINK} for link in dropped],
        "beside": _move_beside(cause, into),
        "aliases": _add_aliases(into, [cause.name, *cause.alias_list]),
    }
    IncidentCause.objects.filter(pk__in=[link.pk for link in dropped]).delete()
    IncidentCause.objects.filter(pk__in=kept).update(cause=into)
    cause.merged_into, cause.retired_at = into, timezone.now()
    cause.save()
    _refresh({link.incident_id for link in links}, cause, into)
    record_change(told, by, f"The cause {cause.name} was merged into {into.name}")


@transaction.atomic
def undo_merge(cause: Cause, by: User | None = None) -> None:
    """Put back what merging moved, as far as it is still there; ValidationError when it was not merged."""
    if cause.merged_into is None:
        raise ValidationError("This cause was not merged.")
    cause, into = _held(cause, cause.merged_into)
    told = _told_by(into)
    moved = cause.moved
    links = IncidentCause.objects.filter(pk__in=moved["links"], cause=into)
    incidents = set(links.values_list("incident_id", flat=True)) | {row["incident_id"] for row in moved["dropped"]}
    links.update(cause=cause)
    there = set(Incident.objects.filter(pk__in=incidents).values_list("pk", flat=True))
    IncidentCause.objects.bulk_create(
        [IncidentCause(cause=cause, **row) for row in moved["dropped"] if row["incident_id"] in there],
        ignore_conflicts=True,
    )
    _put_back_beside(cause, into, moved["beside"])
    into.aliases = "\n".join(alias for alias in into.alias_list if alias not in moved["aliases"])
    into.save()
    cause.merged_into, cause.retired_at, cause.moved = None, None, {}
    cause.save()
    _refresh(there, cause, into)
    record_change(told, by, f"{cause.name} is a cause by itself again, merged no more into {into.name}")


@transaction.atomic
def split(cause: Cause, name: str, definition: str, incidents: Iterable[int], by: User | None = None) -> Cause:
    """A new cause of the same group and nature, which takes over the links of these incidents."""
    chosen = set(incidents)
    new = Cause(name=name, definition=definition, group=cause.group, nature=cause.nature)
    new.full_clean(exclude=["slug"])
    new.save()
    cause.incident_causes.filter(incident__in=chosen).update(cause=new)
    _refresh(chosen, cause, new)
    record_change(chosen, by, f"{new.name} was split off the cause {cause.name}")
    return new


@transaction.atomic
def retire(cause: Cause, *, retired: bool = True) -> None:
    """Offer a cause no more, or again; what names it keeps doing so."""
    cause.retired_at = timezone.now() if retired else None
    cause.save()
    refresh_cause(cause)


def _held(*causes: Cause) -> list[Cause]:
    """As they are stored now, held until the transaction ends, in the order given."""
    rows = {row.pk: row for row in Cause.objects.select_for_update().filter(pk__in=[one.pk for one in causes])}
    return [rows[cause.pk] for cause in causes]


def _add_aliases(into: Cause, names: list[str]) -> list[str]:
    """The names that were not there yet."""
    new = into.also_called(*names)
    into.save()
    return new


def _beside() -> list[tuple[str, Any, str, str]]:
    """What else names causes, one of many: (label, rows between, column of the cause, column of the other side)."""
    relations: list[Any] = [relation for relation in Cause._meta.related_objects if relation.many_to_many]
    return [
        (one.related_model._meta.label, one.through._base_manager, one.field.m2m_reverse_field_name(),
         one.field.m2m_field_name())
        for one in relations
    ]  # fmt: skip


def _told_by(cause: Cause) -> set[int]:
    """The incidents whose documents name a cause: theirs, or that of a row of theirs."""
    found = set(cause.incident_causes.values_list("incident_id", flat=True))
    relations: list[Any] = [relation for relation in Cause._meta.related_objects if relation.many_to_many]
    for relation in relations:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: cause})
        if any(field.name == "incident" for field in relation.related_model._meta.fields):
            found |= set(rows.values_list("incident_id", flat=True))
    return found


def _move_beside(cause: Cause, into: Cause) -> dict[str, dict[str, list[int]]]:
    moved = {}
    for label, rows, own, other in _beside():
        taken = rows.filter(**{own: into}).values(f"{other}_id")
        both = rows.filter(**{own: cause, f"{other}__in": taken})
        dropped = list(both.values_list(f"{other}_id", flat=True))
        both.delete()
        kept = rows.filter(**{own: cause})
        moved[label] = {"moved": list(kept.values_list(f"{other}_id", flat=True)), "dropped": dropped}
        kept.update(**{own: into})
    return moved


def _put_back_beside(cause: Cause, into: Cause, moved: dict[str, dict[str, list[int]]]) -> None:
    for label, rows, own, other in _beside():
        was = moved.get(label, {"moved": [], "dropped": []})
        rows.filter(**{own: into, f"{other}__in": was["moved"]}).update(**{own: cause})
        there = rows.filter(**{own: into, f"{other}__in": was["dropped"]}).values_list(f"{other}_id", flat=True)
        rows.bulk_create([rows.model(**{own: cause, f"{other}_id": pk}) for pk in there], ignore_conflicts=True)


def _refresh(incidents: set[int], *causes: Cause) -> None:
    refresh_incidents(*Incident.objects.filter(pk__in=incidents).order_by("pk"))
    for cause in causes:
        refresh_cause(cause)
