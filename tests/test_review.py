"""Review and publishing: who is asked, who decides, who publishes, and what takes a postmortem back."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import AnonymousUser, User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems.mail import POST
from postmortems.models import AuditEntry, Edition, Incident, IncidentReader, Mailing
from postmortems.refresh import refresh_incident
from postmortems.reviewing import CHECKLIST
from postmortems.revising import record, revising
from postmortems.search import search
from tests.factories import make_incident, make_incident_cause
from tests.test_history import edit, signed_in
from tests.test_pages import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(alice: User) -> Incident:
    """Alice's draft."""
    incident = make_incident("Quokka overload", status="draft", summary="The quokkas were too many.")
    IncidentReader.objects.create(incident=incident, user=alice, is_author=True)
    record(incident, alice)
    return incident


def place(incident: Incident, *parts: object) -> str:
    return "/".join([f"/incidents/{incident.slug}/review", *map(str, parts), ""])


def send(person: User, incident: Incident, *parts: object, **data: Any) -> Any:
    """A form of the page, sent with the version that the page showed unless another is given."""
    incident.refresh_from_db()
    return signed_in(person).post(place(incident, *parts), {"seen": incident.version, **data})


def status(incident: Incident) -> str:
    return Incident.objects.get(pk=incident.pk).status


def posted(django_capture: Any) -> list[Any]:
    """The mails that went out."""
    POST.submit(lambda: None).result()
    return mail.outbox


def test_from_draft_to_published(draft: Incident, alice: User, bob: User, mallory: User) -> None:
    assert signed_in(bob).get(place(draft)).status_code == 404
    answer = send(alice, draft, "ask", names="bob", note="The causes, please.")
    assert (answer.status_code, status(draft)) == (302, "review")
    shown = words(page(signed_in(bob), place(draft)))
    assert "In review" in shown
    assert "Alice asked for review" in shown
    assert send(bob, draft, "approve", checked=["impact", "causes"], note="Good.").status_code == 302
    shown = words(page(signed_in(alice), place(draft)))
    assert "Bob Approved version 2" in shown
    assert "Holds: impact, causes." in shown
    assert "Managers and admins publish." in shown
    assert send(alice, draft, "publish").status_code == 422
    assert search("quokka", AnonymousUser()).ids == []
    before = Edition.current()
    assert send(bob, draft, "publish").headers["Location"] == draft.get_absolute_url()
    assert status(draft) == "published"
    assert Edition.current() != before
    assert search("quokka", AnonymousUser()).ids == [draft.pk]
    assert Client().get(draft.get_absolute_url()).status_code == 200
    assert signed_in(mallory).get(place(draft)).status_code == 403
    notes = list(draft.revisions.order_by("number").values_list("note", "was_open"))
    assert notes == [("", False), ("Into review.", False), ("Published.", True)]
    assert list(AuditEntry.objects.filter(action="published").values_list("actor", "object")) == [
        ("bob", draft.reference)
    ]


def test_nobody_publishes_what_they_wrote_alone(
    draft: Incident, bob: User, carol: User, settings: LazySettings
) -> None:
    draft.named_readers.all().delete()
    mine = IncidentReader.objects.create(incident=draft, user=bob, is_author=True)
    refused = send(bob, draft, "publish", note="I know it well.")
    assert (refused.status_code, status(draft)) == (422, "draft")
    assert "You are its only author" in refused.content.decode()
    other = IncidentReader.objects.create(incident=draft, user=carol, is_author=True)
    assert send(bob, draft, "publish", note="Both of us wrote it.").status_code == 302
    other.delete()
    settings.PUBLISH_OWN = True
    send(bob, draft, "withdraw", note="Again.")
    assert send(bob, draft, "publish", note="Alone, as we agreed.").status_code == 302
    assert mine.pk


