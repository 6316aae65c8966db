"""The tallies of follow-through: right after every change, for every reader, and put right by `manage.py recount`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from actionables.filters import ActionableFilter
from actionables.models import Actionable, Counted, StatusChange, Tally
from actionables.reporting import MEASURES, report
from actionables.tallying import differences, rebuild
from actionables.telling import changed
from postmortems.binning import put_into_bin, take_out_of_bin
from postmortems.models import Incident
from postmortems.moments import UNKNOWN, Moment, Precision
from postmortems.refresh import refresh_incident
from tests.factories import make_actionable, make_incident, make_service

pytestmark = pytest.mark.django_db
ANYBODY = AnonymousUser()
STEPS = 25


def some_day(random: Random) -> date | None:
    """Around today, in its month or far off; often none."""
    days = random.choice((None, -400, -40, -20, -3, -1, 0, 1, 3, 20, 40, 400))
    return None if days is None else timezone.now().date() + timedelta(days=days)


def some_moment(random: Random) -> Moment:
    """Of any precision that a history has, within a few years."""
    precision = random.choice((*Precision.values, Precision.MINUTE, Precision.DAY))
    at = timezone.now() - timedelta(days=random.choice((0.01, 1, 20, 59, 60, 61, 75, 300, 364, 420, 900)))
    return UNKNOWN if precision == Precision.UNKNOWN else Moment(at.replace(microsecond=0), None, precision)


def rewrite(random: Random, actionable: Actionable) -> None:
    """Another history, as an import brings one."""
    actionable.changes.all().delete()
    told = [("", "open", some_moment(random))]
    if actionable.status in ("done", "declined"):
        told.append(("open", actionable.status, some_moment(random)))
    for position, (before, to, when) in enumerate(told, 1):
        row = StatusChange(actionable=actionable, position=position, from_status=before, to_status=to)
        row.when = when
        row.save()
    Actionable.objects.filter(pk=actionable.pk).settle()


def work(random: Random, incident: Incident) -> None:
    """One change of the actionables of an incident, as the pages make it."""
    rows = list(incident.actionables.all())
    if len(rows) < 2 or random.random() < 0.15:
        over = random.choice([None, None, *(row for row in rows if row.alternative_to is None)])
        make_actionable(incident, owner=random.choice(("", "Web", "Storage")), alternative_to=over).record_change(
            "", "x"
        )
    else:
        row = random.choice(rows)
        changes: list[Callable[[], object]] = [
            lambda: row.change({"status": random.choice(("open", "blocked", "done", "declined"))}, by="x", why="So."),
            lambda: row.change({"due_on": some_day(random)}, by="x"),
            lambda: row.change({"owner": random.choice(("", "Web", "Sea"))}, by="x"),
            lambda: rewrite(random, row),
            row.delete,
        ]
        random.choices(changes, (4, 3, 2, 4, 1))[0]()
    changed([incident], None, texts=False)


def move(random: Random, incident: Incident, services: list[Any], carol: User) -> None:
    """Something else about the incident: who may see it, which services it hit, the bin."""
    step = random.randrange(4)
    if step == 0:
        deletion = put_into_bin(incident, carol)
        if random.random() < 0.5:
            take_out_of_bin(deletion)
        incident.refresh_from_db()
        return
    if step == 1:
        incident.services.set(random.sample(services, random.randint(0, 2)))
    elif incident.status != "deleted":
        incident.visibility = random.choice(("open", "restricted"))
        incident.status = random.choice(("published", "draft"))
        incident.save()
    refresh_incident(incident)


def listed(made: Any, user: Any) -> int:
    """Compare every number with how many its list holds; returns how many were more than none."""
    seen = 0
    for line in made.lines:
        shown = {name: line.numbers.get(name, 0) for name in MEASURES if made.way != "month" or name in line.numbers}
        for measure, count in shown.items() if line.value else ():
            chosen = ActionableFilter(
                QueryDict(made.parameters(line, measure)), Actionable.objects.visible_to(user).main()
            )
            assert count == chosen.qs.count(), (made.way, line.title, measure)
            seen += count > 0
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_they_follow_every_change_and_each_reader_gets_their_own(seed: int, carol: User, alice: User) -> None:
    random, services = Random(seed), [make_service() for _ in range(3)]
    incidents = [make_incident(readers=(alice,) if one == 0 else ()) for one in range(4)]
    seen = 0
    for step in range(STEPS):
        with transaction.atomic():
            incident = random.choice(incidents)
            if random.random() < 0.7:
                work(random, incident)
            else:
                move(random, incident, services, carol)
        assert differences() == [], (seed, step)
        if step % 8 == 7:
            readers: list[Any] = [ANYBODY, User.objects.get(pk=alice.pk), User.objects.get(pk=carol.pk)]
            seen += sum(listed(report(one, way), one) for one in readers for way in ("owner", "service", "month"))
    assert seen > 30


def test_what_is_restricted_is_counted_for_nobody_else(carol: User) -> None:
    hidden = make_actionable(make_incident(visibility="restricted"), owner="Vault")
    with transaction.atomic():
        changed([hidden.incident], None, texts=False)
    assert not Tally.objects.exclude(unfinished=0).exists()
    assert [line.title for line in report(ANYBODY, "owner").lines] == []
    assert [line.title for line in report(carol, "owner").lines] == ["Vault"]


def test_an_incident_that_is_deleted_in_the_admin_is_counted_no_longer(client: Any, carol: User) -> None:
    row = make_actionable(owner="Web")
    rebuild()
    assert report(ANYBODY, "owner").lines
    client.force_login(carol)
    client.post(f"/admin/postmortems/incident/{row.incident_id}/delete/", {"post": "yes"})
    assert not Incident.objects.filter(pk=row.incident_id).exists()
    assert differences() == []
    assert report(ANYBODY, "owner").lines == []


def test_recount_says_what_is_wrong_and_puts_it_right() -> None:
    rows = [make_actionable(owner="Web") for _ in range(3)]
    told = StringIO()
    with pytest.raises(CommandError, match=r"owner Web, no month, unfinished: 0 instead of 3"):
        call_command("recount", "--check", stdout=told)
    call_command("recount", stdout=told)
    call_command("recount", "--check", stdout=told)
    assert told.getvalue().splitlines() == [
        "Counted; 3 incidents had to be counted otherwise.",
        "The tallies are right.",
    ]
    Tally.objects.filter(way="owner").update(unfinished=7)
    rows[0].incident.delete()
    with pytest.raises(CommandError, match="unfinished: 7 instead of 2"):
        call_command("recount", "--check", stdout=told)
    call_command("refresh", verbosity=0)
    assert differences() == []
    assert Counted.objects.count() == 2
    assert [line.numbers["unfinished"] for line in report(ANYBODY, "owner").lines] == [2]


def test_a_service_that_is_deleted_in_the_admin_is_not_counted_any_more(client: Client, carol: User) -> None:
    gate, shed = make_service("Gate"), make_service("Shed")
    changed([make_actionable(make_incident(services=(gate, shed))).incident], None, texts=False)
    client.force_login(carol)
    assert client.post(f"/admin/postmortems/service/{gate.pk}/delete/", {"post": "yes"}).status_code == 302
    assert differences() == []
    assert [line.title for line in report(ANYBODY, "service").lines] == ["Shed"]
