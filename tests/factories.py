"""Rows for tests: plain functions, every argument has a default, everything is saved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db.models import Model

from actionables.models import Actionable
from postmortems.models import (
    Cause,
    CauseGroup,
    Incident,
    IncidentCause,
    IncidentLink,
    Organisation,
    Service,
)
from postmortems.moments import Moment
from timelines.models import TimelineEntry

Row = TypeVar("Row", bound=Model)
_numbers = count(1)


def _saved(row: Row, **fields: Any) -> Row:
    """The row with these fields, moments among them, saved; columns the database works out are read back by it."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    return row


def moment(text: str, precision: str = "minute") -> Moment:
    """A moment from "2015-08-12 22:05" (UTC), from a day "2015-08-12", or a clock time on an unknown day "22:05"."""
    if ":" in text and "-" not in text:
        hours, minutes = text.split(":")
        return Moment(None, timedelta(hours=int(hours), minutes=int(minutes)), precision)
    at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Moment(at, None, precision if ":" in text else "day")


def make_organisation(name: str = "", **fields: Any) -> Organisation:
    """An organisation with a name of its own."""
    return _saved(Organisation(name=name or f"Organisation {next(_numbers)}"), **fields)


def make_service(name: str = "", **fields: Any) -> Service:
    """A service with a name of its own."""
    return _saved(Service(name=name or f"Service {next(_numbers)}"), **fields)


def make_group(name: str = "", **fields: Any) -> CauseGroup:
    """A group of causes with a name of its own."""
    return _saved(CauseGroup(name=name or f"Group {next(_numbers)}"), **fields)


def make_cause(name: str = "", *, group: CauseGroup | None = None, **fields: Any) -> Cause:
    """A cause, in a new group unless one is given."""
    values = {"nature": "fault", "definition": "Something that recurs.", **fields}
    return _saved(Cause(name=name or f"Cause {next(_numbers)}", group=group or make_group()), **values)


def make_incident(
    title: str = "",
    *,
    services: tuple[Service, ...] = (),
    causes: tuple[Cause, ...] = (),
    readers: tuple[User, ...] = (),
    **fields: Any,
) -> Incident:
    """A published, open incident without any moment; moments are given by name, as in `started=Moment(...)`.

    `causes` become its root causes, `readers` are named on it.
    """
    values = {"status": "published", "summary": "Something broke.", **fields}
    incident = _saved(Incident(title=title or f"Incident {next(_numbers)}"), **values)
    incident.services.set(services)
    incident.readers.set(readers)
    for position, cause in enumerate(causes):
        make_incident_cause(incident, cause, position=position)
    return incident


def make_incident_cause(incident: Incident | None = None, cause: Cause | None = None, **fields: Any) -> IncidentCause:
    """A cause in an incident: its root cause, confirmed."""
    values = {"role": "root", "certainty": "confirmed", **fields}
    return _saved(IncidentCause(incident=incident or make_incident(), cause=cause or make_cause()), **values)


def make_entry(incident: Incident | None = None, **fields: Any) -> TimelineEntry:
    """The next entry of an incident's timeline, without a moment."""
    incident = incident or make_incident()
    position = fields.pop("position", TimelineEntry.objects.filter(incident=incident).count() + 1)
    values = {"text": "Something happened.", **fields}
    return _saved(TimelineEntry(incident=incident, position=position), **values)


def make_actionable(incident: Incident | None = None, *, causes: tuple[Cause, ...] = (), **fields: Any) -> Actionable:
    """An open actionable that is to prevent something."""
    values = {"title": f"Actionable {next(_numbers)}", "kind": "prevent", **fields}
    actionable = _saved(Actionable(incident=incident or make_incident()), **values)
    actionable.causes.set(causes)
    return actionable


def make_link(incident: Incident | None = None, **fields: Any) -> IncidentLink:
    """A link from an incident to a change elsewhere."""
    number = next(_numbers)
    values = {"kind": "change", "url": f"https://example.org/{number}", "label": f"Change {number}", **fields}
    return _saved(IncidentLink(incident=incident or make_incident()), **values)
