"""Moments as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postmortems.moments import Moment
from postmortems.moments_typed import NotATime, as_typed, moment_typed
from tests.test_moments import clocks, dated, zones

pytestmark = pytest.mark.sqlite  # no database is asked
BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2015, 8, 12)


@pytest.mark.parametrize(
    ("typed", "dated", "undated"),
    [
        ("22:05", "12 August 2015, 22:05", "22:05"),
        (" 22:05:04 ", "12 August 2015, 22:05:04", "22:05:04"),
        ("9:05", "12 August 2015, 09:05", "09:05"),
        ("about 18:55", "12 August 2015, about 18:55", "about 18:55"),
        ("About 18:55", "12 August 2015, about 18:55", "about 18:55"),
        ("~19:40", "12 August 2015, about 19:40", "about 19:40"),
        ("ca. 19:40", "12 August 2015, about 19:40", "about 19:40"),
        ("19:40ish", "12 August 2015, about 19:40", "about 19:40"),
        ("19:40?", "12 August 2015, about 19:40", "about 19:40"),
        ("23:5x", "12 August 2015, about 23:55", "about 23:55"),
        ("10:05pm", "12 August 2015, 22:05", "22:05"),
        ("10 p.m.", "12 August 2015, 22:00", "22:00"),
        ("12:10 am", "12 August 2015, 00:10", "00:10"),
        ("22h05", "12 August 2015, 22:05", "22:05"),
        ("22.05", "12 August 2015, 22:05", "22:05"),
        ("noon", "12 August 2015, 12:00", "12:00"),
        ("about midnight", "12 August 2015, about 00:00", "about 00:00"),
        ("01:00 next day", "13 August 2015, 01:00", "01:00 the next day"),
        ("01:00 (the following day)", "13 August 2015, 01:00", "01:00 the next day"),
        ("23:50 the day before", "11 August 2015, 23:50", "23:50 the day before"),
        ("03:00, 2 days later", "14 August 2015, 03:00", "03:00 2 days later"),
        ("03:00 +1d", "13 August 2015, 03:00", "03:00 the next day"),
        ("2015-08-11 22:05", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("2015-08-11T22:05", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("2015/8/11 22:05", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("11.08.2015 22:05", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("11 August 2015, 22:05", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("Aug 11th, 2015 at 22:05", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("22:05 on 11 Aug 2015", "11 August 2015, 22:05", "11 August 2015, 22:05"),
        ("about 2015-08-11 22:05", "11 August 2015, about 22:05", "11 August 2015, about 22:05"),
        ("11 August 2015 at about 22:05", "11 August 2015, about 22:05", "11 August 2015, about 22:05"),
        ("2015-08-11", "11 August 2015", "11 August 2015"),
        ("August 2015", "August 2015", "August 2015"),
        ("2015-08", "August 2015", "August 2015"),
        ("2015", "2015", "2015"),
        ("?", "not known", "not known"),
        ("", "not known", "not known"),
    ],
)
def test_what_people_type(typed: str, dated: str, undated: str) -> None:
    assert moment_typed(typed, BERLIN, DAY).text(BERLIN) == dated
    assert moment_typed(typed, BERLIN).text(BERLIN) == undated


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("22:05", (20, 5)),
        ("22:05 UTC", (22, 5)),
        ("22:05Z", (22, 5)),
        ("22:05 +05:30", (16, 35)),
        ("22:05-0100", (23, 5)),
    ],
)
def test_a_zone_goes_before_that_of_the_incident(typed: str, at: tuple[int, int]) -> None:
    assert moment_typed(typed, BERLIN, DAY).at == datetime(2015, 8, 12, *at, tzinfo=UTC)


def test_a_month_without_a_year_is_of_the_incidents_year() -> None:
    assert moment_typed("11 August, 22:05", UTC, DAY).text() == "11 August 2015, 22:05"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("8/12/2015 22:05", "two ways"),
        ("soon", "not understood"),
        ("22:05 PST", "not understood"),
        ("22:05 or 22:10", "not understood"),
        ("2205", "colon"),
        ("1855", "colon"),
        ("25:00", "no such"),
        ("13:00pm", "no such"),
        ("22:61", "no such"),
        ("2015-02-30", "no such"),
        ("22:05 11 August", "Which year"),
        ("22:05 August 2015", "whole date"),
        ("about 2015-08-12", "Only a time of day"),
        ("22:05 UTC", "Leave the zone out"),
        ("9999-12-31 23:59", "calendar"),
        ("\0", "not understood"),
        ("1" * 10_000, "not understood"),
    ],
)
def test_what_is_no_time_is_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(NotATime, match=words):
        moment_typed(typed, BERLIN)


def test_an_hour_that_was_left_out_is_refused() -> None:
    with pytest.raises(NotATime, match="put forward"):
        moment_typed("02:30", BERLIN, date(2015, 3, 29))


@given(st.one_of(dated(), clocks()), zones, st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)))
def test_what_a_form_shows_is_read_back(moment: Moment, zone: ZoneInfo, day: date | None) -> None:
    assume(moment.at is None or 1973 <= moment.at.year < 2100)
    day = None if moment.at is None else day
    assert moment_typed(as_typed(moment, zone, day), zone, day) == moment


@given(st.text() | st.text("0123456789:- /.xTZ+utcpm~?augndy", max_size=20))
def test_whatever_is_typed_is_a_moment_or_refused(typed: str) -> None:
    try:
        moment = moment_typed(typed, BERLIN, DAY)
    except NotATime as refused:
        assert str(refused)  # noqa: PT017 - either way is right
    else:
        assert not moment.problems()
