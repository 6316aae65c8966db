"""What the database itself refuses, whoever writes to it, and what it works out: durations, numbers, addresses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.http import Http404
from django.utils import timezone

from actionables.models import Actionable, StatusChange
from postmortems.elapsed import LONGEST
from postmortems.models import (
    MILESTONES,
    Cause,
    FilingTemplate,
    Incident,
    IncidentCause,
    IncidentLink,
    Moved,
    OldSlug,
    Organisation,
    Reference,
    Relation,
    ReviewStep,
    Role,
    SavedSearch,
    TemplateText,
    WordingRule,
    get_by_slug,
)
from postmortems.moments import EXACT, UNKNOWN, Moment, Precision
from tests.factories import make_actionable, make_cause, make_entry, make_incident, make_organisation
from timelines.models import TimelineEntry

pytestmark = pytest.mark.django_db
NOON = datetime(2015, 8, 12, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def make_cause_link(**fields: Any) -> IncidentCause:
    """A root cause of an incident."""
    given = {"incident": fields.pop("incident", None) or make_incident(), "cause": make_cause(), **fields}
    return IncidentCause.objects.create(**{"role": "root", "certainty": "confirmed", **given})


def make_link() -> IncidentLink:
    """A link of an incident."""
    return IncidentLink.objects.create(incident=make_incident(), kind="bug", url="https://example.org/1", label="Bug 1")


def make_change() -> StatusChange:
    """A change of an actionable's status."""
    actionable = make_actionable()
    actionable.change({"status": "blocked"}, by="bob")
    return actionable.changes.get()


def make_template_text() -> TemplateText:
    """What a template says about the summary."""
    return TemplateText.objects.create(template=FilingTemplate.objects.create(name="Ours"), field="summary")


def make_rule() -> WordingRule:
    """Words worth a second look."""
    return WordingRule.objects.create(words="zebra", kind="blame", reason="Why.")


def make_relation() -> Relation:
    """One incident that repeats another."""
    return Relation.objects.create(incident=make_incident(), other=make_incident(), kind="repeat")


def make_step() -> ReviewStep:
    """A step of a review."""
    return ReviewStep.objects.create(incident=make_incident(), kind="published", version=1)


def make_search() -> SavedSearch:
    """A search that somebody saved."""
    owner = User.objects.create_user("sam")
    return SavedSearch.objects.create(owner=owner, name="Restarts", query="q=restart")


# Constraints with a name of their own.
CALLED = {"status": "status", "from_status": "from", "to_status": "to", "listing": "saved_search_of_a_known_list"}


# How to make a row of each model that has a choice, a number or a moment of its own.
MAKERS: dict[type[models.Model], Callable[[], models.Model]] = {
    Incident: make_incident, Cause: make_cause, IncidentCause: make_cause_link, IncidentLink: make_link,
    TimelineEntry: make_entry, Actionable: make_actionable, StatusChange: make_change,
    TemplateText: make_template_text, WordingRule: make_rule, Relation: make_relation, ReviewStep: make_step,
    SavedSearch: make_search,
}  # fmt: skip
OURS = [model for app in ("postmortems", "timelines", "actionables") for model in apps.get_app_config(app).get_models()]
COLUMNS = [(model, field.name) for model in OURS for field in model._meta.concrete_fields if field.choices]
CHOICES = [(model, name) for model, name in COLUMNS if not name.endswith("_precision")]
MOMENTS = [(model, name.removesuffix("_precision")) for model, name in COLUMNS if name.endswith("_precision")]


@contextmanager
def refused(words: str | None = None) -> Iterator[None]:
    """The database says no to what happens inside, in these words (the name of a constraint)."""
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        yield


def of(row: Any) -> models.QuerySet[Any]:
    """The row as a queryset, whose `update` asks no model."""
    return type(row)._base_manager.filter(pk=row.pk)


def triple(name: str, moment: Moment) -> dict[str, Any]:
    """The three columns of a moment."""
    return {f"{name}_at": moment.at, f"{name}_clock": moment.clock, f"{name}_precision": moment.precision}


def on(precision: str, hours: float, minutes: float = 0) -> Moment:
    """A moment on 12 August 2015."""
    return Moment(NOON + timedelta(hours=hours - 12, minutes=minutes), None, precision)


