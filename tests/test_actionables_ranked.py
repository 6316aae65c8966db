"""What would have prevented the most, against the plain arithmetic over every actionable and every incident."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from actionables import ranking
from actionables.models import Actionable
from actionables.occurrences import rebuild
from actionables.recurrences import YEAR
from postmortems import tallying
from postmortems.models import Incident
from postmortems.moments import ABOUT, COARSE, EPOCH, UNKNOWN, ZONES, Moment, Precision
from tests.factories import make_actionable, make_cause, make_incident, make_incident_cause

pytestmark = pytest.mark.django_db
START = datetime(2019, 12, 30, 18, 0, tzinfo=UTC)
Told = tuple[int, int, int, dict[str, int], int, int]


def some_moment(random: Random, spread: timedelta) -> Moment:
    """Around a new year, of any precision."""
    precision = random.choice((*Precision.values, "minute", "minute", "minute"))
    at = START + spread * random.random()
    return UNKNOWN if precision == Precision.UNKNOWN else Moment(at.replace(microsecond=0), None, precision)


def organisation(random: Random, alice: User) -> None:
    """Incidents that share causes, some of them not for all, and unfinished work out of them."""
    spread = random.choice((timedelta(hours=30), timedelta(days=3), timedelta(days=40), timedelta(days=1500)))
    causes = [make_cause() for _ in range(random.choice((2, 5)))]
    incidents = []
    for _ in range(random.randint(5, 14)):
        fields: dict[str, Any] = {"severity": random.choice(("SEV1", "SEV2", "SEV4", "unknown"))}
        if random.random() < 0.3:
            fields |= {"visibility": "restricted", "readers": random.choice(((), (alice,)))}
        started = some_moment(random, spread)
        if started.at and random.random() < 0.5:
            fields["mitigated"] = Moment(
                started.at + timedelta(days=400, minutes=30), None, random.choice(("minute", "day"))
            )
        incidents.append(make_incident(started=started, **fields))
        for cause in random.sample(causes, random.randint(0, len(causes))):
            for role in random.sample(("root", "trigger"), random.randint(1, 2)):
                certainty = random.choice(("confirmed", "confirmed", "suspected"))
                make_incident_cause(incidents[-1], cause, role=role, certainty=certainty)
    for _ in range(random.randint(6, 14)):
        status = random.choice(("open", "open", "open", "open", "blocked", "done"))
        aimed = tuple(random.sample(causes, random.choice((0, 1, 1, 2, len(causes)))))
        row = make_actionable(random.choice(incidents), causes=aimed, status=status)
        row.opened = some_moment(random, spread / random.choice((1, 2, 8)))
        if random.random() < 0.1:
            row.alternative_to = make_actionable(row.incident)
        row.save()
    tallying.rebuild()
    rebuild()


def plain(reader: Any) -> list[Told]:
    """Every actionable against every incident, one by one."""
    found = []
    incidents = list(Incident.objects.visible_to(reader))
    for row in Actionable.objects.visible_to(reader).filter(alternative_to=None):
        if row.is_unfinished and row.opened.is_dated:
            told = cost(row, [one for one in incidents if one.pk != row.incident_id])
            severities = [-told[3].get(name, 0) for name in ("SEV1", "SEV2", "SEV3", "SEV4")]
            found.append(((-told[1], *severities, -told[4], row.pk), told))
    return [told for _, told in sorted(found, key=lambda one: one[0]) if told[1]]


def cost(row: Actionable, incidents: list[Incident]) -> Told:
    causes, span = set(row.causes.values_list("pk", flat=True)), row.opened.span()
    assert span is not None
    room = timedelta() if row.opened.has_clock_time else ZONES
    begin, end = EPOCH + span[0] - room, EPOCH + span[1] + room
    sure, perhaps = [], 0
    for one in incidents:
        links = [link for link in one.incident_causes.all() if link.cause_id in causes]
        vague = any(moment.precision in COARSE for _, moment in one.milestones())
        confirmed = any(link.certainty == "confirmed" for link in links)
        at = one.occurred_at
        if links and at is not None and confirmed and at - (ZONES if vague else ABOUT) > end:
            sure.append(one)
        elif links:
            reach = YEAR + ZONES if vague else ABOUT + timedelta(minutes=1)
            perhaps += at is None or at + reach >= begin
    lasted = [one.lasted for one in sure if one.lasted is not None]
    return row.pk, len(sure), perhaps, dict(Counter(one.severity for one in sure)), sum(lasted), len(lasted)


def told_by_the_page(reader: Any) -> list[Told]:
    return [
        (
            one.key,
            one.incidents,
            one.perhaps,
            {name: n for name, n in one.severities.items() if n},
            one.seconds,
            one.timed,
        )
        for one in ranking.ranking(reader)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_it_is_the_plain_arithmetic(seed: int, alice: User, carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation(Random(seed), alice)
    for reader in (AnonymousUser(), User.objects.get(pk=alice.pk), User.objects.get(pk=carol.pk)):
        right = plain(reader)
        for listed, first in ((20, 500), (20, 1), (2, 1), (3, 2)):
            monkeypatch.setattr(ranking, "LISTED", listed)
            monkeypatch.setattr(ranking, "FIRST", first)
            assert told_by_the_page(reader) == right[:listed], (seed, reader, listed, first)


def test_the_organisations_reach_what_makes_it_hard(alice: User) -> None:
    seen: Counter[str] = Counter()
    for seed in range(12):
        organisation(Random(seed), alice)
        told = plain(AnonymousUser())
        seen["several"] += len(told) > 2
        seen["perhaps"] += any(one[2] for one in told)
        seen["equals"] += len({one[1] for one in told}) < len(told)
        seen["hidden"] += told != plain(User.objects.get(pk=alice.pk))
        Incident.objects.all().delete()
    assert all(seen[name] >= 3 for name in ("several", "perhaps", "equals", "hidden")), seen
