"""Filing a postmortem by its forms: what is typed is saved, nothing else is touched, and nobody is overwritten."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from actionables.models import Actionable
from kb.filing import SECTIONS
from postmortems.document import document_of
from postmortems.models import Incident
from tests.factories import make_cause, make_entry, make_incident
from tests.filing import address, opened, sent_by

TITLE = "Fans of rack 7 stopped"


@pytest.fixture
def draft(alice: User) -> Incident:
    """A draft of alice's."""
    incident = make_incident(TITLE, status="draft", summary="", time_zone="Europe/Berlin")
    incident.named_readers.create(user=alice, is_author=True)
    return incident


def test_a_title_makes_a_draft_for_its_author_alone(author: Client, alice: User, bob: User) -> None:
    response = author.post("/incidents/new/", {"title": TITLE, "summary": "They *stopped*.\r\nAll."})
    incident = Incident.objects.get()
    assert response.headers["Location"] == address(incident)
    assert (incident.title, incident.summary, incident.status) == (TITLE, "They *stopped*.\nAll.", "draft")
    assert list(incident.named_readers.values_list("user", "is_author")) == [(alice.pk, True)]
    assert incident.revisions.get().by == alice
    assert author.get(f"/INC-{incident.number}", follow=True).status_code == 200
    other = Client()
    other.force_login(bob)
    assert other.get(address(incident)).status_code == 404


def test_a_title_is_needed_and_what_was_typed_stays(author: Client) -> None:
    response = author.post("/incidents/new/", {"title": " ", "summary": "Typed <b>already</b>"})
    assert response.status_code == 422
    assert "Typed &lt;b&gt;already" in response.content.decode()
    assert 'href="#id_title"' in response.content.decode()
    assert not Incident.objects.exists()


TOO_LONG = {"title": "a", "summary": "x" * 100_001}


@pytest.mark.parametrize("typed", [{"title": "x" * 201}, {"title": "a\0b"}, TOO_LONG])
def test_what_cannot_be_kept_is_said_beside_its_field(author: Client, typed: dict[str, str]) -> None:
    response = author.post("/incidents/new/", typed)
    assert response.status_code == 422
    assert 'class="error small"' in response.content.decode()
    assert sent_by(response.content.decode())["title"] == typed["title"].replace("\0", "\ufffd")


def test_the_list_of_sections_says_what_is_filled(author: Client, draft: Incident) -> None:
    make_entry(draft)
    page = author.get(address(draft)).content.decode()
    assert page.count(f'href="{address(draft)}') >= len(SECTIONS)
    assert "1 entry" in page
    assert "1 of 7" in page  # of the overview, its title


def test_the_overview_saves_its_fields_and_makes_what_is_new(author: Client, draft: Incident) -> None:
    typed = opened(author, address(draft, "overview")) | {
        "organisation_name": "Ice works", "service_names": "rack 7, Fans,\nrack 7", "severity": "SEV2",
        "detection": "staff", "responders": "Ann, Bo",
    }  # fmt: skip
    response = author.post(address(draft, "overview"), typed | {"onward": "1"})
    assert response.headers["Location"] == f"{address(draft, 'times')}?before=overview"
    draft.refresh_from_db()
    assert (str(draft.organisation), draft.severity, draft.detection) == ("Ice works", "SEV2", "staff")
    assert sorted(draft.services.values_list("name", flat=True)) == ["Fans", "rack 7"]
    assert draft.revisions.order_by("number").last().note == "Overview"  # type: ignore[union-attr]


def test_times_are_read_as_people_type_them_and_shown_as_understood(author: Client, draft: Incident) -> None:
    typed = opened(author, address(draft, "times")) | {
        "day": "2024-03-30", "started": "about 18:55", "detected": "19:0x", "resolved": "01:30 next day",
    }  # fmt: skip
    assert author.post(address(draft, "times"), typed).status_code == 302
    page = author.get(address(draft, "times")).content.decode()
    for words in ("30 March 2024, about 18:55 (Europe/Berlin)", "30 March 2024, about 19:05", "31 March 2024, 01:30"):
        assert f"Understood as {words}" in page
    draft.refresh_from_db()
    assert draft.resolved.iso() == "2024-03-31T00:30Z"


