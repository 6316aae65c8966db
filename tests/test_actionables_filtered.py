"""The filter of what held, against the verdict that the page of each actionable gives."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from actionables import held, verdicts
from actionables.filters import ActionableFilter
from actionables.models import Actionable
from actionables.occurrences import rebuild
from actionables.verdicts import verdict
from postmortems import rows
from postmortems.moments import UNKNOWN, Moment, Precision
from tests.factories import make_actionable, make_cause, make_incident, make_incident_cause
from tests.test_actionables_held import history
from tests.test_pages import numbers, page, words

pytestmark = pytest.mark.django_db


def near(random: Random, spread: float) -> Moment:
    """Some time within so many days of a year ago, of any precision."""
    precision = random.choice(Precision.values)
    at = timezone.now() - timedelta(days=365 + spread * (random.random() - 0.5))
    return UNKNOWN if precision == Precision.UNKNOWN else Moment(at.replace(microsecond=0), None, precision)


def organisation(random: Random, alice: User) -> None:
    """Incidents that share causes, and work that was done about then; some of it newer than the time to soak."""
    spread = random.choice((0.5, 3, 60, 800))
    causes = [make_cause() for _ in range(4)]
    incidents = []
    for _ in range(7):
        when = (
            near(random, spread) if random.random() < 0.8 else Moment(timezone.now() - timedelta(days=3), None, "day")
        )
        readers: dict[str, Any] = {"visibility": "restricted", "readers": (alice,)} if random.random() < 0.3 else {}
        incidents.append(make_incident(started=when, **readers))
        for cause in random.sample(causes[: random.choice((2, 3))], random.randint(0, 2)):
            make_incident_cause(incidents[-1], cause, certainty=random.choice(("confirmed", "confirmed", "suspected")))
    for _ in range(10):
        row = make_actionable(random.choice(incidents), causes=tuple(random.sample(causes, random.randint(0, 2))))
        lately = Moment(timezone.now() - timedelta(days=random.choice((1, 89, 91))), None, "minute")
        ended = random.choice((near(random, spread), near(random, spread), lately))
        history(row, ("open", UNKNOWN), (random.choice(("done", "done", "done", "declined")), ended))


@pytest.mark.parametrize("seed", range(8))
def test_it_lists_what_the_pages_say(seed: int, monkeypatch: pytest.MonkeyPatch, alice: User, carol: User) -> None:
    organisation(Random(seed), alice)
    rebuild()
    for reader in (AnonymousUser(), User.objects.get(pk=alice.pk), User.objects.get(pk=carol.pk)):
        said: dict[str, set[int]] = {name: set() for name in verdicts.HELD.values()}
        for row in Actionable.objects.visible_to(reader):
            if told := verdict(row, reader):
                said[told.name].add(row.pk)
        marks = held.marks(Actionable.objects.visible_to(reader), reader)
        assert marks == {pk: value for value, name in verdicts.HELD.items() for pk in said[name]}, (seed, reader)
        for few in (0, 1, 1_000):
            monkeypatch.setattr(held, "FEW", few)
            for value, name in verdicts.HELD.items():
                rows = held.narrowed(Actionable.objects.visible_to(reader), value, reader)
                assert set(rows.values_list("pk", flat=True)) == said[name], (seed, reader, few, name)


def test_the_organisations_reach_every_answer(alice: User) -> None:
    told = set()
    for seed in range(8):
        organisation(Random(seed), alice)
    for row in Actionable.objects.all():
        told |= {one.name for one in [verdict(row, AnonymousUser())] if one}
    assert told == set(verdicts.HELD.values())


def test_it_is_a_filter_of_lists_and_exports_and_says_what_the_reader_may_know(client: Client, carol: User) -> None:
    cause = make_cause()
    done = history(
        make_actionable(causes=(cause,)), ("done", Moment(timezone.now() - timedelta(days=200), None, "day"))
    )
    make_incident_cause(
        make_incident(started=Moment(timezone.now() - timedelta(days=9), None, "minute"), visibility="restricted"),
        cause,
    )
    rebuild()
    listed = {value: numbers(page(client, f"/actionables/?held={value}"), "ACT") for value in verdicts.HELD}
    assert [value for value, found in listed.items() if found] == ["yes"]
    client.force_login(carol)
    assert numbers(page(client, "/actionables/?held=no"), "ACT") == [done.number]
    assert done.reference in b"".join(client.get("/actionables/export.csv?held=no")).decode()
    assert done.reference not in b"".join(client.get("/actionables/export.csv?held=yes")).decode()


def test_a_list_of_done_work_marks_what_held_without_a_query_for_each(client: Client) -> None:
    cause = make_cause("Flood")
    days = {"Came back": 200, "Soaking": 2}
    ended = {name: Moment(timezone.now() - timedelta(days=ago), None, "minute") for name, ago in days.items()}
    done = {name: history(make_actionable(causes=(cause,)), ("done", when)) for name, when in ended.items()}
    done["Not verifiable"] = history(make_actionable(), ("done", UNKNOWN))
    strike = Moment(timezone.now() - timedelta(days=9), None, "minute")
    make_incident_cause(make_incident(started=strike), cause)
    rebuild()
    main = page(client, "/actionables/?status=done")
    for name, row in done.items():
        (line,) = main.findall(f".//tr[@id='{row.reference}']")
        assert f"Done {name}" in words(line)
    (line,) = page(client, "/actionables/").findall(f".//tr[@id='{done['Came back'].reference}']")
    assert "Came back" not in words(line)
    asked = []
    for more in (0, 6):
        for _ in range(more):
            history(make_actionable(causes=(cause,)), ("done", ended["Soaking"]))
        with CaptureQueriesContext(connection) as queries:
            page(client, "/actionables/?status=done")
        asked.append(len(queries))
    assert asked[0] == asked[1]


@pytest.mark.sqlite
def test_on_paper_a_list_says_what_it_was_narrowed_to(client: Client) -> None:
    cause = make_cause("Ice & snow")
    make_actionable(causes=(cause,), status="blocked")
    told = words(page(client, f"/actionables/?status=open&status=blocked&cause={cause.slug}&sort=age"))
    assert "1 actionable ; Status: Open or Blocked; Cause: Ice & snow; oldest first." in told


@pytest.mark.sqlite
def test_what_an_actionable_came_to_leads_to_its_like(client: Client) -> None:
    row = history(make_actionable(), ("done", UNKNOWN))
    main = page(client, row.get_absolute_url())
    assert [link.get("href") for link in main.findall(".//section[@id='held']//a")] == ["/actionables/?held=unknown"]
    links = {link.get("href") for link in page(client, "/actionables/follow-through/").iter("a")}
    assert {f"/actionables/?held={value}&sort=closed" for value in verdicts.HELD} <= links


def test_the_newest_that_are_overdue_are_the_same_whichever_way_they_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    incident, today = make_incident(), timezone.now().date()
    late = [make_actionable(incident, due_on=today - timedelta(days=days)) for days in (1, 90, 2)]
    make_actionable(incident, due_on=today)
    make_actionable(incident)
    make_actionable(incident, due_on=today - timedelta(days=3), status="done")
    make_actionable(incident, due_on=today - timedelta(days=3), status="declined", outcome="No.")
    for few in (1_000, 0):
        monkeypatch.setattr(rows, "FEW", few)
        found = ActionableFilter(QueryDict("due=overdue"), Actionable.objects.filter(incident=incident))
        assert list(found.ordered()) == late[::-1]
        assert found.qs.count() == 3
