"""Which open actionables would have prevented the most: what their causes did since they were opened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush, nsmallest
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.utils import timezone

from postmortems.conditional import remembered
from postmortems.models import CauseYear, Severity
from postmortems.momentfields import columns
from postmortems.moments import Moment
from postmortems.tallies import beside

from .models import Actionable
from .shown import rows
from .struck import Occurrences, Since

if TYPE_CHECKING:
    from postmortems.access import Reader

LISTED = 20
MOST = 200
# How many actionables are read at first; then twice as many each time.
FIRST = 300
# How closely something was looked at.
READ, YEARS, CAUSES, EXACT = range(4)
SEVERE = [Severity.SEV1, Severity.SEV2, Severity.SEV3, Severity.SEV4, Severity.UNKNOWN]


@dataclass(slots=True)
class Cost:
    """What happened since an actionable was opened: its causes came back in so many incidents, for so long.

    `perhaps` are incidents that may count: their date or their cause is not certain. They are not in the other figures.
    """

    key: int
    incidents: int = 0
    perhaps: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    seconds: int = 0
    timed: int = 0
    actionable: Actionable | None = None

    def rank(self) -> tuple[int, ...]:
        """More incidents first, then more of the worst severities, then more hours; the older one of equals."""
        return (-self.incidents, *(-self.severities[one] for one in SEVERE[:4]), -self.seconds, self.key)

    @property
    def hours(self) -> str:
        """The hours that are known, in words."""
        return f"{self.seconds / 3600:,.1f} h" if self.timed else "not known"

    def severity_words(self) -> str:
        """How many of each severity, worst first."""
        told = [(self.severities[one], one.label) for one in SEVERE]
        return ", ".join(f"{count} {label}" for count, label in told if count)


def ranking(user: Reader) -> list[Cost]:
    """The open actionables whose causes came back most since they were opened (a dozen queries, a few more for many).

    It goes on until no other can have met as many incidents.
    """
    key = ("prevention", timezone.now().date())
    return remembered(key, lambda: _ranking(user))


def _ranking(user: Reader) -> list[Cost]:
    known = Occurrences(user)
    foremost = _foremost(Walk(user), known)
    sums = {one.key: sums for one, sums in known.sums(foremost)}
    costs = [Cost(key, one.incidents, one.perhaps, one.severities, one.seconds, one.timed) for key, one in sums.items()]
    costs = sorted(costs, key=Cost.rank)[:LISTED]
    found = {row.pk: row for row in rows([cost.key for cost in costs])}
    for cost in costs:
        cost.actionable = found[cost.key]
    return costs


def _foremost(walk: Walk, known: Occurrences) -> list[Since]:
    """Those that met the most incidents, and all that met as many as the last of them.

    The one that can have met the most is looked at more closely, again and again: first by counts per year, then by
    those of its causes since it was opened, then without what is counted twice. What was reckoned to the end and still
    comes first is one of them. All that were not read yet are one of those that are looked at.
    """
    heap: list[tuple[int, int, int, Any]] = [(-walk.at_most(), READ, 0, None)]
    found: list[tuple[int, Since]] = []
    while heap and (len(found) < LISTED or -heap[0][0] >= found[LISTED - 1][0]) and len(found) < MOST:
        bound, step, key, one = heappop(heap)
        if step == READ:
            for item in walk.read():
                heappush(heap, (-item[0], YEARS, item[1], item[1:]))
            if not walk.ended:
                heappush(heap, (-walk.at_most(), READ, 0, None))
        elif step == EXACT:
            found.append((-bound, one))
        elif step == YEARS:
            one = Since.of(*one)
            if not one.causes <= known.struck.keys():
                ahead = [other[1] for _, at, _, other in nsmallest(LISTED, heap, _bound) if at == YEARS]
                known.load(set(one.causes.union(*ahead)))
            heappush(heap, (-known.at_most(one), CAUSES, key, one))
        else:
            heappush(heap, (-known.together(one.causes).met(one), EXACT, key, one))
    return [one for count, one in found if count]


class Walk:
    """The unfinished actionables with causes of which it is known when they were opened, the oldest first.

    They are read some hundred at a time, because the oldest can have met the most.
    """

    def __init__(self, user: Reader) -> None:
        visible = Actionable.objects.visible_to(user).main().unfinished().filter(opened_at__isnull=False)
        self.rows = visible.order_by("opened_at", "number")
        self.start, self.size, self.year, self.ended = 0, FIRST, 0, False
        self.since = _by_year(user)

    def at_most(self) -> int:
        """The most incidents that one can have met that was not read yet (one query, after the first ones were read).

        No more than those causes that were met most often since then, as many as any actionable is aimed at.
        """
        met = sorted((_of(years, self.year) for years in self.since.values()), reverse=True)
        return sum(met[: self.most]) if self.start else sum(met)

    @cached_property
    def most(self) -> int:
        """The most causes that any actionable is aimed at."""
        aims: Any = Actionable.causes.through.objects.order_by().values("actionable").annotate(causes=Count("cause"))
        return max(aims.order_by("-causes").values_list("causes", flat=True)[:1], default=0)

    def read(self) -> Iterator[tuple[int, int, set[int], int, Moment]]:
        """The next ones, as long as there are any: the most incidents that it can have met, then what `Since.of` takes
        (two queries).
        """
        some = list(self.rows.values_list("pk", "incident_id", *columns("opened"))[self.start : self.start + self.size])
        self.ended = len(some) < self.size
        self.start, self.size = self.start + self.size, self.size * 2
        aims: dict[int, set[int]] = defaultdict(set)
        links = Actionable.causes.through.objects.filter(actionable__in=[row[0] for row in some]).order_by()
        for pk, cause in links.values_list("actionable_id", "cause_id"):
            aims[pk].add(cause)
        for pk, own, at, clock, precision in some:
            self.year = at.year
            if bound := sum(_of(self.since.get(cause, {}), at.year) for cause in aims[pk]):
                yield bound, pk, aims[pk], own, Moment(at, clock, precision)


def _by_year(user: Reader) -> dict[int, dict[int, int]]:
    """For each cause and year, in how many incidents it is confirmed in that year or later, for all years there are.

    An incident that surely was after something was not in an earlier year.
    """
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    rows = CauseYear.objects.filter(year__isnull=False).values_list("cause_id", "year", "incidents", "suspected")
    for cause, year, incidents, suspected in (*rows, *beside(user)):
        if year is not None:
            counts[cause][year] += incidents - suspected
    years = sorted({year for of_cause in counts.values() for year in of_cause}, reverse=True)
    return {
        cause: dict(zip(years, accumulate(of_cause[year] for year in years), strict=True))
        for cause, of_cause in counts.items()
    }


def _bound(item: tuple[Any, ...]) -> tuple[int, ...]:
    return item[:3]


def _of(since: dict[int, int], year: int) -> int:
    """What it says of a year, or of the next one that it has."""
    if year in since:
        return since[year]
    return next((since[later] for later in reversed(since) if later > year), 0)