def test_a_time_that_is_none_is_said_beside_its_field_and_the_order_too(author: Client, draft: Incident) -> None:
    typed = opened(author, address(draft, "times")) | {
        "started": "19:00",
        "detected": "half past",
        "mitigated": "18:00",
    }
    response = author.post(address(draft, "times"), typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="half past"' in page
    assert 'href="#id_detected">Detected: “half past” is not understood as a time' in page
    assert 'id="id_mitigated_error"' in page


def entry(**typed: str) -> dict[str, str]:
    """What is typed for a timeline entry."""
    return {"when": "", "kind": "note", "text": "It happened.", "excerpt": "", "excerpt_label": ""} | typed


def test_the_day_is_asked_once_and_entries_go_where_their_time_says(author: Client, draft: Incident) -> None:
    where = address(draft, "timeline")
    assert 'name="day"' in author.get(where).content.decode()
    author.post(where, entry(when="22:05", day="2024-06-01", text="Second"))
    assert 'name="day"' not in author.get(where).content.decode()
    author.post(where, entry(when="01:00 next day", text="Third"))
    author.post(where, entry(when="22:00", text="First"))
    author.post(where, entry(text="No time"))
    rows = [(row.when.iso(), row.text) for row in draft.timeline.all()]
    assert rows == [
        ("2024-06-01T20:00Z", "First"),
        ("2024-06-01T20:05Z", "Second"),
        ("2024-06-01T23:00Z", "Third"),
        ("", "No time"),
    ]
    assert list(draft.timeline.values_list("position", flat=True)) == [1, 2, 3, 4]


def test_rows_move_and_go(author: Client, draft: Incident) -> None:
    one, two, three = (make_entry(draft, text=text) for text in ("one", "two", "three"))
    author.post(f"{address(draft, 'timeline', three.pk)}move/", {"to": "up"})
    author.post(f"{address(draft, 'timeline', one.pk)}move/", {"to": "up"})  # is the first
    author.post(f"{address(draft, 'timeline', two.pk)}move/", {"to": "down"})  # is the last
    author.post(f"{address(draft, 'timeline', one.pk)}move/", {"to": "down"})
    assert [row.text for row in draft.timeline.all()] == ["three", "one", "two"]
    author.post(f"{address(draft, 'timeline', one.pk)}remove/")
    author.post(f"{address(draft, 'timeline', one.pk)}remove/")
    assert [row.text for row in draft.timeline.all()] == ["three", "two"]
    assert "one" in draft.revisions.get(number=3).document


def test_a_cause_is_picked_by_name_or_other_name_and_once_a_role(author: Client, draft: Incident) -> None:
    cause = make_cause("Dust in fans", aliases="Dirty fans\nFluff")
    draft.summary = "The fans of rack 7 were full of dust."
    draft.save()
    typed = {"role": "root", "certainty": "confirmed", "explanation": "", "evidence": "full of dust"}
    where = address(draft, "causes")
    assert author.post(where, typed | {"cause_name": "fluff"}).status_code == 302
    assert [link.cause for link in draft.incident_causes.all()] == [cause]
    assert author.post(where, typed | {"cause_name": "dust in fans"}).status_code == 422
    wrong = author.post(where, typed | {"cause_name": "dust in fans", "role": "trigger", "evidence": "never said"})
    assert "This passage is not in the postmortem" in wrong.content.decode()
    assert draft.incident_causes.count() == 1


def test_an_actionable_is_filed_with_its_history(author: Client, draft: Incident) -> None:
    typed = {"title": "Clean the fans", "kind": "prevent", "status": "done", "due_on": "2024-07-01"}
    where = address(draft, "actionables")
    assert "Say what shows that it is done" in author.post(where, typed).content.decode()
    author.post(where, typed | {"outcome": "Cleaned."})
    row = Actionable.objects.get()
    assert (row.incident, row.status, str(row.due_on)) == (draft, "done", "2024-07-01")
    assert list(row.changes.values_list("from_status", "to_status", "by")) == [
        ("", "open", "Alice"),
        ("open", "done", "Alice"),
    ]
    assert not row.opened.is_known
    assert not row.closed.is_known
    sent = opened(author, address(draft, "actionables", row.pk)) | {"status": "declined", "outcome": ""}
    assert author.post(address(draft, "actionables", row.pk), sent).status_code == 422
    author.post(address(draft, "actionables", row.pk), sent | {"outcome": "Too dear."})
    assert list(row.changes.values_list("to_status", flat=True)) == ["open", "done", "declined"]
    row.refresh_from_db()
    assert (row.outcome, row.version) == ("Too dear.", 2)
    place = address(draft, "actionables", row.pk)
    early = opened(author, place) | {"opened": "2024-06-30", "closed": "May 2024"}
    assert "cannot have ended before" in author.post(place, early).content.decode()
    author.post(place, early | {"closed": "July 2024"})
    assert [change.when.text() for change in row.changes.all()] == ["30 June 2024", "not known", "July 2024"]
    again = opened(author, place) | {"status": "open"}
    assert author.post(place, again).status_code == 302
    assert [change.to_status for change in row.changes.all()] == ["open", "done", "declined", "open"]


def test_who_may_only_read_may_not_edit(client: Client, mallory: User) -> None:
    incident = make_incident()
    client.force_login(mallory)
    before = document_of(incident)
    for where in (address(incident, "overview"), address(incident, "timeline")):
        assert client.post(where, {"title": "Taken over", "text": "x"}).status_code == 403
    assert client.post("/incidents/new/", {"title": "x"}).status_code == 403
    assert document_of(Incident.objects.get(pk=incident.pk)) == before
    assert 'href="/incidents/new/"' not in client.get("/").content.decode()


def test_a_newer_version_is_not_overwritten(author: Client, draft: Incident) -> None:
    """Both versions are shown as a difference; a field that only one of the two changed is no conflict."""
    where = address(draft, "impact")
    mine, theirs = opened(author, where), opened(author, where)
    assert author.post(where, theirs | {"summary": "Their words.\nEnd."}).status_code == 302
    late = author.post(where, mine | {"summary": "My words.\nEnd.", "impact": "All hot."})
    page = late.content.decode()
    assert late.status_code == 409
    assert sent_by(page)["summary"] == "My words.\r\nEnd."
    assert "<del>Their</del>" in page
    assert "<ins>My</ins>" in page
    assert 'name="take_impact"' not in page
    draft.refresh_from_db()
    assert (draft.summary, draft.impact) == ("Their words.\nEnd.", "")
    again = sent_by(page) | {"take_summary": "theirs"}
    assert again["impact"] == "All hot."
    assert author.post(where, again).status_code == 302
    draft.refresh_from_db()
    assert (draft.summary, draft.impact) == ("Their words.\nEnd.", "All hot.")


@pytest.mark.parametrize(
    ("take", "saved"),
    [("mine", "One.\n\nTwo: theirs.\n\nThree: mine."), ("alone", "One.\n\nTwo.\n\nThree: mine."),
     ("theirs", "One.\n\nTwo: theirs.\n\nThree.")],
)  # fmt: skip
@pytest.mark.parametrize("section", ["impact", "timeline"])
def test_changes_of_other_lines_are_put_together(
    author: Client, draft: Incident, take: str, saved: str, section: str
) -> None:
    text, name = "One.\n\nTwo.\n\nThree.", "summary" if section == "impact" else "text"
    row = make_entry(draft, text=text)
    Incident.objects.filter(pk=draft.pk).update(summary=text)
    where = address(draft, section, row.pk if section == "timeline" else "")
    mine, theirs = opened(author, where), opened(author, where)
    assert author.post(where, theirs | {name: text.replace("Two.", "Two: theirs.")}).status_code == 302
    late = author.post(where, mine | {name: text.replace("Three.", "Three: mine.")})
    page = late.content.decode()
    again = sent_by(page)
    assert late.status_code == 409
    assert "in other lines than yours" in page
    assert again[name].replace("\r\n", "\n") == "One.\n\nTwo: theirs.\n\nThree: mine."
    assert author.post(where, again | {f"take_{name}": take}).status_code == 302
    draft.refresh_from_db()
    row.refresh_from_db()
    assert (draft.summary if section == "impact" else row.text) == saved


def test_what_only_others_changed_stays_theirs(author: Client, draft: Incident) -> None:
    where = address(draft, "overview")
    mine = opened(author, where)
    author.post(where, opened(author, where) | {"severity": "SEV1"})
    assert author.post(where, mine | {"responders": "Ann"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.severity, draft.responders) == ("SEV1", "Ann")


def test_a_row_that_was_removed_meanwhile_gives_back_what_was_typed(author: Client, draft: Incident) -> None:
    row = make_entry(draft)
    where = address(draft, "timeline", row.pk)
    typed = opened(author, where) | {"text": "What I typed"}
    author.post(f"{where}remove/")
    response = author.post(where, typed)
    page = response.content.decode()
    assert response.status_code == 409
    assert sent_by(page)["text"] == "What I typed"
    assert f'action="{address(draft, "timeline")}"' in page
