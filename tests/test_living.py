"""A cause's living record, what stands together, what comes more often, and timelines compared."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from math import comb
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from postmortems import matrix, together
from postmortems.chance import so_many_by_chance, together_by_chance
from postmortems.living import days_words, living, since_words, spread
from postmortems.models import Cause, CausePair, CauseQuarter, Incident, IncidentCause, Organisation
from postmortems.moments import Moment
from postmortems.refresh import refresh_incident
from postmortems.rows import rows_of
from postmortems.suggest_learning import check, relearn
from postmortems.tallying import rebuild
from postmortems.together import Change, changes, kept_pairs, pairs_of
from postmortems.views import causes
from tests.factories import (
    make_actionable,
    make_cause,
    make_entry,
    make_incident,
    make_incident_cause,
    make_service,
    moment,
)
from timelines.compare import compared, offset

pytestmark = pytest.mark.usefixtures("five")
ANYBODY = AnonymousUser()
GAP = "/causes/monitoring-or-paging-gap/"


def coarse(year: int, month: int, precision: str) -> Moment:
    """A month or a year."""
    return Moment(datetime(year, month, 1, tzinfo=UTC), None, precision)


def struck(*starts: Any, cause: Cause | None = None, **fields: Any) -> tuple[Cause, list[Incident]]:
    """A cause with an incident for each start; None for one without a date."""
    cause = cause or make_cause()
    found = []
    for start in starts:
        incident = make_incident(**({"started": start} if start else {}), **fields)
        make_incident_cause(incident, cause)
        refresh_incident(incident)
        found.append(incident)
    return cause, found


def record_of(cause: Cause) -> Any:
    links = list(IncidentCause.objects.filter(cause=cause))
    return living(rows_of([link.incident_id for link in links]), links, len(links))


def test_gaps_rest_on_what_is_known_to_the_day() -> None:
    month = coarse(2020, 6, "month")
    cause, _ = struck(moment("2020-01-01"), moment("2020-01-11"), month, moment("2020-03-11 10:00"), None)
    found = record_of(cause)
    assert found.gaps.count == 2
    assert round(found.gaps.mean) == 35
    assert (found.coarse, found.in_all, found.newest.when.precision) == (1, 5, "month")
    (lane,) = found.lanes
    assert (len(lane.dated), len(lane.undated)) == (4, 1)
    bar = next(mark for mark in lane.dated if mark.width)
    assert bar.x + bar.width / 2 == pytest.approx(300, abs=0.5)
    assert min(mark.x for mark in lane.dated if not mark.width) == pytest.approx(0, abs=1.5)


def test_one_dated_incident_has_no_gap_and_none_has_no_axis() -> None:
    once = record_of(struck(moment("2020-01-01 10:00"))[0])
    assert (once.gaps, once.lanes[0].dated[0].x) == (None, 150)
    never = record_of(struck(None)[0])
    assert (never.first, never.newest, never.gaps) == (None, None, None)


@pytest.mark.parametrize(
    ("days", "words"), [(0.2, "under a day"), (1, "1 day"), (45, "45 days"), (100, "3 months"), (1096, "3.0 years")]
)
def test_days_in_words(days: float, words: str) -> None:
    assert days_words(days) == words


def test_how_long_ago_is_no_more_precise_than_the_date() -> None:
    now = datetime(2020, 3, 1, 12, tzinfo=UTC)
    said = {text: since_words(moment(text), now) for text in ("2020-03-01 10:00", "2020-02-28", "2019-01-01")}
    assert list(said.values()) == ["today", "2 days ago", "425 days ago"]
    assert since_words(coarse(2018, 1, "year"), now) == "about 2.2 years ago"
    assert since_words(moment("22:05"), now) == ""


@budget(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.data())
def test_standing_together_by_chance_is_exact(whole: int, data: st.DataObject) -> None:
    one, two = data.draw(st.integers(0, whole)), data.draw(st.integers(0, whole))
    both = data.draw(st.integers(0, min(one, two)))
    ways = sum(comb(one, k) * comb(whole - one, two - k) for k in range(both, min(one, two) + 1) if two - k >= 0)
    assert together_by_chance(both, one, two, whole) == pytest.approx(ways / comb(whole, two), abs=1e-9)


@budget(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.01, 0.99))
def test_coming_so_often_by_chance_is_exact(seen: int, more: int, share: float) -> None:
    of = seen + more
    exact = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(seen, of + 1))
    assert so_many_by_chance(seen, of, share) == pytest.approx(exact, abs=1e-9)


def test_the_tests_stay_quick_and_sound_for_thousands() -> None:
    assert together_by_chance(400, 5_000, 5_000, 100_000) < 1e-10
    assert together_by_chance(251, 5_000, 5_000, 100_000) > 0.4
    assert 0.4 < so_many_by_chance(1_000, 6_000, 1 / 6) < 0.6


def test_pairs_follow_every_save_and_what_is_hidden_has_no_part() -> None:
    one, two = make_cause(), make_cause()
    incident = make_incident(causes=(one, two))
    refresh_incident(incident)
    pair = (min(one.pk, two.pk), max(one.pk, two.pk))
    assert kept_pairs(one.pk) == {pair: 1}
    incident.visibility = "restricted"
    incident.save()
    refresh_incident(incident)
    assert kept_pairs(one.pk) == {}
    assert not check()


def test_relearning_mends_pairs() -> None:
    before = kept_pairs()
    assert before
    CausePair.objects.update(incidents=99)
    assert check()
    relearn()
    assert kept_pairs() == before


def test_only_what_is_rare_by_chance_is_told_as_such() -> None:
    totals = {1: 20, 2: 20, 3: 20, 4: 2, 5: 2}
    pairs = pairs_of({(1, 2): 18, (1, 3): 4, (4, 5): 2, (2, 3): 5}, totals, 100, 10)
    assert [(pair.one, pair.two, pair.told) for pair in pairs] == [(1, 2, True), (4, 5, True), (2, 3, False)]
    assert [pair.told for pair in pairs_of({(4, 5): 2}, {4: 2, 5: 2}, 5, 10)] == [False]


def test_quarters_leave_out_what_is_known_to_the_year_alone() -> None:
    cause, _ = struck(moment("2020-02-01"), coarse(2020, 5, "month"), coarse(2020, 1, "year"), None)
    rows = CauseQuarter.objects.filter(cause=cause).order_by("quarter").values_list("quarter", "incidents")
    assert list(rows) == [(4 * 2020, 1), (4 * 2020 + 1, 1)]
    assert {year.year: year.incidents for year in cause.years.all()} == {2020: 3, None: 1}
    before = list(CauseQuarter.objects.order_by("pk").values_list("cause", "quarter", "incidents"))
    rebuild()
    after = CauseQuarter.objects.values_list("cause", "quarter", "incidents")
    assert sorted(after) == sorted(before)


def test_a_cause_that_comes_more_often_is_told_with_its_n_and_none_below_four() -> None:
    often, _ = struck(*(moment(f"2024-05-{day:02d}") for day in (1, 2, 3, 4, 5)), moment("2023-06-01"))
    struck(moment("2024-05-01"), moment("2024-05-02"), moment("2024-05-03"))
    steady, _ = struck(*(moment(f"2023-{month:02d}-01") for month in (2, 5, 8, 11)), moment("2024-05-01"))
    (found,) = changes(date(2024, 6, 30))
    assert found == Change(often.pk, 5, 1, found.chance, 2)
    assert found.count == 6
    assert found.chance == pytest.approx(so_many_by_chance(5, 6, 91 / 547), rel=1e-6)
    assert changes(date(2030, 1, 1)) == []
    assert steady.pk not in {one.cause for one in changes(date(2024, 6, 30))}


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_of_a_cause_tells_how_it_comes_back(client: Client) -> None:
    shown = page(client, GAP)
    said = ("How it comes back", "Last seen", "days ago", "n = 1", "Date unknown", "hollow: suspected")
    assert [words for words in said if words not in shown] == []
    assert 'aria-label="Contributing factor' in shown
    assert "Stands together with" in shown
    assert "Compare the newest" in shown or "Compare the two" in shown
    assert "What ended it before" in shown


@pytest.mark.parametrize("view", ["matrix", "list", "graph", "services"])
@pytest.mark.parametrize("query", ["", "&organisation=wikimedia", "&service=rsyslog&year=unknown", "&year=2015&year=x"])
def test_every_view_of_the_overview_can_be_narrowed(client: Client, view: str, query: str) -> None:
    shown = page(client, f"/causes/?view={view}{query}")
    assert 'aria-current="true"' in shown
    assert ("Show all" in shown) is bool(query)


def test_the_matrix_keeps_the_most_frequent_causes_and_those_of_its_incidents(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh_incident(
        make_incident("Long ago", causes=(make_cause("Seen once"),), started=moment("1999-01-01"), status="published")
    )
    rebuild()
    monkeypatch.setattr(matrix, "ROWS", 3)
    monkeypatch.setattr(causes, "COLUMNS", 3)
    rows = set(re.findall(r'<th scope="row"><a href="/causes/([^/]+)/', shown := page(client, "/causes/")))
    newest = matrix.recurring(ANYBODY, Incident.objects.all(), causes=1, incidents=3).incidents
    seen = [line.slug for line in matrix.counted(ANYBODY) if line.incidents]
    assert rows == {tag.slug for row in newest for tag in row.causes} | {*seen[:3]}
    assert f"{len(seen) - len(rows)} more causes, seen less often and in none of these, stand in the" in shown
    assert "Seen once" not in shown


def test_what_is_chosen_is_what_is_counted(client: Client) -> None:
    shown = page(client, "/causes/?view=list&organisation=bitbucket")
    seen = IncidentCause.objects.filter(incident__organisation__slug="bitbucket").values("cause").distinct().count()
    assert f"{seen} causes seen in what is chosen" in shown


def test_the_list_is_sorted_and_cut_by_its_address(client: Client) -> None:
    often, _ = struck(*[moment(f"2001-01-0{day}") for day in (1, 2, 3)], cause=make_cause("Often cause"))
    late, (incident, _) = struck(moment("2031-01-01"), moment("2031-01-02"), cause=make_cause("Late cause"))
    for _ in range(4):
        make_actionable(incident, causes=(late,))
    make_actionable(incident, causes=(often,), status="done")
    hidden = make_incident(visibility="restricted")
    for _ in range(9):
        make_actionable(hidden, causes=(often,))

    def names(query: str) -> list[str]:
        shown = page(client, f"/causes/?view=list&{query}")
        return re.findall(r'<th scope="row"><a href="/causes/[^"]+">([^<]+)</a>', shown)

    every = names("")
    assert names("sort=count").index("Often cause") < names("sort=count").index("Late cause")
    assert names("sort=recency")[0] == "Late cause"
    assert names("sort=open")[0] == "Late cause"
    assert set(names("sort=open")) == set(every)
    assert "4 open" in page(client, "/causes/?view=list&sort=open")
    assert {"Often cause"} <= set(names("min=3"))
    assert "Late cause" not in names("min=3")
    assert names("from=2031&to=2031&min=1") == ["Late cause"]
    assert "Late cause" not in names("to=2030&min=1")
    assert "Often cause" not in names("from=2002&min=1")
    assert names("min=999999") == []
    assert "min=3&amp;sort=open" in page(client, "/causes/?view=list&sort=open&min=3")
    for odd in ("from=x", "min=-1", "to=%00", "min=1e9", "from=99999"):
        assert "is ignored" in page(client, f"/causes/?{odd}")


def test_what_comes_more_often_is_told_of_what_is_chosen_or_why_not(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Organisation.objects.create(name="Anvil", slug="anvil")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    cause, _ = struck(*[Moment(today, None, "day")] * 6, cause=make_cause("Rising cause"), organisation=place)
    struck(*[Moment(today, None, "day")] * 3, cause=cause, organisation=place, visibility="restricted")
    said = "6 times this quarter, never in the five before"
    assert said in page(client, "/causes/")
    assert said in page(client, "/causes/?organisation=anvil&min=50&view=list")
    assert said not in page(client, "/causes/?organisation=wikimedia")
    assert "told for all years only" in page(client, "/causes/?from=2015")
    monkeypatch.setattr("postmortems.overview.LOOKED_AT", 5)
    assert "more than 5 incidents are chosen" in page(client, "/causes/?organisation=anvil")


def test_overviews_of_chosen_incidents_say_where_they_stop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postmortems.overview.LOOKED_AT", 1)
    assert "Counted over the newest 1 of the incidents chosen" in page(client, "/causes/?organisation=wikimedia")


def test_a_hidden_incident_is_in_no_overview_of_others(client: Client) -> None:
    service = make_service("Zebra service")
    one, two = make_cause("Zebra one"), make_cause("Zebra two")
    for _ in range(2):
        refresh_incident(make_incident(visibility="restricted", services=(service,), causes=(one, two)))
    for view in ("graph", "services", "list&service=zebra-service"):
        shown = page(client, f"/causes/?view={view}")
        assert "2 incidents" not in shown.partition("Zebra one")[2][:200]
    assert together.kept_pairs(one.pk) == {}


# ---- who met it first


def plain(html: str) -> str:
    """What a page says."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", html))


