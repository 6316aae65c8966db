"""Follow-through in figures: opened, done, in time, declined, open and ageing, by team, service or month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from postmortems.access import readable_by, sees_more
from postmortems.conditional import remembered
from postmortems.models import Service

from .filters import NO_OWNER
from .models import COUNTED, Actionable, Tally
from .tallying import Cells, cells_in, facts_of

if TYPE_CHECKING:
    from postmortems.access import Reader

    from .models.queries import ActionableQuerySet

WAYS = {"owner": "Team or person", "service": "Service", "month": "Month"}
MONTHS = 12
AGEING = 60
MOST_LINES = 60
# What a number counts: in words, the parameters of its list, whether it is about the period.
MEASURES = {
    "opened": ("Opened", {}),
    "done": ("Done", {"status": "done"}),
    "in_time": ("In time", {"status": "done", "timely": "yes"}),
    "late": ("Late", {"status": "done", "timely": "no"}),
    "untold": ("No date to keep", {"status": "done", "timely": "unknown"}),
    "declined": ("Declined", {"status": "declined"}),
    "unfinished": ("Open now", {"status": "unfinished"}),
    "overdue": ("Overdue now", {"due": "overdue"}),
    "undated": ("No due date", {"due": "none"}),
    "ageing": (f"Open {AGEING} d or more", {"age": str(AGEING)}),
}
# What is counted of each month, and under "" of none.
Months = dict[str, Counter[str]]
IN_PERIOD = ("done", "in_time", "late", "untold", "declined")


@dataclass(slots=True)
class Line:
    """One team, service or month with its numbers."""

    value: str
    title: str
    numbers: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """The lines, those with most open work first, and how many were left out."""

    way: str
    since: datetime
    lines: list[Line]
    left_out: int
    unknown_opened: int

    def parameters(self, line: Line, measure: str) -> str:
        """The query of the list a number leads to."""
        query = dict(MEASURES[measure][1])
        period = f"{self.since:%Y-%m}.."
        if self.way == "month":
            query["opened" if measure == "opened" else "closed"] = line.value
        else:
            query[self.way] = line.value
            if measure == "opened":
                query["opened"] = period
            elif measure in IN_PERIOD:
                query["closed"] = period
        return urlencode(query)


def report(user: Reader, way: str) -> Report:
    """The last twelve months by team, service or month, out of the tallies (at most seven queries, whatever the size).

    What this reader sees beside what everybody sees is counted for them alone.
    """
    way = way if way in WAYS else "owner"
    key = ("follow-through", way, timezone.now().date())
    return remembered(key, lambda: _report(user, way, timezone.now()))


def _since(now: datetime) -> datetime:
    """The first of the month eleven months ago."""
    months = now.year * 12 + now.month - MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _report(user: Reader, way: str, now: datetime) -> Report:
    since = _since(now)
    hidden = _beside(user)
    everything = _rows("all", f"{since:%Y-%m}", hidden)[""]
    unknown = everything[""]["since"]
    if way == "month":
        return Report(way, since, [_month(start, everything) for start in reversed(_months(since))], 0, unknown)
    rows, late, old = _rows(way, f"{since:%Y-%m}", hidden), _overdue(user, way, now), _ageing(user, way, now)
    lines = [
        Line(value, title, _numbers(rows[name], f"{since:%Y-%m}", now, late[name], old[name]))
        for name, value, title in _names(way, list(rows))
        if name in rows
    ]
    lines = [line for line in lines if any(line.numbers.values())]
    lines.sort(key=lambda line: (-line.numbers["unfinished"], -line.numbers["done"], line.title))
    return Report(way, since, lines[:MOST_LINES], max(0, len(lines) - MOST_LINES), unknown)


def _beside(user: Reader) -> Cells:
    """What this reader sees beside what everybody sees (two queries; none for who sees no other)."""
    if not sees_more(user):
        return Counter()
    hidden = Actionable.objects.filter(readable_by(user, "incident__"), incident__is_open=0).main()
    return cells_in(facts_of(hidden).values())


def _rows(way: str, first: str, hidden: Cells) -> dict[str, Months]:
    """For each owner or service, or for all under "": what is counted of each month from the first one on, and of none
    (one query).
    """
    found: dict[str, Months] = defaultdict(lambda: defaultdict(Counter))
    wanted = Q(month="") | Q(month__gte=first)
    for name, month, *counts in Tally.objects.filter(wanted, way=way).values_list("name", "month", *COUNTED):
        found[name][month].update(dict(zip(COUNTED, counts, strict=True)))
    for (kind, month, name, what), count in hidden.items():
        if kind == way and (not month or month >= first):
            found[name][month][what] += count
    return found


def _numbers(months: Months, first: str, now: datetime, late: int, old: int) -> dict[str, int]:
    """The numbers of a line. `late` are due in this month before today, `old` opened in the month in which what is
    ageing was opened last; all other months are wholly on one side.
    """
    period: Counter[str] = Counter()
    for month, counts in months.items():
        if month >= first:
            period.update(counts)
    aged, this, none = f"{now - timedelta(days=AGEING):%Y-%m}", f"{now:%Y-%m}", months.get("", Counter())
    return {
        "opened": period["opened"],
        "done": period["in_time"] + period["late"] + period["untold"],
        **{name: period[name] for name in ("in_time", "late", "untold", "declined")},
        "unfinished": none["unfinished"],
        "overdue": none["unfinished"] - none["due"] - _from(months, this, "due") + late,
        "undated": none["due"],
        "ageing": none["unfinished"] - none["since"] - _from(months, aged, "since") + old,
    }


def _from(months: Months, first: str, what: str) -> int:
    return sum(counts[what] for month, counts in months.items() if month >= first)


def _overdue(user: Reader, way: str, now: datetime) -> Counter[str]:
    """Those due in this month before today, by owner or service (one query)."""
    today = now.date()
    return _live(Actionable.objects.visible_to(user).overdue(today).filter(due_on__gte=today.replace(day=1)), way)


def _ageing(user: Reader, way: str, now: datetime) -> Counter[str]:
    """Those opened so long ago, in the month in which the last of them were, by owner or service (one query)."""
    until = now - timedelta(days=AGEING)
    first = until.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    open_ones = Actionable.objects.visible_to(user).unfinished()
    return _live(open_ones.filter(opened_at__gte=first, opened_at__lte=until), way)


def _live(rows: ActionableQuerySet, way: str) -> Counter[str]:
    # Not the column itself: by its index the database would read all there are, in the order of owners.
    name = Coalesce("owner", Value("")) if way == "owner" else F("incident__services")
    counted = rows.main().order_by().annotate(name=name).values_list("name").annotate(count=Count("pk"))
    return Counter({str(name or ""): count for name, count in counted})


def _names(way: str, found: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """(name in the tallies, value in the address, title) of each line; none for a service that is gone."""
    if way == "owner":
        yield from ((name, name or NO_OWNER, name or "Owner not known") for name in found)
        return
    yield "", "", "No service named"
    for pk, slug, name in Service.objects.values_list("pk", "slug", "name"):
        yield str(pk), slug, name


def _months(since: datetime) -> list[datetime]:
    first = since.year * 12 + since.month - 1
    return [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(first, first + MONTHS)]


def _month(start: datetime, counted: Months) -> Line:
    """A month, also one in which nothing happened."""
    counts = counted.get(f"{start:%Y-%m}", Counter())
    done = counts["in_time"] + counts["late"] + counts["untold"]
    shown = {name: counts[name] for name in ("opened", "in_time", "late", "untold", "declined")}
    return Line(f"{start:%Y-%m}", f"{start:%B %Y}", {"done": done, **shown})
