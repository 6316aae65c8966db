"""The five incidents as data: times with their precision, causes, actionables, links; and that they load truly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from actionables.models import Actionable, StatusChange
from kb.management.commands.demo import FIXTURES
from postmortems import markdown
from postmortems.models import (
    MILESTONES,
    Cause,
    CauseGroup,
    Incident,
    IncidentCause,
    IncidentLink,
    Organisation,
    Service,
)
from postmortems.moments import Moment
from timelines.models import TimelineEntry

pytestmark = pytest.mark.usefixtures("five")

# In an order in which each can be deleted before what it points to.
MODELS = (
    StatusChange, Actionable, TimelineEntry, IncidentLink, IncidentCause, Incident, Cause, CauseGroup,
    Service, Organisation,
)  # fmt: skip

UNATTENDED = "unattended-or-fleet-wide-automatic-change"
RESTART = "restart-or-reload-makes-it-worse"
LOGGING = "logging-or-other-side-work-blocks-the-application"
UPSTREAM = "known-upstream-bug-left-unpatched"
MONITORING = "monitoring-or-paging-gap"
HAZARD = "known-hazard-unguarded-for-long"
HARD = "hard-dependency-no-graceful-degradation"

# Moments as "precision value", the value in UTC or on the clock of an unknown day; see told().
MOMENTS = {
    (1, "started"): "about 18:55:00",
    (1, "mitigated"): "about 19:40:00",
    (1, "resolved"): "about 1 day, 1:00:00",
    (2, "started"): "second 2012-01-05T04:05:04",
    (3, "started"): "about 2015-08-12T22:30",
    (3, "detected"): "minute 2015-08-12T22:30",
    (3, "mitigated"): "minute 2015-08-12T23:25",
    (3, "resolved"): "about 2015-08-12T23:30",
    (4, "detected"): "minute 2013-04-18T23:46",
    (4, "resolved"): "minute 2013-04-19T00:20",
}
LABS_ROWS = [
    ("minute 2015-08-12T22:00", "change"),
    ("minute 2015-08-12T22:05", "change"),
    ("minute 2015-08-12T22:30", "detection"),
    ("minute 2015-08-12T22:55", "action"),
    ("minute 2015-08-12T23:00", "detection"),
    ("minute 2015-08-12T23:10", "action"),
    ("minute 2015-08-12T23:15", "diagnosis"),
    ("minute 2015-08-12T23:23", "mitigation"),
    ("minute 2015-08-12T23:25", "recovery"),
    ("minute 2015-08-14T15:16", "note"),
]
TIMELINES = {
    1: ["unknown", "about 18:55:00", "unknown", "about 19:40:00", "about 1 day, 1:00:00"],
    2: ["minute 2012-01-05T04:05", "second 2012-01-05T04:05:04", "second 2012-01-05T04:05:04"],
    3: [when for when, _ in LABS_ROWS],
    4: [
        "unknown", "minute 2013-04-18T23:46", *["unknown"] * 4,
        "minute 2013-04-19T00:20", "minute 2013-04-19T21:33",
    ],
    5: ["unknown"] * 6,
}  # fmt: skip
CAUSES = [
    (1, UNATTENDED, "trigger", "confirmed"),
    (1, RESTART, "trigger", "confirmed"),
    (1, LOGGING, "root", "confirmed"),
    (1, "failure-path-handled-badly", "root", "confirmed"),
    (1, UPSTREAM, "contributing", "confirmed"),
    (1, "rolled-out-everywhere-at-once", "contributing", "confirmed"),
    (1, "overload-spread-from-part-to-part", "contributing", "confirmed"),
    (2, "scheduled-or-batch-job-did-it", "trigger", "confirmed"),
    (2, RESTART, "trigger", "confirmed"),
    (2, LOGGING, "root", "confirmed"),
    (2, UPSTREAM, "root", "suspected"),
    (2, HARD, "contributing", "confirmed"),
    (2, HAZARD, "contributing", "confirmed"),
    (3, UNATTENDED, "trigger", "suspected"),
    (3, RESTART, "trigger", "suspected"),
    (3, "race-deadlock-or-ordering-bug", "root", "suspected"),
    (3, "shared-message-broker-failed", "root", "suspected"),
    (3, HARD, "contributing", "suspected"),
    (3, MONITORING, "contributing", "confirmed"),
    (3, "misleading-signs-slow-diagnosis", "contributing", "confirmed"),
    (4, "planned-maintenance-with-side-effects", "trigger", "confirmed"),
    (4, "incompatible-versions-or-wrong-order", "root", "confirmed"),
    (4, UNATTENDED, "contributing", "confirmed"),
    (4, RESTART, "contributing", "confirmed"),
    (4, "people-were-not-told", "contributing", "confirmed"),
    (4, "alert-noise-wrong-threshold-or-wrong-person", "contributing", "confirmed"),
    (4, MONITORING, "contributing", "confirmed"),
    (4, "permission-identity-or-secret-rotation", "contributing", "confirmed"),
    (4, "health-check-misjudged", "contributing", "confirmed"),
    (4, "faulty-code-release", "contributing", "confirmed"),
    (5, "out-of-memory", "trigger", "confirmed"),
    (5, "defect-in-third-party-software-or-firmware", "root", "confirmed"),
    (5, "limit-timeout-or-threshold-set-wrong", "root", "confirmed"),
    (5, UPSTREAM, "contributing", "confirmed"),
    (5, "drift-and-leftovers", "contributing", "confirmed"),
    (5, RESTART, "contributing", "confirmed"),
    (5, "migration-or-cut-over", "contributing", "confirmed"),
    (5, MONITORING, "contributing", "suspected"),
    (5, HAZARD, "contributing", "confirmed"),
    (5, "slow-or-hard-restart-and-recovery", "contributing", "confirmed"),
]
RECURRING = {
    LOGGING: {1, 2},
    UNATTENDED: {1, 3, 4},
    UPSTREAM: {1, 2, 5},
    RESTART: {1, 2, 3, 4, 5},
    MONITORING: {3, 4, 5},
    HAZARD: {2, 5},
}
# (number, incident, status, owner, ticket, statuses it went through with when and by whom)
ACTIONABLES = [
    (1, 1, "done", "", "Gerrit 99576", "open, done"),
    (2, 1, "done", "", "LP:1094230", "open, done"),
    (3, 1, "declined", "", "", "open, declined"),
    (4, 1, "declined", "", "", "open, declined"),
    (5, 2, "done", "", "", "open, done day 2012-01-12"),
    (6, 2, "done", "", "", "open, done day 2012-01-12"),
    (7, 2, "done", "", "", "open, done day 2012-01-12"),
    (8, 3, "open", "", "", "open"),
    (9, 3, "open", "", "", "open"),
    (10, 3, "open", "", "", "open"),
    (11, 3, "done", "Chase and Andrew", "Gerrit 231177", "open, done minute 2015-08-14T15:16 by Andrew"),
    (12, 4, "open", "", "Bug 47393", "open by Roan"),
    (13, 4, "done", "Leslie", "Gerrit 59976", "open, done by Leslie"),
    (14, 4, "done", "", "", "open, done about 2013-04-19T00:20"),
    (15, 4, "open", "Daniel", "RT 4318", "open"),
    (16, 5, "in progress", "", "", "open, in progress"),
]


def incidents() -> list[Incident]:
    return list(Incident.objects.order_by("number"))


def told(moment: Moment) -> str:
    """The precision of a moment, then its value to that precision."""
    if moment.at is None:
        return " ".join([moment.precision, *([] if moment.clock is None else [str(moment.clock)])])
    length = {"day": 10, "second": 19}.get(moment.precision, 16)
    return f"{moment.precision} {moment.at.isoformat()[:length]}"


def dump(file: Path) -> list[dict]:
    """Write every row of ours, named by natural keys; returned in an order that does not depend on the database's."""
    labels = [model._meta.label for model in MODELS]
    natural = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True}
    call_command("dumpdata", *labels, **natural, output=str(file), verbosity=0)
    return sorted(json.loads(file.read_text()), key=lambda row: json.dumps(row, sort_keys=True))