def test_who_met_it_first_is_told_no_surer_than_known(client: Client) -> None:
    cause = make_cause("Wandering cause", recognise="By its gait.", mitigations="Wait.", aliases="Nomad")
    for name, start in (
        ("Anvil", coarse(2012, 1, "year")),
        ("Boiler", moment("2012-03-05 10:00")),
        ("Candle", moment("2014-02-01")),
        ("Boiler", moment("2011-06-01")),
        ("Dowel", None),
    ):
        place = Organisation.objects.get_or_create(name=name, slug=name.lower())[0]
        struck(start, cause=cause, organisation=place)
    found = spread(Incident.objects.filter(incident_causes__cause=cause))
    assert found is not None
    assert [seen.name for seen in found.first] == ["Boiler"]
    shown = plain(page(client, cause.get_absolute_url()))
    said = "Seen first at Boiler (1 Jun 2011), later at Anvil (2012), Candle (1 Feb 2014); at an unknown date at Dowel."
    assert said in shown
    struck(coarse(2011, 1, "year"), cause=cause, organisation=Organisation.objects.get(name="Candle"))
    hidden = Organisation.objects.create(name="Hidden works")
    struck(moment("1999-01-01"), cause=cause, organisation=hidden, visibility="restricted")
    shown = plain(page(client, cause.get_absolute_url()))
    assert "Seen first at Candle (2011) or Boiler (1 Jun 2011), later at Anvil" in shown
    assert "Hidden works" not in shown


