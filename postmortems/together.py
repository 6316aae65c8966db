"""Which causes stand together in incidents more often than chance would have it, and which come oftener than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from django.db.models import Q

from .chance import RARE, so_many_by_chance, together_by_chance
from .models import CausePair, CauseQuarter, IncidentCause, LearnedWord
from .suggest_learning import ALL
from .tallies import by_incident

LEAST_TOGETHER = 2  # incidents with both below which nothing is said
LEAST_CHANGED = 4  # incidents in all six quarters below which no change is told
BEFORE = 5  # quarters that the newest one is compared with


@dataclass(frozen=True, slots=True)
class Pair:
    """Two causes that stand together in `both` of `whole` incidents; chance alone would have it in `expected`.

    chance: how likely so many are by chance alone. told: whether that is rare enough to tell, the number of pairs that
    were looked at allowed for (Bonferroni).
    """

    one: int
    two: int
    both: int
    expected: float
    chance: float
    told: bool
    whole: int


def pairs_of(both: Mapping[tuple[int, int], int], totals: Mapping[int, int], whole: int, limit: int) -> list[Pair]:
    """Those that stand together oftener than chance has it, the least likely first. `totals`: incidents of each cause,
    `whole`: of all that have any.
    """
    looked_at = max(len(both), 1)
    found = []
    for (one, two), count in both.items():
        expected = totals.get(one, 0) * totals.get(two, 0) / max(whole, 1)
        if count < LEAST_TOGETHER or count <= expected:
            continue
        chance = together_by_chance(count, totals.get(one, count), totals.get(two, count), whole)
        found.append(Pair(one, two, count, expected, chance, chance * looked_at < RARE, whole))
    return sorted(found, key=lambda pair: (pair.chance, -pair.both, pair.one, pair.two))[:limit]


def kept_pairs(cause: int | None = None) -> dict[tuple[int, int], int]:
    """In how many open incidents causes stand together: all pairs, or those of one cause (one query)."""
    rows = CausePair.objects.filter(incidents__gt=0)
    if cause is not None:
        rows = rows.filter(Q(one=cause) | Q(two=cause))
    return {(one, two): count for one, two, count in rows.values_list("one", "two", "incidents")}


def pairs_in(incidents: Iterable[Iterable[int]]) -> Counter[tuple[int, int]]:
    """The same of incidents that are given by their causes."""
    return Counter(pair for causes in incidents for pair in combinations(sorted(set(causes)), 2))


def judged() -> int:
    """How many open incidents have causes, or had one turned down (one query)."""
    row = LearnedWord.objects.filter(pk=ALL).values_list("evidence", flat=True).first()
    return int((row or {}).get("0", 0))


@dataclass(frozen=True, slots=True)
class Change:
    """A cause that came `now` times in a quarter and `before` times in the five before it, in `chance` of cases if
    nothing had changed; `looked_at` causes were compared.
    """

    cause: int
    now: int
    before: int
    chance: float
    looked_at: int

    @property
    def count(self) -> int:
        """The n of the test."""
        return self.now + self.before


def quarter_of(day: date) -> int:
    """Four times the year, and 0 to 3."""
    return 4 * day.year + (day.month - 1) // 3


def _begins(quarter: int) -> date:
    return date(quarter // 4, quarter % 4 * 3 + 1, 1)


def changes(until: date, incidents: list[int] | None = None) -> list[Change]:
    """The causes that came more often in the quarter of a day, up to that day, than in the five before (one query).

    incidents: the ids of those that are looked at; all when None. Counted are those that everybody may read. The days
    of each part are what the chance goes by, so a quarter that has just begun counts for as much as it is.
    """
    last = quarter_of(until)
    counts: dict[int, list[int]] = {}
    for cause, quarter, count in _by_quarter(last, incidents):
        if last - BEFORE <= quarter <= last:
            counts.setdefault(cause, [0, 0])[quarter < last] += count
    enough = {cause: both for cause, both in counts.items() if sum(both) >= LEAST_CHANGED}
    now_days = (until - _begins(last)).days + 1
    share = now_days / (now_days + (_begins(last) - _begins(last - BEFORE)).days)
    found = [
        Change(cause, now, before, so_many_by_chance(now, now + before, share), len(enough))
        for cause, (now, before) in enough.items()
    ]
    return sorted((one for one in found if one.chance * one.looked_at < RARE), key=lambda one: (one.chance, one.cause))


def _by_quarter(last: int, incidents: list[int] | None) -> Iterable[tuple[int, int, int]]:
    """How often each cause came in each quarter: as counted ahead, or in these incidents alone."""
    if incidents is None:
        rows = CauseQuarter.objects.filter(quarter__gte=last - BEFORE, quarter__lte=last)
        return rows.values_list("cause", "quarter", "incidents")
    links = IncidentCause.objects.filter(incident__in=incidents, incident__is_open=1)
    return [
        (cause, 4 * year + quarter - 1, 1)
        for _, cause, year, quarter, _ in by_incident(links)
        if year is not None and quarter is not None
    ]
