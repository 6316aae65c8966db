"""Whether what was done held, what came back, what would have prevented it, and follow-through in figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client
from django.utils import timezone

from actionables import held, occurrences, ranking, verdicts
from actionables.models import Actionable, StatusChange
from actionables.reporting import MEASURES, report
from actionables.shown import age
from actionables.tallying import rebuild
from postmortems import tallying
from postmortems.models import Cause
from postmortems.moments import UNKNOWN, Moment
from tests.factories import make_actionable, make_cause, make_incident, make_incident_cause, make_service, moment
from tests.test_pages import numbers, page, words

pytestmark = pytest.mark.django_db
ANYBODY = AnonymousUser()


def year(number: int) -> Moment:
    """A moment of which only the year is known."""
    return Moment(datetime(number, 1, 1, tzinfo=UTC), None, "year")


def history(actionable: Actionable, *steps: tuple[str, Moment]) -> Actionable:
    """The actionable with this history of its status."""
    before = ""
    for position, (to, when) in enumerate(steps, 1):
        change = StatusChange(actionable=actionable, position=position, from_status=before, to_status=to)
        change.when = when
        change.save()
        before = to
    actionable.status, actionable.outcome = before, "Yes." if before in ("done", "declined") else ""
    actionable.save()
    Actionable.objects.filter(pk=actionable.pk).settle()
    actionable.refresh_from_db()
    return actionable


def done_on(when: Moment, *causes: Cause) -> Actionable:
    """An actionable that was opened in 2014 and done then."""
    return history(make_actionable(causes=causes), ("open", moment("2014-01-02 10:00")), ("done", when))


def strike(cause: Cause, started: Moment, certainty: str = "confirmed", **fields: Any) -> Any:
    """An incident of a cause."""
    incident = make_incident(started=started, **fields)
    make_incident_cause(incident, cause, certainty=certainty)
    return incident


HELD: list[tuple[Moment, list[tuple[Moment, str]], str]] = [
    (moment("2015-03-01 12:00"), [], "Verified"),
    (moment("2015-03-01 12:00"), [(moment("2015-03-01 11:00"), "confirmed")], "Verified"),
    (moment("2015-03-01 12:00"), [(moment("2015-03-01 12:30"), "confirmed")], "Came back"),
    (moment("2015-03-01 12:00"), [(moment("2025-03-01 12:30"), "confirmed")], "Came back"),
    (moment("2015-03-01 12:00"), [(moment("2015-06-01 12:30"), "suspected")], "May have come back"),
    (moment("2015-03-01 12:00"), [(UNKNOWN, "confirmed")], "May have come back"),
    (moment("2015-03-01 12:00"), [(moment("22:05"), "confirmed")], "May have come back"),
    (moment("2015-03-01 12:00"), [(moment("2015-03-01"), "confirmed")], "May have come back"),
    (moment("2015-03-01 12:00"), [(year(2015), "confirmed")], "May have come back"),
    (moment("2015-03-01 12:00"), [(year(2014), "confirmed")], "Verified"),
    (moment("2015-03-01 12:00"), [(year(2016), "confirmed")], "Came back"),
    (moment("2015-03-01"), [(moment("2015-03-01"), "confirmed")], "May have come back"),
    (moment("2015-03-01"), [(moment("2015-03-02"), "confirmed")], "Came back"),
    (moment("2015-03-01"), [(moment("2015-03-02 13:59"), "confirmed")], "May have come back"),
    (moment("2015-03-01"), [(moment("2015-03-02 14:00"), "confirmed")], "Came back"),
    (moment("2015-03-01 12:00"), [(moment("2015-03-02"), "confirmed")], "May have come back"),
    (moment("2015-03-01 09:59"), [(moment("2015-03-02"), "confirmed")], "Came back"),
    (moment("2015-03-01 12:00"), [(moment("2015-03-01 12:15", "about"), "confirmed")], "May have come back"),
    (moment("2015-03-01 12:00"), [(moment("2015-03-01 12:16", "about"), "confirmed")], "Came back"),
    (year(2015), [(moment("2015-06-01 10:00"), "confirmed")], "May have come back"),
    (UNKNOWN, [(moment("2015-06-01 10:00"), "confirmed")], "Not verifiable"),
]


@pytest.mark.parametrize(("closed", "struck", "name"), HELD)
def test_whether_it_held(closed: Moment, struck: list[tuple[Moment, str]], name: str) -> None:
    cause = make_cause()
    actionable = done_on(closed, cause)
    for when, certainty in struck:
        strike(cause, when, certainty)
    occurrences.rebuild()
    found = verdicts.verdict(actionable, ANYBODY)
    assert found is not None
    assert found.name == name
    rows = Actionable.objects.all()
    assert [value for value in verdicts.HELD if held.narrowed(rows, value, ANYBODY)] == [
        value for value, words_ in verdicts.HELD.items() if words_ == name
    ]


def test_its_own_incident_other_causes_and_hidden_incidents_do_not_count(carol: User) -> None:
    cause = make_cause()
    actionable = done_on(moment("2015-03-01 12:00"), cause)
    make_incident_cause(actionable.incident, cause)
    strike(make_cause(), moment("2016-01-01 10:00"))
    strike(cause, moment("2016-01-01 10:00"), visibility="restricted")
    names = [found.name for found in (verdicts.verdict(actionable, one) for one in (ANYBODY, carol)) if found]
    assert names == ["Verified", "Came back"]


def test_it_soaks_for_a_quarter_of_a_year() -> None:
    actionable = done_on(moment("2015-03-01 12:00"), make_cause())
    done = datetime(2015, 3, 1, 12, 1, tzinfo=UTC)
    names = [
        found.name
        for days in (0, 89, 90)
        if (found := verdicts.verdict(actionable, ANYBODY, done + timedelta(days=days)))
    ]
    assert names == ["Soaking", "Soaking", "Verified"]


def test_what_is_not_done_or_aimed_at_nothing_has_no_such_verdict() -> None:
    assert verdicts.verdict(make_actionable(causes=(make_cause(),)), ANYBODY) is None
    found = verdicts.verdict(done_on(moment("2015-03-01 12:00")), ANYBODY)
    assert found is not None
    assert found.name == "Not verifiable"


def test_the_page_of_a_cause_and_its_ledger_say_where_things_stood(client: Client) -> None:
    cause = make_cause("Flood")
    first = strike(cause, moment("2014-01-01 10:00"), title="First flood")
    work = [make_actionable(first, causes=(cause,), title=title) for title in ("Walls", "Pumps", "Boats", "Maps")]
    opened = ("open", moment("2014-01-02 10:00"))
    history(work[0], opened)
    history(work[1], opened, ("done", moment("2015-01-01 10:00")))
    history(work[2], opened, ("declined", year(2016)))
    history(work[3], ("open", moment("2017-01-01 10:00")))
    Actionable.objects.filter(pk=work[0].pk).update(due_on="2014-06-01")
    strike(cause, moment("2016-05-01 10:00"), title="Second flood")
    texts = [words(page(client, f"{prefix}{cause.slug}/")) for prefix in ("/causes/", "/actionables/ledger/")]
    for text in texts:
        assert "Walls was overdue" in text
        assert "Pumps was done" in text
        assert "Boats may have been open or declined" in text
        assert "Maps was" not in text
        assert "Maps may" not in text
        assert "1 overdue 1 done" in text


# --- what would have prevented the most -------------------------------------------------------------------------------


@pytest.fixture
def ranked() -> dict[str, Actionable]:
    """Open actionables, and what happened since."""
    flood, fire = make_cause("Flood"), make_cause("Fire")
    opened = ("open", moment("2014-01-02 10:00"))
    rows = {
        "walls": history(make_actionable(causes=(flood,)), opened),
        "both": history(make_actionable(causes=(flood, fire)), opened),
        "late": history(make_actionable(causes=(flood,)), ("open", moment("2016-01-01 10:00"))),
        "fire": history(make_actionable(causes=(fire,)), opened),
        "done": history(make_actionable(causes=(flood,)), opened, ("done", moment("2014-02-01 10:00"))),
        "undated": history(make_actionable(causes=(flood,)), ("open", UNKNOWN)),
        "year": history(make_actionable(causes=(fire,)), ("open", year(2015))),
    }
    make_incident_cause(rows["walls"].incident, flood)
    strike(flood, moment("2013-01-01 10:00"))
    strike(flood, moment("2015-01-01 10:00"), severity="SEV3", mitigated=moment("2015-01-01 12:30"))
    both = strike(flood, moment("2017-01-01 10:00"), severity="SEV1", mitigated=moment("2017-01-01 11:00"))
    make_incident_cause(both, fire)
    strike(flood, moment("2017-02-01 10:00"), "suspected", severity="SEV1")
    strike(flood, UNKNOWN)
    strike(fire, year(2015), severity="SEV2")
    tallying.rebuild()
    occurrences.rebuild()
    return rows


def test_what_would_have_prevented_the_most_comes_first_with_its_arithmetic(ranked: dict[str, Actionable]) -> None:
    names = {row.pk: name for name, row in ranked.items()}
    told = [
        (names[cost.key], cost.incidents, cost.perhaps, cost.severity_words(), cost.hours, cost.timed)
        for cost in ranking.ranking(ANYBODY)
    ]
    assert told == [
        ("both", 3, 3, "1 SEV1, 1 SEV2, 1 SEV3", "3.5 h", 2),
        ("fire", 2, 0, "1 SEV1, 1 SEV2", "1.0 h", 1),
        ("walls", 2, 2, "1 SEV1, 1 SEV3", "3.5 h", 2),
        ("late", 1, 3, "1 SEV1", "1.0 h", 1),
        ("year", 1, 1, "1 SEV1", "1.0 h", 1),
    ]


def test_the_ranking_is_a_page(client: Client, ranked: dict[str, Actionable]) -> None:
    main = page(client, "/actionables/prevention/")
    assert numbers(main, "ACT")[0] == ranked["both"].number
    assert "3 incidents and perhaps 3 1 SEV1, 1 SEV2, 1 SEV3 3.5 h n = 2" in words(main)


def test_no_candidate_is_passed_over(monkeypatch: pytest.MonkeyPatch, ranked: dict[str, Actionable]) -> None:
    whole = [(cost.key, cost.incidents) for cost in ranking.ranking(ANYBODY)]
    for listed in (1, 2, 3):
        monkeypatch.setattr(ranking, "LISTED", listed)
        assert [(cost.key, cost.incidents) for cost in ranking.ranking(ANYBODY)] == whole[:listed]


# --- follow-through ---------------------------------------------------------------------------------------------------


@pytest.fixture
def quarter() -> Callable[[int], Moment]:
    """Noon of a day so many days ago, always whole days before the noon that was last."""
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    if noon > timezone.now():
        noon -= timedelta(days=1)
    return lambda days: Moment(noon - timedelta(days=days), None, "minute")


def test_every_number_of_the_report_is_that_of_its_list(client: Client, quarter: Callable[[int], Moment]) -> None:
    gate, shed = make_service("Gate"), make_service("Shed")
    wide = make_incident(services=(gate, shed))
    today = timezone.now().date()
    make: list[tuple[Any, str, int, int | None, dict[str, Any]]] = [
        (wide, "Web", 70, None, {}), (wide, "Web", 40, None, {"due_on": today - timedelta(days=1)}),
        (wide, "", 200, 20, {"due_on": today}),
        (make_incident(), "Web", 300, 250, {"due_on": today - timedelta(days=280)}),
        (make_incident(services=(shed,)), "Sea & sand", 800, 10, {}), (make_incident(), "Sea & sand", 900, 850, {}),
    ]  # fmt: skip
    for incident, owner, opened, closed, fields in make:
        row = make_actionable(incident, owner=owner, **fields)
        history(row, ("open", quarter(opened)), *([("done", quarter(closed))] if closed else []))
    history(make_actionable(owner="Web"), ("open", quarter(30)), ("declined", quarter(5)))
    history(make_actionable(owner="Web"), ("open", UNKNOWN))
    hidden = make_actionable(make_incident(visibility="restricted", services=(gate,)), owner="Web")
    history(hidden, ("open", quarter(30)))
    rebuild()
    checked = 0
    for way in ("owner", "service", "month"):
        made = report(ANYBODY, way)
        for line in made.lines:
            for measure, count in line.numbers.items():
                if line.value and count:
                    main = page(client, f"/actionables/?{made.parameters(line, measure)}")
                    assert len(numbers(main, "ACT")) == count, (way, line.title, measure)
                    checked += 1
    assert checked > 35
    web = next(line for line in report(ANYBODY, "owner").lines if line.title == "Web").numbers
    assert {name: web[name] for name in ("opened", "done", "in_time", "late", "declined", "unfinished", "overdue")} == {
        "opened": 4, "done": 1, "in_time": 0, "late": 1, "declined": 1, "unfinished": 3, "overdue": 1,
    }  # fmt: skip
    assert report(ANYBODY, "owner").unknown_opened == 1
    assert set(web) <= set(MEASURES)


def test_the_links_of_the_report_work_as_they_stand(client: Client, quarter: Callable[[int], Moment]) -> None:
    history(make_actionable(owner="Sea & sand=?"), ("open", quarter(3)))
    rebuild()
    for way in ("owner", "service", "month", "nothing"):
        main = page(client, f"/actionables/follow-through/?by={way}")
        for link in main.findall(".//td/a"):
            address = urlsplit(str(link.get("href")))
            assert numbers(page(client, f"{address.path}?{address.query}"), "ACT")


def test_an_age_says_no_more_than_is_known(quarter: Callable[[int], Moment]) -> None:
    opened = {
        "70 d": quarter(70), "under 1 d": Moment(timezone.now() - timedelta(hours=2), None, "minute"),
        "not known": UNKNOWN,
    }  # fmt: skip
    for told, when in opened.items():
        assert age(history(make_actionable(), ("open", when))).words == told
    assert age(history(make_actionable(), ("open", year(2015)))).words.startswith("about ")
    took = history(make_actionable(), ("open", quarter(30)), ("done", quarter(10)))
    assert (age(took).words, age(took).ended) == ("20 d", True)
