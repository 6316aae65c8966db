"""Which day the times of a pasted text belong to, and which zone and first day the text seems to tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from .moments import zones
from .pasted_stamps import NAMED, ZONE, Stamp, full_dates, later, read_date, signature

# Minutes by which a clock goes back: from the first on it is asked about, from the second on it is the next day.
ASKED, NEXT_DAY = 60, 6 * 60
_ALL_TIMES = re.compile(
    rf"\b(?:times?|time ?zone|timeline|clocks?)\b[^.\n]{{0,30}}?(?<![\w+-])(?P<zone>{ZONE})(?!\w)", re.IGNORECASE
)
_PLACE = re.compile(
    r"\b(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[a-z_]{2,30}(?:/[a-z_]{2,30})?",
    re.IGNORECASE,
)
_IN_ONE = re.compile(r"(?<!\d)(?P<year>20\d\d|19[7-9]\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)")
_ADDRESS = re.compile(r"https?://\S+")


class Guess(NamedTuple):
    """What the text seems to say, the number of the line that says so, and its words."""

    value: str
    line: int
    said: str


class Days:
    """The day that goes with each time, told from top to bottom: one that stands above, or the one after it."""

    def __init__(self) -> None:
        self.date, self.days, self.last, self.line, self.half = "", 0, -1, 0, ""

    def begin(self, date: str) -> None:
        """A day that holds for what stands below it."""
        self.date, self.days, self.last = date, 0, -1

    def typed(self, stamp: Stamp, line: int) -> tuple[str, str]:
        """A time as somebody would type it, and what was concluded about its day, in words (empty: nothing)."""
        note = ""
        if stamp.date:
            self.begin(stamp.date)
        if stamp.minutes is None:
            return stamp.date, ""
        stamp, note = self._halved(stamp)
        minutes = stamp.minutes or 0
        back = self.last - minutes
        if stamp.is_next_day:
            self.days += 1
        elif back >= NEXT_DAY:
            self.days += 1
            note = f"Taken as the next day, as it is earlier than line {self.line}."
        elif back >= ASKED:
            note = f"Earlier than line {self.line} and taken as the same day. If it was the next one, write “next day”."
        elif self.days and self.last >= 0 and -back >= 24 * 60 - ASKED * 6:
            note = f"Much later than line {self.line}. If it was the day before, take “next day” away."
        self.last, self.line = minutes, line
        return self._words(stamp), note

    def _halved(self, stamp: Stamp) -> tuple[Stamp, str]:
        """A time that leaves out am or pm, where the one above it says which: of the same half of the day."""
        found = re.search(r"[ap]m", stamp.clock)
        self.half = found[0] if found else self.half if 0 < int(stamp.clock.partition(":")[0]) <= 12 else ""
        if found or not self.half:
            return stamp, ""
        return replace(stamp, clock=f"{stamp.clock} {self.half}"), f"Taken as {self.half}, like line {self.line}."

    def _words(self, stamp: Stamp) -> str:
        """Date, clock and how many days later, where the date itself cannot tell."""
        date = later(self.date, self.days)
        told = read_date(self.date)
        is_moved = bool(told and told[1]) or not self.days
        after = "" if is_moved else " next day" if self.days == 1 else f" {self.days} days later"
        return " ".join(part for part in (date, "about" if stamp.about else "", stamp.clock) if part) + after


def guessed_zone(lines: Sequence[str], told: Iterable[Stamp]) -> tuple[Guess | None, bool]:
    """The zone of a text, and whether the text says so of its times: most carry it, or one line says it of all.

    Otherwise it is that of any time in the text, or nothing. Letters other than UTC (CET) name a place only by guess.
    """
    clocks = [stamp for stamp in told if stamp.clock]
    named = {NAMED.get(stamp.zone.casefold(), "") for stamp in clocks if stamp.zone}
    for number, line in enumerate(lines, start=1):
        place = _PLACE.search(line[:1000])
        if place and (zone := zones().get(place[0].casefold())):
            return Guess(zone, number, place[0]), True
        found = _ALL_TIMES.search(line[:1000])
        if found and (zone := NAMED.get(found["zone"].casefold(), "")):
            return Guess(zone, number, found["zone"]), zone == "UTC"
    first = _first_zone(lines)
    if first and named == {first.value} and sum(bool(stamp.zone) for stamp in clocks) * 2 > len(clocks):
        return first, first.value == "UTC"
    return first, False


def _first_zone(lines: Sequence[str]) -> Guess | None:
    clock = re.compile(rf"\d:[0-5]\d(?::\d\d)?(?:,? \d{{1,2}} [A-Z][a-z]+ \d{{4}})?\s?\(?(?P<zone>{ZONE})(?!\w)", re.I)
    for number, line in enumerate(lines, start=1):
        for found in clock.finditer(line):
            if zone := NAMED.get(found["zone"].casefold()):
                return Guess(zone, number, found["zone"])
    return None


def guessed_day(lines: Sequence[str]) -> Guess | None:
    """The first day that a text tells: its first date with a year, else its first day of a month in its only year.

    The date of a signature, of an address or within a longer word is none of the incident's; its year counts.
    """
    years: set[int] = set()
    first: Guess | None = None
    for number, line in enumerate(lines, start=1):
        plain = _ADDRESS.sub(" ", line)
        signed = signature(plain)
        if signed and (read := read_date(signed.date)):
            years.add(read[1])
            plain = plain[: plain.rindex(signed.clock)]
        years |= {int(found["year"]) for found in _IN_ONE.finditer(plain)}
        for day, year, said in full_dates(plain):
            if year:
                return Guess(f"{year:04d}-{day}", number, said)
            first = first or Guess(day, number, said)
    if first is None:
        return _in_title(lines)
    whole = f"{max(years, default=0):04d}-{first.value}"
    return first._replace(value=whole) if len(years) == 1 and read_date(whole) else None


def _in_title(lines: Sequence[str]) -> Guess | None:
    """The day that the first line tells in eight figures, as names of pages do."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            found = _IN_ONE.search(line)
            day = "-".join(found.group("year", "month", "day")) if found else ""
            return Guess(day, number, found[0]) if found and read_date(day) else None
    return None
