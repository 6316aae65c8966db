"""Follow-through in figures: opened, done, in time, declined, open and ageing, by team, service or month."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from postmortems.conditional import remembered

from .filters import NO_OWNER, timely
from .models import Actionable

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
    """The last twelve months by team, service or month (four queries, whatever the size)."""
    way = way if way in WAYS else "owner"
    key = ("follow-through", way, timezone.now().date())
    return remembered(key, lambda: _report(Actionable.objects.visible_to(user).main().order_by(), way))


def _since(now: datetime) -> datetime:
    """The first of the month eleven months ago."""
    months = now.year * 12 + now.month - MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _report(visible: ActionableQuerySet, way: str) -> Report:
    now = timezone.now()
    since = _since(now)
    counted: dict[Any, dict[str, int]] = {}
    for name, rows in (
        ("opened", visible.filter(opened_at__gte=since).exclude(opened_precision="year")),
        ("closed", visible.filter(closed_at__gte=since).exclude(closed_precision="year")),
        ("now", visible.unfinished()),
    ):
        if way == "month" and name == "now":
            continue
        grouped, labels = _grouped(rows, way, f"{name}_at", since)
        for row in grouped.annotate(**_counts(name, now)):
            numbers = counted.setdefault(tuple(row[label] for label in labels), {})
            numbers |= {measure: row[measure] for measure in MEASURES if measure in row}
    lines = [_line(way, value, numbers) for value, numbers in counted.items()]
    if way == "month":
        lines = _every_month(since, {line.value: line for line in lines})
    else:
        lines.sort(key=lambda line: (-line.numbers.get("unfinished", 0), -line.numbers.get("done", 0), line.title))
    unknown = visible.unfinished().filter(opened_at=None)[:1_001].count()
    return Report(way, since, lines[:MOST_LINES], max(0, len(lines) - MOST_LINES), unknown)


def _counts(name: str, now: datetime) -> dict[str, Count]:
    """What is counted of those opened, of those closed, of those open now."""
    if name == "opened":
        return {"opened": Count("pk", distinct=True)}
    if name == "closed":
        which = {
            "done": Q(status="done"), "in_time": timely("yes"), "late": timely("no"), "untold": timely("unknown"),
            "declined": Q(status="declined"),
        }  # fmt: skip
    else:
        old = Q(opened_at__lte=now - timedelta(days=AGEING))
        which = {"unfinished": Q(), "overdue": Q(due_on__lt=now.date()), "undated": Q(due_on=None), "ageing": old}
    return {measure: Count("pk", filter=condition or None) for measure, condition in which.items()}


def _grouped(rows: ActionableQuerySet, way: str, column: str, since: datetime) -> tuple[Any, list[str]]:
    """The rows in groups, and the columns that name a group."""
    if way == "owner":
        # Not the column itself: by its index the database would read all there are, in the order of owners.
        return rows.annotate(name=Coalesce("owner", Value(""))).values("name"), ["name"]
    if way == "service":
        named = rows.annotate(slug=F("incident__services__slug"), name=F("incident__services__name"))
        return named.values("slug", "name"), ["slug", "name"]
    # Compared with the first of each month: told by the database itself, which calls no function for each row.
    starts = _months(since)
    whens = [When(**{f"{column}__gte": start}, then=Value(f"{start:%Y-%m}")) for start in reversed(starts)]
    return rows.annotate(month=Case(*whens)).values("month"), ["month"]


def _months(since: datetime) -> list[datetime]:
    first = since.year * 12 + since.month - 1
    return [datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in range(first, first + MONTHS)]


def _every_month(since: datetime, found: dict[str, Line]) -> list[Line]:
    """All twelve, newest first, also those in which nothing happened."""
    starts = reversed(_months(since))
    return [found.get(f"{start:%Y-%m}") or Line(f"{start:%Y-%m}", f"{start:%B %Y}") for start in starts]


def _line(way: str, value: tuple[Any, ...], numbers: dict[str, int]) -> Line:
    if way == "owner":
        return Line(value[0] or NO_OWNER, value[0] or "Owner not known", numbers)
    if way == "service":
        return Line(value[0] or "", value[1] or "No service named", numbers)
    return Line(value[0], f"{datetime.fromisoformat(value[0] + '-01'):%B %Y}", numbers)
