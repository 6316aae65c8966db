"""A cause's living record: each time it struck, on an axis of time, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mean, median

from django.db.models import F

from .models import MILESTONES, Certainty, IncidentCause, Role
from .models.incidents import IncidentQuerySet
from .momentfields import columns
from .moments import Moment, Precision
from .rows import IncidentRow, extent, milestones_in

WIDTH = 300.0
OLDEST = 200  # incidents that are read to tell where it was seen first
DAY = timedelta(days=1)
FINE = (Precision.SECOND, Precision.MINUTE, Precision.ABOUT, Precision.DAY)


@dataclass(frozen=True, slots=True)
class Mark:
    """A time it struck, on an axis `WIDTH` wide: `x` is its middle, `width` more than 0 where only the month or year
    is known.
    """

    row: IncidentRow
    certainty: str
    x: float = 0.0
    width: float = 0.0


@dataclass(slots=True)
class Lane:
    """The incidents in which it had one role."""

    role: str
    dated: list[Mark] = field(default_factory=list)
    undated: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gaps:
    """The days between one time and the next, where both are known to the day: how many, and their middle values."""

    count: int
    mean: float
    median: float
    longest_of_ten: float


@dataclass(slots=True)
class Living:
    """What is told of when it struck. `first` and `last` are the ends of the axis; `newest` the last dated incident.

    `in_all` incidents show it, `looked_at` of them are told of here, the newest ones.
    """

    lanes: list[Lane]
    first: Moment | None
    last: Moment | None
    newest: IncidentRow | None
    gaps: Gaps | None
    coarse: int
    in_all: int
    looked_at: int


def living(rows: list[IncidentRow], links: Iterable[IncidentCause], in_all: int) -> Living:
    """From the newest incidents of a cause and their links to it (no query)."""
    dated = sorted((row for row in rows if row.when.is_dated), key=lambda row: row.when.sort_key())
    ends = (dated[0].when, dated[-1].when) if dated else (None, None)
    return Living(
        _lanes({row.pk: row for row in rows}, links, ends), ends[0], ends[1], dated[-1] if dated else None,
        _gaps(dated), sum(row.when.precision not in FINE for row in dated), in_all, len(rows),
    )  # fmt: skip


def _lanes(
    rows: dict[int, IncidentRow], links: Iterable[IncidentCause], ends: tuple[Moment | None, Moment | None]
) -> list[Lane]:
    lanes = {role.value: Lane(role.label) for role in Role}
    for link in links:
        row, lane = rows[link.incident_id], lanes[link.role]
        if row.when.is_dated:
            lane.dated.append(_mark(row, link.certainty, ends))
        else:
            lane.undated.append(Mark(row, link.certainty))
    # What is certain is drawn last, on top of what is not.
    for lane in lanes.values():
        lane.dated.sort(key=lambda mark: (mark.certainty == Certainty.CONFIRMED, mark.x))
    return [lane for lane in lanes.values() if lane.dated or lane.undated]


def _mark(row: IncidentRow, certainty: str, ends: tuple[Moment | None, Moment | None]) -> Mark:
    first, last = (end.span() if end else None for end in ends)
    span = row.when.span()
    assert first is not None
    assert last is not None
    assert span is not None
    whole = max((last[1] - first[0]) / DAY, 1e-9)
    left, right = ((at - first[0]) / DAY / whole * WIDTH for at in span)
    if row.when.precision in FINE:
        middle = (left + right) / 2
        return Mark(row, certainty, WIDTH / 2 if whole <= 1 else round(middle, 1))
    return Mark(row, certainty, round((left + right) / 2, 1), round(right - left, 1))


def _gaps(dated: list[IncidentRow]) -> Gaps | None:
    """None for fewer than two times that are known to the day."""
    at = [row.when.at for row in dated if row.when.precision in FINE and row.when.at]
    days = sorted((after - before) / DAY for before, after in pairwise(at))
    if not days:
        return None
    return Gaps(len(days), mean(days), median(days), days[min(int(len(days) * 0.9), len(days) - 1)])


@dataclass(frozen=True, slots=True)
class Seen:
    """When an organisation met it for the first time."""

    name: str
    slug: str
    when: Moment


@dataclass(frozen=True, slots=True)
class Spread:
    """Which organisations met it, each named once: first (several where their order is not known), later, undated."""

    first: list[Seen]
    later: list[Seen]
    undated: list[Seen]


def spread(struck: IncidentQuerySet) -> Spread | None:
    """Told of the oldest incidents that show a cause; None for fewer than two organisations (one query)."""
    oldest = struck.exclude(organisation=None).order_by(F("occurred_at").asc(nulls_last=True), "number")
    rows = oldest.values_list("organisation__name", "organisation__slug", *columns(*MILESTONES))[:OLDEST]
    met: dict[str, Seen] = {}
    for name, slug, *values in rows:
        met.setdefault(slug, Seen(name, slug, extent(milestones_in(values))[0]))
    dated = [(span, seen) for seen in met.values() if seen.when.is_dated and (span := seen.when.span())]
    if len(met) < 2 or not dated:
        return None
    known = min(span[1] for span, _ in dated)
    first = [seen for span, seen in dated if span[0] <= known]
    later = [seen for span, seen in dated if span[0] > known]
    return Spread(first, later, [seen for seen in met.values() if not seen.when.is_dated])


def days_words(days: float) -> str:
    """A number of days in words, no more precise than that helps: "under a day", "40 days", "5 months", "3.2 years"."""
    if days < 1:
        return "under a day"
    if days < 60:
        return f"{days:.0f} day{'s' if round(days) != 1 else ''}"
    if days < 730:
        return f"{days / 30.44:.0f} months"
    return f"{days / 365.25:.1f} years"


def since_words(moment: Moment, now: datetime | None = None) -> str:
    """How long ago that was: "12 days ago"; about so many months or years where no day is known."""
    if moment.at is None:
        return ""
    days = ((now or datetime.now(UTC)) - moment.at) / DAY
    if moment.precision in FINE:
        whole = max(int(days), 0)
        return "today" if whole == 0 else f"{whole:,} day{'s' if whole != 1 else ''} ago"
    return f"about {days_words(max(days, 30))} ago"
