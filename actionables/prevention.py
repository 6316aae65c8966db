"""The ledger of a cause, and which open actionables would have prevented the most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from postmortems.models import MILESTONES, Incident, IncidentCause
from postmortems.momentfields import columns
from postmortems.moments import Moment
from postmortems.rows import IncidentRow, extent, linked, milestones_of, rows_of

from .ledger import History, State, stood
from .models import Actionable, FieldChange, StatusChange
from .recurrences import confirmed_in
from .shown import SHOWN

if TYPE_CHECKING:
    from postmortems.access import Reader

STRIKES = 10
AIMED = 60
# In the order in which they are told; "absent" is not.
STATES: dict[State, str] = {"overdue": "Overdue", "open": "Open", "declined": "Declined", "done": "Done"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One actionable on the day a cause came back: the states it was in, or may have been in."""

    actionable: Actionable
    states: frozenset[State]

    @property
    def surely(self) -> bool:
        """Whether there is only one answer."""
        return len(self.states) == 1

    @property
    def worst(self) -> State:
        """The first of its states in the order in which they are told."""
        return next(state for state in STATES if state in self.states)

    def words(self) -> str:
        """Was open; may have been open or done, or not there yet."""
        if self.surely:
            return f"was {STATES[self.worst].lower()}"
        told = [name.lower() for state, name in STATES.items() if state in self.states]
        told += ["not there yet"] if "absent" in self.states else []
        return "may have been " + ", ".join(told[:-1]) + " or " + told[-1]


@dataclass(slots=True)
class Strike:
    """One time a cause struck, with what had been aimed at it until then."""

    incident: IncidentRow
    suspected: bool
    standings: list[Standing] = field(default_factory=list)

    def count(self, state: State, *, surely: bool) -> int:
        """How many were in a state, or only may have been."""
        return sum(state in one.states and one.surely == surely for one in self.standings)


@dataclass(slots=True)
class Ledger:
    """The newest times a cause struck with something aimed at it; what was left out."""

    strikes: list[Strike]
    aimed: int
    more_aimed: bool
    more_strikes: bool


def ledger_of(cause: Any, user: Reader, *, page: int = 1) -> Ledger:
    """For each of the newest incidents of a cause, where the actionables aimed at it stood then (nine queries)."""
    links = IncidentCause.objects.filter(cause=cause)
    struck = linked(Incident.objects.visible_to(user), links).newest_first().values_list("pk", flat=True)
    start = (page - 1) * STRIKES
    incidents = rows_of(list(struck[start : start + STRIKES + 1]))
    confirmed = confirmed_in(links, (row.pk for row in incidents))
    aimed = aimed_at(cause, user, AIMED + 1)
    told = [(row, row.pk in confirmed) for row in incidents[:STRIKES]]
    return Ledger(strikes(told, aimed[:AIMED]), min(len(aimed), AIMED), len(aimed) > AIMED, len(incidents) > STRIKES)


def strikes(incidents: Iterable[tuple[IncidentRow, bool]], aimed: Sequence[Actionable]) -> list[Strike]:
    """Where these actionables stood at each incident, given with whether its cause is confirmed (two queries).

    Incidents before which nothing had been aimed are left out.
    """
    histories = histories_of(aimed)
    found = [Strike(row, not confirmed, _standings(row, aimed, histories)) for row, confirmed in incidents]
    return [strike for strike in found if strike.standings]


def aimed_at(cause: Any, user: Reader, limit: int) -> list[Actionable]:
    """The actionables aimed at a cause: unfinished first, then the newest, with their incidents (three queries)."""
    everything = Actionable.objects.visible_to(user).main()
    aimed = linked(everything, Actionable.causes.through.objects.filter(cause=cause), "actionable_id")
    wanted = list(aimed.order_by("-unfinished", "-number").values_list("pk", flat=True)[:limit])
    milestones = [f"incident__{name}" for name in columns(*MILESTONES)]
    found = Actionable.objects.select_related("incident").only(*SHOWN, *milestones).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def _standings(row: IncidentRow, aimed: Iterable[Actionable], histories: dict[int, History]) -> list[Standing]:
    """Where each stood, without those that came out of this very incident and those that were surely not there yet."""
    others = (one for one in aimed if one.incident_id != row.pk)
    found = [Standing(one, stood(histories[one.pk], row.when)) for one in others]
    shown = [one for one in found if one.states != {"absent"}]
    order = list(STATES)
    return sorted(shown, key=lambda one: (not one.surely, order.index(one.worst), one.actionable.number))


def histories_of(actionables: Sequence[Actionable]) -> dict[int, History]:
    """The history of each, by its key, for some that came with the milestones of their incidents (two queries)."""
    keys = [one.pk for one in actionables]
    changes: dict[int, list[tuple[str, str, Moment]]] = defaultdict(list)
    told = StatusChange.objects.filter(actionable__in=keys).order_by("actionable_id", "position")
    for pk, before, after, *when in told.values_list("actionable_id", "from_status", "to_status", *columns("when")):
        changes[pk].append((before, after, Moment(*when)))
    moved: dict[int, list[tuple[datetime, date | None]]] = defaultdict(list)
    dates = FieldChange.objects.filter(actionable__in=keys, what="due_on").order_by("at", "pk")
    for pk, at, before in dates.values_list("actionable_id", "at", "before"):
        moved[pk].append((at, date.fromisoformat(before) if before else None))
    origins = {one.incident_id: extent(milestones_of(one.incident))[0] for one in actionables}
    return {
        one.pk: History.of(one.status, changes[one.pk], one.due_on, moved[one.pk], origins[one.incident_id])
        for one in actionables
    }
