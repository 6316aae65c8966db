"""Searches that people save: theirs to name, share and delete, everybody's to use once shared, nobody else's to see."""

from __future__ import annotations

import re
from typing import Any

import html5lib
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.shortcuts import resolve_url
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode

from postmortems.listed import described
from postmortems.models import SavedSearch
from postmortems.views import searches
from tests.test_pages import links, numbers, page, words
from tests.test_queries import ODD
from tests.test_urls import LOGGING, hide

pytestmark = pytest.mark.usefixtures("five")

SAVE = "/searches/save/"
QUERY = "q=restart&organisation=wikimedia&sort=oldest"
CAUSE = LOGGING.split("/")[2]


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    return client


def saved(owner: User, name: str = "Restarts", query: str = QUERY, *, shared: bool = False) -> SavedSearch:
    return SavedSearch.objects.create(owner=owner, name=name, query=query, shared=shared)


def of(user: User) -> list[tuple[str, str, bool]]:
    """What somebody saved, by name."""
    return list(SavedSearch.objects.owned_by(user).values_list("name", "query", "shared"))


def field(response: Any) -> Any:
    """The field for the name in an answer."""
    document = html5lib.parse(response.content.decode(), namespaceHTMLElements=False)
    [found] = [box for box in document.iter("input") if box.get("name") == "name"]
    return found


def test_a_search_is_saved_from_the_list(signed_in: Client, alice: User) -> None:
    main = page(signed_in, f"/incidents/?{QUERY}&page=1")
    [form] = [form for form in main.iter("form") if form.get("method") == "post"]
    boxes = {box.get("name"): box.get("value") for box in form.iter("input")}
    assert boxes.keys() == {"name", "shared", "csrfmiddlewaretoken"}
    assert boxes["name"] == "restart, Wikimedia"
    response = signed_in.post(form.get("action", ""), {"name": "  Restarts at   Wikimedia ", "shared": "on"})
    search = SavedSearch.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/searches/#search-{search.pk}")
    assert of(alice) == [("Restarts at Wikimedia", QUERY, True)]


def test_what_is_saved_is_what_was_understood_in_one_order(signed_in: Client, alice: User) -> None:
    asked = (
        "sort=newest&colour=red&service=rsyslog&page=3&severity=SEV2&severity=SEV1&severity=SEV2&q=one&q=two+&year=20x"
        "&organisation=wikimedia"
    )
    signed_in.post(f"{SAVE}?{asked}", {"name": "Much"})
    wanted = "q=two+&organisation=wikimedia&service=rsyslog&severity=SEV2&severity=SEV1&sort=newest"
    assert of(alice) == [("Much", wanted, False)]


def test_the_list_names_what_is_asked_for(signed_in: Client, alice: User, bob: User) -> None:
    own = saved(alice, "<b>Mine</b>", f"cause={CAUSE}&severity=unknown&year=unknown&year=2013&sort=longest")
    saved(bob, "Theirs", "q=%3Ci%3E&service=gone", shared=True)
    saved(bob, "Secret")
    text = words(page(signed_in, "/searches/"))
    said = "<b>Mine</b> Cause: Logging or other side work blocks the application, Severity: Not rated, "
    assert f"{said}Year: date unknown or 2013, longest first" in text
    assert "Theirs “<i>”, Service: gone by Bob" in text
    assert "Secret" not in text
    assert f"/searches/{own.pk}/" in links(page(signed_in, "/searches/"), ".//h3/a")


def test_words_for_every_kind_of_search() -> None:
    assert described("") == "All incidents"
    assert described("sort=severity") == "worst first"
    assert described("detection=users&status=review") == "Detected by: Users or customers, Status: In review"
    assert described("q=a%00b&organisation=%00&cause=" + "x" * 500).startswith("“a\x00b”, Organisation: ")


def test_running_one_leads_to_what_its_reader_may_see(client: Client, alice: User, mallory: User, carol: User) -> None:
    hide()
    search = saved(alice, "Zebras", "q=zebra&sort=oldest", shared=True)
    seen = {}
    for user in (mallory, carol):
        client.force_login(user)
        response = client.get(search.get_absolute_url())
        assert response.headers["Location"] == "/incidents/?q=zebra&sort=oldest"
        seen[user.username] = sorted(numbers(page(client, response.headers["Location"])))
    assert seen == {"mallory": [], "carol": [6, 7, 8]}


