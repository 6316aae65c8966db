"""Pages kept for those who are not signed in: made once an edition, never stale, never anybody else's."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems import conditional
from postmortems.models import Edition, Incident
from postmortems.refresh import refresh_incident
from tests.factories import make_incident


@pytest.fixture(autouse=True)
def published(transactional_db: None) -> Incident:
    """One incident, committed, and nothing kept from other tests."""
    conditional._made.clear()
    incident = make_incident("The queue stood still", summary="First words.")
    refresh_incident(incident)
    return incident


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_a_second_visitor_costs_one_query(published: Incident) -> None:
    address = published.get_absolute_url()
    assert queries(Client(), address) > 1
    assert queries(Client(), address) == 1
    assert queries(Client(), "/incidents/?sort=oldest") > 1
    assert queries(Client(), "/incidents/?sort=longest") > 1


def test_a_change_shows_at_once(published: Incident) -> None:
    address = published.get_absolute_url()
    Client().get(address)
    published.summary = "Other words."
    published.save()
    refresh_incident(published)
    page = Client().get(address).content
    assert b"Other words." in page
    assert b"First words." not in page


def test_what_an_admin_sees_is_not_kept_for_others(carol: User) -> None:
    hidden = make_incident("Nobody may know", visibility="restricted")
    Edition.bump()
    admin = Client()
    admin.force_login(carol)
    assert b"Nobody may know" in admin.get("/incidents/").content
    assert b"Nobody may know" not in Client().get("/incidents/").content
    assert b"Nobody may know" in admin.get("/incidents/").content
    assert admin.get(hidden.get_absolute_url()).status_code == 200
    assert Client().get(hidden.get_absolute_url()).status_code == 404


def test_preferences_have_pages_of_their_own(published: Incident) -> None:
    address = published.get_absolute_url()
    Client().get(address)
    dark = Client()
    dark.cookies["preferences"] = "theme=dark"
    assert b'data-theme="dark"' in dark.get(address).content
    assert b'data-theme="dark"' not in Client().get(address).content


def test_nothing_is_kept_within_a_transaction_or_before_the_first_edition(published: Incident) -> None:
    Edition.objects.all().delete()
    assert queries(Client(), published.get_absolute_url()) > 1
    assert queries(Client(), published.get_absolute_url()) > 1


def test_no_more_is_kept_than_was_meant(published: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditional, "MOST_MADE", 5)
    for number in range(12):
        Client().get(f"/incidents/?page={number}")
    assert len(conditional._made) <= 5


def test_suggestions_are_not_kept_and_push_no_page_out() -> None:
    queries(Client(), "/")
    before = list(conditional._made)
    assert queries(Client(), "/suggest/?q=que") == queries(Client(), "/suggest/?q=que") > 1
    assert list(conditional._made) == before


def test_a_feed_is_kept_for_the_host_it_was_asked_of(published: Incident) -> None:
    assert queries(Client(), "/incidents/feed.atom") > 1
    assert queries(Client(), "/incidents/feed.atom?page=2&sort=oldest") == 1
    other = Client(headers={"host": "localhost"}).get("/incidents/feed.atom").content
    assert b"http://localhost/INC-" in other
    assert b"testserver" not in other


def test_a_form_is_made_for_the_one_who_signed_in(alice: User, bob: User) -> None:
    """Nobody else gets their token, and they get another one after signing in again."""
    address = "/incidents/?q=queue"
    people = [Client(enforce_csrf_checks=True) for _ in range(2)]
    for client, user in zip(people, (alice, bob), strict=True):
        client.force_login(user)
        assert b"csrfmiddlewaretoken" in client.get(address).content
    assert b"csrfmiddlewaretoken" not in Client().get(address).content
    assert b"searches/" not in Client().get(address).content
    tag = people[0].get(address).headers["ETag"]
    assert people[0].get(address, headers={"If-None-Match": tag}).status_code == 304
    people[0].cookies["csrf"] = "a" * 32
    assert people[0].get(address, headers={"If-None-Match": tag}).status_code == 200
