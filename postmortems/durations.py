"""How long something took, as precisely as its two ends are known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Duration:
    """Time between two moments, in seconds; `seconds` is None when it is not known.

    `low` and `high` bound the true value and `seconds` is the middle (to the minute unless both ends have seconds);
    `unit` is the coarsest unit of the two ends.
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
        """In words: "45 min", "about 45 min", "under 1 min", "under 2 days", "not known".

        A figure is told only when the true value is at least a third of it; otherwise only what it stays under.
        """
        if self.seconds is None:
            return "not known"
        if not self.approximate:
            told = self.seconds if self.unit == "second" else self.seconds // 60 * 60
            return _clock_length(told) or f"under 1 {'s' if self.unit == 'second' else 'min'}"
        if 3 * self.low <= self.seconds:
            return f"under {_bound_text(self.high, self.unit)}"
        return f"about {_rough_text(self.seconds, self.unit)}"


def _clock_length(seconds: int) -> str:
    """Days to seconds, those that are not zero: "1 d 2 h 59 min"; empty for zero."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    parts = ((days, "d"), (hour, "h"), (minute, "min"), (second, "s"))
    return " ".join(f"{count} {name}" for count, name in parts if count)


def _bound_text(high: int, unit: str) -> str:
    """The next round length above `high` seconds: five minutes, or a whole unit."""
    if unit == "minute":
        return _clock_length((high // 300 + 1) * 300)
    longest = {"day": 1, "month": 31, "year": 366}[unit] * 86_400
    return _plural(high // longest + 1, unit)


def _rough_text(seconds: int, unit: str) -> str:
    """Seconds in at most two units, rounded to five minutes, from a day on to the hour, or to the unit."""
    if unit == "minute":
        step = 300 if seconds < 86_400 else 3_600
        return _clock_length(nearest(seconds, step) * step)
    if unit == "day":
        return _plural(nearest(seconds, 86_400), "day")
    months = nearest(seconds, 2_629_746)  # mean Gregorian month
    return _plural(nearest(months, 12), "year") if unit == "year" or months >= 24 else _plural(months, "month")


def nearest(value: int, step: int) -> int:
    """How many steps are nearest, halves up."""
    return (value + step // 2) // step


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
