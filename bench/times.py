"""When a generated incident happened, with every precision that a writeup may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from postmortems.moments import EPOCH, UNKNOWN, Moment, Precision

QUARTER = timedelta(minutes=15)
CLOCK = "clock"
# How precisely incidents are told, in parts of a thousand. "clock" is a time of day on an unknown day.
TOLD = {"minute": 870, "second": 30, "day": 40, CLOCK: 20, "month": 10, "year": 5, "unknown": 25}


@dataclass
class Clock:
    """From when to when an incident lasted and how precisely its writeup tells times."""

    start: datetime
    end: datetime
    told: str

    def moment(self, at: datetime, told: str = "") -> Moment:
        """The moment as the writeup states it."""
        told = told or self.told
        if told == Precision.UNKNOWN:
            return UNKNOWN
        if self.told == CLOCK:
            midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
            return Moment(None, at - midnight, Precision.MINUTE)
        if told == Precision.ABOUT:
            return Moment(EPOCH + (at - EPOCH) // QUARTER * QUARTER, None, told)
        return Moment(at, None, told)

    def _inexact(self, random: Random, about: float, unknown: float) -> str:
        """Now and then less precise than the rest."""
        drawn = random.random()
        if drawn < unknown:
            return Precision.UNKNOWN
        return Precision.ABOUT if drawn < unknown + about and self.told == Precision.MINUTE else self.told

    def milestones(self, random: Random) -> Iterator[tuple[str, Moment]]:
        """Started, detected and so on, some of them not known."""
        length = self.end - self.start
        shares = (("detected", 0.15, 0.1), ("acknowledged", 0.2, 0.35), ("mitigated", 0.8, 0.15), ("resolved", 1, 0.2))
        yield "started", self.moment(self.start, self._inexact(random, 0.06, 0.02))
        for name, share, unknown in shares:
            yield name, self.moment(self.start + length * share, self._inexact(random, 0.04, unknown))

    def entries(self, random: Random, count: int) -> list[Moment]:
        """The moments of a timeline, in order."""
        unknown = 0.03 if self.told in (Precision.MINUTE, Precision.SECOND, CLOCK) else 0.5
        shares = sorted(random.random() for _ in range(count))
        length = self.end - self.start
        return [self.moment(self.start + length * share, self._inexact(random, 0.05, unknown)) for share in shares]


def clock_of(random: Random, begun: datetime) -> Clock:
    """A clock for an incident that began on this day; most last an hour, some for days."""
    start = begun.replace(hour=random.randrange(24), minute=random.randrange(60), second=random.randrange(60))
    start = start.replace(microsecond=0)
    length = timedelta(minutes=min(random.lognormvariate(4.3, 1.2), 20_000) + 3)
    told = random.choices(list(TOLD), list(TOLD.values()))[0]
    return Clock(start, start + length, told)
