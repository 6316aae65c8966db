"""The five numbers above the lists of actionables, each with the list it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from django.utils import timezone

from postmortems.conditional import remembered
from postmortems.momentfields import columns
from postmortems.moments import Moment

from .models import Actionable, Status
from .shown import age

if TYPE_CHECKING:
    from postmortems.access import Reader

    from .models.queries import ActionableQuerySet

CAP = 1_000
LATELY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in words, what it is of, and the parameters of the list it leads to."""

    value: str
    words: str
    parameters: str
    alarming: bool = False


def five(user: Reader) -> list[Figure]:
    """Overdue, due in 14 days, no date, oldest open, median to done (five queries that stop counting at `CAP`)."""
    today = timezone.now().date()
    key = ("five numbers", today)
    return remembered(key, lambda: _five(Actionable.objects.visible_to(user).main().order_by()))


def _five(visible: ActionableQuerySet) -> list[Figure]:
    today = timezone.now().date()
    overdue = visible.overdue(today)[: CAP + 1].count()
    return [
        Figure(_capped(overdue), "Overdue", "due=overdue&sort=due", overdue > 0),
        Figure(_capped(visible.due_soon(today)[: CAP + 1].count()), "Due in 14 days", "due=14d&sort=due"),
        Figure(_capped(visible.undated()[: CAP + 1].count()), "Without a date", "due=none"),
        _oldest(visible),
        _median(visible),
    ]


def _capped(count: int) -> str:
    return f"{count:,}" if count <= CAP else f"{CAP:,}+"


def _oldest(visible: ActionableQuerySet) -> Figure:
    """The unfinished one that was opened first, of those of which that is known."""
    known = visible.unfinished().filter(opened_at__isnull=False).order_by("opened_at", "number")
    oldest = known.only("status", *columns("opened", "closed")).first()
    words = age(oldest).words if oldest else "Not known"
    return Figure(words, "Oldest open", "status=unfinished&sort=age")


def _median(visible: ActionableQuerySet) -> Figure:
    """Half of those done in the last 90 days took no longer; only those of which both ends are known to the day."""
    done = visible.filter(status=Status.DONE, closed_at__gte=timezone.now() - LATELY).order_by("-closed_at")
    ends = done.values_list(*columns("opened", "closed"))[:CAP]
    took = [Moment(*row[:3]).until(Moment(*row[3:])) for row in ends]
    days = [
        span.seconds / 86_400 for span in took if span.seconds is not None and span.unit in ("second", "minute", "day")
    ]
    value = f"{median(days):.0f} d" if days else "Not known"
    words = f"Median to done, 90 days, n = {len(days)}" if days else "Median to done, 90 days"
    return Figure(value, words, "status=done&sort=closed")
