"""Which done actionables held, as a condition that lists are narrowed by: what `verdicts` says, for all at once.

An actionable came back when an incident with one of its causes surely was after it was done. For a cause that depends
on one incident alone: the one that surely began last; whether it may have come back, on the one that may have ended
last. So the last two of each cause are looked up once an edition, and become one date for each cause and precision
before which what was done came back. The second is for actionables out of the very incident that was last, which does
not count for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Case, DateTimeField, Exists, Max, Min, OuterRef, Q, Value, When
from django.utils import timezone

from postmortems.conditional import remembered
from postmortems.models import MILESTONES, Certainty, Incident, IncidentCause
from postmortems.momentfields import columns
from postmortems.moments import ABOUT, EPOCH, SECOND, ZONES, Moment, Precision
from postmortems.rows import extent

from .models import Actionable, Status
from .recurrences import YEAR, vague
from .verdicts import SOAK

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from postmortems.access import Reader

HELD = {
    "yes": "Verified", "soaking": "Soaking", "no": "Came back", "perhaps": "May have come back",
    "unknown": "Not verifiable",
}  # fmt: skip
NEWEST = 1_000
ROOM = ZONES // SECOND
FOREVER = int((datetime.max.replace(tzinfo=EPOCH.tzinfo) - timedelta(days=1) - EPOCH) // SECOND)
DATED = [one for one in Precision if one != Precision.UNKNOWN]
# How many seconds what is so precise may last.
LASTS = {Precision.SECOND: 1, Precision.MINUTE: 60, Precision.ABOUT: ABOUT // SECOND, Precision.DAY: 86_400}
# (second, incident), the highest first, at most two, of different incidents.
Two = list[tuple[int, int]]


@dataclass(slots=True)
class Last:
    """Of one cause, the incidents that count last: `sure` by when they began at the earliest, `perhaps` by when they
    ended at the latest; each beside what has a time of day (first), and beside what is known to the day or less.
    """

    sure: tuple[Two, Two] = field(default_factory=lambda: ([], []))
    perhaps: tuple[Two, Two] = field(default_factory=lambda: ([], []))

    def meet(self, incident: int, when: Moment, *, confirmed: bool) -> None:
        """One more incident."""
        span = when.span() if when.is_dated else None
        if span is None:
            for two in self.perhaps:
                _put(two, FOREVER, incident)
            return
        first, last = span[0] // SECOND, span[1] // SECOND
        for beside_coarse in (False, True):
            room = 0 if when.has_clock_time != beside_coarse else ROOM
            _put(self.perhaps[beside_coarse], last + room, incident)
            if confirmed:
                _put(self.sure[beside_coarse], first - room, incident)


def _put(two: Two, at: int, incident: int) -> None:
    best = {pk: second for second, pk in reversed(two)}
    best[incident] = max(at, best.get(incident, at))
    two[:] = sorted(((second, pk) for pk, second in best.items()), reverse=True)[:2]


def narrowed(rows: QuerySet[Actionable], value: str, user: Reader) -> QuerySet[Actionable]:
    """Those that are done and of which `HELD[value]` is to be said (six queries, once an edition)."""
    done = rows.filter(status=Status.DONE)
    tellable = Q(Exists(_aims()), closed_at__isnull=False)
    if value == "unknown":
        return done.filter(~tellable)
    last = remembered(("held",), lambda: lasts(user))
    done = done.filter(tellable)
    if value == "no":
        return done.filter(_met(last, surely=True))
    if value == "perhaps":
        return done.filter(_met(last, surely=False)).exclude(_met(last, surely=True))
    until = (timezone.now() - SOAK - EPOCH) // SECOND + 1
    soaked = Q()
    for precision in DATED:
        soaked |= Q(closed_precision=precision, closed_at__lte=_before(precision, until, surely=True))
    done = done.exclude(_met(last, surely=False))
    return done.filter(soaked) if value == "yes" else done.exclude(soaked)


def _aims() -> QuerySet[Actionable]:
    through: QuerySet[Actionable] = Actionable.causes.through.objects.filter(actionable=OuterRef("pk"))  # type: ignore[assignment]
    return through


def _met(last: dict[int, Last], *, surely: bool) -> Q:
    """The condition: a cause of it struck after it was done, surely or perhaps; own incidents looked at one by one."""
    ends = {cause: one.sure if surely else one.perhaps for cause, one in last.items()}
    found = Q(pk__in=[])
    for precision in DATED:
        place = precision not in (Precision.SECOND, Precision.MINUTE, Precision.ABOUT)
        whens = [
            When(cause=cause, then=Value(_before(precision, two[place][0][0], surely=surely)))
            for cause, two in ends.items()
            if two[place]
        ]
        if whens:
            struck = _aims().annotate(until=Case(*whens, output_field=DateTimeField(null=True)))
            found |= Q(Exists(struck.filter(until__gte=OuterRef("closed_at"))), closed_precision=precision)
    own = {pk for two in ends.values() for place in two for _, pk in place[:1]}
    return found & ~Q(incident__in=own) | Q(pk__in=_own(own, ends, surely=surely))


def _before(precision: str, second: int, *, surely: bool) -> datetime:
    """The latest that something so precise was done and was over before a second, or, not `surely`, had begun by it."""
    if not surely:
        return EPOCH + min(second + (LASTS[Precision.ABOUT] if precision == Precision.ABOUT else 0), FOREVER) * SECOND
    if precision in LASTS:
        return EPOCH + (second - LASTS[Precision(precision)]) * SECOND
    at = EPOCH + second * SECOND
    if precision == Precision.YEAR:
        return at.replace(year=at.year - 1, month=1, day=1, hour=0, minute=0, second=0)
    return (at.replace(day=1, hour=0, minute=0, second=0) - timedelta(days=1)).replace(day=1)


def _own(incidents: Iterable[int], ends: dict[int, tuple[Two, Two]], *, surely: bool) -> list[int]:
    """Of the done ones that came out of these incidents, those that others of their causes met (two queries)."""
    rows = Actionable.objects.filter(incident__in=list(incidents), status=Status.DONE, closed_at__isnull=False)
    told = {pk: (own, Moment(*when)) for pk, own, *when in rows.values_list("pk", "incident_id", *columns("closed"))}
    aims = Actionable.causes.through.objects.filter(actionable__in=list(told))
    found = set()
    for pk, cause in aims.values_list("actionable_id", "cause_id"):
        own, closed = told[pk]
        span = closed.span()
        assert span is not None
        edge = span[1] // SECOND + 1 if surely else span[0] // SECOND
        two = ends[cause][not closed.has_clock_time] if cause in ends else []
        if any(second >= edge for second, incident in two if incident != own):
            found.add(pk)
    return sorted(found)


def lasts(user: Reader) -> dict[int, Last]:
    """Of each cause, the incidents this reader may see that count last (at most eight queries).

    The newest incidents show nearly every cause twice; only those of the others are looked up to the first.
    """
    found: dict[int, Last] = defaultdict(Last)
    visible = Incident.objects.visible_to(user).order_by()
    dated = visible.filter(occurred_at__isnull=False)
    newest = list(dated.order_by("-occurred_at").values_list("pk", "occurred_at")[:NEWEST])
    looked_at = {pk for pk, _ in newest}
    if len(newest) == NEWEST:
        edge = newest[-1][1]
        # A month or a year may end later than what began after it.
        reach = dated.filter(vague(), occurred_at__lte=edge, occurred_at__gte=edge - YEAR - ZONES)
        looked_at |= set(reach.values_list("pk", flat=True))
    confirmed = _meet(found, IncidentCause.objects.filter(incident__in=looked_at))
    if len(newest) == NEWEST:
        often = [cause for cause, incidents in confirmed.items() if len(incidents & {pk for pk, _ in newest}) > 1]
        _meet(found, IncidentCause.objects.exclude(cause__in=often).filter(incident__in=dated.values("pk")))
    undated = IncidentCause.objects.filter(incident__in=visible.filter(occurred_at=None).values("pk"))
    ends = undated.order_by().values_list("cause_id").annotate(Min("incident"), Max("incident"))
    for cause, *incidents in ends:
        for incident in incidents:
            found[cause].meet(incident, Moment(), confirmed=False)
    return dict(found)


def _meet(found: dict[int, Last], links: QuerySet[IncidentCause]) -> dict[int, set[int]]:
    """Put these occurrences where they belong; returns the incidents in which each cause is confirmed."""
    confirmed: dict[int, set[int]] = defaultdict(set)
    for cause, incident, certainty, when in _occurrences(links):
        sure = certainty == Certainty.CONFIRMED
        found[cause].meet(incident, when, confirmed=sure)
        if sure:
            confirmed[cause].add(incident)
    return confirmed


def _occurrences(links: QuerySet[IncidentCause]) -> Iterator[tuple[int, int, str, Moment]]:
    told = links.order_by().values_list(
        "cause_id", "incident_id", "certainty", *(f"incident__{name}" for name in columns(*MILESTONES))
    )
    for cause, incident, certainty, *values in told:
        moments = {name: Moment(*values[3 * place : 3 * place + 3]) for place, name in enumerate(MILESTONES)}
        yield cause, incident, certainty, extent(moments)[0]
