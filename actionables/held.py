"""Which done actionables held, as a condition that lists are narrowed by: what `verdicts` says, for all at once.

An actionable came back when an incident with one of its causes surely was after it was done. For a cause that depends
on one incident alone: the one that surely began last; whether it may have come back, on the one that may have ended
last. So the last two of each cause are looked up once an edition, and become one moment for each cause and precision
up to which what was done came back. The second is for actionables out of the very incident that was last, which does
not count for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from postmortems.access import sees_more
from postmortems.conditional import remembered
from postmortems.models import Cause
from postmortems.momentfields import columns
from postmortems.moments import ABOUT, EPOCH, SECOND, TIMED, ZONES, Moment, Precision
from postmortems.rows import FEW

from .looked_up import LookedUp
from .models import Actionable, Occurrence, Status
from .verdicts import SOAK

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from postmortems.access import Reader

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

    def meet(self, incident: int, first: int | None, last: int | None, timed: int, confirmed: int) -> None:
        """One more incident."""
        if first is None or last is None:
            for two in self.perhaps:
                _put(two, FOREVER, incident)
            return
        for beside_coarse in (False, True):
            room = 0 if timed != beside_coarse else ROOM
            _put(self.perhaps[beside_coarse], last + room, incident)
            if confirmed:
                _put(self.sure[beside_coarse], first - room, incident)


def _put(two: Two, at: int, incident: int) -> None:
    best = {pk: second for second, pk in reversed(two)}
    best[incident] = max(at, best.get(incident, at))
    two[:] = sorted(((second, pk) for pk, second in best.items()), reverse=True)[:2]


def narrowed(rows: QuerySet[Actionable], value: str, user: Reader) -> QuerySet[Actionable]:
    """Those that are done and of which `HELD[value]` is to be said (a dozen queries at most)."""
    # Not status = done: by its index the database would read and sort all that is done, which is most there is.
    done = rows.exclude(status__in=[one for one in Status if one != Status.DONE])
    tellable = Q(Exists(_aims()), closed_at__isnull=False)
    if value == "unknown":
        return done.filter(~tellable)
    last = remembered(("held",), lambda: lasts(user))
    if value == "no":
        return done.filter(tellable).filter(_met(last, surely=True))
    done = _held_so_far(done, last).filter(tellable)
    if value == "perhaps":
        return _found(done.filter(_met(last, surely=False)).exclude(_met(last, surely=True)))
    until = (timezone.now() - SOAK - EPOCH) // SECOND + 1
    soaked = Q()
    for precision in DATED:
        soaked |= Q(closed_precision=precision, closed_at__lte=_before(precision, until, surely=True))
    done = done.filter(soaked) if value == "yes" else done.exclude(soaked)
    return _found(done.exclude(_met(last, surely=False)))


def _found(rows: QuerySet[Actionable]) -> QuerySet[Actionable]:
    """The same by their keys when they are few: to be counted, and shown in any order, without being looked for again
    (one query).
    """
    keys = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    return Actionable.objects.filter(pk__in=keys) if len(keys) <= FEW else rows


def _aims() -> QuerySet[Actionable]:
    through: QuerySet[Actionable] = Actionable.causes.through.objects.filter(actionable=OuterRef("pk"))  # type: ignore[assignment]
    return through


def _met(last: dict[int, Last], *, surely: bool) -> Q:
    """The condition: a cause of it struck after it was done, surely or perhaps; own incidents looked at one by one."""
    ends = {cause: one.sure if surely else one.perhaps for cause, one in last.items()}
    until = LookedUp(_table(ends, surely=surely), OuterRef("closed_precision"), F("cause_id"))
    struck = _aims().annotate(until=until).filter(until__gte=OuterRef("closed_at"))
    own = {pk for two in ends.values() for place in two for _, pk in place[:1]}
    return Q(Exists(struck)) & ~Q(incident__in=own) | Q(pk__in=_own(own, ends, surely=surely))


def _table(ends: dict[int, tuple[Two, Two]], *, surely: bool) -> dict[str, dict[int, datetime]]:
    """For each precision and cause, until when what was done then was struck afterwards."""
    return {
        precision: {
            cause: _before(precision, two[place][0][0], surely=surely) for cause, two in ends.items() if two[place]
        }
        for precision in map(str, DATED)
        for place in [precision not in TIMED]
    }


def _held_so_far(done: QuerySet[Actionable], last: dict[int, Last]) -> QuerySet[Actionable]:
    """Of the done ones, those that can be after the last of one of their causes, when they are few (seven queries at
    most).

    Where many incidents are filed, most causes were seen lately, and whatever was done before came back. The second to
    last counts, as the last may be its own. What is aimed at the causes that were not seen for longest, as many of them
    as have little aimed at them, is taken as it is.
    """
    struck = {cause: min(two[1][0] for two in one.sure) for cause, one in last.items() if min(map(len, one.sure)) > 1}
    often = sorted(struck, key=struck.__getitem__)
    for share in (1, 2, 3, 4):
        seen = often[len(often) * (4 - share) // 4 :]
        aims = Actionable.causes.through.objects.exclude(cause__in=seen).order_by()
        few = set(aims.values_list("actionable_id", flat=True).distinct()[: FEW + 1])
        if len(few) <= FEW:
            break
    else:
        return done
    if seen:
        since = min(_before(precision, struck[seen[0]], surely=True) for precision in DATED)
        few.update(done.filter(closed_at__gt=since).order_by().values_list("pk", flat=True)[: FEW + 1])
    return done.filter(pk__in=few) if len(few) <= 2 * FEW else done


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
    rows = Actionable.objects.filter(incident__in=list(incidents)).order_by()
    told = {
        pk: (own, Moment(*when))
        for pk, own, status, *when in rows.values_list("pk", "incident_id", "status", *columns("closed"))
        if status == Status.DONE and when[0] is not None
    }
    met = (
        pk
        for pk, cause in _aimed(told).values_list("actionable_id", "cause_id")
        for own, closed in [told[pk]]
        if cause in ends and _struck(closed, own, ends[cause], surely=surely)
    )
    return sorted(set(met))


def _aimed(actionables: Iterable[int]) -> QuerySet[Any]:
    return Actionable.causes.through.objects.filter(actionable__in=list(actionables)).order_by()


def _struck(closed: Moment, own: int, ends: tuple[Two, Two], *, surely: bool) -> bool:
    """Whether a cause struck after something was done, in another incident than its own."""
    span = closed.span()
    assert span is not None
    edge = span[1] // SECOND + 1 if surely else span[0] // SECOND
    return any(second >= edge for second, incident in ends[not closed.has_clock_time] if incident != own)


def marks(rows: Iterable[Actionable], user: Reader) -> dict[int, str]:
    """What is to be said of each of these rows that is done, as in `HELD` (one query and those of `lasts`)."""
    done = [row for row in rows if row.status == Status.DONE]
    if not done:
        return {}
    last = remembered(("held",), lambda: lasts(user))
    causes: dict[int, list[Last]] = defaultdict(list)
    for pk, cause in _aimed(row.pk for row in done).values_list("actionable_id", "cause_id"):
        causes[pk].append(last.get(cause) or Last())
    return {row.pk: _mark(row, causes[row.pk]) for row in done}


def _mark(row: Actionable, causes: list[Last]) -> str:
    span = row.closed.span() if row.closed.is_dated else None
    if span is None or not causes:
        return "unknown"
    if any(_struck(row.closed, row.incident_id, one.sure, surely=True) for one in causes):
        return "no"
    if any(_struck(row.closed, row.incident_id, one.perhaps, surely=False) for one in causes):
        return "perhaps"
    return "yes" if EPOCH + span[1] + SOAK <= timezone.now() else "soaking"


def lasts(user: Reader) -> dict[int, Last]:
    """Of each cause, the incidents this reader may see that count last (two queries, four for who sees more)."""
    found: dict[int, Last] = defaultdict(Last)
    for is_open in (1, 0) if sees_more(user) else (1,):
        # One after the other: the index that holds them in order begins with it.
        rows = Occurrence.objects.visible_to(user).filter(is_open=is_open, cause=OuterRef("pk"))
        wanted = {pk for row in Cause.objects.order_by().values_list(*_ends(rows)) for pk in row if pk is not None}
        told = Occurrence.objects.filter(pk__in=wanted).order_by()
        numbers = ("cause_id", "incident_id", "first", "last", "timed", "confirmed")
        for cause, incident, first, last, timed, confirmed in told.values_list(*numbers):
            found[cause].meet(incident, first, last, timed, confirmed)
    return dict(found)


def _ends(rows: QuerySet[Occurrence]) -> Iterator[Subquery]:
    """Of a cause's rows, the two that began last, were over last, and have no date; each among those that are told with
    a time of day and among the others.
    """
    for timed in (1, 0):
        dated = rows.filter(timed=timed, first__isnull=False)
        for some in (dated.filter(confirmed=1).order_by("-first"), dated.order_by("-last")):
            yield from (Subquery(some.values("pk")[place : place + 1]) for place in (0, 1))
    undated = rows.filter(timed=0, last=None).order_by("incident_id")
    yield from (Subquery(undated.values("pk")[place : place + 1]) for place in (0, 1))