def test_what_speaks_against_publishing_wants_a_reason(draft: Incident, alice: User, bob: User, carol: User) -> None:
    send(alice, draft, "ask", names="bob, carol")
    send(bob, draft, "ask-for-changes", note="No numbers.")
    send(bob, draft, "comment", section="summary", text="How many?")
    shown = words(page(signed_in(carol), place(draft)))
    assert "Nobody has approved it. Bob asked for changes. 1 comment is not resolved." in shown
    silent = send(carol, draft, "publish", note="  ")
    assert (silent.status_code, status(draft)) == (422, "review")
    assert "Say why it is published all the same." in silent.content.decode()
    assert send(carol, draft, "publish", note="People are waiting.").status_code == 302
    assert draft.review_steps.get(kind="published").note == "People are waiting."


def test_what_changed_since_my_review_is_one_click(draft: Incident, alice: User, bob: User) -> None:
    send(alice, draft, "ask", names="bob")
    send(bob, draft, "ask-for-changes", note="Say how many.")
    assert b"What changed since" not in signed_in(bob).get(place(draft)).content
    edit(draft, alice, summary="The quokkas were 40.")
    shown = signed_in(bob).get(place(draft)).content.decode()
    address = f"/incidents/{draft.slug}/diff/?from=2&amp;to=3"
    assert f'<a href="{address}">What changed since</a>' in shown
    assert "<del>too many</del><ins>40</ins>" in signed_in(bob).get(address.replace("amp;", "")).content.decode()


def test_a_verdict_on_what_was_saved_since_is_not_taken(draft: Incident, alice: User, bob: User) -> None:
    send(alice, draft, "ask", names="bob")
    draft.refresh_from_db()
    seen = draft.version
    edit(draft, alice, summary="Quite another story.")
    late = send(bob, draft, "approve", seen=seen, note="Typed with care.")
    assert late.status_code == 409
    assert "Typed with care." in late.content.decode()
    assert send(bob, draft, "publish", seen=seen, note="Now.").status_code == 409
    assert send(bob, draft, "publish", seen="x", note="Now.").status_code == 409
    assert not draft.review_steps.filter(kind="approved").exists()


def test_who_was_not_asked_or_wrote_it_does_not_decide(draft: Incident, alice: User, bob: User, carol: User) -> None:
    send(alice, draft, "ask", names="bob")
    assert send(carol, draft, "approve").status_code == 422
    IncidentReader.objects.filter(incident=draft, user=bob).update(is_author=True)
    assert send(bob, draft, "approve").status_code == 422
    IncidentReader.objects.filter(incident=draft, user=bob).update(is_author=False)
    empty = send(bob, draft, "ask-for-changes", note=" ")
    assert "Say what should change." in empty.content.decode()
    assert not draft.review_steps.exclude(kind="asked for review").exists()


WRONG = [("", "Name at least one person."), (",", "Name at least one person."), ("zoe", "“zoe” is nobody who can"),
         ("bob, zoe", "“zoe” is nobody"), ("b\0b", "Null characters"), ("x," * 30, "is nobody")]  # fmt: skip


@pytest.mark.parametrize(("names", "said"), WRONG)
def test_names_that_are_nobodys_are_said_beside_the_field(
    draft: Incident, alice: User, bob: User, names: str, said: str
) -> None:
    answer = send(alice, draft, "ask", names=names, note="Kept.")
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert said in shown
    assert "Kept.</textarea>" in shown
    assert not draft.reviewers.exists()
    assert status(draft) == "draft"


