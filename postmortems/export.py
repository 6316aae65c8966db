"""Incidents as records for other programs: the same facts as JSON and as rows of a CSV file.

Nothing is more precise than it was stated, and what is not known is null or empty, never zero. docs/exports.md
describes every field.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from .durations import Duration
from .models import MILESTONES, Incident, IncidentCause, Role
from .momentfields import columns
from .moments import DAY, Moment, Precision
from .rows import extent, milestones_of

if TYPE_CHECKING:
    from .access import Reader

Record = dict[str, Any]
CHUNK = 500
FIELDS = (
    "pk", "number", "slug", "title", "organisation__name", "organisation__slug", "severity", "status", "visibility",
    "detection", "time_zone", "time_zone_assumed", *columns(*MILESTONES),
)  # fmt: skip
ROLES = {Role.TRIGGER: "triggers", Role.ROOT: "root_causes", Role.CONTRIBUTING: "contributing_factors"}
COLUMNS = (
    "reference", "title", "organisation", "services", "severity", "status", "visibility", "detection",
    *(f"{name}{part}" for name in MILESTONES for part in ("", "_at", "_clock", "_precision")),
    "time_zone", "time_zone_assumed", "duration", "duration_seconds", "duration_at_least_seconds",
    "duration_at_most_seconds", "duration_approximate", *ROLES.values(), "address",
)  # fmt: skip
# Spreadsheets know UTF-8 by this mark alone; without it they show “ as â€œ.
BYTE_ORDER_MARK = "\ufeff"
FORMULA = "=+\\-@＝＋－＠"
UNSEEN = r"\x00-\x08\x0b\x0c\x0e-\x1f\u200b-\u200f\u2060\ufeff"
# Where a cell begins, or would for a program that takes another character for the separator, and a formula with it.
BEGINS_FORMULA = re.compile(rf"(?:^|[,;|\t\r\n])(?:[^\S\t\r\n]|[\"'{UNSEEN}])*(?=[{FORMULA}])")
BEGINS_UNSEEN = re.compile(rf"^(?=[\t\r\n{UNSEEN}])")


def records(ids: list[int], user: Reader, site: str) -> Iterator[list[Record]]:
    """The incidents with these ids that this reader may see, in this order, in lists of up to `CHUNK`.

    Three queries for each list, made when it is asked for; what was hidden or deleted meanwhile is left out.
    `site` begins every address, as in "https://hindsight.example.org".
    """
    for start in range(0, len(ids), CHUNK):
        wanted = ids[start : start + CHUNK]
        visible = Incident.objects.visible_to(user).filter(pk__in=wanted).order_by()
        rows = {row.pk: row for row in visible.values_list(*FIELDS, named=True)}
        services, causes = _services(wanted), _causes(wanted)
        yield [_record(rows[pk], services[pk], causes[pk], site) for pk in wanted if pk in rows]


def _services(wanted: list[int]) -> dict[int, list[Record]]:
    links = Incident.services.through.objects.filter(incident__in=wanted).order_by("service__name")
    found = defaultdict(list)
    for pk, name, slug in links.values_list("incident_id", "service__name", "service__slug"):
        found[pk].append({"name": name, "slug": slug})
    return found


def _causes(wanted: list[int]) -> dict[int, list[Record]]:
    links = IncidentCause.objects.filter(incident__in=wanted).order_by("position", "pk")
    found = defaultdict(list)
    for pk, name, slug, role, certainty in links.values_list(
        "incident_id", "cause__name", "cause__slug", "role", "certainty"
    ):
        found[pk].append({"name": name, "slug": slug, "role": role, "certainty": certainty})
    return found


def _record(row: Any, services: list[Record], causes: list[Record], site: str) -> Record:
    moments = milestones_of(row)
    _, duration, span = extent(moments)
    organisation = {"name": row.organisation__name, "slug": row.organisation__slug}
    return {
        "reference": f"INC-{row.number}",
        "title": row.title,
        "organisation": organisation if row.organisation__slug else None,
        "services": services,
        "severity": row.severity,
        "status": row.status,
        "visibility": row.visibility,
        "detection": row.detection,
        **{name: told(moment, row.time_zone) for name, moment in moments.items()},
        "time_zone": row.time_zone,
        "time_zone_assumed": row.time_zone_assumed,
        "duration": lasted(duration, span),
        "causes": causes,
        "address": site + reverse("incident", args=[row.slug]),
    }


def told(moment: Moment, zone: str) -> Record:
    """A moment: in words with its zone, and as ISO 8601, shortened to what is known.

    at: UTC, or the calendar date as it was written. clock: for a time of day on an unknown day, the time since
    midnight of the first such day. zone: the source's, which such a time is in.
    """
    return {
        "text": _words(moment, zone),
        "at": moment.iso() or None,
        "clock": None if moment.clock is None else clock_iso(moment.clock, moment.precision),
        "precision": str(moment.precision),
    }


def _words(moment: Moment, zone: str) -> str | None:
    if not moment.is_known:
        return None
    if moment.clock is not None:
        return f"{moment.text()} {zone}, date unknown"
    return f"{moment.text()} UTC" if moment.has_clock_time else moment.text()


def clock_iso(clock: timedelta, precision: str) -> str:
    """ISO 8601: PT18H55M, P1DT1H0M for 01:00 the next day; seconds only where they were stated.

    The day before is P-1D, which ISO 8601-2 allows: its time of day then counts up from midnight as ever.
    """
    days, minutes = clock // DAY, clock % DAY // timedelta(minutes=1)
    seconds = f"{clock % timedelta(minutes=1) // timedelta(seconds=1)}S" if precision == Precision.SECOND else ""
    return f"P{f'{days}D' if days else ''}T{minutes // 60}H{minutes % 60}M{seconds}"


def lasted(duration: Duration, span: str) -> Record:
    """How long: in words as pages say it, the bounds that are sure, and a figure only where it is exact."""
    exact = duration.is_known and not duration.approximate and bool(duration.seconds)
    return {
        "text": f"{duration.text()}{span}" if duration.is_known else None,
        "seconds": duration.seconds if exact else None,
        "at_least_seconds": duration.low if duration.is_known else None,
        "at_most_seconds": duration.high if duration.is_known else None,
        "approximate": duration.approximate if duration.is_known else None,
    }


def as_json(chunks: Iterable[list[Record]], head: Record) -> Iterator[str]:
    """One JSON object: the head's members, then `incidents`, one a line."""
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "incidents": ['
    between = "\n"
    for chunk in chunks:
        lines = (json.dumps(record, ensure_ascii=False) for record in chunk)
        text = ",\n".join(lines)
        if text:
            yield between + text
            between = ",\n"
    yield "\n]}\n"


def as_csv(chunks: Iterable[list[Record]]) -> Iterator[str]:
    """RFC 4180 with a line of names, no cell of which a spreadsheet takes for a formula."""
    return csv_lines(COLUMNS, (cells(record) for chunk in chunks for record in chunk))


def csv_lines(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Lines of CSV (RFC 4180) with a mark that tells Excel it is UTF-8; every cell is made `safe`."""
    yield BYTE_ORDER_MARK + _lines([head])
    rest = iter(rows)
    while some := list(islice(rest, CHUNK)):
        yield _lines([safe(cell) for cell in row] for row in some)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    out = StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def safe(text: str) -> str:
    """The text with an apostrophe before whatever would begin a formula; otherwise as it is.

    At the start of the cell (OWASP, "CSV Injection": also for a tab or line break there) and after anything that may
    be taken for a separator, because a program set to another one sees cells begin there.
    """
    return BEGINS_UNSEEN.sub("'", BEGINS_FORMULA.sub(r"\g<0>'", text))


def cells(record: Record) -> list[str]:
    """A record as the cells of its row, see `COLUMNS`; several of a kind are separated by semicolons."""
    flat: Record = {
        **record,
        "organisation": (record["organisation"] or {}).get("name"),
        "services": "; ".join(service["name"] for service in record["services"]),
        "duration": record["duration"]["text"],
        **{f"duration_{part}": value for part, value in record["duration"].items()},
    }
    for name in MILESTONES:
        flat[name] = record[name]["text"]
        flat |= {f"{name}_{part}": value for part, value in record[name].items()}
    for role, column in ROLES.items():
        named = (f"{one['name']} ({one['certainty']})" for one in record["causes"] if one["role"] == role)
        flat[column] = "; ".join(named)
    return [_cell(flat[column]) for column in COLUMNS]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
