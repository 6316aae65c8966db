"""What other pages show of actionables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from postmortems.conditional import remembered
from postmortems.momentfields import columns, read_moment
from postmortems.moments import UNKNOWN, Moment, Precision
from postmortems.prepared import Prepared

from . import prevention
from .models import UNFINISHED, Actionable, Status, StatusChange
from .prevention import Strike

if TYPE_CHECKING:
    from postmortems.access import Reader

CAP = 1_000


@dataclass(slots=True)
class Item:
    """One actionable of an incident; `ended` is when it was done or declined, as far as known."""

    actionable: Actionable
    overdue: bool
    ended: Moment
    alternatives: list[Actionable]


def of_incident(incident: Any) -> list[Item]:
    """The actionables of an incident in their order, alternatives under what they were considered for (one query)."""
    rows = list(incident.actionables.annotate(**_last_change()))
    today = timezone.now().date()
    return [
        Item(
            row,
            row.is_overdue(today),
            UNKNOWN if row.is_unfinished else read_moment(row, "ended"),
            [other for other in rows if other.alternative_to_id == row.pk],
        )
        for row in rows
        if row.alternative_to_id is None
    ]


def _last_change() -> dict[str, Any]:
    """The columns of the moment of an actionable's last change of status; unknown when it has none."""
    last = StatusChange.objects.filter(actionable=OuterRef("pk")).order_by("-position")
    found = {name.replace("when", "ended"): Subquery(last.values(name)[:1]) for name in columns("when")}
    found["ended_precision"] = Coalesce(found["ended_precision"], Value(Precision.UNKNOWN))  # type: ignore[assignment]
    return found


def aimed_at(cause: Any, user: Reader, limit: int = 50) -> list[Actionable]:
    """The actionables aimed at a cause, unfinished ones first, then the newest (three queries)."""
    return prevention.aimed_at(cause, user, limit)


def cause_ledger(occurrences: Iterable[Any], aimed: list[Actionable]) -> list[Strike]:
    """Where these actionables stood at each of a cause's incidents, as its page lists them (two queries).

    An occurrence has a `row` and `roles`, each with its certainty.
    """
    told = [(seen.row, any(link.certainty == "confirmed" for link in seen.roles)) for seen in occurrences]
    return prevention.strikes(told, aimed) if aimed else []


_COUNTS = Prepared(
    lambda ids: (
        Actionable.objects.filter(incident__in=ids, alternative_to=None)
        .order_by()
        .values_list("incident_id", "status")
        .annotate(n=Count("pk"))
    )
)


def open_counts(incidents: list[int]) -> dict[int, tuple[int, int]]:
    """For each of these incidents that has any: (unfinished, all) actionables (one query)."""
    counts: dict[int, tuple[int, int]] = {}
    for pk, status, count in _COUNTS.rows(incidents):
        unfinished, every = counts.get(pk, (0, 0))
        counts[pk] = (unfinished + (count if status in UNFINISHED else 0), every + count)
    return counts


def by_open_work(lines: list[Any], user: Reader) -> tuple[list[tuple[Any, int]], bool]:
    """These lines of causes, most open actionables first, with their number among the newest `CAP`; and whether there
    are more than those (two queries).
    """
    newest = Actionable.objects.visible_to(user).filter(unfinished=1, alternative_to=None).order_by("-number")
    pks = list(newest.values_list("pk", flat=True)[: CAP + 1])
    aims = Actionable.causes.through.objects.filter(actionable__in=pks[:CAP])
    open_of = Counter(aims.values_list("cause_id", flat=True))
    found = [(line, open_of[line.pk]) for line in lines]
    return sorted(found, key=lambda pair: -pair[1]), len(pks) > CAP


def summary(user: Reader) -> list[Number]:
    """How many actionables stand where, each leading to its list (three queries that stop counting at `CAP`)."""
    return remembered(("actionables", timezone.now().date()), lambda: _summary(user))


def _summary(user: Reader) -> list[Number]:
    visible = Actionable.objects.visible_to(user).filter(alternative_to=None).order_by()
    overdue = visible.overdue(timezone.now().date())[:CAP].count()
    unfinished = visible.unfinished()[:CAP].count()
    done = visible.filter(status=Status.DONE)[:CAP].count()
    return [
        Number("Overdue", overdue, "due=overdue", "red"),
        Number("Open, not overdue", unfinished - overdue, "status=unfinished", "blue"),
        Number("Done", done, "status=done", "green"),
    ]


@dataclass(slots=True)
class Number:
    """A count with the list it leads to."""

    words: str
    count: int
    parameters: str
    colour: str

    def text(self) -> str:
        """The count, or that there are more than are counted."""
        return f"{self.count:,}" if self.count < CAP else f"{CAP:,}+"
