"""What stands behind a colon: `org:wikimedia`, `severity:1,2`, `before:2016`, `date:2015-08..2015-10`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .models import Detection, Severity, Status
from .search_documents import EPOCH, minute_of
from .search_facets import HAS, owner_values

PLACES = ("organisation", "service", "cause")
CHOICES = {"severity": Severity.values, "status": Status.values, "detection": Detection.values, "has": list(HAS)}
SHOWN = ("org", "service", "cause", "severity", "year", "status", "detection", "owner", "has", "before", "after")
_SYNONYMS = {
    "organisation": "org organisation organization company",
    "service": "service services svc",
    "cause": "cause causes rootcause",
    "severity": "severity sev",
    "year": "year years",
    "status": "status state is",
    "detection": "detection detected detectedby",
    "owner": "owner assignee",
    "has": "has with",
    "before": "before",
    "after": "after since from",
    "until": "until to",
    "date": "date on",
}
NAMES = {word: kind for kind, words in _SYNONYMS.items() for word in words.split()}
BOUNDS = ("before", "after", "until", "date")
MOST_YEARS = 50
_ONE_DATE = r"[1-9]\d{3}(?:[-/.]\d{1,2}){0,2}"
_DATES = re.compile(rf"({_ONE_DATE})?(\.\.)?({_ONE_DATE})?\Z", re.ASCII)
_YEARS = re.compile(r"([1-9]\d{3})(?:(?:\.\.|-)([1-9]\d{3}))?\Z", re.ASCII)
Minutes = tuple[int | None, int | None]  # since the year 1, from the first on, below the second


def kind_of(name: str) -> str:
    """What a qualifier of this name is about; empty when there is none."""
    return NAMES.get(re.sub("[-_]", "", name.lower()), "")


def values_of(kind: str, value: str) -> list[str]:
    """The values as filters have them, all alternatives; empty when it cannot be one."""
    if kind in PLACES:
        return [value]
    if kind == "owner":
        return owner_values(value)[:1]
    if kind == "year":
        return _years(value)
    plain = re.sub(r"[\s_-]", "", value).lower()
    wanted = f"sev{plain.lstrip('ps')}" if kind == "severity" and plain.lstrip("ps") in ("1", "2", "3", "4") else plain
    return [choice for choice in CHOICES[kind] if choice.lower() == wanted]


def _years(value: str) -> list[str]:
    """2015, 2013..2015 or 2013-2015, unknown."""
    if value.lower() == "unknown":
        return ["unknown"]
    found = _YEARS.match(value)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    return [str(year) for year in range(first, min(last, first + MOST_YEARS - 1) + 1)]


def minutes_of(kind: str, value: str) -> Minutes | None:
    """From when to when; None when it is no date.

    before: is earlier than the day, month or year; after: from its beginning on; until: and date: up to its end.
    """
    found = _DATES.match(value)
    try:
        if not found or bool(found[2]) != (kind == "date" and ".." in value) or not (found[1] or found[3]):
            return None
        first, last = found[1], found[3] if found[2] else found[1]
        begin, end = _begin(first) if first else None, _end(last) if last else None
    except ValueError:
        return None
    if kind == "before":
        return None, begin
    return (None if kind == "until" else begin), (None if kind == "after" else end)


def days_of(kind: str, value: str) -> tuple[str, str] | None:
    """From which day on and before which day, as in 2015-08-12 (empty: no bound); None when it is no date."""
    minutes = minutes_of(kind, value)
    if minutes is None:
        return None
    first, last = ("" if at is None else (EPOCH + timedelta(minutes=at)).date().isoformat() for at in minutes)
    return first, last


def _day(date: str) -> datetime:
    """The first day of it."""
    year, month, day = (*_numbers(date), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=UTC)


def _numbers(date: str) -> list[int]:
    return [int(part) for part in re.split(r"[-/.]", date)]


def _begin(date: str) -> int | None:
    return minute_of(_day(date))


def _end(date: str) -> int | None:
    """The first minute after it; None at the end of the calendar."""
    begin, stated = _day(date), len(_numbers(date))
    try:
        if stated == 3:
            return minute_of(begin + timedelta(days=1))
        months = begin.year * 12 + begin.month - 1 + (1 if stated == 2 else 12)
        return minute_of(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC))
    except (OverflowError, ValueError):
        return None
