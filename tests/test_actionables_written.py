"""Adding actionables, changing what they say, saving views of them, and watching what becomes of them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from actionables.models import Actionable, Watch
from actionables.tallying import differences
from postmortems.models import Incident, IncidentReader, SavedSearch
from tests.factories import make_actionable, make_cause, make_incident
from tests.test_pages import page, words

pytestmark = pytest.mark.usefixtures("five")

NEW = "/actionables/new/?incident=INC-3"
TICKET = "https://phabricator.wikimedia.org/T140202"
GIVEN = {
    "title": "Watch the queues", "kind": "detect", "description": "With **numbers**.", "passage": "RabbitMQ",
    "ticket_url": TICKET, "ticket_label": "", "owner": "Observability", "due_on": "2030-01-15", "priority": "P2",
}  # fmt: skip


@pytest.fixture
def author(client: Client, alice: User) -> Client:
    """Alice at the site."""
    client.force_login(alice)
    return client


def labs() -> Incident:
    return Incident.objects.get(number=3)


def newest() -> Actionable:
    return Actionable.objects.latest("number")


def test_an_author_adds_one(author: Client) -> None:
    cause = labs().incident_causes.all()[0].cause
    response = author.post(NEW, {**GIVEN, "causes": [cause.pk]})
    made = newest()
    assert response.headers["Location"] == made.get_absolute_url()
    assert {name: str(getattr(made, name)) for name in GIVEN} == GIVEN
    assert (made.incident.number, made.status, made.person, list(made.causes.all())) == (3, "open", None, [cause])
    assert made.position > max(labs().actionables.exclude(pk=made.pk).values_list("position", flat=True))
    assert [(change.to_status, change.by) for change in made.changes.all()] == [("open", "Alice")]
    assert made.opened.is_known
    shown = words(page(author, made.get_absolute_url()))
    assert "“RabbitMQ”" in shown
    assert "T140202" in shown
    assert "Watch the queues" in words(page(author, labs().get_absolute_url()))


@pytest.mark.parametrize(("wrong", "told"), [
    ({"title": ""}, "Say what is to be done."), ({"kind": "wish"}, "Select a valid choice"),
    ({"owner": "@nobody"}, "Nobody signs in as nobody."), ({"due_on": "1066-01-01"}, "Give a day from 1990 to 2199."),
    ({"ticket_url": "javascript:alert(1)"}, "Enter a valid URL"), ({"title": "a\0b"}, "Null characters"),
    ({"causes": ["99999"]}, "not one of the available choices"), ({"alternative_to": "1"}, "not one of the available"),
    ({"passage": "x" * 5_001}, "at most 5000 characters"), ({"title": "x" * 201}, "at most 200"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(author: Client, wrong: dict[str, Any], told: str) -> None:
    before = Actionable.objects.count()
    response = author.post(NEW, {**GIVEN, **wrong})
    main = response.content.decode()
    assert response.status_code == 422
    assert told in main
    assert "With **numbers**." in main
    assert "<title>Error: " in main
    assert Actionable.objects.count() == before


@pytest.mark.parametrize("asked", ["INC-99", "x", "INC-0", "%00", "INC-3;"])
def test_an_incident_that_is_not_there_is_asked_for_again(author: Client, asked: str) -> None:
    response = author.get(f"/actionables/new/?incident={asked}")
    assert response.status_code == 422
    assert "There is no such incident." in response.content.decode()


def test_an_incident_one_may_not_see_is_not_there(author: Client) -> None:
    hidden = make_incident("Zebra", visibility="restricted")
    response = author.post(f"/actionables/new/?incident={hidden.reference}", GIVEN)
    assert response.status_code == 422
    assert "Zebra" not in response.content.decode()
    assert not hidden.actionables.exists()
    work = make_actionable(hidden, title="Zebra crossing")
    assert author.post(f"/actionables/{work.reference}/edit/", GIVEN).status_code == 404


def test_readers_neither_add_nor_edit(client: Client, mallory: User) -> None:
    client.force_login(mallory)
    for address in ("/actionables/new/", NEW, "/actionables/ACT-9/edit/"):
        assert [client.get(address).status_code, client.post(address, GIVEN).status_code] == [403, 403]
    shown = client.get("/actionables/ACT-9/").content + client.get("/actionables/").content
    assert b"/edit/" not in shown
    assert b"/new/" not in shown


def test_what_is_said_is_changed_and_kept(author: Client) -> None:
    nine = Actionable.objects.get(number=9)
    before = nine.title
    causes = list(nine.causes.values_list("pk", flat=True))
    values = {"title": "In batches", "kind": nine.kind, "description": "New.", "version": nine.version}
    response = author.post("/actionables/ACT-9/edit/", {**values, "causes": causes[:1], "alternative_to": ""})
    assert response.status_code == 302
    nine.refresh_from_db()
    assert (nine.title, nine.description, nine.causes.count()) == ("In batches", "New.", 1)
    told = words(page(author, "/actionables/ACT-9/"))
    assert f"Title: In batches, was {before}, by Alice" in told
    assert "Aimed at: " in told
    again = author.post("/actionables/ACT-9/edit/", {**values, "title": "Late"})
    assert again.status_code == 422
    assert "Somebody else changed it" in again.content.decode()
    assert Actionable.objects.get(number=9).title == "In batches"
    assert f'name="version" value="{nine.version}"' in again.content.decode()


def test_it_becomes_a_way_of_doing_another_one_level_deep(author: Client) -> None:
    nine, ten = Actionable.objects.get(number=9), Actionable.objects.get(number=10)
    values = {"title": ten.title, "kind": ten.kind, "version": ten.version, "alternative_to": nine.pk}
    assert author.post("/actionables/ACT-10/edit/", values).status_code == 302
    assert "A way of doing: ACT-9" in words(page(author, "/actionables/ACT-10/"))
    assert ten.title in words(page(author, "/actionables/ACT-9/"))
    values = {"title": "x", "kind": "prevent", "version": nine.version, "alternative_to": ten.pk}
    assert author.post("/actionables/ACT-9/edit/", values).status_code == 422


def test_a_view_is_saved_and_shared(author: Client, bob: User) -> None:
    asked = "status=open&due=none&view=board&group=cause&sort=due&page=3&nonsense=1&kind=wish"
    assert author.get(f"/actionables/?{asked}").status_code == 200
    response = author.post(f"/actionables/save-view/?{asked}", {"name": "Board by cause", "shared": "on"})
    kept = SavedSearch.objects.get()
    assert response.headers["Location"] == f"/searches/#search-{kept.pk}"
    assert (kept.listing, kept.query) == ("actionables", "status=open&due=none&view=board&group=cause&sort=due")
    assert kept.words == "Status: Open, Due: No date, As: board, Columns by: Cause, Order: Due first"
    other = Client()
    other.force_login(bob)
    assert kept.words in words(page(other, "/searches/"))
    assert other.get(f"/searches/{kept.pk}/").headers["Location"] == f"/actionables/?{kept.query}"
    for part in ("rename", "delete"):
        assert kept.words in words(page(author, f"/searches/{kept.pk}/{part}/"))


def test_nothing_is_not_saved_and_odd_values_are_left_out(author: Client) -> None:
    assert author.post("/actionables/save-view/", {"name": "All"}).status_code == 422
    author.post("/actionables/save-view/?owner=a%00b&status=open", {"name": "Odd"})
    assert SavedSearch.objects.get().query == "status=open"


def test_what_is_watched_stands_under_my_work(author: Client, alice: User) -> None:
    for what in ("INC-3", "ACT-12", "ACT-12"):
        response = author.post("/watch/", {"what": what})
        assert response.status_code == 302
    assert Watch.objects.filter(person=alice).count() == 2
    assert "Stop watching" in author.get("/actionables/ACT-12/").content.decode()
    shown = words(page(author, "/me/"))
    assert "No change kept yet" in shown
    Actionable.objects.get(number=12).change({"owner": "Web"}, by="Bob")
    sections = {one.get("aria-labelledby"): words(one) for one in page(author, "/me/").findall(".//section")}
    assert "Changed" in sections["watched"]
    assert sections["watched"].index("ACT-12") < sections["watched"].index("INC-3")
    author.post("/unwatch/", {"what": "INC-3"})
    assert [watch.actionable.number for watch in Watch.objects.all() if watch.actionable] == [12]


@pytest.mark.parametrize("what", ["", "INC-99", "ACT-0", "INC-3 ", "x\0", "INC-\u0663"])
def test_what_is_not_there_is_not_watched(author: Client, what: str) -> None:
    for address in ("/watch/", "/unwatch/"):
        assert author.post(address, {"what": what}).status_code == 404


def test_what_is_hidden_later_is_watched_no_longer(author: Client, alice: User) -> None:
    incident = make_incident("Zebra")
    author.post("/watch/", {"what": incident.reference})
    assert "Zebra" in words(page(author, "/me/"))
    incident.visibility = "restricted"
    incident.save()
    assert "Zebra" not in words(page(author, "/me/"))
    assert author.post("/watch/", {"what": incident.reference}).status_code == 404


def test_drafts_and_reviews_stand_under_my_work(author: Client, alice: User, bob: User) -> None:
    for title, status, person, is_author in (
        ("Sketch", "draft", alice, True), ("Mine to judge", "review", alice, True),
        ("Yours to judge", "review", alice, False), ("Not mine", "draft", bob, True),
    ):  # fmt: skip
        incident = make_incident(title, status=status)
        IncidentReader.objects.create(incident=incident, user=person, is_author=is_author)
    sections = {one.get("aria-labelledby"): words(one) for one in page(author, "/me/").findall(".//section")}
    assert "Sketch" in sections["drafts"]
    assert "Mine to judge" in sections["own-reviews"]
    assert "Yours to judge" in sections["reviews"]
    assert "Not mine" not in " ".join(sections.values())


def told_of(actionable: Actionable) -> list[tuple[str, str, str]]:
    """Its history: to which status, when in words, by whom."""
    return [(row.to_status, row.when.text(), row.by) for row in actionable.changes.order_by("position")]


def test_what_was_done_long_ago_is_written_down_as_it_was(author: Client) -> None:
    given = {**GIVEN, "status": "done", "opened": "about 15:30 on 13 Aug 2015", "closed": "2015-08-14", "due_on": ""}
    refused = author.post(NEW, given)
    assert "Say what shows that it is done" in refused.content.decode()
    assert 'value="about 15:30 on 13 Aug 2015"' in refused.content.decode()
    author.post(NEW, {**given, "outcome": "Merged."})
    made = newest()
    assert (made.status, made.outcome, made.closed.text()) == ("done", "Merged.", "14 August 2015")
    assert told_of(made) == [("open", "13 August 2015, about 15:30", "Alice"), ("done", "14 August 2015", "Alice")]
    author.post(NEW, {**given, "outcome": "Merged.", "opened": "", "closed": "August 2015"})
    assert told_of(newest()) == [("open", "not known", "Alice"), ("done", "August 2015", "Alice")]
    author.post(NEW, {**given, "outcome": "Merged.", "opened": "", "closed": ""})
    assert told_of(newest()) == [("open", "not known", "Alice"), ("done", "not known", "Alice")]
    assert differences() == []


@pytest.mark.parametrize(("wrong", "told"), [
    ({"opened": "22:05"}, "Give the day too"), ({"opened": "2099-01-01"}, "still to come"),
    ({"opened": "8/12/2015"}, "can be read in two ways"), ({"opened": "a\0b"}, "Null characters"),
    ({"closed": "2015-08-14"}, "choose its status too"),
    ({"status": "done", "outcome": "So.", "opened": "2016", "closed": "2015"}, "cannot have ended before"),
])  # fmt: skip
def test_dates_that_cannot_be_are_refused(author: Client, wrong: dict[str, Any], told: str) -> None:
    before = Actionable.objects.count()
    response = author.post(NEW, {**GIVEN, **wrong})
    assert response.status_code == 422
    assert told in response.content.decode()
    assert Actionable.objects.count() == before


def test_dates_are_put_right_and_what_stood_before_is_kept(author: Client) -> None:
    eleven = Actionable.objects.get(number=11)
    values = {"title": eleven.title, "kind": eleven.kind, "version": eleven.version, "alternative_to": ""}
    shown = author.get("/actionables/ACT-11/edit/").content.decode()
    assert 'name="closed" value="2015-08-14 15:16"' in shown
    late = {**values, "opened": "2016", "closed": "2015-08-14 15:16"}
    assert "cannot have ended before" in author.post("/actionables/ACT-11/edit/", late).content.decode()
    response = author.post("/actionables/ACT-11/edit/", {**late, "opened": "12 August 2015"})
    assert response.status_code == 302
    eleven.refresh_from_db()
    assert (eleven.opened.text(), eleven.closed.text()) == ("12 August 2015", "14 August 2015, 15:16")
    assert [row.when.text() for row in eleven.changes.all()] == ["12 August 2015", "14 August 2015, 15:16"]
    assert "Opened: 12 August 2015, by Alice" in words(page(author, "/actionables/ACT-11/"))
    nine = Actionable.objects.get(number=9)
    open_one = {"title": nine.title, "kind": nine.kind, "version": nine.version, "closed": "2015-08-14"}
    assert "Only what is done or declined" in author.post("/actionables/ACT-9/edit/", open_one).content.decode()
    assert differences() == []


def test_it_may_be_aimed_at_a_cause_of_another_incident(author: Client) -> None:
    other = make_cause("Sharks bite cables")
    shown = author.get(NEW).content.decode()
    near, far = shown.split("Causes of other incidents")
    assert other.name in far
    assert labs().incident_causes.all()[0].cause.name in near
    author.post(NEW, {**GIVEN, "causes": [other.pk]})
    assert list(newest().causes.all()) == [other]
    assert other.name in author.get(f"{newest().get_absolute_url()}edit/").content.decode().split("Causes of other")[0]


@pytest.mark.sqlite
def test_what_was_typed_comes_back_with_its_first_line(client: Client, carol: User) -> None:
    client.force_login(carol)
    nine = Actionable.objects.get(number=9)
    typed = "\n\n  So it is.\n"
    wrong = {"why": typed, "due_on": "soon", "version": nine.version}
    pages = [
        client.post("/actionables/ACT-9/change/", wrong),
        client.post("/actionables/change/", {**wrong, "row": f"9:{nine.version}"}),
        client.post("/actionables/ACT-9/comment/", {"text": "\n\0" + typed}),
    ]
    told = [field_text(response.content.decode()) for response in pages]
    assert [response.status_code for response in pages] == [422] * 3
    assert [text.replace("\0", "") for text in told] == [typed, typed, "\n" + typed]


def field_text(page: str) -> str:
    """What a browser shows in the only large field of a page: not the line break that begins it."""
    (text,) = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    return unescape(text).removeprefix("\n")
