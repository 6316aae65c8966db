"""Which open actionables would have prevented the most: what their causes did since they were opened."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from django.db.models import Case, Value, When
from django.utils import timezone

from postmortems.conditional import remembered
from postmortems.models import Incident, IncidentCause, Severity
from postmortems.momentfields import columns
from postmortems.moments import ABOUT, EPOCH, ZONES, Moment
from postmortems.tallies import years_of

from .models import Actionable
from .recurrences import YEAR, vague
from .shown import rows

if TYPE_CHECKING:
    from postmortems.access import Reader

LISTED = 20
MOST = 200
# How closely something was looked at.
YEARS, CAUSES, EXACT = 0, 1, 2
SEVERE = [Severity.SEV1, Severity.SEV2, Severity.SEV3, Severity.SEV4, Severity.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Struck:
    """One incident of a cause: when, how sure, how bad, how long in seconds."""

    incident: int
    at: datetime | None
    vague: bool
    confirmed: bool
    severity: str
    lasted: int | None

    @property
    def surely_from(self) -> datetime | None:
        """It was surely later than anything before this; None without a date."""
        return self.at and self.at - (ZONES if self.vague else ABOUT)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The incidents of a cause; of those in which it is confirmed, from when each was surely later, in order."""

    struck: list[Struck]
    starts: list[datetime]
    ids: list[int]

    @classmethod
    def of(cls, struck: list[Struck]) -> Occurrences:
        """Sorted by that time."""
        sure = sorted((one.surely_from, one.incident) for one in struck if one.confirmed and one.surely_from)
        return cls(struck, [at for at, _ in sure], [pk for _, pk in sure])

    def since(self, opened: datetime) -> list[int]:
        """The incidents that surely were after this."""
        return self.ids[bisect_right(self.starts, opened) :]


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
    """The open actionables whose causes came back most since they were opened (four queries, one for each cause met).

    It goes on until no other can have met as many incidents.
    """
    key = ("prevention", timezone.now().date())
    return remembered(key, lambda: _ranking(user))


def _ranking(user: Reader) -> list[Cost]:
    aims, opened, own = _open_ones(user)
    known: dict[int, Occurrences] = {}
    costs = []
    for pk in _foremost(aims, opened, own, known, user):
        costs.append(_cost(pk, opened[pk], own[pk], [known[cause].struck for cause in aims[pk]]))
    costs = sorted((cost for cost in costs if cost.incidents), key=Cost.rank)[:LISTED]
    found = {row.pk: row for row in rows([cost.key for cost in costs])}
    for cost in costs:
        cost.actionable = found[cost.key]
    return costs


def _foremost(
    aims: dict[int, set[int]],
    opened: dict[int, Moment],
    own: dict[int, int],
    known: dict[int, Occurrences],
    user: Reader,
) -> list[int]:
    """Those that met the most incidents, and all that met as many as the last of them.

    The one that can have met the most is looked at more closely, again and again: first by counts per year, then by
    those of its causes since it was opened, then without what is counted twice. What was reckoned to the end and still
    comes first is one of them.
    """
    heap = [(-bound, YEARS, pk) for pk, bound in _bounds(aims, opened, user).items()]
    heapify(heap)
    found: list[tuple[int, int]] = []
    while heap and (len(found) < LISTED or -heap[0][0] >= found[LISTED - 1][0]) and len(found) < MOST:
        bound, step, pk = heappop(heap)
        if step == EXACT:
            found.append((-bound, pk))
            continue
        for cause in aims[pk] - known.keys():
            known[cause] = Occurrences.of(_struck(cause, user))
        since = [known[cause].since(_known_by(opened[pk])) for cause in aims[pk]]
        met = sum(map(len, since)) if step == YEARS else len(set().union(*since) - {own[pk]})
        heappush(heap, (-met, step + 1, pk))
    return [pk for count, pk in found if count]