def clock(precision: str, hours: float, minutes: float = 0) -> Moment:
    """A clock time on an unknown day."""
    return Moment(None, timedelta(hours=hours, minutes=minutes), precision)


# --- what must never be -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "field"), CHOICES)
def test_a_choice_is_one_of_the_choices(model, field):
    row = MAKERS[model]()
    with refused(CALLED[field] if model in (StatusChange, SavedSearch) else f"{field}_known"):
        of(row).update(**{field: "x"})
    with refused():
        of(row).update(**{field: None})


@pytest.mark.parametrize(("model", "name"), MOMENTS)
def test_a_moment_holds_together_exactly_when_it_has_no_problems(model, name):
    row = MAKERS[model]()
    for at, since, precision in product([None, NOON], [None, DAY], [*Precision.values, "hour"]):
        columns = {f"{name}_at": at, f"{name}_clock": since, f"{name}_precision": precision}
        if Moment(at, since, precision).problems():
            with refused(f"{name}_moment"):
                of(row).update(**columns)
        else:
            assert of(row).update(**columns) == 1


PAIRS = [*(("started", name) for name in MILESTONES[1:]), ("mitigated", "resolved")]


@pytest.mark.parametrize("precision", EXACT)
@pytest.mark.parametrize("kind", [on, clock])
@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_milestones_that_are_exact_are_in_order(first, then, kind, precision):
    incident = make_incident()
    early, late = kind(precision, 23, 50), kind(precision, 24, 10)
    with refused(f"incident_{first}_before_{then}"):
        of(incident).update(**triple(first, late), **triple(then, early))
    with refused(f"incident_{first}_before_{then}"):
        values = {**triple(first, late), **triple(then, early)}
        Incident.objects.bulk_create([Incident(number=99, slug="inverted", title="Inverted", **values)])
    for one, other in combinations_with_replacement((early, late), 2):
        assert of(incident).update(**triple(first, one), **triple(then, other)) == 1


def test_a_cause_plays_a_role_once():
    link = make_cause_link()
    same = {"incident": link.incident, "cause": link.cause, "certainty": "suspected"}
    with refused("(?i)unique"):
        IncidentCause.objects.bulk_create([IncidentCause(role="root", **same)])
    others = [IncidentCause(role=role, **same) for role in Role.values if role != "root"]
    assert len(IncidentCause.objects.bulk_create(others)) == 2


def test_declining_says_why():
    actionable = make_actionable()
    with refused("actionable_declined_says_why"):
        of(actionable).update(status="declined")
    assert of(actionable).update(status="declined", outcome="Too dear.") == 1


@pytest.mark.parametrize("make", [make_incident, make_actionable])
def test_numbers_begin_at_one_and_are_given_once(make):
    row, other = make(), make()
    for number in (0, -1):
        with refused():
            of(row).update(number=number)
    with refused("(?i)unique"):
        of(row).update(number=other.number)


@pytest.mark.parametrize("make", [make_incident, make_cause, make_organisation])
def test_no_two_have_one_address(make):
    row, other = make(), make()
    with refused("(?i)unique"):
        of(row).update(slug=other.slug)


def test_places_in_an_order_are_taken_once():
    entry, change, link = make_entry(), make_change(), make_link()
    rows: list[Any] = [
        TimelineEntry(incident=entry.incident, position=entry.position, text="Again."),
        StatusChange(actionable=change.actionable, position=change.position, to_status="done"),
        IncidentLink(incident=link.incident, kind="bug", url=link.url, label="Again"),
    ]
    for again in rows:
        with refused("(?i)unique"):
            type(again)._base_manager.bulk_create([again])


def test_a_reference_is_to_something_of_ours_and_once():
    incident = make_incident()
    with refused("reference_prefix_known"):
        Reference.objects.bulk_create([Reference(incident=incident, prefix="BUG", number=1)])
    with refused("(?i)unique"):
        Reference.objects.bulk_create([Reference(incident=incident, prefix="INC", number=1) for _ in range(2)])


@pytest.mark.parametrize(
    "moments",
    [
        {"started": on("second", 22, 5.5), "detected": on("minute", 22, 5)},
        {"started": clock("minute", 23, 46), "resolved": clock("minute", 24, 20)},
        {"started": on("day", 12), "resolved": on("minute", 3)},
        {"mitigated": on("minute", 10), "detected": on("minute", 11)},
        {"started": on("minute", 22), "resolved": clock("minute", 3)},
        {"started": on("about", 22), "resolved": on("about", 21, 50)},
    ],
)
def test_odd_but_true_milestones_are_taken(moments):
    incident = make_incident(**moments)
    incident.full_clean()
    assert [of(incident).get().milestones()[0], incident.source_published] == [incident.milestones()[0], UNKNOWN]