def test_own_searches_are_renamed_shared_and_deleted(signed_in: Client, alice: User) -> None:
    search = saved(alice)
    here = search.get_absolute_url()
    back = f"/searches/#search-{search.pk}"
    assert field(signed_in.get(f"{here}rename/")).get("value") == "Restarts"
    assert signed_in.post(f"{here}rename/", {"name": "Reloads"}).headers["Location"] == back
    assert signed_in.post(f"{here}share/").headers["Location"] == back
    assert of(alice) == [("Reloads", QUERY, True)]
    assert signed_in.post(f"{here}unshare/").headers["Location"] == back
    assert of(alice) == [("Reloads", QUERY, False)]
    assert "Delete “ Reloads ”?" in words(page(signed_in, f"{here}delete/"))
    assert of(alice) != [], "asking deletes nothing"
    assert signed_in.post(f"{here}delete/").headers["Location"] == "/searches/"
    assert of(alice) == []
    assert signed_in.get(here).status_code == 404


CHANGES = ("rename/", "share/", "unshare/", "delete/")


@pytest.mark.parametrize("shared", [True, False])
def test_nobody_changes_what_is_not_theirs(
    client: Client, alice: User, carol: User, bob: User, *, shared: bool
) -> None:
    search = saved(alice, shared=shared)
    for user in (bob, carol):
        client.force_login(user)
        assert client.get(search.get_absolute_url()).status_code == (302 if shared else 404)
        answers = {
            tail: client.post(f"/searches/{search.pk}/{tail}", {"name": "Taken"}).status_code for tail in CHANGES
        }
        assert answers == dict.fromkeys(CHANGES, 404)
        assert {client.get(f"/searches/{search.pk}/{tail}").status_code for tail in ("rename/", "delete/")} == {404}
    assert of(alice) == [("Restarts", QUERY, shared)]


def test_whoever_is_not_signed_in_is_asked_to_and_loses_nothing(client: Client, alice: User) -> None:
    search = saved(alice, shared=True)
    door = resolve_url(settings.LOGIN_URL)
    for address in ("/searches/", search.get_absolute_url(), f"{SAVE}?{QUERY}", f"{search.get_absolute_url()}delete/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response.headers["Location"] == f"{door}?{urlencode({'next': address}, doseq=True).replace('%2F', '/')}"
    response = client.post(f"{SAVE}?{QUERY}", {"name": "Restarts"})
    client.force_login(alice)
    back = response.wsgi_request.get_full_path()
    assert field(client.get(back)).get("value") == "restart, Organisation: Wikimedia, oldest first"
    assert SavedSearch.objects.visible_to(response.wsgi_request.user).count() == 0
    assert "/searches/" not in Client().get(f"/incidents/?{QUERY}").content.decode()


@pytest.mark.parametrize("tail", ["share/", "unshare/"])
def test_reading_changes_nothing(signed_in: Client, alice: User, tail: str) -> None:
    search = saved(alice, shared=tail == "unshare/")
    assert signed_in.get(f"{search.get_absolute_url()}{tail}").status_code == 405
    assert of(alice) == [("Restarts", QUERY, search.shared)]


def test_nothing_is_changed_without_the_token_of_the_form(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    search = saved(alice)
    for address in (f"{SAVE}?q=x", *(f"{search.get_absolute_url()}{tail}" for tail in CHANGES)):
        assert client.post(address, {"name": "Forged"}).status_code == 403
    assert of(alice) == [("Restarts", QUERY, False)]


WRONG = {
    "": "Give the search a name.",
    "   ": "Give the search a name.",
    "Taken": "You have another search of this name.",
    " Taken ": "You have another search of this name.",
    "a" * 81: "A name has at most 80 characters; this one has 81.",
    "a\x00b": "A name cannot hold that character.",
    "a\x07b": "A name cannot hold control characters.",
    "\u200b\u202e": "Give the search a name that can be seen.",
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("kind", ["save", "rename"])
def test_a_wrong_name_is_told_beside_the_field_and_nothing_is_lost(
    signed_in: Client, alice: User, kind: str, name: str
) -> None:
    saved(alice, "Taken")
    other = saved(alice, "Other")
    before = of(alice)
    address = f"{SAVE}?{QUERY}" if kind == "save" else f"{other.get_absolute_url()}rename/"
    response = signed_in.post(address, {"name": name, "shared": "on"})
    assert response.status_code == 422
    box = field(response)
    if "\x00" not in name and "\x07" not in name:  # an HTML parser replaces these
        assert box.get("value") == name.strip() or box.get("value") == name
    assert (box.get("aria-invalid"), box.get("aria-describedby")) == ("true", "name-error")
    text = response.content.decode()
    assert re.search(rf'id="name-error">.*{re.escape(WRONG[name])}', text)
    assert "<title>Error: " in text
    if kind == "save":
        assert 'name="shared" checked' in text
        assert f'action="{SAVE}?{QUERY.replace("&", "&amp;")}"' in text
    assert of(alice) == before


@pytest.mark.parametrize(
    "name", ["Größe 🔥 👩\u200d🚀", "<script>alert(1)</script>", "'; DROP TABLE x; --", "a" * 80, "\u202eabc"]
)
def test_names_are_kept_as_they_were_typed(signed_in: Client, alice: User, name: str) -> None:
    assert signed_in.post(f"{SAVE}?q=x", {"name": name}).status_code == 302
    assert of(alice) == [(name, "q=x", False)]
    assert name in words(page(signed_in, "/searches/"))
    assert "<script>alert" not in signed_in.get("/searches/").content.decode()


def test_two_people_may_use_the_same_name_but_nobody_twice(signed_in: Client, alice: User, bob: User) -> None:
    saved(bob, "Mine")
    assert signed_in.post(f"{SAVE}?q=x", {"name": "Mine"}).status_code == 302
    with pytest.raises(IntegrityError), transaction.atomic():
        saved(alice, "Mine")
    for name, query in (("", "q=x"), ("Other", "")):
        with pytest.raises(IntegrityError), transaction.atomic():
            saved(alice, name, query)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "There is nothing to save"),
        ("page=3&colour=red&sort=newest", "There is nothing to save"),
        ("q=" + "%E2%82%AC" * 1000, "too long to be saved"),
    ],
)
def test_what_cannot_be_saved_says_why(signed_in: Client, alice: User, query: str, problem: str) -> None:
    assert problem in words(page(signed_in, f"{SAVE}?{query}"))
    response = signed_in.post(f"{SAVE}?{query}", {"name": "Something"})
    assert response.status_code == 422
    assert problem in response.content.decode()
    assert of(alice) == []