def test_what_helps_during_an_incident_stands_before_what_was(client: Client) -> None:
    cause = make_cause(recognise="By its gait.", mitigations="Sit and wait.", aliases="Nomad")
    struck(moment("2012-03-05 10:00"), moment("2010-01-01"), cause=cause)
    shown = plain(page(client, cause.get_absolute_url()))
    order = ["last 5 Mar 2012", "Nomad", "By its gait.", "Sit and wait.", "How it comes back", "Where it struck"]
    places = [shown.index(text) for text in order]
    assert places == sorted(places)
    month, _ = struck(coarse(2013, 6, "month"), cause=make_cause())
    assert "last in Jun 2013" in plain(page(client, month.get_absolute_url()))


# ---- timelines compared


@pytest.mark.parametrize(
    ("origin", "at", "said"),
    [
        (moment("2020-01-01 10:00"), moment("2020-01-01 10:25"), "+25 min"),
        (moment("2020-01-01 10:00"), moment("2020-01-01 09:50"), "−10 min"),
        (moment("2020-01-01 10:00"), moment("2020-01-01 10:00"), "±0 min"),
        (moment("22:00"), moment("22:45"), "+45 min"),
        (moment("22:00", "about"), moment("22:45"), "about +45 min"),
        (moment("22:00"), moment("2020-01-01 10:00"), "no time known"),
        (moment("2020-01-01"), moment("2020-01-01 10:00"), "no time known"),
    ],
)
def test_offsets(origin: Any, at: Any, said: str) -> None:
    assert offset(origin, at).text() == said


