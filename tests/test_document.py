"""One incident as one document: nothing is lost or changed on the way out and back in."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from postmortems.document import apply_document, document_of
from postmortems.document_moments import moment_read, moment_written
from postmortems.document_text import DocumentError
from postmortems.models import Cause, Incident
from postmortems.moments import UNKNOWN, Moment
from tests.factories import make_actionable, make_entry, make_incident, make_incident_cause, make_link
from tests.test_moments import ODD, clocks, dated, moments

pytestmark = pytest.mark.usefixtures("five")


@given(moments)
@example(Moment(ODD[-3], None, "minute"))
@settings(max_examples=300)
def test_a_moment_is_read_back_as_it_was(moment: Moment) -> None:
    assert moment_read(moment_written(moment)) == moment


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2015-08-12 22:05 +02:00", "2015-08-12 20:05 UTC"),
        ("about 18:55", "about 18:55"),
        ("01:00:30 +1", "01:00:30 +1"),
        ("23:50 -1", "23:50 -1"),
        ("2015", "2015"),
        ("2015-08", "2015-08"),
        ("not known", "not known"),
    ],
)
def test_moments_as_they_are_written(text: str, same: str) -> None:
    assert moment_written(moment_read(text)) == same


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2015-13", "2015-02-30", "24:00", "2015-08-12 22:05", "2015-08 22:05 UTC", "about 2015", "22:05 UTC",
     "9999-12-31 23:59 UTC", "22:05 +999"],
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        moment_read(text)


def told(text: str) -> list[str]:
    """The lines of a document without what is another incident's own: its reference and address, and its work's."""
    return [line for line in text.split("\n")[4:] if not line.startswith("reference: ACT-")]


def everything(incident: Incident) -> dict[str, Any]:
    """All columns of an incident and of its rows."""
    rows = {
        related: list(getattr(incident, related).order_by("position").values())
        for related in ("timeline", "incident_causes", "links", "actionables")
    }
    rows["aimed at"] = sorted(incident.actionables.values_list("number", "causes"), key=str)
    facts = Incident.objects.filter(pk=incident.pk).values().get()
    return {"facts": facts, "services": sorted(incident.services.values_list("slug", flat=True)), **rows}


@pytest.mark.parametrize("number", range(1, 6))
def test_the_five_stay_what_they_are(number: int) -> None:
    incident = Incident.objects.get(number=number)
    before, text = everything(incident), document_of(incident)
    apply_document(text, incident, decided=True)
    assert everything(incident) == before
    assert document_of(Incident.objects.get(number=number)) == text


@pytest.mark.parametrize("number", range(1, 6))
def test_a_new_incident_becomes_what_the_document_says(number: int) -> None:
    text = document_of(Incident.objects.get(number=number))
    copy = make_incident("To be overwritten", summary="Gone.")
    apply_document(text, copy, decided=True)
    found = document_of(Incident.objects.get(pk=copy.pk))
    assert told(found) == told(text)


def test_it_takes_few_queries(django_assert_num_queries: Any) -> None:
    incident = Incident.objects.select_related("organisation").get(number=1)
    with django_assert_num_queries(6):  # services, timeline, causes, actionables and what they are aimed at, links
        document_of(incident)


def test_what_the_document_leaves_out_becomes_the_default() -> None:
    incident = Incident.objects.get(number=3)
    apply_document('---\nhindsight: 1\ntitle: "Short"\n---\n', incident)
    found = Incident.objects.get(number=3)
    assert (found.title, found.organisation, found.started, found.summary) == ("Short", None, UNKNOWN, "")
    assert (found.status, found.visibility, found.slug) == ("published", "open", "labs-outage-nova-and-rabbitmq")
    assert [found.services.count(), found.timeline.count(), found.incident_causes.count(), found.links.count()] == [
        0
    ] * 4


def test_a_row_keeps_its_identity_where_it_stays() -> None:
    incident = Incident.objects.get(number=1)
    text = document_of(incident)
    causes = list(incident.incident_causes.values_list("pk", "explanation"))
    first = text.index("\n## ", text.index("# Causes"))
    second = text.index("\n## ", first + 1)
    apply_document(text[:first] + text[second:], incident)
    assert list(incident.incident_causes.values_list("pk", "explanation")) == causes[1:]


HEAD = "---\nhindsight: 1\ntitle: x\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("---\ntitle: x\n---\n", 2, "hindsight: 1"),
        ("---\nhindsight: 2\n---\n", 2, "hindsight: 1"),
        ("---\nhindsight: 1\n---\n", 2, "title"),
        (HEAD + "colour: red\n---\n", 4, "no fact “colour”"),
        (HEAD + "severity: bad\n---\n", 4, "bad"),
        (HEAD + "started: soon\n---\n", 4, "not a time"),
        (HEAD + "time_zone_assumed: perhaps\n---\n", 4, "true or false"),
        (HEAD + "organisation: nobody\n---\n", 4, "no organisation “nobody”"),
        (HEAD + 'services: ["nothing"]\n---\n', 4, "no service “nothing”"),
        (HEAD + "services: rsyslog\n---\n", 4, "a list"),
        (HEAD + 'services: ["a\\u0000"]\n---\n', 4, "no database"),
        (HEAD + 'organisation: "a\\ud800"\n---\n', 4, "no database"),
        (HEAD + "---\n\n# Summary\nroot cause: the disk\n", 7, "no fact “root cause”"),
        (HEAD + "---\n\n# Timeline\n\n- 22:05 it broke\n", 6, "under “Timeline” stand rows"),
        (HEAD + "started: 22:05\ndetected: 21:00\n---\n", 5, "before"),
        (HEAD + 'responders: "\\u0000"\n---\n', 4, "no database"),
        (HEAD + "---\n\n# Summary\n\na\n\n# Summary\n\nb\n", 10, "twice"),
        (HEAD + "---\n\n# Timeline\n\n## soon\n\nx\n", 8, "not a time"),
        (HEAD + "---\n\n# Timeline\n\n## 22:05\nkind: odd\n\nx\n", 9, "odd"),
        (HEAD + "---\n\n# Timeline\n\n## 22:05\nmood: odd\n\nx\n", 9, "no fact “mood”"),
        (HEAD + "---\n\n# Timeline\n\n## 22:05\n", 8, "blank"),
        (HEAD + "---\n\n# Causes\n\n## nothing\n", 8, "no cause “nothing”"),
        (HEAD + "---\n\n# Links\n\n## javascript:x\nkind: bug\nlabel: x\n", 8, "URL"),
    ],
)
def test_what_cannot_be_applied_says_where_and_changes_nothing(text: str, line: int, words: str) -> None:
    incident = Incident.objects.get(number=3)
    before = everything(incident)
    with pytest.raises(DocumentError, match=words) as caught:
        apply_document(text, incident)
    assert (caught.value.line, everything(incident)) == (line, before)


def test_evidence_must_stand_in_the_text() -> None:
    incident = Incident.objects.get(number=1)
    text = document_of(incident)
    at = text.index("### Evidence\n\n") + len("### Evidence\n\n")
    with pytest.raises(DocumentError, match="not in the postmortem") as caught:
        apply_document(text[:at] + "Never said. " + text[at:], incident)
    assert text.split("\n")[caught.value.line - 1] == "### Evidence"


# --- generated incidents ----------------------------------------------------------------------------------------------

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
LINES = st.sampled_from(["---", "# Summary", "\\# Timeline", "## 22:05", "### Excerpt", "title: x", "", " ", "\r"])
PROSE = st.lists(st.one_of(LINES, st.text(CHARACTERS, max_size=8)), min_size=1, max_size=6).map("\n".join)
EXAMPLES = int(os.environ.get("HINDSIGHT_INCIDENTS", "60"))  # more take longer: 10,000 some half an hour
NAMED = st.text(CHARACTERS, min_size=1, max_size=20).filter(str.strip)
ENTRY = st.fixed_dictionaries(
    {"when": moments, "kind": st.sampled_from(["change", "note"]), "text": PROSE.filter(str.strip),
     "excerpt": PROSE | st.just(""), "excerpt_label": NAMED | st.just("")}
)  # fmt: skip
CAUSE = st.fixed_dictionaries(
    {"certainty": st.sampled_from(["confirmed", "suspected"]), "explanation": PROSE | st.just("")}
)
ACTIONABLE = st.fixed_dictionaries(
    {"title": NAMED.map(str.strip), "kind": st.sampled_from(["prevent", "mitigate"]),
     "description": PROSE | st.just(""), "owner": NAMED | st.just(""), "ticket_label": NAMED | st.just("")}
)  # fmt: skip
LINK = st.fixed_dictionaries({"label": NAMED, "note": PROSE | st.just("")})
INCIDENT = st.fixed_dictionaries(
    {"title": NAMED, "responders": NAMED, "time_zone_assumed": st.booleans(), "severity": st.sampled_from(["SEV1"]),
     "resolved": st.one_of(dated(), clocks()), "source_published": moments, "summary": PROSE, "impact": PROSE,
     "got_lucky": PROSE, "source_note": PROSE}
)  # fmt: skip


def few(rows: st.SearchStrategy[dict[str, Any]], most: int = 2) -> st.SearchStrategy[list[dict[str, Any]]]:
    """None or a few of these rows."""
    return st.lists(rows, max_size=most)


@pytest.mark.parametrize("title", ["two\nlines", '"in quotes"', '"partly" so', "# a heading", " spaces "])
def test_any_title_of_a_row_comes_back(title: str) -> None:
    incident = make_incident()
    make_actionable(incident, title=title, description="text", position=1)
    before, text = everything(incident), document_of(incident)
    apply_document(text, incident, decided=True)
    assert everything(incident) == before
    assert document_of(Incident.objects.get(pk=incident.pk)) == text


@given(INCIDENT, few(ENTRY, 3), few(CAUSE), few(ACTIONABLE), few(LINK))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_incidents_come_back_whole(
    fields: dict[str, Any], entries: list[Any], causes: list[Any], actionables: list[Any], links: list[Any]
) -> None:
    incident = make_incident(**fields)
    for position, entry in enumerate(entries, start=1):
        make_entry(incident, position=position, **entry)
    taxonomy = list(Cause.objects.order_by("pk")[:2])
    for position, said in enumerate(causes):
        make_incident_cause(incident, taxonomy[position], position=position + 1, **said)
    for position, said in enumerate(actionables, start=1):
        make_actionable(incident, causes=tuple(taxonomy[:position]), position=position, **said)
    for position, said in enumerate(links, start=1):
        make_link(incident, position=position, **said)
    before, text = everything(incident), document_of(incident)
    apply_document(text, incident, decided=True)
    assert everything(incident) == before
    other = make_incident("Other")
    apply_document(text, other, decided=True)
    assert told(document_of(Incident.objects.get(pk=other.pk))) == told(text)
