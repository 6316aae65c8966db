"""Which open actionables would have prevented the most: what their causes did since they were opened."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Case, Value, When
from django.utils import timezone

from postmortems.access import reads_everything
from postmortems.conditional import remembered
from postmortems.models import CauseYear, Incident, IncidentCause, Severity
from postmortems.momentfields import columns
from postmortems.moments import ABOUT, EPOCH, ZONES, Moment

from .models import Actionable
from .recurrences import YEAR, vague
from .shown import rows

if TYPE_CHECKING:
    from postmortems.access import Reader

LISTED = 20
# So many are reckoned at a time, those first that can have met the most incidents.
AT_ONCE = 60
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
    """The open actionables whose causes came back most since they were opened (three queries, two for each cause met).

    Exact for whoever reads what is open to all: it goes on until no other can have met as many incidents.
    """
    key = ("prevention", reads_everything(user), timezone.now().date())
    return remembered(key, lambda: _ranking(user))


def _ranking(user: Reader) -> list[Cost]:
    aims, opened = _open_ones(user)
    bounds = _bounds(aims, opened)
    order = sorted(bounds, key=lambda pk: (-bounds[pk], pk))
    known: dict[int, list[Struck]] = {}
    costs: list[Cost] = []
    for start in range(0, len(order), AT_ONCE):
        if len(costs) == LISTED and bounds[order[start]] < costs[-1].incidents:
            break
        for pk in order[start : start + AT_ONCE]:
            for cause in aims[pk] - known.keys():
                known[cause] = _struck(cause, user)
        own = dict(Actionable.objects.filter(pk__in=order[start : start + AT_ONCE]).values_list("pk", "incident_id"))
        costs += [_cost(pk, opened[pk], own[pk], [known[cause] for cause in aims[pk]]) for pk in own]
        costs = sorted((cost for cost in costs if cost.incidents), key=Cost.rank)[:LISTED]
    found = {row.pk: row for row in rows([cost.key for cost in costs])}
    for cost in costs:
        cost.actionable = found[cost.key]
    return costs


def _open_ones(user: Reader) -> tuple[dict[int, set[int]], dict[int, Moment]]:
    """The unfinished actionables of which it is known when they were opened: their causes, and that moment."""
    visible = Actionable.objects.visible_to(user).main().unfinished().filter(opened_at__isnull=False).order_by()
    opened = {pk: Moment(*when) for pk, *when in visible.values_list("pk", *columns("opened"))}
    aims: dict[int, set[int]] = defaultdict(set)
    links = Actionable.causes.through.objects.filter(actionable__unfinished=1, actionable__opened_at__isnull=False)
    for pk, cause in links.values_list("actionable_id", "cause_id"):
        if pk in opened:
            aims[pk].add(cause)
    return dict(aims), opened


def _bounds(aims: dict[int, set[int]], opened: dict[int, Moment]) -> dict[int, int]:
    """The most incidents each can have met: those of its causes from the year before on, in which a day may begin."""
    by_cause: dict[int, dict[int, int]] = defaultdict(dict)
    for cause, year, count in CauseYear.objects.values_list("cause_id", "year", "incidents"):
        if year is not None:
            by_cause[cause][year] = count
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


def _cost(key: int, opened: Moment, own: int, struck: list[list[Struck]]) -> Cost:
    """What happened after an actionable was opened, its own incident left out; each incident counts once."""
    cost, sure, perhaps = Cost(key), {}, set()
    span = opened.span()
    assert span is not None
    begin, end = EPOCH + span[0], EPOCH + span[1]
    if not opened.has_clock_time:
        begin, end = begin - ZONES, end + ZONES
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
    room = ZONES if one.vague else ABOUT
    if one.at - room > end:
        return True
    reach = YEAR + ZONES if one.vague else ABOUT + timedelta(minutes=1)
    return None if one.at + reach >= begin else False
