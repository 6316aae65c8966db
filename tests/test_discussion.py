"""What is said about a published postmortem: who reads it, who writes, who resolves, and what stays with the review."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems.models import Incident, IncidentReader, Remark
from postmortems.refresh import refresh_incident
from tests.factories import make_incident
from tests.test_history import signed_in
from tests.test_pages import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(alice: User) -> Incident:
    """Published, open, written by Alice."""
    made = make_incident("Quokka overload", summary="The quokkas were too many.")
    IncidentReader.objects.create(incident=made, user=alice, is_author=True)
    refresh_incident(made)
    return made


@pytest.fixture
def erin(db: None) -> User:
    """Somebody else who reads."""
    return User.objects.create_user("erin", "erin@example.org")


def place(incident: Incident) -> str:
    return f"/incidents/{incident.slug}/discussion/"


def say(person: User, incident: Incident, *parts: object, **data: Any) -> Any:
    address = "/".join([f"/incidents/{incident.slug}/review", *map(str, parts), ""])
    return signed_in(person).post(address, data)


def test_readers_ask_and_authors_answer(incident: Incident, alice: User, mallory: User) -> None:
    assert "Nobody has said anything yet" in words(page(Client(), place(incident)))
    answer = say(mallory, incident, "comment", section="summary", passage="too  many", text="How **many**?")
    comment = incident.comments.get()
    assert answer.headers["Location"] == f"{place(incident)}#comment-{comment.pk}"
    assert (comment.was_open, comment.passage) == (True, "too many")
    assert say(alice, incident, "comments", comment.pk, "reply", text="40.").status_code == 302
    shown = Client().get(place(incident)).content.decode()
    assert "How <strong>many</strong>?" in shown
    assert "“too many”" in shown
    assert f'<a href="{incident.get_absolute_url()}#summary">' in shown
    assert "40." in words(page(Client(), place(incident)))
    assert "<textarea" not in shown
    assert f"/sign-in/?next=/incidents/{incident.slug}/discussion/" in shown
    Incident.objects.filter(pk=incident.pk).update(summary="40 quokkas.")
    assert "These words are no longer there." in words(page(Client(), place(incident)))


def test_the_page_of_the_incident_says_how_many_and_costs_no_query_more(incident: Incident, mallory: User) -> None:
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as captured:
            shown = Client().get(incident.get_absolute_url()).content.decode()
        assert (f"({number})" in shown) == (number > 0)
        assert f'href="{place(incident)}"' in shown
        counts.append(len(captured))
        say(mallory, incident, "comment", text="And now?")
    assert len({*counts}) == 1


def test_a_comment_gives_everybody_a_new_page(incident: Incident, mallory: User) -> None:
    before = Client().get(incident.get_absolute_url())
    say(mallory, incident, "comment", text="And now?")
    again = Client().get(incident.get_absolute_url(), headers={"If-None-Match": before.headers["ETag"]})
    assert again.status_code == 200
    assert "1 comment" in again.content.decode()


def test_one_resolves_ones_own_and_authors_and_managers_any(
    incident: Incident, alice: User, bob: User, mallory: User, erin: User
) -> None:
    say(mallory, incident, "comment", text="And now?")
    pk = incident.comments.get().pk
    assert say(erin, incident, "comments", pk, "resolve").status_code == 403
    assert "Resolve" not in words(page(signed_in(erin), place(incident)))
    for person in (mallory, alice, bob):
        assert "Resolve" in words(page(signed_in(person), place(incident)))
        assert say(person, incident, "comments", pk, "resolve").status_code == 302
        assert incident.comments.get().resolved_at
        assert say(erin, incident, "comments", pk, "unresolve").status_code == 403
        assert say(person, incident, "comments", pk, "unresolve").status_code == 302
    assert incident.comments.get().resolved_at is None


def test_what_was_said_in_the_review_stays_there(incident: Incident, alice: User, bob: User, mallory: User) -> None:
    Incident.objects.filter(pk=incident.pk).update(status="review")
    refresh_incident(incident)
    say(alice, incident, "comment", section="summary", text="Kanari of the review")
    Incident.objects.filter(pk=incident.pk).update(status="published")
    refresh_incident(incident)
    pk = incident.comments.get().pk
    assert say(alice, incident, "comments", pk, "reply", text="Kanari of an answer").status_code == 302
    for client in (Client(), signed_in(mallory)):
        assert b"Kanari" not in client.get(place(incident)).content
        assert b"(2)" not in client.get(incident.get_absolute_url()).content
    for step in ("reply", "resolve", "unresolve"):
        assert say(mallory, incident, "comments", pk, step, text="x").status_code == 404
    for person in (alice, bob):
        shown = signed_in(person).get(place(incident)).content.decode()
        assert shown.count("Kanari of") == 2
        assert "Said in a review" in shown
        assert "(2)" in signed_in(person).get(incident.get_absolute_url()).content.decode()


def test_a_restricted_one_is_discussed_by_who_may_read_it_and_nothing_of_it_comes_out_later(
    incident: Incident, alice: User, erin: User, mallory: User
) -> None:
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted")
    IncidentReader.objects.create(incident=incident, user=erin)
    refresh_incident(incident)
    assert say(mallory, incident, "comment", text="x").status_code == 404
    assert signed_in(mallory).get(place(incident)).status_code == 404
    assert say(erin, incident, "comment", text="Kanari").status_code == 302
    assert b"Kanari" in signed_in(alice).get(place(incident)).content
    assert b"(1)" in signed_in(alice).get(incident.get_absolute_url()).content
    Incident.objects.filter(pk=incident.pk).update(visibility="open")
    refresh_incident(incident)
    assert b"Kanari" not in signed_in(mallory).get(place(incident)).content


def test_a_draft_is_talked_of_in_its_review(incident: Incident, alice: User, mallory: User) -> None:
    say(mallory, incident, "comment", text="And now?")
    Incident.objects.filter(pk=incident.pk).update(status="review")
    refresh_incident(incident)
    answer = signed_in(alice).get(place(incident))
    assert answer.headers["Location"] == f"/incidents/{incident.slug}/review/"
    assert "And now?" in words(page(signed_in(alice), answer.headers["Location"]))
    assert b"/discussion/" not in signed_in(alice).get(incident.get_absolute_url()).content
    assert signed_in(mallory).get(place(incident)).status_code == 404
    assert say(mallory, incident, "comment", text="x").status_code == 404
    assert Client().get(place(incident)).status_code == 404


def test_what_cannot_be_kept_stays_in_its_field(incident: Incident, mallory: User) -> None:
    faulty = say(mallory, incident, "comment", section="summary", passage="x" * 1_001, text="Typed with care")
    shown = faulty.content.decode()
    assert faulty.status_code == 422
    assert "Typed with care" in shown
    assert '<option value="summary" selected>' in shown
    say(mallory, incident, "comment", text="First")
    pk = Remark.objects.get().pk
    empty = say(mallory, incident, "comments", pk, "reply", text="  ")
    assert empty.status_code == 422
    assert "Write something first." in empty.content.decode()
    assert say(mallory, incident, "comment", section="nothing", text="x").status_code == 404
    assert Remark.objects.count() == 1


@pytest.mark.parametrize(("about", "chosen"), [("summary", "summary"), ("kettle\0", ""), ("", "")])
def test_a_link_chooses_the_section(incident: Incident, mallory: User, about: str, chosen: str) -> None:
    shown = signed_in(mallory).get(place(incident), {"about": about}).content.decode()
    assert shown.count(" selected>") == 1
    assert f'<option value="{chosen}" selected>' in shown


def test_the_page_costs_few_queries_however_much_is_said(incident: Incident, mallory: User) -> None:
    spent = []
    for number in range(3):
        for text in ("One, like INC-1.", "Two."):
            say(mallory, incident, "comment", section="summary", passage="quokkas", text=f"{text} {number}")
        say(mallory, incident, "comments", Remark.objects.earliest("pk").pk, "reply", text="Yes.")
        with CaptureQueriesContext(connection) as captured:
            assert Client().get(place(incident)).status_code == 200
        spent.append(len(captured))
    assert spent[0] == spent[2] <= 6