def test_timelines_are_aligned_and_their_entries_in_order() -> None:
    first = make_incident(started=moment("2020-01-01 10:00"), detected=moment("2020-01-01 10:30"))
    second = make_incident(started=moment("22:00"), detected=moment("22:10"))
    for incident, times in ((first, ("2020-01-01 10:30", "2020-01-01 09:00")), (second, ("22:10", "22:30"))):
        for time in times:
            make_entry(incident, when=moment(time))
    make_entry(second)
    asked = [first.reference, second.reference]
    by_start = compared(asked, "started", ANYBODY)
    assert [line.offset for line in by_start.lines] == ["−60 min", "+10 min", "+30 min", "no time known"]
    assert [[len(cell) for cell in line.cells] for line in by_start.lines] == [[1, 0], [0, 1], [1, 1], [0, 1]]
    by_detection = compared(asked, "detected", ANYBODY)
    assert [line.offset for line in by_detection.lines] == ["−90 min", "±0 min", "+20 min", "no time known"]


def test_at_most_four_are_compared_and_what_is_not_there_is_said(client: Client) -> None:
    shown = page(client, "/compare/?i=INC-1&i=2&i=inc-3&i=INC-4&i=INC-5&i=INC-999&i=nonsense&align=mitigated")
    assert "At most 4 are compared; 1 left out." in shown
    assert "There is no nonsense, INC-999." in shown
    assert shown.count('class="letter l-') == 4


