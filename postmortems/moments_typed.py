"""Moments as people type them: "22:05", "about 18:55", "~7:40pm", "23:5x", "2015-08-12 22:05", "01:00 next day".

What is typed is read in the incident's zone and, when it names no date, on the incident's first day; without such a day
it stays a clock time on an unknown day. Nothing is guessed: what can be read in two ways is refused with words that
say how to write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from .moments import DAY, UNKNOWN, YEARS, Moment, Precision

EXAMPLES = "22:05, about 18:55, 2015-08-12 22:05, 01:00 next day, August 2015 or unknown"
NOTHING = {"", "?", "-", "unknown", "not known", "n/a", "none", "tbd"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAME = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"

ABOUT = re.compile(r"^(?:about|around|approx(?:\.|imately)?|roughly|circa|ca?\.?)\s*(?=\d|noon|midnight)|^[~≈]\s*")
DOUBT = re.compile(r"(?<=\d)\s*(?:\?|ish)")
ZONE = re.compile(r"(?<=[\d\s])(?P<zone>utc|gmt|z|(?:utc|gmt)?\s?[+-]\d{2}:?\d{2})$")
DAYS = (
    (re.compile(r"[\s,(]*(?:the )?(?:next|following) day\)?"), 1),
    (re.compile(r"[\s,(]*(?:the )?(?:day before|previous day)\)?"), -1),
    (re.compile(r"[\s,(]*(?P<later>\d{1,3}) days? later\)?"), 1),
    (re.compile(r"[\s,(]*(?P<later>\d{1,2}) days? earlier\)?"), -1),
    (re.compile(r"\s*\+(?P<later>\d{1,3})\s?d(?:ays?)?"), 1),
)
CLOCKS = (
    re.compile(r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?::(?P<second>\d{2}))?\s?(?P<half>[ap]\.?m\.?)?(?!\d|[:.]\d)"),
    re.compile(r"(?P<hour>\d{1,2})[:.h](?P<ten>[0-5])[x?_](?!\w)"),
    re.compile(r"(?P<hour>\d{1,2})\s?(?P<half>[ap]\.?m\.?)"),
    re.compile(r"(?P<noon>noon|midday)|(?P<midnight>midnight)"),
)
DATES = (
    re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?!\d)"),
    re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})"),
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s{NAME},?\s(?P<year>\d{{4}})"),
    re.compile(rf"{NAME}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<year>\d{{4}})"),
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?\s{NAME}(?!\s?\d)"),
    re.compile(rf"{NAME}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})(?![\d-])"),
    re.compile(rf"{NAME}\s(?P<year>\d{{4}})"),
    re.compile(r"(?P<year>\d{4})(?!\d)"),
)
TWO_WAYS = re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/\d{2,4}")


class NotATime(ValueError):
    """What was typed is no time, or more than one; `args[0]` says so to the person."""


@dataclass(slots=True)
class _Said:
    """What was found in the text so far."""

    about: bool = False
    zone: tzinfo | None = None
    days: int = 0
    clock: re.Match[str] | None = None
    calendar: re.Match[str] | None = None


def moment_typed(text: str, zone: tzinfo = UTC, day: date | None = None) -> Moment:
    """The moment that was typed; raises NotATime.

    zone: the incident's; an offset or UTC in the text goes before it. day: the incident's first day there, if known.
    """
    rest = " ".join(text.casefold().split()).replace("−", "-")
    if rest in NOTHING:
        return UNKNOWN
    if TWO_WAYS.search(rest):
        raise NotATime("A date like 8/12/2015 can be read in two ways; write 2015-08-12.")
    said = _Said()
    rest = _parts(said, rest)
    if rest.strip(" ,;()") not in ("", "on", "at") or not (said.clock or said.calendar):
        raise NotATime(f"“{text.strip()[:60]}” is not understood as a time. Write it as in {EXAMPLES}.")
    try:
        moment = _timed(said, zone, day) if said.clock else _coarse(said, day)
    except (ValueError, OverflowError) as error:
        words = str(error) if isinstance(error, NotATime) else "There is no such date or time of day."
        raise NotATime(words) from None
    if moment.problems():
        raise NotATime(moment.problems()[0])
    return moment


def _parts(said: _Said, text: str) -> str:
    """Take what is understood out of the text, and return what is left."""
    rest = re.sub(r"(?<=\d)t(?=\d\d:)", " ", text)  # 2015-08-12T22:05
    shorter = DOUBT.sub("", ABOUT.sub("", rest)) if not re.search(r"\d[:.h]\d\?", rest) else ABOUT.sub("", rest)
    said.about, rest = shorter != rest, shorter
    zone = ZONE.search(rest)
    if zone:
        said.zone, rest = _zone(zone["zone"]), rest[: zone.start()].rstrip()
    for pattern, sign in DAYS:
        found = pattern.search(rest)
        if found:
            said.days = sign * int(found.groupdict().get("later") or 1)
            rest = rest[: found.start()] + rest[found.end() :]
            break
    said.clock, rest = _first(CLOCKS, rest)
    said.calendar, rest = _first(DATES, rest)
    # "On 12 August at about 22:05": the word stands in the middle.
    shorter = re.sub(r"\b(?:about|around|circa|ca?\.?)(?=\s|,|$)|[~≈]", "", rest)
    said.about, rest = said.about or shorter != rest, shorter
    return re.sub(r"\b(?:on|at)\b", "", rest)


def _first(patterns: tuple[re.Pattern[str], ...], text: str) -> tuple[re.Match[str] | None, str]:
    """What the first pattern that is in the text finds, and the text without it."""
    for pattern in patterns:
        found = pattern.search(text)
        if found:
            return found, f"{text[: found.start()]} {text[found.end() :]}"
    return None, text


def _zone(text: str) -> tzinfo:
    offset = re.search(r"[+-]\d\d:?\d\d", text)
    if not offset:
        return UTC
    found = datetime.strptime(offset[0], "%z").tzinfo
    assert found is not None
    return found


def _time(found: re.Match[str]) -> tuple[time, bool, bool]:
    """The time of day, whether seconds were typed, whether it is only about."""
    told = found.groupdict()
    if told.get("noon") or told.get("midnight"):
        return time(12 if told["noon"] else 0), False, False
    hour = int(told["hour"])
    half = told.get("half")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    if told.get("ten"):
        return time(hour, int(told["ten"]) * 10 + 5), False, True
    return time(hour, int(told.get("minute") or 0), int(told.get("second") or 0)), bool(told.get("second")), False


def _timed(said: _Said, zone: tzinfo, day: date | None) -> Moment:
    assert said.clock is not None
    clock, seconds, about = _time(said.clock)
    precision = Precision.ABOUT if said.about or about else Precision.SECOND if seconds else Precision.MINUTE
    if said.calendar:
        told, exactness = _date(said.calendar, day)
        if exactness != Precision.DAY:
            raise NotATime("A time of day needs a whole date beside it, or none.")
        day = told
    if day is None:
        if said.zone is not None:
            raise NotATime("Leave the zone out here: a time on an unknown day is in the incident's zone.")
        since = timedelta(days=said.days, hours=clock.hour, minutes=clock.minute, seconds=clock.second)
        return Moment(None, since, precision)
    local = datetime.combine(day + said.days * DAY, clock, tzinfo=said.zone or zone)
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NotATime(f"The clocks were put forward in {zone} then: there was no {clock:%H:%M} on that day.")
    return Moment(local, None, precision)


def _coarse(said: _Said, day: date | None) -> Moment:
    assert said.calendar is not None
    if said.about or said.zone is not None:
        raise NotATime("Only a time of day can be about, or in a zone; write the month or the year instead of a day.")
    told, precision = _date(said.calendar, day)
    return Moment(datetime.combine(told + said.days * DAY, time(), tzinfo=UTC), None, precision)


def _date(found: re.Match[str], day: date | None) -> tuple[date, str]:
    """The date and whether it is a day, a month or a year."""
    told = found.groupdict()
    month = MONTHS.index(told["name"][:3]) + 1 if told.get("name") else int(told.get("month") or 1)
    if told.get("year") is None and day is None:
        raise NotATime("Which year? Write it after the month.")
    year = int(told["year"]) if told.get("year") else day.year if day else 0
    if not told.get("name") and not told.get("month") and not YEARS[0] <= year <= YEARS[1]:
        raise NotATime("Write a time of day with a colon, as in 22:05.")  # 1955 may be meant as one
    precision = Precision.DAY if told.get("day") else Precision.YEAR
    if precision == Precision.YEAR and (told.get("name") or told.get("month")):
        precision = Precision.MONTH
    return date(year, month, int(told.get("day") or 1)), precision


def as_typed(moment: Moment, zone: tzinfo = UTC, day: date | None = None) -> str:
    """What somebody would type for a moment, so that `moment_typed` reads it back; empty when it is not known.

    The date is left out where it is `day` or the day after or before.
    """
    if not moment.is_known:
        return ""
    if moment.clock is not None:
        return moment.clock_text() + _days(moment.clock // DAY)
    assert moment.at is not None
    if not moment.has_clock_time:
        return moment.iso()
    local = moment.at.astimezone(zone)
    if local.fold or local.year < 1000:  # the second of two equal times of day; and four digits make a year
        return f"{_about(moment)}{moment.at:%Y-%m-%d} {moment.clock_text()} UTC".replace("about about", "about")
    if day is not None and abs((local.date() - day).days) <= 1:
        return moment.clock_text(zone) + _days((local.date() - day).days)
    return f"{_about(moment)}{local:%Y-%m-%d} {moment.clock_text(zone).removeprefix('about ')}"


def _about(moment: Moment) -> str:
    return "about " if moment.precision == Precision.ABOUT else ""


def _days(days: int) -> str:
    if days in (0, 1, -1):
        return ("", " next day", " the day before")[days]
    return f" {abs(days)} days {'later' if days > 0 else 'earlier'}"
