"""Which open actionables would have prevented the most: what their causes did since they were opened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from heapq import heappop, heappush, nsmallest
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.utils import timezone

from postmortems.conditional import remembered
from postmortems.models import Cause, Severity
from postmortems.momentfields import columns
from postmortems.moments import SECOND, ZONES, Moment
from postmortems.tallies import years_of

from .models import Actionable
from .shown import rows
from .struck import Occurrences, Since

if TYPE_CHECKING:
    from postmortems.access import Reader

LISTED = 20
MOST = 200
# How many actionables are read at first; then twice as many each time.
FIRST = 500
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
    heap: list[tuple[int, int, int, Since | None]] = [(-walk.at_most(), READ, 0, None)]
    found: list[tuple[int, Since]] = []
    while heap and (len(found) < LISTED or -heap[0][0] >= found[LISTED - 1][0]) and len(found) < MOST:
        bound, step, key, one = heappop(heap)
        if one is None:
            for bounded, since in walk.read():
                heappush(heap, (-bounded, YEARS, since.key, since))
            if not walk.ended:
                heappush(heap, (-walk.at_most(), READ, 0, None))
        elif step == EXACT:
            found.append((-bound, one))
        else:
            if not one.causes <= known.struck.keys():
                ahead = (other.causes for _, _, _, other in nsmallest(LISTED, heap) if other is not None)
                known.load(set(one.causes.union(*ahead)))
            met = known.at_most(one) if step == YEARS else known.together(one.causes).met(one)
            heappush(heap, (-met, step + 1, key, one))
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

    def read(self) -> Iterator[tuple[int, Since]]:
        """The next ones, each with the most incidents that it can have met, as long as there are any (two queries)."""
        fields = ("pk", "incident_id", *columns("opened"))
        some = list(self.rows.values_list(*fields)[self.start : self.start + self.size])
        self.ended = len(some) < self.size
        self.start, self.size = self.start + self.size, self.size * 2
        aims: dict[int, set[int]] = defaultdict(set)
        links = Actionable.causes.through.objects.filter(actionable__in=[row[0] for row in some]).order_by()
        for pk, cause in links.values_list("actionable_id", "cause_id"):
            aims[pk].add(cause)
        for pk, own, *when in some:
            opened = Moment(*when)
            assert opened.at is not None
            self.year = opened.at.year
            if bound := sum(_of(self.since.get(cause, {}), self.year) for cause in aims[pk]):
                yield bound, Since(pk, frozenset(aims[pk]), own, *_opened(opened))


def _by_year(user: Reader) -> dict[int, dict[int, int]]:
    """For each cause and year, in how many incidents it is confirmed in that year or later, for all years there are.

    An incident that surely was after something was not in an earlier year.
    """
    counts = {
        cause: {one.year: one.incidents - one.suspected for one in counted if one.year is not None}
        for cause, counted in years_of(Cause.objects.values_list("pk", flat=True), user).items()
    }
    years = sorted({year for of_cause in counts.values() for year in of_cause}, reverse=True)
    return {
        cause: dict(zip(years, accumulate(of_cause.get(year, 0) for year in years), strict=True))
        for cause, of_cause in counts.items()
        if of_cause
    }


def _of(since: dict[int, int], year: int) -> int:
    """What it says of a year, or of the next one that it has."""
    if year in since:
        return since[year]
    return next((since[later] for later in reversed(since) if later > year), 0)


def _opened(opened: Moment) -> tuple[int, int]:
    """The earliest and the latest second at which something can have been opened."""
    span = opened.span()
    assert span is not None
    room = timedelta() if opened.has_clock_time else ZONES
    return (span[0] - room) // SECOND, (span[1] + room) // SECOND