def test_people_are_found_by_sign_in_name_or_full_name(draft: Incident, alice: User, bob: User, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(first_name="Carol", last_name="Van Dam")
    assert send(alice, draft, "ask", names="BOB,  carol  Van  Dam").status_code == 302
    assert {row.user for row in draft.reviewers.all()} == {bob, carol}


def test_who_need_not_review_sees_it_no_longer(draft: Incident, alice: User, bob: User) -> None:
    send(alice, draft, "ask", names="bob")
    reviewer = draft.reviewers.get()
    elsewhere = make_incident("Other", status="draft")
    assert send(alice, draft, "unask", reviewer.pk + 99).status_code == 404
    assert send(bob, elsewhere, "unask", reviewer.pk).status_code == 404
    assert send(alice, draft, "unask", reviewer.pk).status_code == 302
    assert not draft.reviewers.exists()
    assert signed_in(bob).get(place(draft)).status_code == 404


def test_withdrawn_and_reopened_it_is_out_of_sight(draft: Incident, alice: User, bob: User, mallory: User) -> None:
    send(alice, draft, "ask", names="bob")
    send(bob, draft, "approve")
    send(bob, draft, "publish")
    assert send(alice, draft, "withdraw", note="Oh.").status_code == 422
    assert send(bob, draft, "reopen").status_code == 422
    assert status(draft) == "published"
    assert send(bob, draft, "reopen", note="A date is wrong.").status_code == 302
    assert status(draft) == "review"
    assert search("quokka", AnonymousUser()).ids == []
    assert signed_in(mallory).get(draft.get_absolute_url()).status_code == 404
    assert send(alice, draft, "withdraw").status_code == 302
    assert status(draft) == "draft"
    assert send(alice, draft, "withdraw").status_code == 422
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "access changed", "published", "reopened", "withdrawn",
    ]  # fmt: skip


def test_a_manager_who_takes_it_back_still_sees_it(draft: Incident, alice: User, bob: User) -> None:
    Incident.objects.filter(pk=draft.pk).update(status="published")
    refresh_incident(draft)
    assert send(bob, draft, "withdraw", note="Not ready.").status_code == 302
    assert signed_in(bob).get(place(draft)).status_code == 200


def test_comments_are_answered_and_resolved(draft: Incident, alice: User, bob: User) -> None:
    send(alice, draft, "ask", names="bob")
    send(bob, draft, "comment", section="summary", passage=" too  many ", text="How **many**?")
    comment = draft.comments.get()
    shown = signed_in(alice).get(place(draft)).content.decode()
    assert f'<mark class="evidence" id="evidence-c-{comment.pk}">too many</mark>' in shown
    assert "How <strong>many</strong>?" in shown
    assert send(alice, draft, "comments", comment.pk, "reply", text="40.").status_code == 302
    assert "Alice" in words(page(signed_in(bob), place(draft)))
    assert send(alice, draft, "comments", comment.pk, "resolve").status_code == 302
    assert "Resolved by Alice" in words(page(signed_in(bob), place(draft)))
    assert send(bob, draft, "comments", comment.pk, "unresolve").status_code == 302
    edit(draft, alice, summary="The quokkas were 40.")
    assert "These words are no longer there." in words(page(signed_in(bob), place(draft)))
    reply = comment.replies.get()
    assert send(bob, draft, "comments", reply.pk, "reply", text="To a reply").status_code == 404


BAD = [
    {"text": ""},
    {"text": " \n "},
    {"text": "x" * 10_001},
    {"text": "a\0b"},
    {"text": "Kept", "passage": "x" * 1_001},
]


@pytest.mark.parametrize("given", BAD, ids=lambda given: str(given)[:30])
def test_a_comment_that_cannot_be_kept_stays_in_its_field(draft: Incident, alice: User, given: dict[str, str]) -> None:
    answer = send(alice, draft, "comment", section="summary", **given)
    assert answer.status_code == 422
    assert 'class="error small"' in answer.content.decode()
    assert given["text"].replace("\0", "�").strip()[:9] in answer.content.decode().replace("\0", "�")
    assert not draft.comments.exists()


def test_what_is_no_section_or_of_another_incident_is_404(draft: Incident, alice: User, bob: User) -> None:
    send(alice, draft, "comment", text="Mine.")
    other = make_incident("Other", status="draft", readers=(bob,))
    assert send(alice, draft, "comment", section="nothing", text="x").status_code == 404
    for step in ("reply", "resolve", "unresolve"):
        assert send(bob, other, "comments", draft.comments.get().pk, step, text="x").status_code == 404


STEPS = ["ask", "approve", "ask-for-changes", "publish", "withdraw", "reopen"]


