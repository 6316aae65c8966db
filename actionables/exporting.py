"""What is listed, for spreadsheets, programs and calendars."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from postmortems.export import csv_lines
from postmortems.moments import Moment

from .models import Actionable

CHUNK = 500
MOST = 50_000
SHOWN = ("incident",)
COLUMNS = (
    "reference", "title", "kind", "status", "priority", "owner", "due", "opened", "closed", "incident",
    "incident_title", "ticket", "outcome", "address", "version",
)  # fmt: skip


def fetched(wanted: list[int]) -> Iterator[Actionable]:
    """The actionables in this order, a few hundred at a time (one query each)."""
    for start in range(0, len(wanted), CHUNK):
        keys = wanted[start : start + CHUNK]
        found = Actionable.objects.select_related("incident").defer("description").in_bulk(keys)
        yield from (found[pk] for pk in keys if pk in found)


def record(actionable: Actionable, site: str) -> dict[str, Any]:
    """One actionable as plain values; what is not known is None, a moment says no more than is known."""
    return {
        "reference": actionable.reference,
        "title": actionable.title,
        "kind": actionable.kind,
        "status": actionable.status,
        "priority": None if actionable.priority == "unknown" else actionable.priority,
        "owner": actionable.owner or None,
        "due": actionable.due_on.isoformat() if actionable.due_on else None,
        "opened": _iso(actionable.opened),
        "closed": _iso(actionable.closed),
        "incident": actionable.incident.reference,
        "incident_title": actionable.incident.title,
        "ticket": actionable.ticket_url or None,
        "outcome": actionable.outcome or None,
        "address": site + actionable.get_absolute_url(),
        "version": actionable.version,
    }


def _iso(moment: Moment) -> str | None:
    return moment.iso() or None


def as_csv(actionables: Iterable[Actionable], site: str) -> Iterator[str]:
    """RFC 4180 with a line of names, no cell of which a spreadsheet takes for a formula."""
    return csv_lines(COLUMNS, ((str(value or "") for value in record(one, site).values()) for one in actionables))


def as_json(actionables: Iterable[Actionable], site: str, *, more: bool) -> Iterator[str]:
    """One JSON object: the actionables, and whether there are more than these."""
    yield f'{{"more": {json.dumps(more)}, "actionables": ['
    for index, actionable in enumerate(actionables):
        yield (",\n" if index else "\n") + json.dumps(record(actionable, site), ensure_ascii=False)
    yield "\n]}\n"


def as_calendar(actionables: Iterable[Actionable], site: str, host: str, now: datetime) -> str:
    """An iCalendar object (RFC 5545): a whole-day event for each due date, lines folded, ended by CR LF."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Hindsight//{_text(host)}//EN", "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH", "X-WR-CALNAME:Actionables due", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]  # fmt: skip
    for actionable in actionables:
        lines += _event(actionable, site, host, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(actionable: Actionable, site: str, host: str, now: datetime) -> list[str]:
    assert actionable.due_on is not None
    about = f"{actionable.get_status_display()}, {actionable.owner or 'owner not known'}. From {actionable.incident}."
    return [
        "BEGIN:VEVENT",
        f"UID:{actionable.reference.lower()}@{host}",
        f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{actionable.due_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{actionable.due_on + timedelta(days=1):%Y%m%d}",
        f"SEQUENCE:{actionable.version}",
        f"SUMMARY:{_text(f'{actionable.reference} {actionable.title}')}",
        f"DESCRIPTION:{_text(about)}",
        f"URL:{site}{actionable.get_absolute_url()}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(value: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11): escaped, without control characters."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return "".join(letter for letter in value if letter >= " " and letter != "\x7f")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets (RFC 5545, 3.1); those that continue begin with a space, no character is cut."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > 75:
            yield part
            part = " "
        part += letter
    yield part
