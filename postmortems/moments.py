"""A moment: a point in time together with how precisely it is known.

Everything about times that may be vague lives here: ordering, durations and the words shown to a
reader (`momentfields` puts moments on models). The rules:

* A moment on a known day is stored in UTC (`at`). A clock time on an unknown day is stored as the time since
  midnight of the incident's first day (`clock`), so 01:00 on the following day is 1 day and 1 hour.
* The precision says how much of it was stated. What is shown never says more than that.
* A moment stands for a span, its `earliest` to its `latest` second. Two moments are in order for certain only
  when their spans do not overlap; a duration is exact only when both ends are stated to the minute or second.
* Moments on a known day and clock times on an unknown day cannot be compared.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db import models

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# How far a time given as "about" may lie from what was written, either way. A convention of this product:
# writeups round to the quarter of an hour when they say "about".
ABOUT = timedelta(minutes=15)


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


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time with its precision; `at` (UTC) or `clock` (since midnight of an unknown day), never both."""

    at: datetime | None = None
    clock: timedelta | None = None
    precision: str = Precision.UNKNOWN

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
        if self.precision == Precision.UNKNOWN:
            return ["A time that is not known cannot carry a value."] if self.at or self.clock is not None else []
        if (self.at is None) == (self.clock is None):
            return ["Give either a date and time or a clock time on an unknown day."]
        if self.clock is not None and self.precision in COARSE:
            return ["A clock time on an unknown day has no day, month or year."]
        if self.at is not None and self.at.tzinfo is None:
            return ["A date and time needs a time zone."]
        if self.clock is not None and not -31 * DAY <= self.clock <= 366 * DAY:
            return ["A clock time lies within a year of the incident's first day."]
        return []

    def span(self) -> tuple[timedelta, timedelta] | None:
        """Earliest and latest as time since the epoch (or since midnight of the unknown first day); None if unknown.

        The latest is the last instant that still fits what was stated, so 22:05 lasts until 22:05:59.
        """
        base = self._base()
        if base is None:
            return None
        if self.precision == Precision.ABOUT:
            return base - ABOUT, base + ABOUT
        return base, base + self._length() - timedelta(seconds=1)

    def _base(self) -> timedelta | None:
        if self.at is not None:
            return self.at - datetime(1970, 1, 1, tzinfo=UTC)
        return self.clock

    def _length(self) -> timedelta:
        """How long the stated unit lasts."""
        if self.precision == Precision.SECOND:
            return timedelta(seconds=1)
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

    def surely_before(self, other: Moment) -> bool:
        """Whether this one ended before the other began, whatever the true times within their precision."""
        mine, theirs = self.span(), other.span()
        return self.comparable(other) and mine is not None and theirs is not None and mine[1] < theirs[0]

    def until(self, later: Moment) -> Duration:
        """The time from this moment to a later one."""
        mine, theirs = self.span(), later.span()
        if not self.comparable(later) or mine is None or theirs is None or theirs[1] < mine[0]:
            return Duration()  # a later moment that is surely earlier has no duration, only an error
        start, end = self._base(), later._base()
        assert start is not None and end is not None
        exact = self.is_exact and later.is_exact
        return Duration(
            seconds=int((end - start).total_seconds()),
            low=max(0, int((theirs[0] - mine[1]).total_seconds())),
            high=int((theirs[1] - mine[0]).total_seconds()),
            approximate=not exact,
            unit=_coarser_unit(self.precision, later.precision),
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
        about = "about " if self.precision == Precision.ABOUT else ""
        if self.clock is not None:
            days, rest = divmod(self.clock, DAY)
            shown = (datetime(2000, 1, 1, tzinfo=UTC) + rest).strftime(self._clock_format())
            return f"{about}{shown}{_day_words(days)}"
        assert self.at is not None
        if self.precision in COARSE:
            return _calendar_text(self.at.astimezone(UTC), self.precision)
        local = self.at.astimezone(zone)
        clock = local.strftime(self._clock_format())
        return f"{about}{_calendar_text(local, Precision.DAY)}, {clock}" if date else f"{about}{clock}"

    def _clock_format(self) -> str:
        return "%H:%M:%S" if self.precision == Precision.SECOND else "%H:%M"

    def day_text(self, zone: tzinfo = UTC, *, short: bool = False) -> str:
        """The calendar part alone: "12 August 2015" (short: "12 Aug 2015"), "August 2015", "2015", "date unknown"."""
        if self.at is None:
            return "date unknown"
        if self.precision in COARSE:
            return _calendar_text(self.at.astimezone(UTC), self.precision, short=short)
        return _calendar_text(self.at.astimezone(zone), Precision.DAY, short=short)

    def iso(self) -> str:
        """For the `datetime` attribute of HTML's time element: only what is known; empty for an unknown day."""
        if self.at is None:
            return ""
        at = self.at.astimezone(UTC)
        formats = {
            Precision.YEAR: "%Y",
            Precision.MONTH: "%Y-%m",
            Precision.DAY: "%Y-%m-%d",
            Precision.SECOND: "%Y-%m-%dT%H:%M:%SZ",
        }
        return _padded_year(at, formats.get(Precision(self.precision), "%Y-%m-%dT%H:%MZ"))


UNKNOWN = Moment()


def _coarser_unit(first: str, second: str) -> str:
    """The unit a duration between two precisions may be told in."""
    for precision in (Precision.YEAR, Precision.MONTH, Precision.DAY):
        if precision in (first, second):
            return str(precision)
    return "second" if first == second == Precision.SECOND else "minute"


def _padded_year(at: datetime, form: str) -> str:
    """strftime with a year of four digits also on platforms that do not pad it."""
    return at.strftime(form.replace("%Y", f"{at.year:04d}"))


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


@dataclass(frozen=True, slots=True)
class Duration:
    """Time between two moments, in seconds; `seconds` is None when it is not known.

    `low` and `high` bound the true value; `unit` is the coarsest unit of the two ends.
    """

    seconds: int | None = None
    low: int = 0
    high: int = 0
    approximate: bool = False
    unit: str = "minute"

    @property
    def is_known(self) -> bool:
        """Whether there is a figure at all."""
        return self.seconds is not None

    def text(self) -> str:
        """In words: "45 min", "about 45 min", "under 1 min", "under 1 day", "not known"."""
        if self.seconds is None:
            return "not known"
        if self.approximate and self.low == 0:
            return "too close to tell" if self.unit == "minute" else f"under {_two_units(self.unit, self.high)}"
        if self.seconds == 0:
            return f"under 1 {'min' if self.unit == 'minute' else 's'}"
        about = "about " if self.approximate else ""
        return about + _length_text(self.seconds, self.unit)


def _two_units(unit: str, high: int) -> str:
    """The bound of a duration between two coarse moments that may coincide: within one unit, or two."""
    one = {"day": DAY, "month": 31 * DAY, "year": 366 * DAY}[unit].total_seconds()
    return f"1 {unit}" if high < one else f"2 {unit}s"


def _length_text(seconds: int, unit: str) -> str:
    """Seconds in at most two units, none finer than `unit`."""
    if unit in ("month", "year"):
        months = round(seconds / 2_629_746)  # mean Gregorian month
        return _plural(round(months / 12), "year") if unit == "year" or months >= 24 else _plural(months, "month")
    days, rest = divmod(seconds, 86_400)
    if unit == "day":
        return _plural(days + (rest >= 43_200), "day")
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest if unit == "second" else 0, "s")]
    shown = [f"{count} {name}" for count, name in parts if count]
    return " ".join(shown[:2])


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