def test_there_is_an_end_to_what_one_person_saves(
    signed_in: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SavedSearch, "MOST", 2)
    answers = [signed_in.post(f"{SAVE}?q=x", {"name": f"Number {number}"}).status_code for number in range(3)]
    assert answers == [302, 302, 422]
    assert len(of(alice)) == 2


def test_the_list_costs_the_same_for_many_searches(
    signed_in: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "SHARED_PAGE", 3)
    costs = []
    for start in (0, 10):
        for number in range(start, start + 5):
            query = f"organisation=wikimedia&service=rsyslog&cause={CAUSE}&q={number}"
            saved(alice, f"Own {number}", query)
            saved(bob, f"Bob's {number}", query, shared=True)
        with CaptureQueriesContext(connection) as captured:
            assert signed_in.get("/searches/").status_code == 200
        costs.append(len(captured))
    # session, reader; own, shared with their owners; organisations, services and causes of each
    assert costs == [10, 10]
    assert words(page(signed_in, "/searches/")).count("Bob's") == 3 * 2  # and once in the label of the feed
    assert "Own" not in words(page(signed_in, "/searches/?page=2"))


@pytest.mark.parametrize("address", ["/searches/", f"{SAVE}?q=x"])
def test_these_pages_are_kept_by_nobody(signed_in: Client, address: str) -> None:
    headers = signed_in.get(address).headers
    assert {"private", "no-store"} <= set(headers["Cache-Control"].split(", "))
    assert "ETag" not in headers


@pytest.mark.parametrize("name", ["q", "organisation", "cause", "year", "sort", "anything"])
def test_odd_searches_are_saved_or_refused_and_can_be_shown(signed_in: Client, alice: User, name: str) -> None:
    for number, value in enumerate(ODD.values()):
        address = f"{SAVE}?q=x{number}&{name}={value.replace('{name}', name)}"
        assert signed_in.get(address).status_code == 200
        assert signed_in.post(address, {"name": f"Number {number}"}).status_code in (302, 422)
    assert signed_in.get("/searches/").status_code == 200
    for search in SavedSearch.objects.owned_by(alice):
        assert signed_in.get(search.get_absolute_url(), follow=True).status_code == 200


@pytest.mark.parametrize("number", ["0", "99999999", "9" * 30])
def test_a_search_that_is_not_there_is_404(signed_in: Client, number: str) -> None:
    assert {signed_in.get(f"/searches/{number}/{tail}").status_code for tail in ("", "rename/", "delete/")} == {404}
    assert {signed_in.post(f"/searches/{number}/{tail}").status_code for tail in CHANGES} == {404}


def test_searches_go_with_their_owner(alice: User, bob: User) -> None:
    saved(alice)
    saved(bob)
    alice.delete()
    assert [search.owner for search in SavedSearch.objects.all()] == [bob]
