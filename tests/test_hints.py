"""Hints for whoever writes: what is missing, contradicts itself or reads as blame; where, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from postmortems.hints import hints_of
from postmortems.models import Incident, WordingRule
from tests.factories import make_actionable, make_cause, make_entry, make_incident, make_incident_cause, moment


@pytest.fixture
def incident(db: None) -> Incident:
    """An incident of an hour, noticed after ten minutes; nothing to say about it."""
    call_command("loaddata", "filing", verbosity=0)
    day = "2024-05-01"
    incident = make_incident(
        responders="Ann Lee, Bo", started=moment(f"{day} 10:00"), detected=moment(f"{day} 10:10"),
        mitigated=moment(f"{day} 10:40"), resolved=moment(f"{day} 11:00"),
    )  # fmt: skip
    make_entry(incident, when=moment(f"{day} 10:10"), kind="detection", text="An alert.")
    make_entry(incident, when=moment(f"{day} 10:40"), kind="mitigation", text="Traffic was moved.")
    return incident


def told(incident: Incident) -> list[tuple[str, str, str]]:
    """Section, place and words of every hint."""
    return [(hint.section, hint.place, hint.words) for hint in hints_of(Incident.objects.get(pk=incident.pk))]


def test_there_is_nothing_to_say_of_what_fits_together(incident: Incident) -> None:
    make_actionable(incident, owner="Storage team")
    make_incident_cause(incident, evidence="An alert.")
    assert told(incident) == []


def test_an_unowned_actionable_and_a_vague_one(incident: Incident) -> None:
    row = make_actionable(incident, title="Be more careful with restarts")
    make_actionable(incident, title="Done with", status="done", outcome="Yes.")
    found = hints_of(incident)
    assert ("actionables", row.title, "It has no owner.") in told(incident)
    assert {hint.row for hint in found} == {row.pk}
    assert "“be more careful” cannot be finished." in [hint.words for hint in found]


def test_no_detection_a_long_silence_and_what_is_out_of_order(incident: Incident) -> None:
    incident.timeline.filter(kind="detection").update(kind="note")
    late = make_entry(incident, when=moment("2024-05-01 10:05"))
    incident.resolved = moment("2024-05-01 15:00")
    incident.save()
    last = make_entry(incident, when=moment("2024-05-01 12:00"))
    found = {(hint.place, hint.row): hint.words for hint in hints_of(incident) if hint.section == "timeline"}
    assert found == {
        ("Timeline", 0): "No entry is a detection.",
        (f"Entry {late.position}", late.pk): "It is earlier than the entry before it.",
        (f"Entry {last.position}", last.pk): "1 h 55 min pass before it.",
    }


def test_silence_after_the_end_is_none(incident: Incident) -> None:
    make_entry(incident, when=moment("2024-05-01 11:00"), text="All is well.")
    make_entry(incident, when=moment("2024-05-03 11:00"), text="A note on it.")
    assert [words for section, _, words in told(incident) if section == "timeline"] == []


@pytest.mark.parametrize(("minute", "expected"), [("10:14", 0), ("10:30", 1)])
def test_a_milestone_that_contradicts_the_timeline(incident: Incident, minute: str, expected: int) -> None:
    incident.detected = moment(f"2024-05-01 {minute}")
    incident.save()
    found = [words for section, place, words in told(incident) if (section, place) == ("times", "Detected")]
    assert len(found) == expected
    assert all("nearest detection is" in words for words in found)


@pytest.mark.parametrize(
    ("milestone", "at", "kind", "when", "words"),
    [
        ("started", "10:00", "detection", "09:50", "a detection 10 min before it."),
        ("started", "10:00", "change", "09:50", ""),
        ("acknowledged", "10:35", "diagnosis", "10:20", "a diagnosis 15 min before it."),
        ("acknowledged", "10:35", "action", "10:20", "an action 15 min before it."),
        ("acknowledged", "10:35", "action", "10:31", ""),
        ("acknowledged", "10:35", "action", "10:05", ""),  # before anybody noticed: it may be what set it off
        ("resolved", "11:00", "recovery", "11:20", "a recovery 20 min after it."),
        ("resolved", "11:00", "note", "11:20", ""),
    ],
)
def test_what_comes_out_of_turn_contradicts_a_milestone(
    incident: Incident, milestone: str, at: str, kind: str, when: str, words: str
) -> None:
    setattr(incident, milestone, moment(f"2024-05-01 {at}"))
    incident.save()
    make_entry(incident, when=moment(f"2024-05-01 {when}"), kind=kind)
    found = [said for _, place, said in told(incident) if place == milestone.capitalize() and "timeline has" in said]
    assert found == ([f"The timeline has {words}"] if words else [])


def test_a_timeline_that_begins_before_the_start(incident: Incident) -> None:
    incident.timeline.filter(position=1).update(when_at=incident.started.at - timedelta(minutes=20))
    assert ("times", "Started", "The timeline begins earlier.") in told(incident)


def test_a_person_named_as_a_cause_and_one_without_evidence(incident: Incident) -> None:
    cause = make_cause("A change by ann lee")
    make_incident_cause(incident, cause, explanation="It was reviewed.")
    words = [words for section, place, words in told(incident) if (section, place) == ("causes", cause.name)]
    assert words == ["It names Ann Lee.", "It names no evidence."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It was human\nerror.", "“It was human error.”"),
        ("A Carelessness of sorts", "“A Carelessness of sorts”"),
        ("Inhuman errors happen", ""),
        ("We OBVIOUSLY knew", "“We OBVIOUSLY knew”"),
    ],
)
def test_words_of_blame_and_hindsight_are_shown_in_their_place(incident: Incident, text: str, said: str) -> None:
    incident.analysis = text
    incident.save()
    found = [hint for hint in hints_of(incident) if hint.section == "analysis"]
    assert [hint.words for hint in found] == ([said] if said else [])
    assert all(hint.reason and hint.place == "What explains it" for hint in found)


def test_a_rule_can_be_added_and_switched_off(incident: Incident) -> None:
    incident.summary = "A zebra, obviously."
    incident.save()
    WordingRule.objects.create(words="zebra", kind="blame", reason="Zebras are innocent.")
    WordingRule.objects.filter(words="obviously").update(is_on=False)
    assert [hint.reason for hint in hints_of(incident)] == ["Zebras are innocent."]


def test_the_number_of_questions_does_not_grow(incident: Incident) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            hints_of(Incident.objects.get(pk=incident.pk))
        return len(queries)

    before = asked()
    extra: Any = (make_entry, make_actionable, make_incident_cause)
    for make in extra * 4:
        make(incident)
    assert asked() == before == 5