def _open_ones(user: Reader) -> tuple[dict[int, set[int]], dict[int, Moment], dict[int, int]]:
    """The unfinished actionables of which it is known when they were opened: causes, that moment, own incident."""
    visible = Actionable.objects.visible_to(user).main().unfinished().filter(opened_at__isnull=False).order_by()
    opened, own = {}, {}
    for pk, incident, *when in visible.values_list("pk", "incident_id", *columns("opened")):
        opened[pk], own[pk] = Moment(*when), incident
    aims: dict[int, set[int]] = defaultdict(set)
    links = Actionable.causes.through.objects.filter(actionable__unfinished=1, actionable__opened_at__isnull=False)
    for pk, cause in links.values_list("actionable_id", "cause_id"):
        if pk in opened:
            aims[pk].add(cause)
    return dict(aims), opened, own


def _bounds(aims: dict[int, set[int]], opened: dict[int, Moment], user: Reader) -> dict[int, int]:
    """The most incidents each can have met: those of its causes from the year before on, in which a day may begin."""
    by_cause: dict[int, dict[int, int]] = defaultdict(dict)
    for cause, counted in years_of({cause for causes in aims.values() for cause in causes}, user).items():
        by_cause[cause] = {one.year: one.incidents for one in counted if one.year is not None}
    years = {year for counts in by_cause.values() for year in counts}
    since = {
        (cause, start): sum(count for year, count in counts.items() if year >= start)
        for cause, counts in by_cause.items()
        for start in range(min(years, default=0) - 1, max(years, default=0) + 2)
    }
    first, last = min(years, default=0) - 1, max(years, default=0) + 1
    bounds = {}
    for pk, causes in aims.items():
        start = min(max(opened[pk].at.year, first), last)  # type: ignore[union-attr]
        bounds[pk] = sum(since.get((cause, start), 0) for cause in causes)
    return {pk: bound for pk, bound in bounds.items() if bound}


def _struck(cause: int, user: Reader) -> list[Struck]:
    """Every incident of a cause this reader may see (one query)."""
    links = IncidentCause.objects.filter(cause=cause, incident__in=Incident.objects.visible_to(user).values("pk"))
    found: dict[int, Struck] = {}
    told = links.annotate(coarse=Case(When(vague("incident__"), then=Value(1)), default=Value(0)))
    fields = ("incident_id", "incident__occurred_at", "coarse", "certainty", "incident__severity", "incident__lasted")
    for pk, at, coarse, certainty, severity, lasted in told.values_list(*fields):
        confirmed = certainty == "confirmed" or (pk in found and found[pk].confirmed)
        found[pk] = Struck(pk, at, bool(coarse), confirmed, severity, lasted)
    return list(found.values())


def _known_by(opened: Moment) -> datetime:
    """The latest that an actionable can have been opened."""
    span = opened.span()
    assert span is not None
    return EPOCH + span[1] + (timedelta() if opened.has_clock_time else ZONES)


def _cost(key: int, opened: Moment, own: int, struck: list[list[Struck]]) -> Cost:
    """What happened after an actionable was opened, its own incident left out; each incident counts once."""
    cost, sure, perhaps = Cost(key), {}, set()
    span = opened.span()
    assert span is not None
    begin, end = EPOCH + span[0] - (timedelta() if opened.has_clock_time else ZONES), _known_by(opened)
    for one in (one for of_cause in struck for one in of_cause if one.incident != own):
        when = _after(one, begin, end)
        if when and one.confirmed:
            sure[one.incident] = one
        elif when or when is None:
            perhaps.add(one.incident)
    for one in sure.values():
        cost.severities[one.severity] += 1
        cost.seconds += one.lasted or 0
        cost.timed += one.lasted is not None
    cost.incidents, cost.perhaps = len(sure), len(perhaps - sure.keys())
    return cost


def _after(one: Struck, begin: datetime, end: datetime) -> bool | None:
    """Whether an incident was after a moment that lies between begin and end; None when that is not certain."""
    if one.at is None:
        return None
    if one.surely_from is not None and one.surely_from > end:
        return True
    reach = YEAR + ZONES if one.vague else ABOUT + timedelta(minutes=1)
    return None if one.at + reach >= begin else False
