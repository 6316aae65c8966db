"""Moments in documents: one way to write each, so that a document says neither more nor less than was entered.

    2015-08-12 22:05:04 UTC    to the second          about 18:55    clock time on an unknown day
    2015-08-12 22:05 UTC       to the minute          01:00 +1       the day after that day
    about 2015-08-12 18:55 UTC                        2015-08-12, 2015-08, 2015
    not known

Reading also takes another zone than UTC as an offset (22:05 +02:00).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .moments import DAY, TIMED, UNKNOWN, Moment, Precision

MOMENT = re.compile(
    r"(?P<about>about )?(?:(?P<date>\d{4}(?:-\d\d(?:-\d\d)?)?)(?: |$))?"
    r"(?:(?P<time>\d\d:\d\d(?::\d\d)?)(?: (?P<zone>UTC|[+-]\d\d:\d\d)| (?P<day>[+-]\d{1,3}))?)?"
    r"(?P<coarser>, to the minute)?"
)


def moment_written(moment: Moment) -> str:
    """The moment as a document has it."""
    if not moment.is_known:
        return "not known"
    about = "about " if moment.precision == Precision.ABOUT else ""
    if moment.clock is not None:
        day = moment.clock // DAY
        since = datetime(2000, 1, 1, tzinfo=UTC) + moment.clock % DAY
        seconds = "%H:%M:%S" if moment.precision == Precision.SECOND else "%H:%M"
        return about + since.strftime(seconds) + (f" {day:+d}" if day else "")
    assert moment.at is not None
    if moment.precision not in TIMED:
        return moment.iso()
    # Until 1972 zones were off UTC by odd seconds, so that a whole minute there has some here.
    odd = moment.at.second and moment.precision != Precision.SECOND
    stated = 19 if odd or moment.precision == Precision.SECOND else 16
    coarser = ", to the minute" if odd and not about else ""
    return f"{about}{moment.at.isoformat(' ')[:stated]} UTC{coarser}"


def moment_read(text: str) -> Moment:
    """The moment a document means; raises ValueError, with words for a person, for what is none."""
    found = MOMENT.fullmatch(text)
    if text == "not known":
        return UNKNOWN
    if not found or not (found["date"] or found["time"]):
        raise ValueError(f"“{text[:40]}” is not a time; one is 2015-08-12 22:05 UTC, 2015-08, about 18:55 or not known")
    try:
        moment = _clock(found) if not found["date"] else _timed(found) if found["time"] else _coarse(found)
    except (ValueError, OverflowError):
        raise ValueError(f"“{text[:40]}” is not on the calendar or the clock") from None
    if moment.problems():
        raise ValueError(f"“{text[:40]}”: {moment.problems()[0]}")
    return moment


def _precision(found: re.Match[str]) -> str:
    if found["about"]:
        return Precision.ABOUT
    return Precision.SECOND if len(found["time"]) == len("22:05:04") and not found["coarser"] else Precision.MINUTE


def _clock(found: re.Match[str]) -> Moment:
    if found["zone"] or found["coarser"]:
        raise ValueError
    told = datetime.strptime(f"{found['time']}:00"[:8], "%H:%M:%S").replace(tzinfo=UTC)
    clock = timedelta(days=int(found["day"] or 0), hours=told.hour, minutes=told.minute, seconds=told.second)
    return Moment(None, clock, _precision(found))


def _timed(found: re.Match[str]) -> Moment:
    if not found["zone"] or len(found["date"]) < len("2015-08-12"):
        raise ValueError
    zone = "+00:00" if found["zone"] == "UTC" else found["zone"]
    return Moment(datetime.fromisoformat(f"{found['date']}T{found['time']}{zone}"), None, _precision(found))


def _coarse(found: re.Match[str]) -> Moment:
    if found["about"] or found["coarser"]:
        raise ValueError
    date = found["date"]
    at = datetime.fromisoformat(date + "-01-01"[len(date) - 4 :]).replace(tzinfo=UTC)
    return Moment(at, None, {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}[len(date)])
