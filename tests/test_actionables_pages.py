"""Changing actionables through their pages: who may, what is refused and how, two at once, many at once, undo."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from actionables.models import Actionable, CalendarLink
from tests.factories import make_actionable, make_cause, make_incident, make_service, moment
from tests.test_pages import numbers, page, words

pytestmark = pytest.mark.usefixtures("five")


@pytest.fixture
def manager(bob: User) -> User:
    """Bob, who may change every actionable."""
    return bob


@pytest.fixture
def desk(client: Client, manager: User) -> Client:
    """Bob at the site."""
    client.force_login(manager)
    return client


def act(number: int) -> Actionable:
    """The actionable with this number, as it is stored."""
    return Actionable.objects.get(number=number)


def post(client: Client, number: int, **values: Any) -> Any:
    """Change an actionable by its form."""
    return client.post(f"/actionables/ACT-{number}/change/", {"version": act(number).version, **values})


def test_a_change_leads_back_and_offers_to_take_it_back(desk: Client) -> None:
    response = post(
        desk,
        9,
        status="in progress",
        owner="bob",
        due_on="2030-02-03",
        priority="P1",
        next="/actionables/?kind=process",
    )
    assert re.fullmatch(r"/actionables/\?kind=process&batch=[0-9a-f]{16}#ACT-9", response.headers["Location"])
    row = act(9)
    assert (row.status, row.owner, row.due_on, row.priority) == ("in progress", "Bob", date(2030, 2, 3), "P1")
    assert row.person.username == "bob"  # type: ignore[union-attr]
    main = page(desk, response.headers["Location"])
    assert "ACT-9 Roll changes out gradually instead of forcing Puppet on every host is changed." in words(main)
    batch = response.headers["Location"].partition("batch=")[2][:16]
    undone = desk.post("/actionables/undo/", {"batch": batch, "next": "/actionables/?kind=process"})
    assert undone.headers["Location"] == "/actionables/?kind=process&undone=1"
    assert "1 actionable put back as it was." in words(page(desk, undone.headers["Location"]))
    assert (act(9).status, act(9).owner, act(9).due_on, act(9).person) == ("open", "", None, None)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "x" * 3000, "\x00"])
def test_a_change_leads_to_our_own_pages_only(desk: Client, target: str) -> None:
    location = post(desk, 9, status="blocked", next=target).headers["Location"]
    assert location.startswith("/actionables/ACT-9/?batch=")


REFUSED = [
    ({"status": "done", "why": ""}, "why", "Say what shows that it is done: a link, or a few words."),
    ({"status": "declined", "why": "  "}, "why", "Say why it is declined."),
    ({"owner": "@nobody"}, "owner", "Nobody signs in as nobody."),
    ({"owner": "a" * 121}, "owner", "at most 120 characters"),
    ({"owner": "a\x00b"}, "owner", "Null characters"),
    ({"due_on": "31.3.2026"}, "due_on", "Give a day as in 2026-03-31."),
    ({"due_on": "0001-01-01"}, "due_on", "Give a day from 1990 to 2199."),
    ({"status": "closed"}, "status", "closed is not one of the available choices"),
    ({"priority": "P9"}, "priority", "P9 is not one of the available choices"),
    ({"why": "a" * 5001, "status": "blocked"}, "why", "at most 5000 characters"),
]


@pytest.mark.parametrize(("values", "field", "message"), REFUSED)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    desk: Client, values: dict[str, str], field: str, message: str
) -> None:
    given = {
        "status": "blocked",
        "owner": "Zed & sons",
        "due_on": "2031-01-01",
        "priority": "P2",
        "why": "Because <b>.",
        **values,
    }
    response = post(desk, 9, **given, next="/actionables/?kind=process")
    assert response.status_code == 422
    text = response.content.decode()
    assert "<title>Error: Change ACT-9" in text
    assert re.search(rf'<p class="error" id="e-{field}">.*{re.escape(message)}', text)
    assert f'aria-describedby="e-{field}"' in text
    assert f'href="#c-{field}"' in text
    kept = {name: value for name, value in given.items() if "\x00" not in value and name not in values}
    for value in kept.values():
        assert value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text
    assert 'name="next" value="/actionables/?kind=process"' in text
    assert (act(9).status, act(9).version) == ("open", 1)


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "9" * 30])
def test_a_form_without_its_version_changes_nothing(desk: Client, version: str) -> None:
    assert desk.post("/actionables/ACT-9/change/", {"status": "blocked", "version": version}).status_code == 422
    assert act(9).status == "open"


def test_two_managers_never_lose_a_change_unknowingly(desk: Client, carol: User) -> None:
    seen = act(9).version
    other = Client()
    other.force_login(carol)
    first = other.post("/actionables/ACT-9/change/", {"version": seen, "status": "blocked", "owner": "Storage"})
    assert first.status_code == 302
    second = desk.post(
        "/actionables/ACT-9/change/", {"version": seen, "status": "in progress", "owner": "Web", "why": "Mine."}
    )
    assert second.status_code == 409
    text = second.content.decode()
    assert "Somebody else changed this in the meantime." in text
    assert "Open to blocked, by Carol" in text
    for shown in ("Storage", "Web", "blocked", "in progress", "Mine."):
        assert shown in text
    assert (act(9).status, act(9).owner) == ("blocked", "Storage")
    version = re.search(r'name="version" value="(\d+)"', text)
    assert version
    again = {"version": version[1], "status": "in progress", "owner": "Web"}
    assert desk.post("/actionables/ACT-9/change/", again).status_code == 302
    assert (act(9).status, act(9).owner) == ("in progress", "Web")
    told = list(act(9).changes.values_list("from_status", "to_status", "by"))
    assert told[1:] == [("open", "blocked", "Carol"), ("blocked", "in progress", "Bob")]


def test_who_wants_what_is_there_already_is_in_nobodys_way(desk: Client) -> None:
    act(9).change({"status": "blocked"}, by="carol")
    assert (
        desk.post("/actionables/ACT-9/change/", {"version": 1, "status": "blocked"}).headers["Location"]
        == "/actionables/ACT-9/#ACT-9"
    )


@pytest.mark.parametrize("person", ["anonymous", "mallory", "alice"])
def test_who_may_not_change_is_sent_away(request: pytest.FixtureRequest, client: Client, person: str) -> None:
    if person != "anonymous":
        client.force_login(request.getfixturevalue(person))
    forms = {
        "/actionables/ACT-9/change/": {"status": "blocked", "version": "1"},
        "/actionables/ACT-9/snooze/": {"until": "2030-01-01", "why": "x"},
        "/actionables/ACT-3/choose/": {},
        "/actionables/change/": {"row": "9:1", "status": "blocked"},
    }
    for address, values in forms.items():
        response = client.post(address, values)
        assert response.status_code == (302 if person == "anonymous" else 403), address
        if person == "anonymous":
            assert response.headers["Location"].startswith("/sign-in/?next=")
    shown = client.get("/actionables/").content + client.get("/actionables/?view=board").content
    assert b'aria-label="Change ACT-' not in shown
    assert b'aria-label="Move ACT-' not in shown
    assert b'name="row"' not in shown
    assert (act(9).status, act(3).chosen) == ("open", False)


def test_an_owner_may_work_on_their_own(client: Client, alice: User) -> None:
    act(9).change({"owner": "Alice", "person": alice}, by="carol")
    client.force_login(alice)
    assert post(client, 9, status="in progress").status_code == 302
    assert post(client, 8, status="in progress").status_code == 403
    assert set(re.findall(r'aria-label="Change (ACT-\d+)"', client.get("/actionables/").content.decode())) == {"ACT-9"}
    batch = act(9).changes.last().batch  # type: ignore[union-attr]
    assert client.post("/actionables/undo/", {"batch": batch}).status_code == 302
    assert act(9).status == "open"


def test_hidden_actionables_are_not_there_to_change(desk: Client) -> None:
    hidden = make_actionable(make_incident(visibility="restricted"), title="Zebra", due_on=date(2020, 1, 1))
    for part in ("", "change/"):
        assert desk.get(f"/actionables/{hidden.reference}/{part}").status_code == 404
    for part in ("change/", "comment/", "snooze/", "choose/"):
        assert desk.post(f"/actionables/{hidden.reference}/{part}", {"text": "x"}).status_code == 404
    desk.post("/actionables/change/", {"row": f"{hidden.number}:1", "status": "blocked"})
    assert act(hidden.number).status == "open"
    for address in ("/actionables/export.csv", "/actionables/export.json"):
        assert b"Zebra" not in b"".join(desk.get(address))


def test_done_through_the_form_tells_how(desk: Client) -> None:
    shown = page(desk, "/actionables/ACT-9/change/?status=done&owner=%00")
    assert next(words(option) for option in shown.iter("option") if option.get("selected") is not None) == "Done"
    post(desk, 9, status="done", why="See https://example.org/9 and INC-2.")
    main = page(desk, "/actionables/ACT-9/")
    assert "How it ended See https://example.org/9 and INC-2 ." in words(main)
    assert "May have come back" in words(main)  # INC-1 has no date
    assert b"ACT-9" in desk.get("/incidents/?q=example.org/9").content


def test_comments_are_shown_and_empty_ones_refused(client: Client, alice: User) -> None:
    client.force_login(alice)
    response = client.post("/actionables/ACT-9/comment/", {"text": "As in **INC-2**: <script>x</script>"})
    key = act(9).comments.get().pk
    assert response.headers["Location"] == f"/actionables/ACT-9/#comment-{key}"
    text = client.get("/actionables/ACT-9/").content.decode()
    assert "Alice wrote:" in text
    assert '<strong><a href="/INC-2"' in text
    assert "<script>x" not in text
    refused = client.post("/actionables/ACT-9/comment/", {"text": " "})
    assert refused.status_code == 422
    assert 'id="e-text"' in refused.content.decode()
    assert client.post("/actionables/ACT-9/comment/", {"text": "a" * 20_001}).status_code == 422
    assert client.post("/actionables/ACT-9/comment/", {"text": "a\x00b"}).status_code == 422
    assert act(9).comments.count() == 1


def test_a_snooze_needs_a_day_and_a_reason(desk: Client) -> None:
    today = timezone.now().date()
    for until, why in ((today, "x"), (today + timedelta(days=400), "x"), ("x", "x"), (today + timedelta(days=9), "")):
        response = desk.post("/actionables/ACT-9/snooze/", {"until": until, "why": why})
        assert response.status_code == 422
        assert 'class="error"' in response.content.decode()
    desk.post("/actionables/ACT-9/snooze/", {"until": today + timedelta(days=9), "why": "Away."})
    assert "by Bob: Away." in words(page(desk, "/actionables/ACT-9/"))


def test_an_alternative_is_chosen_on_its_page(desk: Client) -> None:
    assert desk.post("/actionables/ACT-3/choose/").headers["Location"] == "/actionables/ACT-2/#alternatives"
    assert act(3).chosen
    assert "Let Swift send its syslog messages over UDP Chosen, declined" in words(page(desk, "/actionables/ACT-2/"))
    assert desk.post("/actionables/ACT-9/choose/").status_code == 404


def test_many_are_changed_at_once_and_put_back_at_once(desk: Client) -> None:
    rows = [f"{number}:{act(number).version}" for number in (8, 9, 10)]
    act(10).change({"priority": "P1"}, by="carol")
    values = {
        "row": rows,
        "status": "declined",
        "due_on": "2031-01-01",
        "why": "Too dear.",
        "next": "/actionables/?status=unfinished",
    }
    response = desk.post("/actionables/change/", values)
    location = response.headers["Location"]
    assert re.fullmatch(r"/actionables/\?status=unfinished&batch=[0-9a-f]{16}&stale=ACT-10", location)
    text = words(page(desk, location))
    assert "2 actionables changed: ACT-8 , ACT-9 ." in text
    assert "Somebody else changed ACT-10 in the meantime: left as it is." in text
    assert [act(number).status for number in (8, 9, 10)] == ["declined", "declined", "open"]
    act(8).change({"due_on": date(2032, 1, 1)}, by="carol")
    batch = re.search(r"batch=(\w+)", location)[1]  # type: ignore[index]
    undone = desk.post("/actionables/undo/", {"batch": batch, "next": location}).headers["Location"]
    assert undone == "/actionables/?status=unfinished&undone=1&left=ACT-8"
    assert [act(number).status for number in (8, 9)] == ["declined", "open"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"row": ["9:1"]}, "Choose what to change."),
        ({"status": "blocked"}, "Choose at least one row."),
        ({"row": ["9:1"], "status": "done"}, "Say what shows that it is done"),
        ({"row": ["9:1"], "owner": "Web", "clear": "owner"}, "Give a value or remove it, not both."),
        ({"row": ["9:1"], "due_on": "soon", "why": "Kept words."}, "Give a day as in 2026-03-31."),
        ({"row": ["x", "9:", ":1", "0:1", "٣:1"], "status": "blocked"}, "Choose at least one row."),
    ],
)
def test_what_is_wrong_with_a_change_of_many_is_said(desk: Client, values: dict[str, Any], message: str) -> None:
    response = desk.post("/actionables/change/", values)
    assert response.status_code == 422
    text = response.content.decode()
    assert message in text
    assert "Kept words." in text or "why" not in values
    if "9:1" in values.get("row", []):
        assert 'value="9:1" checked' in text
    assert act(9).version == 1


def test_owners_and_dates_are_removed_from_many(desk: Client) -> None:
    act(9).change({"owner": "Web", "due_on": date(2030, 1, 1)}, by="carol")
    desk.post("/actionables/change/", {"row": "9:2", "clear": ["owner", "due_on"]})
    assert (act(9).owner, act(9).due_on) == ("", None)


@pytest.mark.parametrize("batch", ["", "x", "0" * 16, "\x00" * 16, "0" * 99])
def test_undoing_what_never_was_changes_nothing(desk: Client, batch: str) -> None:
    assert desk.post("/actionables/undo/", {"batch": batch}).status_code == 302
    assert desk.get("/actionables/", {"batch": batch}).status_code == 200


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def several() -> list[int]:
    """Numbers of actionables that differ in everything that can be asked for."""
    today = timezone.now().date()
    service, cause = make_service("Gate"), make_cause("Flood")
    incident = make_incident("Gate flooded", services=(service,))
    rows = [
        make_actionable(incident, owner="Web", due_on=today - timedelta(days=1), priority="P1", causes=(cause,)),
        make_actionable(incident, owner="Web", due_on=today + timedelta(days=14), priority="P3"),
        make_actionable(incident, owner="Sea", due_on=today + timedelta(days=15), status="blocked", kind="detect"),
        make_actionable(owner="Sea", status="done", outcome="Yes.", due_on=date(2020, 2, 2), causes=(cause,)),
    ]
    for row, opened in zip(rows, ("2019-05-06", "2020-01-01", "", ""), strict=True):
        if opened:
            row.opened = moment(opened)
    rows[3].closed = moment("2020-02-02 23:59")
    for row in rows:
        row.save()
    return [row.number for row in rows]


LISTS = {
    "owner=Web": [0, 1], "owner=Web&due=overdue": [0], "owner=Web&due=14d": [1], "service=gate": [0, 1, 2],
    "cause=flood": [0, 3], "priority=P1": [0], "priority=P1&priority=P3": [0, 1], "owner=Sea&status=done": [3],
    "opened=2019-05": [0], "opened=2019-05..": [0, 1], "closed=2020-02&owner=Sea": [3], "timely=yes&owner=Sea": [3],
    "timely=no&owner=Sea": [], "owner=Sea&age=unknown": [2], "age=60": [0, 1], "owner=Sea&kind=detect": [2],
    "owner=Web&owner=Sea&status=unfinished&sort=due": [0, 1, 2], "opened=2019-13": None, "age=7": None,
}  # fmt: skip


@pytest.mark.parametrize("query", LISTS)
def test_a_list_holds_what_its_address_says(client: Client, several: list[int], query: str) -> None:
    main, wanted = page(client, f"/actionables/?{query}"), LISTS[query]
    if wanted is None:
        assert "it is ignored" in words(main)
    else:
        assert sorted(numbers(main, "ACT")) == sorted(several[index] for index in wanted)


@pytest.mark.parametrize("sort", ["newest", "due", "age", "priority", "owner", "status", "incident", "closed"])
def test_every_order_holds_the_same_rows(client: Client, several: list[int], sort: str) -> None:
    assert sorted(numbers(page(client, f"/actionables/?sort={sort}"), "ACT")) == sorted(
        Actionable.objects.filter(alternative_to=None).values_list("number", flat=True)
    )


def test_what_is_oldest_due_first_or_most_urgent_comes_first(client: Client, several: list[int]) -> None:
    first = {
        sort: numbers(page(client, f"/actionables/?sort={sort}"), "ACT")[0] for sort in ("due", "priority", "closed")
    }
    assert first == {"due": several[3], "priority": several[0], "closed": several[3]}
    aged = numbers(page(client, "/actionables/?sort=age&owner=Web"), "ACT")
    assert aged == several[:2]


def test_five_numbers_lead_to_their_lists(client: Client, several: list[int]) -> None:
    figures = page(client, "/actionables/").findall(".//a[@class='stat']")
    assert [words(figure) for figure in figures[:3]] == ["1 Overdue", "1 Due in 14 days", "6 Without a date"]
    for figure, count in zip(figures[:3], (1, 1, 6), strict=True):
        assert len(numbers(page(client, str(figure.get("href"))), "ACT")) == count
    assert re.fullmatch(r"[\d,]+ d Oldest open", words(figures[3]))
    assert words(figures[4]) == "Not known Median to done, 90 days"


def columns(main: Any) -> dict[str, list[int]]:
    """The columns of a board and the cards in them."""
    found = {}
    for column in main.findall(".//section[@class='col']"):
        found[words(column.find("h2"))] = numbers(column, "ACT")
    return found


def test_the_board_has_a_column_for_each_status(client: Client) -> None:
    board = columns(page(client, "/actionables/?view=board"))
    assert {title: sorted(cards) for title, cards in board.items()} == {
        "Open 5": [8, 9, 10, 12, 15], "In progress 1": [16], "Blocked 0": [], "Done 8": [1, 2, 5, 6, 7, 11, 13, 14],
        "Declined 0": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("group", "some"),
    [
        ("owner", {"Web 2": [0, 1], "Sea 1": [2]}),
        ("priority", {"P1, at once 1": [0], "P3, some time 1": [1]}),
        ("service", {"Gate 3": [0, 1, 2]}),
        ("cause", {"Flood 1": [0]}),
        ("incident", {"Gate flooded 3": [0, 1, 2]}),
    ],
)
def test_the_board_groups_the_unfinished_by_what_they_belong_to(
    client: Client, several: list[int], group: str, some: dict[str, list[int]]
) -> None:
    board = columns(page(client, f"/actionables/?view=board&group={group}&sort=due"))
    for title, indexes in some.items():
        assert board[title] == [several[index] for index in indexes]


def test_what_is_listed_is_exported_and_no_cell_is_a_formula(client: Client) -> None:
    titles = ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\tx", 'plain, "quoted"\nlines']
    incident = make_incident()
    for title in titles:
        make_actionable(incident, title=title, owner="Export")
    text = b"".join(client.get("/actionables/export.csv?owner=Export&sort=newest")).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [row["title"] for row in rows][::-1] == [*(f"'{title}" for title in titles[:5]), titles[5]]
    assert rows[0]["address"].startswith("http://testserver/actionables/ACT-")
    told = json.loads(b"".join(client.get("/actionables/export.json?owner=Export")))
    assert [row["title"] for row in told["actionables"]][::-1] == titles
    assert told["more"] is False
    fixture = json.loads(b"".join(client.get("/actionables/export.json?incident=INC-2")))["actionables"][0]
    assert (fixture["opened"], fixture["closed"], fixture["due"], fixture["owner"]) == (
        None,
        "2012-01-12",
        None,
        None,
    )


def test_the_calendar_is_read_by_a_secret_that_can_be_revoked(desk: Client, manager: User) -> None:
    row = make_actionable(
        owner="Bob", person=manager, due_on=date(2031, 5, 6), title="Zäune; Ställe, \\ und " + "ö" * 80
    )
    make_actionable(
        make_incident(visibility="restricted"), person=manager, owner="Bob", due_on=date(2031, 1, 1), title="Zebra"
    )
    make_actionable(owner="Sea", due_on=date(2031, 5, 7), title="By the sea")
    assert desk.post("/me/calendar/", {"do": "renew"}).headers["Location"] == "/me/#calendar"
    address = str(page(desk, "/me/").find(".//input[@id='cal']").get("value"))  # type: ignore[union-attr]
    stranger = Client()
    response = stranger.get(address)
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in response.headers["Cache-Control"]
    text = response.content.decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    plain = text.replace("\r\n ", "")
    assert f"SUMMARY:{row.reference} Zäune\\; Ställe\\, \\\\ und {'ö' * 80}\r\n" in plain
    assert "DTSTART;VALUE=DATE:20310506\r\nDTEND;VALUE=DATE:20310507\r\n" in plain
    assert plain.count("BEGIN:VEVENT") == 1
    assert plain.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert plain.endswith("END:VCALENDAR\r\n")
    other = stranger.get(address + "?owner=Sea").content.decode()
    assert "By the sea" in other
    assert row.reference not in other
    desk.post("/me/calendar/", {"do": "renew"})
    assert stranger.get(address).status_code == 404
    second = CalendarLink.objects.get(person=manager, revoked_at=None)
    desk.post("/me/calendar/", {"do": "revoke"})
    assert stranger.get(f"/actionables/calendar/{second.secret}.ics").status_code == 404


def test_my_work_is_mine(desk: Client, manager: User, several: list[int]) -> None:
    assert "Nothing waiting for you." in words(page(desk, "/me/"))
    for number in several:
        act(number).change({"owner": "Bob", "person": manager}, by="carol")
    main = page(desk, "/me/")
    sections = main.findall(".//section[@class='card']")
    shown = {str(section.findall("div/h2")[0].get("id")): numbers(section, "ACT") for section in sections}
    assert shown == {"overdue": [several[0]], "soon": [several[1]], "later": [several[2]], "finished": [several[3]]}
    desk.post("/me/mail/", {"digest": "on"})
    boxes = {
        box.get("name"): box.get("checked") is not None
        for box in page(desk, "/me/").iter("input")
        if box.get("type") == "checkbox"
    }
    assert boxes == {"reminders": False, "digest": True, "assigned": False}
