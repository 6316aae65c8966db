"""Where an actionable stood on the day a cause came back, from its history; as certain as the dates are.

A moment stands for a span of seconds (`postmortems.moments`), so the question has a set of answers: every state for
which true times exist that fit all spans and the order of the history. One answer is what it was; several are what it
may have been. The true times are t1 <= t2 <= ... (the changes, in their order) and T (the incident), each within its
span, and the state is the one reached by the last change at or before T. Days, months and years are those of one zone
that is not known, up to 14 hours off UTC: they move together, and against whatever has a time of day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import combinations, pairwise
from typing import Literal

from postmortems.moments import EPOCH, SECOND, UNKNOWN, ZONES, Moment

from .models import UNFINISHED, Status

State = Literal["absent", "open", "overdue", "done", "declined"]
WIDEST = ZONES // SECOND
# A bound in seconds since the epoch, and whether it is of a day, month or year, whose zone is not known.
Bound = tuple[int, bool]
# What bounds one true time: not before any of these, not after any of those.
Bounds = tuple[list[Bound], list[Bound]]


@dataclass(frozen=True)
class History:
    """What is known of an actionable over time.

    `steps` are its statuses in order, each with the moment it was reached ("" as the first status: not there before
    the second). `dues` are its due dates in order, each with the exact moment from which it held (None: from the
    start). `origin` is when the incident it came out of was; it can count from then on when nothing else is known.
    """

    steps: tuple[tuple[str, Moment], ...]
    dues: tuple[tuple[date | None, datetime | None], ...] = ((None, None),)
    origin: Moment = UNKNOWN

    @classmethod
    def of(
        cls,
        status: str,
        changes: Sequence[tuple[str, str, Moment]],
        due: date | None = None,
        due_changes: Sequence[tuple[datetime, date | None]] = (),
        origin: Moment = UNKNOWN,
    ) -> History:
        """From rows of the history: `changes` are (from, to, when), `due_changes` (when, due date before) in order."""
        first = changes[0][0] if changes else status
        steps = [(first, UNKNOWN), *((to, when) for _, to, when in changes)]
        values = [*(before for _, before in due_changes), due]
        begins: list[datetime | None] = [None, *(at for at, _ in due_changes)]
        return cls(tuple(steps), tuple(zip(values, begins, strict=True)), origin)

    @cached_property
    def times(self) -> list[Bounds]:
        """The bounds of the moments at which it changed."""
        times = [_bounds(moment) for _, moment in self.steps[1:]]
        if times and not any(times[0]) and self.steps[0][0] == "":
            times[0] = (_bounds(self.origin)[0], [])
        return times

    @cached_property
    def exact(self) -> list[tuple[int, int]] | None:
        """The spans of its changes, when all have a date and a time of day and can have been in their order."""
        if any(not moment.is_dated for _, moment in self.steps[1:]):
            return None
        spans = [(lower[0], upper[0]) for lower, upper in self.times]
        if any(low[1] for low, _ in spans) or any(a[0][0] > b[1][0] for a, b in combinations(spans, 2)):
            return None
        return [(low[0], high[0]) for low, high in spans]

    def names(self) -> frozenset[State]:
        """Every state it names, whatever the dates."""
        found = {_state(status) for status, _ in self.steps}
        overdue = "open" in found and any(due for due, _ in self.dues)
        return frozenset(found | ({"overdue"} if overdue else set()))


def stood(history: History, when: Moment) -> frozenset[State]:
    """The states it may have been in at a moment: one if that is certain.

    All that it names when its dates contradict each other, so that none of them can be relied on.
    """
    plain = _plainly(history, when)
    if plain is not None:
        return frozenset((plain,))
    found: set[State] = set()
    for state, chain, strict in _chains(history, when):
        if state not in found and _fits(chain, strict):
            found.add(state)
    return frozenset(found) or history.names()


def _plainly(history: History, when: Moment) -> State | None:
    """The state where every time of day is known and none touches another; spares most of the reckoning."""
    spans, span = history.exact, when.span()
    if spans is None or span is None or not when.is_dated or not when.has_clock_time:
        return None
    first, last = span[0] // SECOND, span[1] // SECOND
    before = sum(high < first for _, high in spans)
    if any(high >= first for _, high in spans[:before]) or any(low <= last for low, _ in spans[before:]):
        return None
    state = _state(history.steps[before][0])
    return None if state == "open" and any(due for due, _ in history.dues) else state


def _state(status: str) -> State:
    if status == Status.DONE:
        return "done"
    if status == Status.DECLINED:
        return "declined"
    return "open" if status in UNFINISHED else "absent"


def _chains(history: History, when: Moment) -> Iterator[tuple[State, list[Bounds], int]]:
    """Each way it can have been: the state, the true times in order, and the place of the first after the incident."""
    times = history.times
    lower, upper = _bounds(when)
    for index, (status, _) in enumerate(history.steps):
        state = _state(status)
        for name, least, most in _by_due(history.dues) if state == "open" else [(state, [], [])]:
            here = ([*lower, *least], [*upper, *most])
            yield name, [*times[:index], here, *times[index:]], index + 1


def _by_due(dues: Sequence[tuple[date | None, datetime | None]]) -> Iterator[tuple[State, list[Bound], list[Bound]]]:
    """For each due date that held: when being unfinished was being overdue, and when it was not."""
    for (due, begin), (_, end) in pairwise([*dues, (None, None)]):
        least = [(_seconds(begin), False)] if begin else []
        most = [(_seconds(end) - 1, False)] if end else []
        if due is None:
            yield "open", least, most
        else:
            over = (_seconds(datetime(due.year, due.month, due.day, tzinfo=UTC) + timedelta(days=1)), True)
            yield "overdue", [*least, over], most
            yield "open", least, [*most, (over[0] - 1, True)]


def _seconds(at: datetime) -> int:
    return (at - EPOCH) // SECOND


def _bounds(moment: Moment) -> Bounds:
    """Of a moment on the calendar; none for one that is not."""
    span = moment.span() if moment.is_dated else None
    if span is None:
        return [], []
    coarse = not moment.has_clock_time
    return [(span[0] // SECOND, coarse)], [(span[1] // SECOND, coarse)]


def _fits(chain: list[Bounds], strict: int) -> bool:
    """Whether true times exist: each within its bounds, none before the one to its left.

    Those from place `strict` on are later than those before it by a second at least. They exist when no lower bound
    lies above an upper bound to its right; where only one of the two has an unknown zone, that limits the zone.
    """
    west, east = -WIDEST, WIDEST
    for left, (lower, _) in enumerate(chain):
        for right, (_, upper) in enumerate(chain[left:], start=left):
            apart = 1 if left < strict <= right else 0
            for (low, moves), (high, moves_too) in _pairs(lower, upper):
                room = high - low - apart
                if moves == moves_too and room < 0:
                    return False
                if moves and not moves_too:
                    east = min(east, room)
                elif moves_too and not moves:
                    west = max(west, -room)
    return west <= east


def _pairs(lower: Iterable[Bound], upper: Sequence[Bound]) -> Iterator[tuple[Bound, Bound]]:
    return ((low, high) for low in lower for high in upper)
