"""The history of an incident: who sees which version, what differs between two, what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems.compared import changes, in_words
from postmortems.document import document_of
from postmortems.models import AuditEntry, Cause, Incident, IncidentReader, Revision
from postmortems.refresh import refresh_incident
from postmortems.revising import EARLIER, record, revising
from tests.factories import make_actionable, make_incident
from tests.test_pages import page, words

pytestmark = pytest.mark.usefixtures("five")

SWIFT = "/incidents/swift-hung-after-rsyslog-upgrade/"


@pytest.fixture
def swift() -> Incident:
    return Incident.objects.get(number=1)


def edit(incident: Incident, by: User, note: str = "", **fields: Any) -> None:
    """One save of some fields."""
    incident.refresh_from_db()
    with revising(incident.pk, by=by, note=note, version=incident.version) as held:
        for name, value in fields.items():
            setattr(held, name, value)
        held.save()
    incident.refresh_from_db()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_list_says_who_when_why_and_what(client: Client, swift: Incident, alice: User) -> None:
    edit(swift, alice, "Agreed with the team.", severity="SEV2", summary="It hung again.")
    shown = words(page(client, f"{SWIFT}history/"))
    assert "Version 2 Current Alice , " in shown
    assert "Agreed with the team. Severity, Summary" in shown
    assert f"Version 1 {swift.revisions.get(number=1).at.day} " in shown
    assert EARLIER in shown


def test_an_incident_never_saved_here_has_one_version(client: Client, swift: Incident) -> None:
    assert "Only one version" in words(page(client, f"{SWIFT}history/"))
    assert swift.summary.split(",")[0] in words(page(client, f"{SWIFT}versions/1/"))
    assert client.get(f"{SWIFT}versions/2/").status_code == 404


def test_what_was_saved_before_it_was_open_is_for_those_named(client: Client, alice: User, bob: User) -> None:
    draft = make_incident("Quokka", status="draft", summary="Eve's password was hunter2.")
    IncidentReader.objects.create(incident=draft, user=alice, is_author=True)
    record(draft, alice)
    edit(draft, alice, status="published", summary="A password had leaked.")
    place = draft.get_absolute_url()
    everybody = [client, signed_in(bob)]
    assert [each.get(f"{place}versions/1/").status_code for each in everybody] == [404, 404]
    assert [each.get(f"{place}diff/?from=1&to=2").status_code for each in everybody] == [404, 404]
    assert [b"Version 1" in each.get(f"{place}history/").content for each in everybody] == [False, False]
    assert client.get(f"{place}versions/2/").status_code == 200
    assert signed_in(bob).get(f"{place}versions/1/restore/").status_code == 404
    IncidentReader.objects.create(incident=draft, user=bob)
    assert [row.number for row in draft.revisions.told_to(alice).listed()] == [2, 1]
    assert b"hunter2" in signed_in(alice).get(f"{place}versions/1/").content


def test_differences_stand_by_field_and_word(client: Client, swift: Incident, alice: User) -> None:
    edit(swift, alice, summary="The proxies hung for long.\n\nA second paragraph.")
    with revising(swift.pk, by=alice, version=swift.version) as held:
        held.summary = "The proxies stopped for long.\n\nA second paragraph."
        held.severity = "SEV2"
        held.save()
        first = held.timeline.order_by("position")[0]
        first.text += " Nobody noticed."
        first.save()
        held.timeline.order_by("position")[2].delete()
    shown = client.get(f"{SWIFT}diff/").content.decode()
    assert "The proxies <del>hung</del><ins>stopped</ins> for long." in shown
    assert "<ins> Nobody noticed.</ins>" in shown
    assert '<span class="chip red">Removed</span>' in shown
    assert "<ins>SEV2</ins>" in shown
    source = client.get(f"{SWIFT}diff/?from=2&to=3&as=source").content.decode()
    assert "severity: SEV2" in source
    assert "stopped</ins>" in source
    assert swift.revisions.get(number=3).changed == "Severity, Summary, Timeline (1 changed, 1 removed)"


def test_a_change_of_markup_alone_is_called_that(client: Client, swift: Incident, alice: User) -> None:
    edit(swift, alice, summary="It hung.")
    edit(swift, alice, summary="It **hung**.")
    shown = words(page(client, f"{SWIFT}diff/?from=2&to=3"))
    assert "It reads the same; only its markup differs" in shown


def test_nothing_differs_between_a_version_and_itself(client: Client, swift: Incident) -> None:
    assert changes(document_of(swift), document_of(swift)) == []
    assert "Nothing differs." in words(page(client, f"{SWIFT}diff/?from=1&to=1"))


def test_what_was_added_removed_and_changed_is_counted(swift: Incident) -> None:
    before = document_of(swift)
    swift.incident_causes.first().delete()  # type: ignore[union-attr]
    swift.links.first().delete()  # type: ignore[union-attr]
    entry = swift.timeline.order_by("position").last()
    assert entry is not None
    entry.text = "Another end altogether."
    entry.save()
    assert in_words(before, document_of(swift)) == "Timeline (1 changed), Causes (1 removed), Links (1 removed)"
    assert in_words(document_of(swift), before) == "Timeline (1 changed), Causes (1 added), Links (1 added)"
    assert in_words("no document", before) == ""


def test_a_version_comes_back_for_who_may_edit(swift: Incident, alice: User, bob: User, mallory: User) -> None:
    edit(swift, alice, summary="Wrong.")
    place = f"{SWIFT}versions/1/restore/"
    assert signed_in(mallory).post(place, {"seen": "2"}).status_code == 403
    manager = signed_in(bob)
    assert "Wrong." in manager.get(place).content.decode()
    assert manager.post(place, {"seen": "1"}).status_code == 409
    assert Incident.objects.get(pk=swift.pk).summary == "Wrong."
    assert manager.post(place, {"seen": "2"}).status_code == 302
    swift.refresh_from_db()
    last = swift.revisions.get(number=3)
    assert (swift.version, last.note, last.by_name) == (3, "Version 1 restored.", "Bob")
    assert last.document == swift.revisions.get(number=1).document


def test_a_preview_tells_what_restoring_changes_and_nothing_else(alice: User) -> None:
    """Above all nothing of the life of actionables, or of those that came later."""
    incident = make_incident("Quokka overload", summary="As it was.")
    kept = make_actionable(incident, title="Count them", owner="Storage")
    record(incident, alice)
    kept.change({"status": "in progress", "owner": "Network"}, by="Alice")
    make_actionable(incident, title="Feed them", position=2)
    edit(incident, alice, summary="Later.")
    place, browser = f"{incident.get_absolute_url()}versions/1/restore/", signed_in(alice)
    count = incident.revisions.count()
    shown = browser.get(place).content.decode()
    assert "As it was." in shown
    assert [word for word in ("Storage", "Network", "in progress", "Feed them") if word in shown] == []
    browser.post(place, {"seen": str(incident.version)})
    before, after = incident.revisions.get(number=count), incident.revisions.get(number=count + 1)
    assert in_words(before.document, after.document) == "Summary"
    assert (incident.revisions.count(), Incident.objects.get(pk=incident.pk).summary) == (count + 1, "As it was.")
    assert "Nothing: what it says is said now" in browser.get(place).content.decode()


def test_what_cannot_come_back_says_why(swift: Incident, alice: User, bob: User) -> None:
    edit(swift, alice, summary="Later.")
    link = swift.incident_causes.first()
    assert link is not None
    slug = link.cause.slug
    swift.incident_causes.all().delete()
    Cause.objects.get(slug=slug).incident_causes.all().delete()
    Cause.objects.get(slug=slug).delete()
    answer = signed_in(bob).post(f"{SWIFT}versions/1/restore/", {"seen": "2"})
    assert answer.status_code == 422
    assert f"there is no cause “{slug}”" in answer.content.decode()
    assert Incident.objects.get(pk=swift.pk).summary == "Later."


def test_the_file_is_the_document(client: Client, swift: Incident) -> None:
    answer = client.get(f"{SWIFT}document.md")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="INC-1.md"'
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.decode() == document_of(swift)


ODD = ["diff/?from=x", "diff/?from=-1", "diff/?from=9&to=1", "diff/?to=" + "9" * 400, "diff/?to=%00", "diff/?from=٣",
       "versions/0/", "versions/99/", "versions/" + "9" * 30 + "/", "versions/9999999999/"]  # fmt: skip


@pytest.mark.parametrize("address", ODD, ids=lambda address: address[:20])
def test_versions_that_are_not_there_are_404(client: Client, swift: Incident, alice: User, address: str) -> None:
    edit(swift, alice, summary="Once more.")
    assert client.get(SWIFT + address).status_code == 404


@pytest.mark.parametrize("address", ["history/", "history/?page=7", "versions/2/", "diff/?from=1&to=5", "document.md"])
def test_pages_of_many_versions_cost_few_queries(client: Client, swift: Incident, alice: User, address: str) -> None:
    for number in range(4):
        edit(swift, alice, summary=f"Like INC-{number + 1}.")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(SWIFT + address).status_code == 200
    assert len(captured) <= 7


def test_a_former_address_leads_on_with_its_query(client: Client, swift: Incident) -> None:
    swift.slug = "swift-again"
    swift.save()
    answer = client.get(f"{SWIFT}diff/?from=1&to=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/incidents/swift-again/diff/?from=1&to=1")


def test_reading_a_restricted_incident_is_written_down(carol: User, swift: Incident) -> None:
    admin = signed_in(carol)
    admin.get(SWIFT)
    assert not AuditEntry.objects.filter(action="read restricted").exists()
    swift.visibility = "restricted"
    swift.save()
    refresh_incident(swift)
    for part in ("", "history/", "document.md"):
        admin.get(SWIFT + part)
    found = AuditEntry.objects.filter(action="read restricted").order_by("pk")
    assert list(found.values_list("actor", "object", "detail")) == [
        ("carol", "INC-1", "incident"), ("carol", "INC-1", "history"), ("carol", "INC-1", "document"),
    ]  # fmt: skip


def test_the_admin_keeps_versions_too(swift: Incident, carol: User) -> None:
    entry = swift.timeline.order_by("position").first()
    assert entry is not None
    answer = signed_in(carol).post(f"/admin/timelines/timelineentry/{entry.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    kept = list(Revision.objects.filter(incident=swift).order_by("number").values_list("note", "by_name", "changed"))
    assert kept == [(EARLIER, "", ""), ("In the administration.", "Carol", "Timeline (1 removed)")]
