"""The ledger against a slow, obvious reference: every answer it gives is possible, and every possible one is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from actionables.ledger import History, State, stood
from postmortems.moments import EPOCH, UNKNOWN, Moment, Precision
from tests.factories import moment

SECOND = timedelta(seconds=1)
ZONE = 14 * 3600
STATUSES = ("open", "in progress", "blocked", "done", "declined")
START = datetime(2015, 1, 1, tzinfo=UTC)


# --- the reference --------------------------------------------------------------------------------------------------
# It takes a zone for the days, true seconds for everything, and looks what was the case then.


def seconds(at: datetime) -> int:
    return (at - EPOCH) // SECOND


def span(told: Moment, zone: int) -> tuple[int, int] | None:
    """First and last second of a moment, its day being one of this zone; None for what is not on the calendar."""
    known = told.span() if told.at is not None else None
    if known is None:
        return None
    shift = zone if told.precision in (Precision.DAY, Precision.MONTH, Precision.YEAR) else 0
    return known[0] // SECOND + shift, known[1] // SECOND + shift


def reaches(spans: list[tuple[int, int] | None], from_: int) -> int | None:
    """The latest of true times taken as early as the spans and the order allow; None when there are none."""
    at = from_
    for one in spans:
        if one is not None:
            at = max(at, one[0])
            if at > one[1]:
                return None
    return at


def state_at(history: History, index: int, at: int, zone: int) -> State:
    status = history.steps[index][0]
    if status in ("done", "declined"):
        return status  # type: ignore[return-value]
    if status == "":
        return "absent"
    held = [due for due, begin in history.dues if begin is None or seconds(begin) <= at][-1]
    if held is None:
        return "open"
    over = seconds(datetime(held.year, held.month, held.day, tzinfo=UTC) + timedelta(days=1)) + zone
    return "overdue" if at >= over else "open"


def candidates(history: History, when: Moment, zone: int) -> set[int]:
    """Seconds at which something may begin or end, and their neighbours."""
    ends = [
        one for told in (when, history.origin, *(told for _, told in history.steps)) for one in span(told, zone) or ()
    ]
    ends += [seconds(begin) for _, begin in history.dues if begin]
    for due, _ in history.dues:
        if due:
            ends.append(seconds(datetime(due.year, due.month, due.day, tzinfo=UTC) + timedelta(days=1)) + zone)
    return {end + by for end in [*ends, 0, 2**33] for by in (-1, 0, 1)}


def zones(history: History, when: Moment) -> set[int]:
    """Every offset at which a day may begin to touch something else, and its neighbours."""
    ends = sorted(candidates(history, when, 0) - {0, 2**33})
    gaps = {later - earlier for earlier in ends for later in ends}
    every = {gap + by for gap in gaps for by in (-1, 0, 1)} | {-ZONE, 0, ZONE}
    return {zone for zone in every if -ZONE <= zone <= ZONE}


def reference(history: History, when: Moment) -> frozenset[State]:
    """Try every zone, every second and every place in the history that can make a difference."""
    found: set[State] = set()
    for zone in zones(history, when):
        spans = [span(told, zone) for _, told in history.steps[1:]]
        if spans and spans[0] is None and history.steps[0][0] == "":
            origin = span(history.origin, zone)
            spans[0] = (origin[0], 2**40) if origin else None
        asked = span(when, zone)
        for at in candidates(history, when, zone):
            if asked is not None and not asked[0] <= at <= asked[1]:
                continue
            for index in range(len(history.steps)):
                before = reaches(spans[:index], -(2**40))
                if before is not None and before <= at and reaches(spans[index:], at + 1) is not None:
                    found.add(state_at(history, index, at, zone))
    return frozenset(found) or history.names()


# --- random histories -----------------------------------------------------------------------------------------------


def some_moment(random: Random, near: datetime, spread: timedelta) -> Moment:
    at = near + spread * random.random() - spread / 2
    precision = random.choice(Precision.values)
    if precision == Precision.UNKNOWN or random.random() < 0.05:
        return UNKNOWN
    if random.random() < 0.05 and precision in (Precision.SECOND, Precision.MINUTE, Precision.ABOUT):
        return Moment(None, timedelta(minutes=random.randint(0, 1439)), precision)
    return Moment(at, None, precision)


def some_history(random: Random) -> tuple[History, Moment]:
    spread = random.choice((timedelta(hours=20), timedelta(days=3), timedelta(days=40), timedelta(days=800)))
    at = START + timedelta(days=random.randint(0, 400))
    changes, before = [], random.choice(("", "", "", "open"))
    told = sorted(
        (some_moment(random, at, spread) for _ in range(random.randint(0, 4))),
        key=lambda one: one.sort_key() if random.random() < 0.9 else (0, timedelta()),
    )
    for one in told:
        to = random.choice([status for status in STATUSES if status != before])
        changes.append((before, to, one))
        before = to
    dues = sorted(at + spread * (random.random() - 0.5) for _ in range(random.choice((0, 0, 1, 2))))
    days = [random.choice((None, (at + spread * (random.random() - 0.5)).date())) for _ in range(len(dues) + 1)]
    due_changes = [(begin.replace(microsecond=0), day) for begin, day in zip(dues, days, strict=False)]
    origin = random.choice((UNKNOWN, some_moment(random, at - spread / 2, spread)))
    status = before or "open"
    return History.of(status, changes, days[-1], due_changes, origin), some_moment(random, at, spread)


@pytest.mark.parametrize("seed", range(400))
def test_it_says_exactly_what_is_possible(seed: int) -> None:
    history, when = some_history(Random(seed))
    assert stood(history, when) == reference(history, when), (history, when)


def test_the_random_histories_reach_every_kind_of_answer() -> None:
    answers = [stood(*some_history(Random(seed))) for seed in range(400)]
    single = {next(iter(answer)) for answer in answers if len(answer) == 1}
    assert single == {"absent", "open", "overdue", "done", "declined"}
    assert sum(len(answer) > 1 for answer in answers) > 100
    assert sum(len(answer) == 1 for answer in answers) > 60


# --- by hand --------------------------------------------------------------------------------------------------------


def opened_and(to: str, when: Moment, due: date | None = None) -> History:
    return History.of(to, [("", "open", moment("2015-01-10 09:00")), ("open", to, when)], due)


def cases() -> Iterator[tuple[History, Moment, set[str]]]:
    done = opened_and("done", moment("2015-03-01 12:00"))
    yield done, moment("2015-01-10 08:59"), {"absent"}
    yield done, moment("2015-03-01 11:59"), {"open"}
    yield done, moment("2015-03-01 12:00"), {"open", "done"}  # the same minute
    yield done, moment("2015-03-01 12:01"), {"done"}
    yield done, moment("2015-03-01"), {"open", "done"}  # some time on that day
    yield done, moment("2015-03-03"), {"done"}
    yield done, UNKNOWN, {"absent", "open", "done"}
    by_day = opened_and("done", moment("2015-03-01"))
    yield by_day, moment("2015-03-02"), {"done"}  # days of one zone
    yield by_day, moment("2015-03-02 13:00"), {"open", "done"}  # 1 March may last until 14:00 UTC on the 2nd
    yield by_day, moment("2015-03-02 14:00"), {"done"}
    late = opened_and("blocked", moment("2015-02-01 12:00"), date(2015, 2, 20))
    yield late, moment("2015-02-20 09:00"), {"open"}
    yield late, moment("2015-02-20 12:00"), {"open", "overdue"}  # tomorrow already in some zones
    yield late, moment("2015-02-22 00:00"), {"overdue"}
    yield late, Moment(datetime(2015, 1, 1, tzinfo=UTC), None, "year"), {"absent", "open", "overdue"}
    declined = opened_and("declined", Moment(datetime(2015, 1, 1, tzinfo=UTC), None, "year"))
    yield declined, moment("2016-01-02 12:00"), {"declined"}
    yield declined, moment("2015-06-01 12:00"), {"open", "declined"}
    yield History.of("open", []), moment("2015-06-01"), {"open"}
    wrong = History.of("done", [("", "open", moment("2016-01-01")), ("open", "done", moment("2015-01-01"))])
    yield wrong, moment("2020-01-01"), {"absent", "open", "done"}  # contradicts itself
    from_incident = History.of("open", [("", "open", UNKNOWN)], origin=moment("2015-08-12 22:30"))
    yield from_incident, moment("2012-01-05 04:05"), {"absent"}
    yield from_incident, moment("2016-01-01"), {"absent", "open"}
    moved = History.of(
        "open", [("", "open", moment("2015-01-10 09:00"))], date(2015, 9, 1),
        [(datetime(2015, 3, 1, tzinfo=UTC), date(2015, 2, 1))],
    )  # fmt: skip
    yield moved, moment("2015-02-15 12:00"), {"overdue"}  # before the date was moved
    yield moved, moment("2015-03-15 12:00"), {"open"}


@pytest.mark.parametrize(("history", "when", "states"), list(cases()))
def test_by_hand(history: History, when: Moment, states: set[str]) -> None:
    assert stood(history, when) == states
    assert reference(history, when) == states
