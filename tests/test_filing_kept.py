"""Nothing that is typed into a form of filing is lost, whatever becomes of the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from postmortems.access import DELETED
from postmortems.models import Incident, Unsaved
from postmortems.unsaved import COOKIE, SALT
from postmortems.views import filing
from tests.factories import make_entry, make_incident
from tests.filing import address, opened, sent_by

LONG = 'Fans <b>stopped</b> & "smoked".\r\n\r\n- 5 °C 🔥\r\n' * 120  # some 5,000 characters


@pytest.fixture
def incident(db: None) -> Incident:
    """An incident with an entry."""
    incident = make_incident(summary="As it was.")
    make_entry(incident, text="As it was.")
    return incident


def keep(client: Client, place: str, **fields: str) -> Any:
    """What the page sends while somebody writes."""
    return client.post("/writing/keep/", {"place": place, **fields})


def test_what_was_kept_is_in_the_form_again_for_this_person_alone(
    author: Client, bob: User, incident: Incident
) -> None:
    where, place = address(incident, "impact"), f"{incident.number}/impact"
    typed = opened(author, where) | {"summary": LONG}
    assert keep(author, place, **typed).json()["at"] > 0
    page = author.get(where).content.decode()
    assert sent_by(page) == typed
    assert "This is what you typed just now." in page
    other = Client()
    other.force_login(bob)
    assert opened(other, where)["summary"] == "As it was."
    author.post(where, typed)
    assert not Unsaved.objects.exists()
    assert Incident.objects.get().summary == LONG.replace("\r\n", "\n")


def test_others_are_told_who_is_writing_where(author: Client, alice: User, bob: User, incident: Incident) -> None:
    other = Client()
    other.force_login(bob)
    row = incident.timeline.get()
    impact, timeline = f"{incident.number}/impact", f"{incident.number}/timeline/{row.pk}"
    assert keep(author, impact, summary="Mine").json()["others"] == ""
    assert keep(other, impact, summary="His").json()["others"] == "Alice is writing here, just now"
    keep(other, timeline, text="His")
    pages = {where: author.get(where).content.decode() for where in (
        address(incident), address(incident, "impact"), address(incident, "timeline"), address(incident, "lessons"),
        f"{address(incident)}all/",
    )}  # fmt: skip
    assert [page.count("Bob is writing here, just now.") for page in pages.values()] == [2, 1, 1, 0, 2]
    assert "Alice is writing" not in "".join(pages.values())
    Unsaved.objects.filter(user=bob, place=impact).update(at=timezone.now() - timedelta(minutes=11))
    other.post(address(incident, "timeline", row.pk), opened(other, address(incident, "timeline", row.pk)))
    assert "is writing" not in author.get(address(incident)).content.decode()


def test_what_was_kept_meets_what_others_saved_meanwhile_as_a_conflict(author: Client, incident: Incident) -> None:
    where = address(incident, "impact")
    typed = opened(author, where) | {"summary": "Mine."}
    keep(author, f"{incident.number}/impact", **typed)
    Incident.objects.update(summary="Theirs.")
    again = opened(author, where)
    assert again["summary"] == "Mine."
    assert author.post(where, again).status_code == 409


@pytest.mark.parametrize("section", ["overview", "times", "actionables"])
def test_every_kind_of_field_comes_back(author: Client, incident: Incident, section: str) -> None:
    where = address(incident, section)
    typed = opened(author, where)
    for name, value in typed.items():
        if name not in ("marks", "severity", "detection", "status", "kind") and isinstance(value, str):
            typed[name] = {"time_zone": "UTC", "day": "2024-01-02", "due_on": "2024-01-03"}.get(name, f"{name} <&>")
    typed |= (
        {"time_zone_assumed": "on"} if section == "times" else {"kind": "detect"} if section == "actionables" else {}
    )
    keep(author, f"{incident.number}/{section}", **typed)
    assert opened(author, where) == typed


def test_what_was_kept_can_be_dropped(author: Client, incident: Incident) -> None:
    row = incident.timeline.get()
    place = f"{incident.number}/timeline/{row.pk}"
    keep(author, place, text="Kept")
    assert opened(author, address(incident, "timeline", row.pk))["text"] == "Kept"
    response = author.post("/writing/discard/", {"place": place})
    assert response.headers["Location"] == address(incident, "timeline", row.pk)
    assert opened(author, address(incident, "timeline", row.pk))["text"] == "As it was."


@pytest.mark.parametrize(
    "place", ["", "old", "x/impact", "1/nothing", "1/impact/2/3", "999/impact", "1" * 12 + "/impact", "\0"]
)
def test_there_are_no_other_places(author: Client, incident: Incident, place: str) -> None:
    for where in ("/writing/keep/", "/writing/discard/"):
        assert author.post(where, {"place": place, "text": "x"}).status_code == 404
    assert not Unsaved.objects.exists()


def test_nobody_keeps_text_at_what_they_may_not_edit(client: Client, alice: User, mallory: User) -> None:
    hidden, shown = make_incident(status="draft"), make_incident()
    for person, incident, status in ((alice, hidden, 404), (mallory, hidden, 404), (mallory, shown, 403)):
        client.force_login(person)
        assert keep(client, f"{incident.number}/impact", summary="x").status_code == status
    assert keep(client, "new", title="x").status_code == 403
    assert not Unsaved.objects.exists()


def test_a_preview_is_what_readers_get(author: Client, mallory: User) -> None:
    text = "**Fans** stopped, see INC-4711.\r\n<script>x</script>"
    shown = author.post("/writing/preview/", {"text": text}).content.decode()
    assert "<strong>Fans</strong>" in shown
    assert "INC-4711" in shown
    assert "<a " not in shown
    assert "<script" not in shown
    author.force_login(mallory)
    assert author.post("/writing/preview/", {"text": text}).status_code == 403


def test_a_preview_without_script_saves_nothing(author: Client, incident: Incident) -> None:
    where = address(incident, "impact")
    page = author.post(where, opened(author, where) | {"summary": "**New**", "preview": "1"}).content.decode()
    assert "<strong>New</strong>" in page
    assert sent_by(page)["summary"] == "**New**"
    assert Incident.objects.get().summary == "As it was."


@pytest.mark.parametrize("section", ["impact", "timeline", "new"])
def test_a_sign_in_in_between_gives_everything_back(
    author: Client, alice: User, incident: Incident, section: str
) -> None:
    where = "/incidents/new/" if section == "new" else address(incident, section)
    typed = opened(author, where)
    typed |= {name: LONG for name in ("summary", "text") if name in typed} | {"title": "Fans", "kind": "note"}
    author.cookies.pop("session")
    response = author.post(where, typed)
    place = urlsplit(response.headers["Location"])
    assert (response.status_code, place.path) == (302, reverse("account_login"))
    assert parse_qs(place.query)["next"] == [where]
    author.force_login(alice)
    again = opened(author, where)
    assert {name: again[name] for name in again} == {name: typed[name] for name in again}


@pytest.mark.parametrize("cookie", [None, "forged", "somebody else's"])
def test_without_the_browsers_own_mark_nothing_is_kept(
    client: Client, alice: User, mallory: User, incident: Incident, cookie: str | None
) -> None:
    if cookie:
        client.cookies[COOKIE] = "forged" if cookie == "forged" else signing.dumps(mallory.pk, salt=SALT)
    answer = client.post(address(incident, "impact"), {"summary": "x"})
    assert answer.headers["Location"].startswith("/sign-in/")
    assert not Unsaved.objects.exists()


def test_a_stale_form_is_given_back_to_be_sent_again(alice: User, incident: Incident) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    where = address(incident, "impact")
    typed = opened(client, where) | {"summary": LONG}
    response = client.post(where, typed | {"csrfmiddlewaretoken": "stale"})
    assert response.status_code == 403
    assert given_back(response.content.decode()) == {name: text for name, text in typed.items() if text}
    assert Incident.objects.get().summary == "As it was."


def test_what_was_typed_for_a_deleted_incident_is_given_back(author: Client, incident: Incident) -> None:
    where = address(incident, "impact")
    typed = opened(author, where) | {"summary": "A <b>long</b> thought."}
    incident.status = DELETED
    incident.save()
    answer = author.post(where, typed)
    assert answer.status_code == 404
    assert given_back(answer.content.decode())["summary"] == typed["summary"]
    assert "given-back" not in author.get(where).content.decode()


def given_back(html: str) -> dict[str, Any]:
    """What the form on an error page would send again."""
    assert 'class="stack given-back"' in html
    return sent_by(html.replace('class="stack given-back"', 'class="filing"'))


@pytest.mark.parametrize(("error", "status"), [(OperationalError("locked"), 503), (ValueError("broken"), 500)])
def test_an_error_of_the_server_gives_everything_back(
    author: Client, incident: Incident, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def broken(*args: object) -> None:
        raise error

    where = address(incident, "impact")
    typed = opened(author, where) | {"summary": LONG}
    author.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(filing, "settled", broken)
        response = author.post(where, typed)
    assert response.status_code == status
    again = given_back(response.content.decode())
    assert again == {name: text for name, text in typed.items() if text}
    assert author.post(where, again).status_code == 302
    assert Incident.objects.get().summary == LONG.replace("\r\n", "\n")


def test_more_than_a_form_may_hold_is_said_to_be_that(author: Client, incident: Incident) -> None:
    response = author.post(address(incident, "impact"), {"summary": "x" * 6_000_000})
    assert response.status_code == 413
    assert "more than the server takes at once" in response.content.decode()