def test_entries_of_some_kinds_are_compared_by_offset_or_by_the_clock(client: Client) -> None:
    first = make_incident(started=moment("2020-01-01 10:00"))
    second = make_incident(started=moment("22:00"))
    make_entry(first, when=moment("2020-01-01 10:30"), kind="action", text="Aaa did.")
    make_entry(first, when=moment("2020-01-02 00:10"), kind="note", text="Aaa slept.")
    make_entry(second, when=moment("22:30"), kind="action", text="Bbb did.")
    asked = f"/compare/?i={first.reference}&i={second.reference}"

    def told(query: str) -> tuple[list[str], list[str]]:
        shown = page(client, asked + query)
        rows = [plain(row).strip() for row in re.findall(r'<th scope="row">(.*?)</th>', shown)]
        return rows, re.findall("(?:Aaa|Bbb) [a-z]+", shown)

    assert told("") == (["+30 min", "+850 min"], ["Aaa did", "Bbb did", "Aaa slept"])
    assert told("&kinds=action") == (["+30 min"], ["Aaa did", "Bbb did"])
    assert told("&kinds=action,note") == told("&kinds=note&kinds=action") == told("")
    assert told("&kinds=note&times=clock") == (["A 00:10, 2 Jan 2020"], ["Aaa slept"])
    assert told("&times=clock")[0][0].split() == ["A", "10:30B", "22:30"]
    assert told("&kinds=recovery") == ([], [])
    shown = page(client, f"{asked}&kinds=action&times=clock&align=detected&kinds=zebra")
    assert "There is no kind of entry zebra; it is ignored." in shown
    assert "1 entry not shown" in shown
    everything = f"{asked.partition('/compare/')[2]}&align=mitigated&kinds=action&times=clock".replace("&", "&amp;")
    assert f'href="{everything}"' in shown
    assert "None has an entry of these kinds." in page(client, f"{asked}&kinds=recovery")


def test_hidden_incidents_are_not_compared(client: Client) -> None:
    hidden = make_incident("Zebra", visibility="restricted")
    shown = page(client, f"/compare/?i=INC-1&i={hidden.reference}")
    assert "Zebra" not in shown
    assert f"There is no {hidden.reference}." in shown


def test_one_incident_alone_is_offered_similar_ones_with_reasons(client: Client) -> None:
    shown = page(client, "/compare/?i=INC-1")
    assert "i=INC-1&amp;i=INC-2" in shown
    assert "Both: Logging or other side work" in shown


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?i=",
        "?i=%00",
        "?i=INC-0",
        "?i=" + "9" * 500,
        "?align=x&i=INC-1&i=INC-1",
        "?i=INC-1&i=INC-2&kinds=%00&times=%00",
    ],
)
def test_odd_questions_are_answered_with_a_page(client: Client, query: str) -> None:
    assert "Compare" in page(client, f"/compare/{query}")