def counts() -> list[int]:
    return [model.objects.count() for model in MODELS]


def test_what_is_there() -> None:
    assert [model.objects.count() for model in (CauseGroup, Cause, Incident)] == [14, 76, 5]
    assert [incident.reference for incident in incidents()] == [f"INC-{n}" for n in range(1, 6)]


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("name", MILESTONES)
def test_milestones(number: int, name: str) -> None:
    incident = Incident.objects.get(number=number)
    assert told(getattr(incident, name)) == MOMENTS.get((number, name), "unknown")


@pytest.mark.parametrize(("number", "times"), TIMELINES.items())
def test_timeline(number: int, times: list[str]) -> None:
    rows = TimelineEntry.objects.filter(incident__number=number)
    assert [told(row.when) for row in rows] == times
    assert [row.position for row in rows] == list(range(1, len(times) + 1))


def test_kinds_of_the_rows_of_labs() -> None:
    rows = TimelineEntry.objects.filter(incident__number=3)
    assert [row.kind for row in rows] == [kind for _, kind in LABS_ROWS]
    assert [row.position for row in rows if row.excerpt and row.excerpt_label] == [6]


def test_zones() -> None:
    assert {incident.time_zone for incident in incidents()} == {"UTC"}
    assert [incident.time_zone_assumed for incident in incidents()] == [False, True, True, False, False]


