"""What is deleted is gone for everybody and comes back whole; for good it is gone only when an admin says so twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from actionables.models import Actionable, Watch
from postmortems.admin_readonly import DERIVED
from postmortems.attaching import keep, new_key, place_of
from postmortems.binning import take_out
from postmortems.document import document_of
from postmortems.models import (
    Attachment,
    AuditEntry,
    Deletion,
    Edition,
    Incident,
    IncidentReader,
    Remark,
    Revision,
    Unsaved,
)
from postmortems.refresh import refresh_incident
from postmortems.search import search, suggest
from postmortems.tallies import years_of
from tests.factories import make_actionable, make_cause, make_entry, make_incident
from tests.test_history import edit, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(alice: User) -> Incident:
    """A published one with something of everything."""
    row = make_incident("Quokka overload", causes=(make_cause("Too many animals"),), readers=(alice,))
    make_entry(row)
    work = make_actionable(row, title="Count the quokkas")
    work.change({"status": "in progress"}, by="Alice")
    work.comments.create(by="Alice", text="Soon.")
    for actionable in (None, work):
        Watch.objects.create(person=alice, incident=row, actionable=actionable)
    take_out(make_entry(row, text="Removed."), "timeline", "Removed.", alice)
    row.reviewers.create(user=alice)
    row.review_steps.create(kind="approved", version=1)
    Unsaved.objects.create(user=alice, incident=row, place=f"{row.number}/impact", fields="a=b", at=timezone.now())
    edit(row, alice, summary="Once more.")
    first = Remark.objects.create(incident=row, text="How many?", version=1)
    Remark.objects.create(incident=row, parent=first, text="40.", version=1)
    key = new_key()
    Attachment.objects.create(incident=row, key=key, name="graph.png", kind="image/png", size=5)
    keep(key, [b"graph"])
    refresh_incident(row)
    return row


def everything(incident: Incident) -> dict[str, Any]:
    """Every row that hangs on it, as the database has it; what is derived left out."""
    found: dict[str, Any] = {
        "document": document_of(incident),
        "published": incident.published_at,
        "version": incident.version,
    }
    for relation in Incident._meta.related_objects:
        model: Any = relation.related_model
        if relation.one_to_many and model not in DERIVED:
            rows = model._default_manager.filter(**{relation.field.name: incident}).order_by("pk")
            found[model._meta.label] = list(rows.values())
    for work in Actionable.objects.filter(incident=incident).order_by("pk"):
        parts = (work.changes, work.field_changes, work.comments, work.snoozes)
        found[work.reference] = [list(part.order_by("pk").values()) for part in parts]
    return found


def delete(person: User, incident: Incident, **data: str) -> Any:
    return signed_in(person).post(f"/incidents/{incident.slug}/delete/", data)


def seen(person: Any, incident: Incident, address: str) -> list[Any]:
    """Whether anything of it shows to somebody."""
    browser = signed_in(person) if person.pk else Client()
    row = Attachment.objects.get(incident=incident)
    asked = (f"/incidents/{incident.slug}/", f"/{incident.reference}", row.get_absolute_url(), "/actionables/ACT-1/")
    return [
        *[browser.get(place).status_code in (200, 302) for place in asked],
        *[b"uokka" in b"".join(browser.get(place)) for place in ("/", "/incidents/", "/actionables/", address)],
        bool(search("quokka", person).ids),
        bool(suggest("quokka", person)),
        incident in Incident.objects.visible_to(person),
        Actionable.objects.visible_to(person).exists(),
    ]


def test_it_is_gone_for_everybody_and_comes_back_whole(
    incident: Incident, alice: User, bob: User, carol: User, mallory: User
) -> None:
    before, address = everything(incident), "/incidents/export.csv"
    told = ("RemovedRow", "Unsaved", "Reviewer", "ReviewStep", "Remark", "Attachment", "Revision", "IncidentReader")
    there = {name.partition(".")[2] for name, rows in before.items() if rows and "." in name}
    assert there >= {*told, "Watch", "Actionable", "TimelineEntry", "IncidentCause"}
    people = (AnonymousUser(), mallory, alice, bob, carol)
    here = {str(person): seen(person, incident, address) for person in people}
    assert set(map(all, here.values())) == {True}
    cause = incident.incident_causes.get().cause_id
    mark = Edition.current()
    assert delete(bob, incident, why="Filed twice.").headers["Location"] == "/bin/"
    assert Edition.current() != mark
    gone = {str(person): seen(person, incident, address) for person in people}
    assert gone == dict.fromkeys(gone, [False] * 12)
    assert [years_of([cause], person)[cause] for person in (mallory, carol)] == [[], []]
    call_command("refresh", verbosity=0)
    assert not any(seen(carol, incident, address))
    (row,) = Deletion.objects.all()
    shown = signed_in(bob).get("/bin/").content.decode()
    assert "Quokka overload" in shown
    assert "Filed twice." in shown
    assert signed_in(bob).post(f"/bin/{row.pk}/put-back/").headers["Location"] == incident.get_absolute_url()
    incident.refresh_from_db()
    assert everything(incident) == before
    assert {str(person): seen(person, incident, address) for person in people} == here
    actions = AuditEntry.objects.filter(object=incident.reference).order_by("pk").values_list("action", "actor")
    assert list(actions) == [("deleted", "bob"), ("restored", "bob")]


def test_managers_delete_and_authors_what_was_never_published(
    incident: Incident, alice: User, bob: User, mallory: User
) -> None:
    assert [delete(person, incident).status_code for person in (mallory, alice)] == [403, 403]
    draft = make_incident("Draft", status="draft")
    IncidentReader.objects.create(incident=draft, user=alice, is_author=True)
    assert delete(bob, draft).status_code == 404
    assert delete(alice, draft).status_code == 302
    assert Client().post(f"/incidents/{incident.slug}/delete/").status_code == 302
    assert not Deletion.objects.filter(incident=incident).exists()
    hidden = make_incident("Restricted", visibility="restricted")
    assert delete(bob, hidden).status_code == 404


def test_the_bin_holds_for_each_what_they_deleted(incident: Incident, alice: User, bob: User, carol: User) -> None:
    draft = make_incident("Quoll draft", status="draft")
    IncidentReader.objects.create(incident=draft, user=alice, is_author=True)
    delete(alice, draft)
    delete(bob, incident)
    shown = {person: signed_in(person).get("/bin/").content.decode() for person in (alice, bob, carol)}
    assert [("Quoll" in text, "Quokka" in text) for text in shown.values()] == [
        (True, False), (False, True), (True, True),
    ]  # fmt: skip
    row = Deletion.objects.get(incident=draft)
    assert signed_in(bob).post(f"/bin/{row.pk}/put-back/").status_code == 404
    assert signed_in(bob).get(f"/bin/{row.pk}/purge/").status_code == 404
    assert signed_in(alice).get(f"/bin/{row.pk}/purge/").status_code == 403
    assert signed_in(alice).post(f"/bin/{row.pk}/put-back/").status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.published_at) == ("draft", None)


def test_for_good_wants_the_reference(incident: Incident, bob: User, carol: User) -> None:
    delete(bob, incident)
    row, place = Deletion.objects.get(), place_of(incident.attachments.get().key)
    address = f"/bin/{row.pk}/purge/"
    for typed in ("", "INC-99", "<b>", "yes", "x" * 5_000):
        answer = signed_in(carol).post(address, {"reference": typed})
        assert (answer.status_code, "This is not INC-" in answer.content.decode()) == (422, True)
    assert Incident.objects.filter(pk=incident.pk).exists()
    assert place.exists()


def test_what_is_deleted_for_good_leaves_nothing(
    incident: Incident, bob: User, carol: User, django_capture_on_commit_callbacks: Any
) -> None:
    delete(bob, incident)
    row, place = Deletion.objects.get(), place_of(incident.attachments.get().key)
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(carol).post(f"/bin/{row.pk}/purge/", {"reference": f" {incident.reference.lower()} "})
    assert answer.status_code == 302
    assert not Incident.objects.filter(pk=incident.pk).exists()
    assert not Revision.objects.filter(incident=incident.pk).exists()
    assert not place.exists()
    assert AuditEntry.objects.filter(action="deleted for good", object=incident.reference).exists()
    assert make_incident("Another").number == incident.number + 1


def test_deleting_twice_is_deleting_once(incident: Incident, bob: User) -> None:
    assert delete(bob, incident).status_code == 302
    assert delete(bob, incident).status_code == 404
    assert Deletion.objects.get().status == "published"


@pytest.mark.parametrize("why", ["x" * 201, "a\0b"])
def test_a_reason_that_cannot_be_kept_is_said(incident: Incident, bob: User, why: str) -> None:
    answer = delete(bob, incident, why=why)
    assert answer.status_code == 422
    assert 'class="error small"' in answer.content.decode()
    assert not Deletion.objects.exists()
