"""Moments with a precision: order, durations and words, over all precisions, zones and the whole calendar."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from postmortems.durations import Duration
from postmortems.momentfields import check_order
from postmortems.moments import ABOUT, COARSE, EXACT, FIRST, LAST, TIMED, UNKNOWN, ZONES, Moment, Precision

pytestmark = pytest.mark.sqlite  # no database is asked
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
# Half an hour off, a day off (Apia skipped 30 December 2011), far off, and with daylight saving on either hemisphere.
NAMES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata")
ZONE_LIST = [ZoneInfo(name) for name in NAMES]
# What can be written: a minute less at each end, where the minute of a zone may begin before that of UTC.
START, END = FIRST + MINUTE, LAST.replace(microsecond=0) - MINUTE
prove = settings(max_examples=150, deadline=None, database=None)


def utc(*parts: int) -> datetime:
    """A time in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def on(precision: str, *parts: int) -> Moment:
    """A moment on a known day."""
    return Moment(utc(*parts), None, precision)


def clock(text: str, precision: str = Precision.MINUTE, days: int = 0) -> Moment:
    """A clock time on an unknown day."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    since = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
    return Moment(None, since, precision)


# --- what people write down -------------------------------------------------------------------------------------------

zones = st.sampled_from(ZONE_LIST)
ODD = [
    utc(2016, 2, 29, 12), utc(2000, 2, 29), utc(1900, 2, 28, 23, 59, 59), utc(2015, 12, 31, 23, 59, 59),
    utc(2015, 3, 29, 0, 59, 59), utc(2015, 3, 29, 1), utc(2015, 10, 25, 0, 30), utc(2015, 10, 25, 1, 30),
    utc(2011, 12, 30, 9, 59, 59), utc(2011, 12, 30, 10), utc(2011, 11, 6, 2, 31), utc(1969, 12, 31, 23, 59, 59),
    START, END,
]  # fmt: skip


def _seconds(start: datetime, end: datetime) -> st.SearchStrategy[datetime]:
    naive = st.datetimes(start.replace(tzinfo=None), end.replace(tzinfo=None))
    return naive.map(lambda value: value.replace(microsecond=0, tzinfo=UTC))


instants = st.one_of(_seconds(utc(2000, 1, 1), utc(2030, 1, 1)), _seconds(START, END), st.sampled_from(ODD))
# Far enough from both ends of the calendar to add to.
middling = instants.filter(lambda at: 3 < at.year < 9997)
gaps = st.one_of(
    st.integers(0, 180), st.integers(0, 7_200), st.integers(0, 3 * 86_400), st.integers(0, 900 * 86_400)
).map(lambda seconds: timedelta(seconds=seconds))


def written(instant: datetime, precision: str, zone: ZoneInfo, slip: timedelta = timedelta()) -> Moment:
    """What a person in `zone` writes for a true instant; `slip` is how far off an "about" is."""
    if precision == Precision.ABOUT:
        instant += slip
    local = instant.astimezone(zone)
    if precision in (Precision.MINUTE, Precision.ABOUT):
        local = local.replace(second=0)
    return Moment(local, None, precision)


# An "about" is rounded down to its minute too, so it may slip less far up than down.
slips = st.integers(-14 * 60, 15 * 60 - 1).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def dated(draw: Any, precisions: Any = (*TIMED, *COARSE), at: Any = instants) -> Moment:
    """A moment on a known day."""
    return written(draw(at), draw(st.sampled_from(precisions)), draw(zones))


@st.composite
def clocks(draw: Any) -> Moment:
    """A clock time on an unknown day, from the day before to days later."""
    seconds = draw(st.one_of(st.integers(-86_400, 2 * 86_400), st.integers(-20 * 86_400, 300 * 86_400)))
    return Moment(None, timedelta(seconds=seconds), draw(st.sampled_from(TIMED)))


moments = st.one_of(dated(), clocks(), st.just(UNKNOWN))


@st.composite
def neighbours(draw: Any, count: int) -> list[Moment]:
    """Moments so close together that their spans touch, overlap or follow each other; some cannot be compared."""
    base, spread = draw(middling), draw(st.sampled_from([90, 3_600, 2 * 86_400, 500 * 86_400]))
    offsets = st.integers(-spread, spread).map(lambda seconds: timedelta(seconds=seconds))
    near = dated(at=offsets.map(lambda offset: base + offset))
    near_clocks = st.builds(Moment, st.none(), offsets.filter(lambda o: abs(o) < 20 * DAY), st.sampled_from(TIMED))
    kinds = [near, near, near, near_clocks, st.just(UNKNOWN)] if spread < 20 * 86_400 else [near]
    return [draw(st.one_of(*kinds)) for _ in range(count)]


@st.composite
def true_pairs(draw: Any) -> tuple[Moment, Moment, int]:
    """Two moments of one source as written down, in their true order, and the true seconds between them."""
    start, gap, zone = draw(middling), draw(gaps), draw(zones)
    end = start + gap
    # St John's used to put its clocks back at one past midnight, into the day before: days in reverse.
    assume(start.astimezone(zone).date() <= end.astimezone(zone).date())
    precisions = st.sampled_from([*TIMED, *COARSE])
    first, then = (written(instant, draw(precisions), zone, draw(slips)) for instant in (start, end))
    return first, then, int(gap.total_seconds())


# --- what a moment keeps, and its span --------------------------------------------------------------------------------


@prove
@given(moments)
def test_what_can_be_written_has_no_problems(moment):
    assert moment.problems() == []


@prove
@given(instants, st.sampled_from([*TIMED, *COARSE]), zones, slips)
def test_a_span_holds_the_true_instant(instant, precision, zone, slip):
    assume(precision != Precision.ABOUT or START + ABOUT < instant < END - ABOUT)
    moment = written(instant, precision, zone, slip)
    span = moment.span()
    assert span is not None
    room = ZONES if precision in COARSE and zone.key != "UTC" else timedelta()
    assert span[0] - room <= instant - utc(1970, 1, 1) <= span[1] + room
    assert span[0] <= span[1]


@prove
@given(st.integers(-20 * 86_400, 300 * 86_400), st.sampled_from(TIMED), slips)
def test_a_span_holds_the_true_clock_time(seconds, precision, slip):
    since = timedelta(seconds=seconds)
    span = Moment(None, since + (slip if precision == Precision.ABOUT else timedelta()), precision).span()
    assert span is not None
    assert span[0] <= since <= span[1]


@pytest.mark.parametrize(
    ("precision", "first", "last"),
    [
        ("second", utc(2016, 2, 29, 22, 5, 42), utc(2016, 2, 29, 22, 5, 42)),
        ("minute", utc(2016, 2, 29, 22, 5), utc(2016, 2, 29, 22, 5, 59)),
        ("about", utc(2016, 2, 29, 21, 50), utc(2016, 2, 29, 22, 19, 59)),
        ("day", utc(2016, 2, 29), utc(2016, 2, 29, 23, 59, 59)),
        ("month", utc(2016, 2, 1), utc(2016, 2, 29, 23, 59, 59)),
        ("year", utc(2016, 1, 1), utc(2016, 12, 31, 23, 59, 59)),
    ],
)
def test_nothing_finer_than_stated_is_kept(precision, first, last):
    """A day is the whole day whatever time came along with it."""
    moment = Moment(utc(2016, 2, 29, 22, 5, 42).replace(microsecond=7), None, precision)
    assert moment.span() == (first - utc(1970, 1, 1), last - utc(1970, 1, 1))


def test_a_day_is_the_one_it_was_written_as():
    """Midnight in Berlin is the evening before in UTC."""
    written_there = datetime(2015, 8, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert Moment(written_there, None, "day") == on("day", 2015, 8, 12)
    assert Moment(written_there, None, "day").text(ZoneInfo("Pacific/Apia")) == "12 August 2015"
    assert Moment(written_there, None, "minute").text() == "11 August 2015, 22:00"


def test_unknown_has_no_span():
    assert UNKNOWN.span() is None
    assert Moment(utc(2015, 8, 12), None, "unknown").span() is None


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (Moment(utc(2015, 8, 12), None, "unknown"), "cannot carry a value"),
        (Moment(None, timedelta(0), "unknown"), "cannot carry a value"),
        (Moment(None, None, "minute"), "either a date and time or a clock time"),
        (Moment(utc(2015, 8, 12), timedelta(0), "minute"), "either a date and time or a clock time"),
        (Moment(None, timedelta(0), "day"), "no day, month or year"),
        (Moment(datetime(2015, 8, 12), None, "minute"), "needs a time zone"),  # noqa: DTZ001 - it is the point
        (Moment(None, 400 * DAY, "minute"), "within a year"),
        (Moment(None, -40 * DAY, "minute"), "within a year"),
        (Moment(utc(2015, 8, 12), None, "hour"), "no precision 'hour'"),
        (Moment(utc(1, 1, 1), None, "minute"), "end of the calendar"),
        (Moment(utc(9999, 12, 31, 12), None, "about"), "end of the calendar"),
    ],
)
def test_contradictions_are_said(moment, words):
    [problem] = moment.problems()
    assert words in problem


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("precision", [*TIMED, *COARSE])
@pytest.mark.parametrize("zone", ZONE_LIST, ids=NAMES)
def test_the_ends_of_the_calendar_do_not_raise(at, precision, zone):
    moment = Moment(at, None, precision)
    far = Moment(at.replace(tzinfo=zone), None, precision)
    for one in (moment, far):
        assert one.text(zone)
        assert one.day_text(zone)
        assert one.iso()
        assert one.until(on("minute", 2015, 8, 12)).text()
        assert one.span() is not None


# --- order ------------------------------------------------------------------------------------------------------------


@prove
@given(neighbours(4))
def test_sorting_does_not_depend_on_where_it_began(four):
    orders = {tuple(m.sort_key() for m in sorted(order, key=Moment.sort_key)) for order in permutations(four)}
    assert len(orders) == 1


@prove
@given(neighbours(2))
def test_what_is_surely_before_sorts_before(two):
    first, then = two
    if first.surely_before(then):
        assert first.sort_key() < then.sort_key()


@prove
@given(neighbours(3))
@example([on("day", 2015, 8, 12), on("minute", 2015, 8, 13, 14), on("day", 2015, 8, 14)])
@example([on("minute", 2015, 8, 11, 9, 58), on("day", 2015, 8, 12), on("day", 2015, 8, 13)])
def test_surely_before_is_a_strict_partial_order(three):
    for a, b, c in permutations(three):
        assert not a.surely_before(a)
        assert not (a.surely_before(b) and b.surely_before(a))
        if a.surely_before(b) and b.surely_before(c):
            assert a.surely_before(c)


@prove
@given(true_pairs())
@example((on("minute", 2015, 8, 13, 3), on("day", 2015, 8, 12), 3_600))  # both on the 12th in Los Angeles
def test_the_true_order_is_never_refused(pair):
    earlier, later, _ = pair
    assert not later.surely_before(earlier)
    check_order([("started", earlier), ("resolved", later)])


def test_dated_then_clock_times_then_unknown():
    late, early = on("year", 2015, 1, 1), on("day", 1999, 1, 1)
    after_midnight, evening = clock("01:00", days=1), clock("22:05")
    assert sorted([UNKNOWN, after_midnight, late, evening, early], key=Moment.sort_key) == [
        early, late, evening, after_midnight, UNKNOWN
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then", "sure"),
    [
        (on("minute", 2015, 8, 12, 22, 5), on("minute", 2015, 8, 12, 22, 6), True),
        (on("minute", 2015, 8, 12, 22, 5), on("second", 2015, 8, 12, 22, 5, 59), False),
        (on("about", 2015, 8, 12, 10), on("about", 2015, 8, 12, 10, 29), False),
        (on("about", 2015, 8, 12, 10), on("about", 2015, 8, 12, 10, 30), True),
        (on("day", 2015, 8, 12), on("day", 2015, 8, 13), True),
        (on("day", 2015, 8, 12), on("minute", 2015, 8, 13, 12), False),
        (on("day", 2015, 8, 12), on("minute", 2015, 8, 13, 14), True),
        (on("day", 2015, 8, 12), on("month", 2015, 8, 1), False),
        (clock("23:50"), clock("00:10"), False),
        (clock("23:50"), clock("00:10", days=1), True),
        (clock("10:00"), on("minute", 2015, 8, 12, 22, 5), False),
        (UNKNOWN, clock("10:00"), False),
    ],
)
def test_surely_before(first, then, sure):
    assert first.surely_before(then) is sure


def test_inverted_milestones_are_refused_in_words():
    named = [
        ("started", on("minute", 2015, 8, 12, 22, 5)),
        ("mitigated", on("second", 2015, 8, 12, 22, 0, 7)),
        ("resolved", on("year", 2014, 1, 1)),
    ]
    with pytest.raises(ValidationError) as refused:
        check_order(named, ZoneInfo("Europe/Berlin"))
    started = "started (13 August 2015, 00:05 Europe/Berlin)"
    mitigated = "(13 August 2015, 00:00:07 Europe/Berlin)"
    assert refused.value.message_dict == {
        "mitigated_at": [f"Mitigated {mitigated} is before {started}."],
        "resolved_at": [
            f"Resolved (2014) is before {started}.",
            f"Resolved (2014) is before mitigated {mitigated}.",
        ],
    }


# --- durations --------------------------------------------------------------------------------------------------------


def in_seconds(words: str) -> int:
    """The seconds in "1 d 2 h", "2 months" and their like."""
    sizes = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "day": 86_400, "month": 31 * 86_400, "year": 366 * 86_400}
    pairs = re.findall(r"(\d+) ([a-z]+)", words)
    assert " ".join(f"{count} {unit}" for count, unit in pairs) == words
    return sum(int(count) * sizes[unit if unit in sizes else unit.removesuffix("s")] for count, unit in pairs)


@prove
@given(true_pairs())
def test_a_duration_bounds_the_truth(pair):
    earlier, later, true = pair
    duration = earlier.until(later)
    assert duration.seconds is not None
    assert 0 <= duration.low <= duration.seconds <= duration.high
    assert duration.low - 1 <= true <= duration.high + 1
    assert duration.approximate is not (earlier.is_exact and later.is_exact)


@prove
@given(true_pairs())
def test_the_words_of_a_duration_are_true(pair):
    earlier, later, true = pair
    words = earlier.until(later).text()
    assert not re.search(r"(^| )0|-", words)
    if words.startswith("under "):
        assert true <= in_seconds(words.removeprefix("under "))
    elif words.startswith("about "):
        told = in_seconds(words.removeprefix("about "))
        assert told / 5 <= true + 1 <= told * 3
        assert "s" not in re.findall(r"[a-z]+", words)
    else:
        assert earlier.is_exact
        assert later.is_exact
        slack = 1 if earlier.precision == later.precision == Precision.SECOND else 60
        assert abs(in_seconds(words) - true) <= slack


@prove
@given(neighbours(2))
def test_a_duration_is_unknown_rather_than_negative(two):
    first, then = two
    duration = first.until(then)
    assert duration.is_known == (first.comparable(then) and not then.surely_before(first))
    if not duration.is_known:
        assert duration == Duration()
        assert duration.text() == "not known"


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (on("minute", 2015, 8, 12, 22, 5), on("minute", 2015, 8, 12, 22, 50), "45 min"),
        (on("minute", 2015, 8, 12, 22, 5), on("minute", 2015, 8, 12, 22, 5), "under 1 min"),
        (on("second", 2015, 8, 12, 22, 5, 7), on("second", 2015, 8, 12, 22, 5, 7), "under 1 s"),
        (on("second", 2015, 8, 12, 22, 5, 7), on("second", 2015, 8, 12, 22, 7, 9), "2 min 2 s"),
        (on("second", 2015, 8, 12, 22, 5, 30), on("minute", 2015, 8, 12, 22, 5), "under 1 min"),
        (on("second", 2015, 8, 12, 22, 5, 50), on("minute", 2015, 8, 12, 22, 6), "1 min"),
        (on("minute", 2015, 8, 12, 22, 5), on("minute", 2015, 8, 14, 1, 4), "1 d 2 h 59 min"),
        (on("minute", 2015, 3, 28, 12), on("minute", 2015, 3, 29, 12), "1 d"),
        (clock("18:55", "about"), clock("19:40", "about"), "about 45 min"),
        (clock("18:55", "about"), clock("01:01", "minute", days=1), "about 6 h 5 min"),
        (clock("18:55", "about"), clock("18:55", "about"), "under 30 min"),
        (clock("10:00", "about"), clock("10:20", "about"), "under 50 min"),
        (clock("10:20", "about"), clock("10:00", "about"), "under 10 min"),
        (clock("10:00", "about"), clock("13:17", "about", days=2), "about 2 d 3 h"),
        (clock("23:59", "about"), clock("23:58", "about", days=1), "about 1 d"),
        (on("day", 2015, 8, 12), on("day", 2015, 8, 12), "under 1 day"),
        (on("day", 2015, 8, 12), on("day", 2015, 8, 13), "under 2 days"),
        (on("day", 2015, 8, 12), on("day", 2015, 8, 14), "about 2 days"),
        (on("day", 2015, 8, 12), on("minute", 2015, 8, 12, 15), "under 2 days"),
        (on("minute", 2015, 8, 12, 15), on("day", 2015, 8, 20), "about 8 days"),
        (on("month", 2015, 8, 1), on("month", 2015, 8, 1), "under 1 month"),
        (on("month", 2015, 8, 1), on("day", 2015, 9, 2), "under 2 months"),
        (on("month", 2015, 8, 1), on("month", 2015, 10, 1), "about 2 months"),
        (on("month", 2015, 8, 1), on("month", 2018, 3, 1), "about 3 years"),
        (on("year", 2015, 1, 1), on("month", 2015, 3, 1), "under 1 year"),
        (on("year", 2014, 1, 1), on("year", 2015, 1, 1), "under 2 years"),
        (on("year", 2014, 1, 1), on("year", 2016, 1, 1), "about 2 years"),
        (on("minute", 2015, 8, 12, 22, 5), clock("22:50"), "not known"),
        (on("minute", 2015, 8, 12, 22, 5), on("minute", 2015, 8, 12, 22, 4), "not known"),
        (on("minute", 2015, 8, 12, 22, 5), UNKNOWN, "not known"),
        (UNKNOWN, UNKNOWN, "not known"),
    ],
)
def test_durations_in_words(first, then, words):
    assert first.until(then).text() == words


# --- words ------------------------------------------------------------------------------------------------------------

DATE = {"day": r"\d{1,2} [A-Z][a-z]+ \d{1,4}", "month": r"[A-Z][a-z]+ \d{1,4}", "year": r"\d{1,4}"}
TIME = {"second": r"\d\d:\d\d:\d\d", "minute": r"\d\d:\d\d", "about": r"\d\d:\d\d"}
ISO = {
    "second": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "minute": r"\d{4}-\d\d-\d\dT\d\d:\d\dZ",
    "about": r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", "day": r"\d{4}-\d\d-\d\d", "month": r"\d{4}-\d\d", "year": r"\d{4}",
}  # fmt: skip


def read_dated(text: str, precision: str, zone: ZoneInfo) -> set[Moment]:
    """The moments that a dated text in `zone` may mean: two in the hour that a clock goes through twice."""
    date, _, time = text.replace("about ", "").partition(", ")
    *day_and_month, year = date.split()
    month = list(calendar.month_name).index(day_and_month[-1]) if day_and_month else 1
    day = int(day_and_month[0]) if len(day_and_month) == 2 else 1
    parts = [int(year), month, day, *(int(part) for part in time.split(":") if part)]
    local = [datetime(*parts, tzinfo=zone, fold=fold) for fold in (0, 1)]  # type: ignore[misc,arg-type]
    return {Moment(at, None, precision) for at in local}


def read_clock(text: str, precision: str) -> Moment:
    """The clock time that a text means."""
    time, _, words = text.removeprefix("about ").partition(" ")
    named = {"": 0, "the next day": 1, "the day before": -1}
    days = named[words] if words in named else int(words.split()[0]) * (1 if words.endswith("later") else -1)
    return clock(time, precision, days)


@prove
@given(instants, st.sampled_from([*TIMED, *COARSE]), zones)
def test_text_says_what_was_stated_and_no_more(instant, precision, zone):
    moment = written(instant, precision, zone)
    text = moment.text(zone)
    about = "about " if precision == Precision.ABOUT else ""
    wanted = f"{DATE['day']}, {about}{TIME[precision]}" if precision in TIMED else DATE[precision]
    assert re.fullmatch(wanted, text)
    assert moment in read_dated(text, precision, zone)


@prove
@given(dated(at=_seconds(utc(1973, 1, 1), utc(2100, 1, 1))), zones)
def test_text_means_the_same_moment_in_every_zone(moment, zone):
    """Since 1973, when the last zone gave up odd seconds."""
    assert moment in read_dated(moment.text(zone), moment.precision, zone)


@prove
@given(dated(COARSE), zones)
def test_a_day_does_not_shift_between_zones(moment, zone):
    assert moment.text(zone) == moment.text() == moment.day_text(zone) == moment.text(zone, date=False)
    assert moment.clock_text(zone) == ""


@prove
@given(dated(TIMED), zones)
def test_the_day_and_the_time_stand_apart(moment, zone):
    assert moment.text(zone) == f"{moment.day_text(zone)}, {moment.clock_text(zone)}"
    assert moment.text(zone, date=False) == moment.clock_text(zone)
    assert moment.day_words() == ""
    day, month, year = moment.day_text(zone).split()
    assert moment.day_text(zone, short=True) == f"{day} {month[:3]} {year}"


@prove
@given(clocks(), zones)
def test_a_clock_time_has_no_date(moment, zone):
    text = moment.text(zone)
    assert read_clock(text, moment.precision) == moment
    assert text == moment.text() == moment.text(date=False)
    assert text == f"{moment.clock_text(zone)} {moment.day_words()}".strip()
    time, _, day = text.removeprefix("about ").partition(" ")
    assert re.fullmatch(TIME[moment.precision], time)
    assert not re.search(r"[A-Z]|\d{4}", day)
    assert moment.day_text(zone) == "date unknown"
    assert moment.iso() == ""


@prove
@given(dated())
def test_iso_says_no_more_than_the_text(moment):
    iso = moment.iso()
    assert re.fullmatch(ISO[moment.precision], iso)
    if moment.at.year > 1972 and moment.has_clock_time:
        assert datetime.fromisoformat(iso) == moment.at


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (clock("22:05"), "22:05"),
        (clock("22:05:07", "second"), "22:05:07"),
        (clock("18:55", "about"), "about 18:55"),
        (clock("01:00", days=1), "01:00 the next day"),
        (clock("23:46", days=-1), "23:46 the day before"),
        (clock("00:00", "about", days=3), "about 00:00 3 days later"),
        (clock("09:30", days=-2), "09:30 2 days earlier"),
        (on("second", 2015, 8, 12, 22, 5, 7), "12 August 2015, 22:05:07"),
        (on("about", 2015, 8, 12, 22, 5), "12 August 2015, about 22:05"),
        (on("day", 2015, 8, 12), "12 August 2015"),
        (on("month", 2015, 8, 12), "August 2015"),
        (on("year", 2015, 8, 12), "2015"),
        (UNKNOWN, "not known"),
    ],
)
def test_moments_in_words(moment, text):
    assert moment.text() == text


def test_unknown_shows_nothing_else():
    assert (UNKNOWN.text(date=False), UNKNOWN.day_text()) == ("not known", "date unknown")
    assert (UNKNOWN.clock_text(), UNKNOWN.day_words(), UNKNOWN.iso()) == ("", "", "")


def test_every_precision_is_of_one_kind():
    assert {*TIMED, *COARSE, Precision.UNKNOWN} == set(Precision)
    assert set(EXACT) < set(TIMED)