# --- what a person is told --------------------------------------------------------------------------------------------


def test_inverted_milestones_are_named_with_both_times():
    incident = make_incident(started=on("minute", 22, 5), mitigated=on("minute", 23))
    incident.detected, incident.resolved = on("minute", 22, 4), on("second", 22, 59.5)
    with pytest.raises(ValidationError) as error:
        incident.full_clean()
    [message] = error.value.message_dict["detected_at"]
    assert message.startswith("Detected (12 August 2015, 22:04 UTC) is before started (12 August 2015, 22:05 UTC)")
    incident.detected = on("minute", 22, 6)
    with pytest.raises(ValidationError) as error:
        incident.full_clean()
    assert list(error.value.message_dict) == ["resolved_at"]
    assert "Resolved (12 August 2015, 22:59:30 UTC) is before mitigated" in error.value.messages[0]


def test_a_contradictory_moment_is_named():
    incident = make_incident()
    incident.resolved = Moment(NOON, None, "unknown")
    with pytest.raises(ValidationError) as error:
        incident.full_clean()
    assert error.value.message_dict == {"resolved_precision": ["A time that is not known cannot carry a value."]}


# --- what the database works out --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moments", "occurred", "lasted"),
    [
        ({}, None, None),
        ({"started": on("minute", 22), "mitigated": on("minute", 22, 45), "resolved": on("minute", 23)}, 22, 2_700),
        ({"started": on("second", 22, 0.5), "resolved": on("second", 22, 1)}, 22 + 1 / 120, 30),
        ({"started": on("minute", 22), "resolved": on("minute", 22)}, 22, 0),
        ({"started": on("minute", 23, 46), "mitigated": on("minute", 24, 20)}, 23 + 46 / 60, 2_040),
        ({"started": clock("about", 18, 55), "resolved": clock("about", 19, 40)}, None, 2_700),
        ({"started": clock("minute", 23, 46), "mitigated": clock("minute", 24, 20)}, None, 2_040),
        ({"started": on("minute", 22), "mitigated": clock("minute", 23), "resolved": on("minute", 23)}, 22, 3_600),
        ({"started": on("minute", 22), "resolved": clock("minute", 23)}, 22, None),
        ({"started": clock("minute", 22), "resolved": on("minute", 23)}, 23, None),
        ({"acknowledged": on("minute", 22), "resolved": on("minute", 23)}, 22, 3_600),
        ({"started": on("second", 22, 0.5), "resolved": on("minute", 22)}, 22 + 1 / 120, None),
        ({"started": on("minute", -24 * 365 * 100), "resolved": on("minute", 0)}, -24 * 365 * 100, LONGEST),
    ],
)
def test_when_it_occurred_and_how_long_it_lasted(moments, occurred, lasted):
    incident = make_incident(**moments)
    found = of(incident).get()
    assert found.occurred_at == (None if occurred is None else NOON + timedelta(hours=occurred - 12))
    assert found.lasted == lasted
    cleared = {key: value for name in moments for key, value in triple(name, UNKNOWN).items()}
    of(incident).update(title="Nothing known", **cleared)
    assert of(incident).values_list("occurred_at", "lasted").get() == (None, None)


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "prefix"), [(make_incident, "INC"), (make_actionable, "ACT")])
def test_numbers_follow_each_other_and_never_come_back(make, prefix):
    first, second, third = make(), make(), make()
    assert [second.number, third.number] == [first.number + 1, first.number + 2]
    assert third.reference == f"{prefix}-{third.number}"
    third.delete()
    assert make().number == first.number + 3
    of(first).update(number=500)
    assert make().number == 501
    of(first).update(number=7_000)
    assert make().number == 7_001
    second.save()
    assert of(second).get().number == second.number


@pytest.mark.django_db(transaction=True)
def test_two_at_once_never_get_one_number():
    people, each, faults = 6, 3, []
    ready = threading.Barrier(people)

    def file_some() -> None:
        try:
            ready.wait(timeout=10)
            for _ in range(each):
                with transaction.atomic():
                    make_incident("The same thing again")
        except Exception as fault:  # noqa: BLE001 - told to the test below
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=file_some) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    numbers = sorted(Incident.objects.values_list("number", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + people * each))
    assert Incident.objects.filter(slug=f"the-same-thing-again-{people * each}").exists()


