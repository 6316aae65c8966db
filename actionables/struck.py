"""Occurrences of causes as sorted numbers, and what those of several causes come to together since a moment.

All times are seconds since 1970, as `Occurrence` has them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from postmortems.moments import ABOUT, MINUTE, SECOND, ZONES, Moment

from .models import Occurrence
from .recurrences import YEAR

if TYPE_CHECKING:
    from postmortems.access import Reader

# How long after it surely was later than what came before, an incident may have been: told with times, or vaguely.
NEAR, FAR = (2 * ABOUT + MINUTE) // SECOND, (2 * ZONES + YEAR) // SECOND
Causes = frozenset[int]


@dataclass(frozen=True, slots=True)
class Since:
    """An actionable: its causes, its own incident, and the earliest and latest second it can have been opened."""

    key: int
    causes: Causes
    own: int
    begin: int
    end: int

    @classmethod
    def of(cls, key: int, causes: Iterable[int], own: int, opened: Moment) -> Since:
        """From when it was opened, which has a date."""
        span = opened.span()
        assert span is not None
        room = timedelta() if opened.has_clock_time else ZONES
        return cls(key, frozenset(causes), own, (span[0] - room) // SECOND, (span[1] + room) // SECOND)


@dataclass(frozen=True, slots=True)
class Facts:
    """Of incidents: how bad each was, and how many seconds it lasted as far as known."""

    severity: dict[int, str] = field(default_factory=dict)
    lasted: dict[int, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class Sums:
    """What happened since: each incident counts once; `perhaps` are those of which it is not certain."""

    incidents: int = 0
    perhaps: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    seconds: int = 0
    timed: int = 0

    def add(self, incidents: Sequence[int], facts: Facts, sign: int = 1) -> None:
        """Count these incidents, or with -1 take them off."""
        lasted = [seconds for seconds in map(facts.lasted.__getitem__, incidents) if seconds is not None]
        for severity, count in Counter(map(facts.severity.__getitem__, incidents)).items():
            self.severities[severity] += sign * count
        self.incidents += sign * len(incidents)
        self.seconds += sign * sum(lasted)
        self.timed += sign * len(lasted)

    def copy(self) -> Sums:
        """Another with the same figures."""
        return Sums(self.incidents, self.perhaps, Counter(self.severities), self.seconds, self.timed)


@dataclass(frozen=True, slots=True)
class Struck:
    """The incidents in which one cause is confirmed and that have a date, in order; `vague` are some of them."""

    ids: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    vague: set[int] = field(default_factory=set)


class Together:
    """The incidents in which one of several causes is confirmed and that have a date, each once."""

    def __init__(self, causes: Iterable[Struck]) -> None:
        self.at: dict[int, int] = {}
        self.vague: set[int] = set()
        for one in causes:
            self.at.update(zip(one.ids, one.starts, strict=True))
            self.vague |= one.vague
        self.starts = sorted(self.at.values())

    def met(self, one: Since) -> int:
        """In how many of them one of the causes surely struck after the actionable was opened."""
        count = len(self.starts) - bisect_right(self.starts, one.end)
        return count - (self.at.get(one.own, one.end) > one.end)

    def sums(self, wanted: Iterable[Since], others: Others, facts: Facts) -> Iterator[Sums]:
        """What it comes to for each, in the order of `last_first`: what is later counts for all that come after."""
        order = sorted(self.at, key=self.at.__getitem__)
        done, sums = len(order), Sums()
        possible = Possible(self, others)
        for one in wanted:
            start = bisect_right(self.starts, one.end)
            sums.add(order[start:done], facts)
            done = start
            own = sums.copy()
            if self.at.get(one.own, one.end) > one.end:
                own.add([one.own], facts, -1)
            own.perhaps = possible.count(one) - own.incidents
            yield own


@dataclass(slots=True)
class Others:
    """Of some causes, the incidents in which one is only suspected (when they surely were later), and the undated."""

    suspected: dict[int, int] = field(default_factory=dict)
    vague: set[int] = field(default_factory=set)
    undated: set[int] = field(default_factory=set)


class Possible:
    """The incidents in which one of several causes struck or may have, by when they can have been."""

    def __init__(self, surely: Together, others: Others) -> None:
        self.at = {**others.suspected, **surely.at}
        self.undated = others.undated
        self.vague = surely.vague | others.vague
        self.starts = sorted(self.at.values())
        self.vague_starts = sorted(self.at[pk] for pk in self.vague)

    def count(self, one: Since) -> int:
        """How many can have been after the actionable was opened, its own left out."""
        near, far = one.begin - NEAR, one.begin - FAR
        found = len(self.undated) + _from(self.starts, near) - _from(self.vague_starts, near)
        found += _from(self.vague_starts, far)
        if one.own in self.undated:
            return found - 1
        start = self.at.get(one.own)
        return found - (start is not None and start >= (far if one.own in self.vague else near))


def _from(starts: list[int], second: int) -> int:
    return len(starts) - bisect_left(starts, second)


def last_first(one: Since) -> int:
    """Orders what `Together.sums` is asked for."""
    return -one.end


class Occurrences:
    """What one reader sees of the causes that were asked for so far."""

    def __init__(self, user: Reader) -> None:
        self.visible = Occurrence.objects.visible_to(user)
        self.struck: dict[int, Struck] = {}
        self.facts = Facts()
        self.joined: dict[Causes, Together] = {}

    def load(self, causes: set[int]) -> None:
        """Read those of these causes that were not read yet (one query)."""
        new = causes - self.struck.keys()
        self.struck |= {cause: Struck() for cause in new}
        rows = self.visible.filter(cause__in=new, confirmed=1, sure_from__isnull=False)
        rows = rows.order_by("cause_id", "sure_from")
        fields = ("cause_id", "incident_id", "sure_from", "severity", "lasted", "vague")
        severities, lasts = self.facts.severity, self.facts.lasted
        # A row at a time, in plain lists: the garbage collector would go through so many rows again and again.
        for cause, incident, start, severity, lasted, vague in rows.values_list(*fields).iterator():
            struck = self.struck[cause]
            struck.ids.append(incident)
            struck.starts.append(start)
            severities[incident] = severity
            lasts[incident] = lasted
            if vague:
                struck.vague.add(incident)

    def at_most(self, one: Since) -> int:
        """No fewer than there are: what has several causes is counted for each."""
        struck = (self.struck[cause].starts for cause in one.causes)
        return sum(len(starts) - bisect_right(starts, one.end) for starts in struck)

    def together(self, causes: Causes) -> Together:
        """The incidents of these causes."""
        if causes not in self.joined:
            self.joined[causes] = Together(self.struck[cause] for cause in causes)
        return self.joined[causes]

    def sums(self, wanted: Iterable[Since]) -> Iterator[tuple[Since, Sums]]:
        """What happened since each of these was opened (one query)."""
        by_causes: dict[Causes, list[Since]] = defaultdict(list)
        for one in wanted:
            by_causes[one.causes].append(one)
        others = self._others(frozenset[int]().union(*by_causes))
        for causes, some in by_causes.items():
            ordered = sorted(some, key=last_first)
            beside = _joined(others[cause] for cause in causes)
            yield from zip(ordered, self.together(causes).sums(ordered, beside, self.facts), strict=True)

    def _others(self, causes: Causes) -> dict[int, Others]:
        found: dict[int, Others] = defaultdict(Others)
        rows = self.visible.filter(Q(confirmed=0) | Q(sure_from=None), cause__in=causes).order_by()
        fields = ("cause_id", "incident_id", "sure_from", "vague")
        for cause, incident, start, vague in rows.values_list(*fields).iterator():
            if start is None:
                found[cause].undated.add(incident)
                continue
            found[cause].suspected[incident] = start
            if vague:
                found[cause].vague.add(incident)
        return found


def _joined(parts: Iterable[Others]) -> Others:
    whole = Others()
    for one in parts:
        whole.suspected |= one.suspected
        whole.vague |= one.vague
        whole.undated |= one.undated
    return whole