def test_unknown_stays_unknown() -> None:
    for incident in incidents():
        assert incident.severity == "unknown"
        assert incident.published_at is None
        assert not incident.acknowledged.is_known
        assert (incident.status, incident.visibility) == ("published", "open")
    assert [incident.occurred_at is None for incident in incidents()] == [True, False, False, False, True]
    assert [incident.lasted for incident in incidents()] == [45 * 60, None, 55 * 60, 34 * 60, None]
    assert not Actionable.objects.exclude(due_on=None).exists()


def test_how_they_were_noticed_and_by_whom() -> None:
    assert [incident.detection for incident in incidents()] == [
        "monitoring", "unknown", "monitoring", "monitoring", "unknown",
    ]  # fmt: skip
    assert [incident.responders for incident in incidents()] == [
        "Ori", "", "Andrew Bogott, Chase", "Roan, Daniel, Leslie, Gabriel", "",
    ]  # fmt: skip


def test_whose_they_were_and_what_they_hit() -> None:
    wanted = {
        1: ("Wikimedia", {"Swift", "Imagescalers", "rsyslog", "Puppet", "LVS"}),
        2: ("Bitbucket", {"Bitbucket", "rsyslog", "Nginx"}),
        3: ("Wikimedia", {"Wikimedia Labs", "OpenStack Nova", "RabbitMQ", "Puppet", "Salt"}),
        4: ("Wikimedia", {"Parsoid", "LVS", "pybal", "Icinga", "Watchmouse", "git-deploy"}),
        5: ("LinkedIn", {"Rain", "Linux kernel"}),
    }
    for incident in incidents():
        assert (str(incident.organisation), {str(one) for one in incident.services.all()}) == wanted[incident.number]


def test_sources() -> None:
    assert [bool(incident.source_url) for incident in incidents()] == [False, True, True, True, True]
    published = [told(incident.source_published) for incident in incidents()]
    assert published == ["unknown", "day 2012-01-12", "unknown", "unknown", "unknown"]