# --- addresses --------------------------------------------------------------------------------------------------------


def test_a_slug_is_made_from_the_title():
    assert make_incident("Swift: image scaling, down!").slug == "swift-image-scaling-down"
    assert make_incident("Swift image scaling down").slug == "swift-image-scaling-down-2"
    assert make_incident("Swift image scaling down").slug == "swift-image-scaling-down-3"
    assert make_organisation("Swift image scaling down").slug == "swift-image-scaling-down"
    assert make_incident("障害").slug == "incident"
    assert make_incident("New").slug == "new-2"
    long = [make_incident("x" * 200).slug for _ in range(2)]
    assert long == ["x" * 72, "x" * 72 + "-2"]


def rename(row: Any, slug: str) -> None:
    """Give it another address."""
    row.slug = slug
    row.save()


def goes_to(slug: str, rows: models.QuerySet[Any]) -> str:
    """Where a former address leads."""
    with pytest.raises(Moved) as moved:
        get_by_slug(rows, slug)
    return moved.value.args[0]


def test_every_former_slug_leads_to_the_present_one():
    incident, everything = make_incident("First"), Incident.objects.all()
    rename(incident, "second")
    rename(incident, "third")
    assert get_by_slug(everything, "third") == incident
    assert {goes_to("first", everything), goes_to("second", everything)} == {"third"}
    rename(incident, "first")
    assert get_by_slug(everything, "first") == incident
    assert goes_to("third", everything) == "first"
    assert set(OldSlug.objects.values_list("slug", flat=True)) == {"second", "third"}


def test_a_slug_taken_by_another_leads_there():
    first, everything = make_incident("First"), Incident.objects.all()
    rename(first, "moved")
    assert make_incident("First").slug == "first-2"  # no title takes an address away
    other = make_incident("Other", slug="first")
    assert get_by_slug(everything, "first") == other
    rename(other, "other")
    assert goes_to("first", everything) == "other"


def test_a_save_with_an_old_copy_loses_no_address():
    incident, everything = make_incident("First"), Incident.objects.all()
    stale, partial = everything.get(), everything.only("title").get()
    rename(incident, "second")
    stale.save()
    assert goes_to("second", everything) == "first"
    rename(partial, "third")
    assert goes_to("first", everything) == "third"
    partial.slug = "fourth"
    partial.save(update_fields=["title"])
    assert get_by_slug(everything, "third") == incident


def test_a_slug_that_leads_nowhere_is_not_found():
    incident, organisation = make_incident("Hidden", visibility="restricted"), make_organisation("Acme")
    rename(incident, "still-hidden")
    rename(organisation, "acme-inc")
    open_ones = Incident.objects.filter(visibility="open")
    for rows, slug in ((open_ones, "hidden"), (open_ones, "acme"), (Organisation.objects.all(), "hidden")):
        with pytest.raises(Http404):
            get_by_slug(rows, slug)
    incident.delete()
    with pytest.raises(Http404):
        get_by_slug(Incident.objects.all(), "hidden")


# --- the history of an actionable -------------------------------------------------------------------------------------


def test_a_change_of_status_is_kept():
    actionable, began = make_actionable(), timezone.now().replace(microsecond=0)
    actionable.change({"status": "in progress"}, by="alice")
    actionable.change({"status": "in progress"}, by="bob")
    actionable.change({"status": "blocked"}, by="bob", why="Waits for parts.")
    told = actionable.changes.values_list("position", "from_status", "to_status", "by", "why")
    assert list(told) == [
        (1, "open", "in progress", "alice", ""),
        (2, "in progress", "blocked", "bob", "Waits for parts."),
    ]
    for change in actionable.changes.all():
        assert change.when.precision == Precision.SECOND
        assert began <= change.when.at <= timezone.now()
    assert of(actionable).get().status == "blocked"


def test_a_refused_change_leaves_no_trace():
    actionable = make_actionable()
    with pytest.raises(ValidationError, match="Say why"):
        actionable.change({"status": "declined"}, by="bob")
    assert of(actionable).get().status == "open"
    assert not actionable.changes.exists()
