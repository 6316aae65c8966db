"""What is done to incidents in the admin, as the audit log tells it. References alone, no text of a postmortem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .models import Action, Incident, IncidentReader, Status, Visibility, record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.forms import ModelForm
    from django.http import HttpRequest

HERE = "in the administration"


def note_reading(request: HttpRequest, whole: Any) -> None:
    """That somebody looked at a restricted incident, or at a row of one (one query; none for others)."""
    is_restricted = isinstance(whole, Incident) and whole.visibility == Visibility.RESTRICTED
    if is_restricted and request.method in ("GET", "HEAD"):
        record(Action.READ_RESTRICTED, whole.reference, request=request, detail=HERE)


def note_saved(request: HttpRequest, form: ModelForm[Any], formsets: Iterable[Any], change: bool) -> None:
    """Who may read the incident now and could not before, or the other way round; and that it was published."""
    incident = form.instance
    for name in ("visibility", "status"):
        before, after = form.initial.get(name) if change else None, getattr(incident, name)
        if name in form.changed_data and before != after:
            _note(request, incident, name, before, after)
    for formset in formsets:
        if formset.model is IncidentReader:
            _note_readers(request, incident, formset)


def _note(request: HttpRequest, incident: Incident, name: str, before: Any, after: str) -> None:
    if after == Status.PUBLISHED:
        record(Action.PUBLISHED, incident.reference, request=request, detail=HERE)
    else:
        said = f"{name} from {before} to {after}, {HERE}" if before else f"{after} from the beginning, {HERE}"
        record(Action.ACCESS_CHANGED, incident.reference, request=request, detail=said)


def _note_readers(request: HttpRequest, incident: Incident, formset: Any) -> None:
    changed = [row for row, _ in formset.changed_objects]
    for said, rows in (("named", [*formset.new_objects, *changed]), ("no longer named", formset.deleted_objects)):
        if names := ", ".join(row.user.get_username() for row in rows):
            record(Action.ACCESS_CHANGED, incident.reference, request=request, detail=f"{said}: {names}, {HERE}")


def changed_words(form: ModelForm[Any]) -> str:
    """Which fields a form changed; of what has a name, the former one too."""
    said = [f"renamed from {form.initial['name']}"] if "name" in form.changed_data and form.initial.get("name") else []
    said += [name.replace("_", " ") for name in form.changed_data if name != "name"]
    return ", ".join(said)


def note_shared(request: HttpRequest, rows: Iterable[Any], done: str) -> None:
    """What happened to causes, groups of causes, services or organisations (a query each)."""
    for row in rows:
        name = f"{row._meta.verbose_name} {getattr(row, 'slug', row)}"
        record(Action.TAXONOMY_CHANGED, name, request=request, detail=f"{done}, {HERE}")


def note_deleting(request: HttpRequest, incidents: Iterable[Incident]) -> None:
    """Before incidents are deleted: which (a query each)."""
    for incident in incidents:
        record(Action.DELETED, incident.reference, request=request, detail=HERE)