def test_causes() -> None:
    found = IncidentCause.objects.values_list("incident__number", "cause__slug", "role", "certainty")
    assert list(found.order_by("incident__number", "position")) == CAUSES


@pytest.mark.parametrize(("slug", "numbers"), RECURRING.items())
def test_recurring_causes_share_a_page(slug: str, numbers: set[int]) -> None:
    assert set(IncidentCause.objects.filter(cause__slug=slug).values_list("incident__number", flat=True)) == numbers


def test_every_cause_has_a_whole_page() -> None:
    for cause in Cause.objects.all():
        assert all((cause.definition, cause.recognise, cause.mitigations)), cause
        assert 3 <= len(cause.alias_list) <= 6, cause
    assert {"syslog blocking", "blocked on logging"} <= set(Cause.objects.get(slug=LOGGING).alias_list)


def test_every_cause_is_shown_by_one_passage_of_our_own_text() -> None:
    for link in IncidentCause.objects.select_related("incident", "cause"):
        holding = [text for text in link.incident.texts() if markdown.found(text, link.evidence)]
        assert len(holding) == 1, (link.incident.reference, link.cause.slug, len(holding))
        marked = markdown.render(holding[0], link.incident.evidence())
        assert f'<mark class="evidence" id="evidence-{link.key}">' in marked
        assert link.explanation


@pytest.mark.parametrize(("number", "incident", "status", "owner", "ticket", "history"), ACTIONABLES)
def test_actionable(number: int, incident: int, status: str, owner: str, ticket: str, history: str) -> None:
    actionable = Actionable.objects.get(number=number)
    assert (actionable.incident.number, actionable.status) == (incident, status)
    assert (actionable.owner, actionable.ticket_label) == (owner, ticket)
    changes = list(actionable.changes.all())
    steps = [f"{row.to_status} {told(row.when)}{' by ' * bool(row.by)}{row.by}" for row in changes]
    assert ", ".join(steps).replace(" unknown", "") == history
    assert [row.from_status for row in changes] == ["", *(row.to_status for row in changes[:-1])]
    assert changes[-1].to_status == status
    assert actionable.causes.exists()
    assert bool(actionable.outcome) == (status in ("done", "declined"))


def test_the_alternatives_of_swift() -> None:
    chosen = Actionable.objects.get(number=2)
    assert [one.number for one in chosen.alternatives.order_by("number")] == [3, 4]
    for alternative in chosen.alternatives.all():
        assert "on trusty the bug does not seem to show" in alternative.outcome


def test_no_actionable_is_aimed_at_a_cause_its_incident_did_not_show() -> None:
    for actionable in Actionable.objects.all():
        shown = actionable.incident.incident_causes.values("cause")
        assert not actionable.causes.exclude(pk__in=shown).exists(), actionable


@pytest.mark.parametrize("model", MODELS)
def test_every_row_is_valid(model: type[Any]) -> None:
    for row in model.objects.all():
        row.full_clean()


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    before, rows = dump(tmp_path / "before.json"), counts()
    call_command("loaddata", *FIXTURES, verbosity=0)
    call_command("refresh", verbosity=0)
    assert (dump(tmp_path / "after.json"), counts()) == (before, rows)


def delete_all() -> None:
    for model in MODELS:
        model.objects.all().delete()
    assert not any(counts())


def test_natural_keys_make_the_round_trip(tmp_path: Path) -> None:
    before = dump(tmp_path / "before.json")
    assert not any("pk" in row for row in before)
    delete_all()
    call_command("loaddata", str(tmp_path / "before.json"), verbosity=0)
    assert dump(tmp_path / "after.json") == before


@pytest.mark.parametrize("name", FIXTURES[2:])
def test_each_writeup_loads_alone_beside_the_causes(name: str) -> None:
    delete_all()
    call_command("loaddata", "causes", name, verbosity=0)
    assert Incident.objects.count() == 1
    assert Incident.objects.get().organisation is not None