@pytest.mark.parametrize("step", STEPS)
def test_readers_take_no_step(draft: Incident, mallory: User, step: str) -> None:
    data = {"names": "mallory", "note": "x", "text": "x"}
    assert send(mallory, draft, step, **data).status_code == 404
    Incident.objects.filter(pk=draft.pk).update(status="published")
    refresh_incident(draft)
    assert send(mallory, draft, step, **data).status_code == 403
    assert Client().post(place(draft, step), data).status_code == 302
    assert not draft.review_steps.exists()
    assert not draft.comments.exists()


def test_mails_go_to_who_wants_them(
    draft: Incident, alice: User, bob: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        send(alice, draft, "ask", names="bob")
    (asked,) = posted(None)
    assert (asked.to, asked.subject) == (["bob@example.org"], "[Hindsight] INC-1: Alice asks you for a review.")
    assert f"http://testserver{place(draft)}" in asked.body
    assert "Quokka overload" in asked.body
    Mailing.objects.create(user=alice, decided=False)
    with django_capture_on_commit_callbacks(execute=True):
        send(bob, draft, "approve")
    assert len(posted(None)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        send(bob, draft, "comment", text="Hm.")
    assert [message.to for message in posted(None)[1:]] == [["alice@example.org"]]


def test_a_mail_about_a_restricted_incident_names_only_its_number(
    draft: Incident, alice: User, bob: User, django_capture_on_commit_callbacks: Any
) -> None:
    Incident.objects.filter(pk=draft.pk).update(visibility="restricted")
    refresh_incident(draft)
    with django_capture_on_commit_callbacks(execute=True):
        send(alice, draft, "ask", names="bob")
    (message,) = posted(None)
    assert "uokka" not in (message.subject + message.body).replace(place(draft), "")
    assert AuditEntry.objects.filter(action="access changed", detail__contains="bob").exists()


def test_who_may_not_see_it_gets_no_mail(
    draft: Incident, alice: User, bob: User, django_capture_on_commit_callbacks: Any
) -> None:
    send(alice, draft, "ask", names="bob")
    draft.named_readers.filter(user=bob).delete()
    with django_capture_on_commit_callbacks(execute=True):
        send(alice, draft, "comment", text="Hm.")
    assert posted(None) == []


def test_mails_are_chosen_on_a_page(bob: User) -> None:
    browser = signed_in(bob)
    assert browser.post("/mails/", {"asked": "on"}).status_code == 302
    chosen = Mailing.objects.get(user=bob)
    assert (chosen.asked, chosen.decided, chosen.commented) == (True, False, False)
    assert browser.get("/mails/").content.decode().count("checked") == 1


def test_the_page_of_a_review_costs_few_queries(draft: Incident, alice: User, bob: User, carol: User) -> None:
    send(alice, draft, "ask", names="bob, carol")
    browser = signed_in(alice)
    spent = []
    for number in range(3):
        make_incident_cause(draft)
        for text in ("One, like INC-1.", "Two."):
            send(bob, draft, "comment", section="summary", passage="quokkas", text=f"{text} {number}")
        send(alice, draft, "comments", draft.comments.first().pk, "reply", text="Yes.")  # type: ignore[union-attr]
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(place(draft)).status_code == 200
        spent.append(len(captured))
    assert spent[0] == spent[2] <= 30


def test_the_checklist_is_a_list_of_different_things() -> None:
    assert len({key for key, *_ in CHECKLIST}) == len(CHECKLIST) == 7
    assert len(" ".join(key for key, *_ in CHECKLIST)) <= 200


def test_an_old_save_is_not_lost_when_it_is_published_meanwhile(draft: Incident, alice: User, bob: User) -> None:
    IncidentReader.objects.create(incident=draft, user=bob)
    with revising(draft.pk, by=alice, version=draft.version) as held:
        held.summary = "Saved."
        held.save()
    assert send(bob, draft, "publish", note="Now.").status_code == 302
    assert Incident.objects.get(pk=draft.pk).summary == "Saved."
