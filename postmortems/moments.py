"""A moment: a point in time together with how precisely it is known.

Everything about times that may be vague lives here: ordering, durations and the words shown to a
reader (`momentfields` puts moments on models). The rules:

* A moment on a known day is stored in UTC (`at`). A clock time on an unknown day is stored as the time since
  midnight of the incident's first day (`clock`), so 01:00 on the following day is 1 day and 1 hour.
* The precision says how much of it was stated. What is shown never says more than that.
* A moment keeps nothing that was not stated: a month begins on its first day, a minute has no seconds.
* A moment stands for a span of seconds. Two moments are in order for certain only when their spans do not
  overlap; a duration is exact only when both ends are stated to the minute or second.
* Moments on a known day and clock times on an unknown day cannot be compared.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import available_timezones

from django.db import models

from .durations import Duration, nearest

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How far a time given as "about" may lie from what was written, either way. A convention of this product:
# writeups round to the quarter of an hour when they say "about".
ABOUT = timedelta(minutes=15)
# A day is one of its source's zone, which a moment does not know, and no zone is further than this from UTC. So
# beside a time of day, a day (month, year) may have begun and ended so much earlier or later. Two days are taken
# to be of the same zone.
ZONES = timedelta(hours=14)
# Times of day between these can be shown in every zone.
FIRST, LAST = datetime.min.replace(tzinfo=UTC) + DAY, datetime.max.replace(tzinfo=UTC) - DAY


class Precision(models.TextChoices):
    """How precisely a moment is known."""

    SECOND = "second", "to the second"
    MINUTE = "minute", "to the minute"
    ABOUT = "about", "about"
    DAY = "day", "the day"
    MONTH = "month", "the month"
    YEAR = "year", "the year"
    UNKNOWN = "unknown", "not known"


EXACT = (Precision.SECOND, Precision.MINUTE)
TIMED = (*EXACT, Precision.ABOUT)
COARSE = (Precision.DAY, Precision.MONTH, Precision.YEAR)
Span = tuple[timedelta, timedelta]


YEARS = (1970, 2100)  # in which what people type can have been


@lru_cache(maxsize=1)
def zones() -> dict[str, str]:
    """Every time zone there is, by its name in small letters; looked for on the disk once, which takes a while."""
    return {zone.casefold(): zone for zone in sorted(available_timezones())}


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time with its precision; `at` (UTC) or `clock` (since midnight of an unknown day), never both."""

    at: datetime | None = None
    clock: timedelta | None = None
    precision: str = Precision.UNKNOWN

    def __post_init__(self) -> None:
        """Drop what the precision does not state; `at` may come in any zone and is kept in UTC."""
        if self.at is not None and self.at.tzinfo is not None:
            object.__setattr__(self, "at", _stated(self.at, self.precision))
        if self.clock is not None:
            unit = SECOND if self.precision == Precision.SECOND else MINUTE
            object.__setattr__(self, "clock", self.clock - self.clock % unit)

    @property
    def is_known(self) -> bool:
        """Whether anything at all is known."""
        return self.precision != Precision.UNKNOWN

    @property
    def is_dated(self) -> bool:
        """Whether it stands on the calendar (at least the year is known)."""
        return self.at is not None

    @property
    def is_exact(self) -> bool:
        """Whether it is stated to the minute or second."""
        return self.precision in EXACT

    @property
    def has_clock_time(self) -> bool:
        """Whether it says a time of day."""
        return self.precision in TIMED

    def problems(self) -> list[str]:
        """What is contradictory in the three values, in words; empty when they fit together."""
        if self.precision not in Precision.values:
            return [f"There is no precision {self.precision!r}."]
        if self.precision == Precision.UNKNOWN:
            return ["A time that is not known cannot carry a value."] if self.at or self.clock is not None else []
        if (self.at is None) == (self.clock is None):
            return ["Give either a date and time or a clock time on an unknown day."]
        if self.clock is not None and self.precision in COARSE:
            return ["A clock time on an unknown day has no day, month or year."]
        if self.at is not None and self.at.tzinfo is None:
            return ["A date and time needs a time zone."]
        if self.at is not None and self.has_clock_time and not FIRST <= self.at <= LAST:
            return ["This date is too near the end of the calendar."]
        if self.clock is not None and not -31 * DAY <= self.clock <= 366 * DAY:
            return ["A clock time lies within a year of the incident's first day."]
        return []

    def odd_year(self) -> str:
        """Why its year cannot be meant, in words; empty for one that can, or none."""
        first, last = YEARS
        if self.at is None or first <= self.at.year <= last:
            return ""
        return f"The year {self.at.year} cannot be meant: give one from {first} to {last}."

    def span(self) -> Span | None:
        """Earliest and latest as time since the epoch (or since midnight of the unknown first day); None if unknown.

        The latest is the last whole second that still fits what was stated, so 22:05 lasts until 22:05:59.
        """
        base = self._base()
        if base is None or not self.is_known:
            return None
        if self.precision == Precision.ABOUT:
            return base - ABOUT, base + ABOUT - SECOND
        return base, base + self._length() - SECOND

    def _base(self) -> timedelta | None:
        return self.at - EPOCH if self.at is not None else self.clock

    def _length(self) -> timedelta:
        """How long the stated unit lasts."""
        if self.precision == Precision.SECOND:
            return SECOND
        if self.precision == Precision.MINUTE:
            return MINUTE
        if self.precision == Precision.DAY:
            return DAY
        assert self.at is not None
        if self.precision == Precision.MONTH:
            return calendar.monthrange(self.at.year, self.at.month)[1] * DAY
        return (366 if calendar.isleap(self.at.year) else 365) * DAY

    def comparable(self, other: Moment) -> bool:
        """Whether the two stand on the same scale: both dated, or both clock times of the same unknown day."""
        return self.is_known and other.is_known and self.is_dated == other.is_dated

    def _spans_beside(self, other: Moment) -> tuple[Span, Span] | None:
        """The spans of both, with room for the zone where only one is a day; None when they cannot be compared."""
        mine, theirs = self.span(), other.span()
        if mine is None or theirs is None or not self.comparable(other):
            return None
        if self.has_clock_time and not other.has_clock_time:
            theirs = theirs[0] - ZONES, theirs[1] + ZONES
        if other.has_clock_time and not self.has_clock_time:
            mine = mine[0] - ZONES, mine[1] + ZONES
        return mine, theirs

    def surely_before(self, other: Moment) -> bool:
        """Whether this one ended before the other began, whatever the true times within their precision."""
        spans = self._spans_beside(other)
        return spans is not None and spans[0][1] < spans[1][0]

    def until(self, later: Moment) -> Duration:
        """The time from this moment to a later one; not known when the two cannot be compared or are inverted."""
        spans = self._spans_beside(later)
        if spans is None or spans[1][1] < spans[0][0]:
            return Duration()
        mine, theirs = spans
        low = max(0, (theirs[0] - mine[1]) // SECOND)
        high = (theirs[1] - mine[0]) // SECOND
        middle = (low + high) // 2
        unit = _coarser_unit(self.precision, later.precision)
        return Duration(
            seconds=middle if unit == "second" else nearest(middle, 60) * 60,
            low=low,
            high=high,
            approximate=not (self.is_exact and later.is_exact),
            unit=unit,
        )

    def sort_key(self) -> tuple[int, timedelta]:
        """Orders dated moments by time, then clock times, then unknown ones."""
        return (0 if self.is_dated else 1 if self.is_known else 2, self._base() or timedelta())

    def text(self, zone: tzinfo = UTC, *, date: bool = True) -> str:
        """The moment in words, in the given zone, without the zone's name; never more precise than stated.

        A coarse moment (day, month, year) is not shifted between zones: its day is the one that was written.
        `date=False` leaves the date out where it stands beside (timelines).
        """
        if not self.is_known:
            return "not known"
        if self.clock is not None:
            return self.clock_text(zone) + _day_words(self.clock // DAY)
        if not self.has_clock_time:
            return self.day_text(zone)
        return f"{self.day_text(zone)}, {self.clock_text(zone)}" if date else self.clock_text(zone)

    def clock_text(self, zone: tzinfo = UTC) -> str:
        """The time of day alone: "22:05", "22:05:04", "about 18:55"; empty when none was stated."""
        if not self.has_clock_time:
            return ""
        about = "about " if self.precision == Precision.ABOUT else ""
        if self.clock is not None:
            shown = datetime(2000, 1, 1, tzinfo=UTC) + self.clock % DAY
        else:
            assert self.at is not None
            shown = _in_zone(self.at, zone)
        return about + shown.strftime(self._clock_format())

    def day_words(self) -> str:
        """Which day a clock time on an unknown day belongs to: "the next day", "the day before", else empty."""
        return _day_words(self.clock // DAY).strip() if self.clock is not None else ""

    def _clock_format(self) -> str:
        return "%H:%M:%S" if self.precision == Precision.SECOND else "%H:%M"

    def day_text(self, zone: tzinfo = UTC, *, short: bool = False) -> str:
        """The calendar part alone: "12 August 2015" (short: "12 Aug 2015"), "August 2015", "2015", "date unknown"."""
        if self.at is None:
            return "date unknown"
        if self.precision in COARSE:
            return _calendar_text(self.at, self.precision, short=short)
        return _calendar_text(_in_zone(self.at, zone), Precision.DAY, short=short)

    def iso(self) -> str:
        """For the `datetime` attribute of HTML's time element: only what is known; empty for an unknown day."""
        if self.at is None:
            return ""
        lengths = {Precision.YEAR: 4, Precision.MONTH: 7, Precision.DAY: 10, Precision.SECOND: 19}
        stated = self.at.isoformat()[: lengths.get(Precision(self.precision), 16)]
        return stated + "Z" if self.has_clock_time else stated


UNKNOWN = Moment()


def _stated(at: datetime, precision: str) -> datetime:
    """In UTC, without what the precision does not state; a day, month or year is the one of the zone it came in."""
    if precision in COARSE:
        month = at.month if precision != Precision.YEAR else 1
        return datetime(at.year, month, at.day if precision == Precision.DAY else 1, tzinfo=UTC)
    if at.tzinfo is UTC and not at.microsecond and (not at.second or precision == Precision.SECOND):
        return at  # as the database has it
    if precision != Precision.SECOND and at.year > 1972:  # until then zones were off UTC by odd seconds
        at = at.replace(second=0)
    return _in_zone(at.replace(microsecond=0), UTC)


def _in_zone(at: datetime, zone: tzinfo) -> datetime:
    """The same instant in a zone; unchanged where that would leave the calendar (see `FIRST`, `LAST`)."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def _coarser_unit(first: str, second: str) -> str:
    """The unit a duration between two precisions may be told in."""
    for precision in (Precision.YEAR, Precision.MONTH, Precision.DAY):
        if precision in (first, second):
            return str(precision)
    return "second" if first == second == Precision.SECOND else "minute"


def _calendar_text(at: datetime, precision: str, *, short: bool = False) -> str:
    if precision == Precision.YEAR:
        return str(at.year)
    names = calendar.month_abbr if short else calendar.month_name
    month = f"{names[at.month]} {at.year}"
    return month if precision == Precision.MONTH else f"{at.day} {month}"


def _day_words(days: int) -> str:
    if days == 0:
        return ""
    if days == 1:
        return " the next day"
    if days == -1:
        return " the day before"
    return f" {days} days later" if days > 0 else f" {-days} days earlier"
