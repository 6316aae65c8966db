"""The board and the table in a real browser: by mouse, by keyboard, by touch, without script, two people at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from actionables.models import Actionable
from kb.accounts.roles import give_role
from postmortems.models import Incident
from tests.browser.test_axe import OPTIONS, told
from tests.browser.test_journey import FOCUSED, NUMBERED, OVERFLOWING, TOO_SMALL
from tests.browsing import Faults, in_every_look, watched_page

pytestmark = pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
Visit = Callable[..., Page]
BOARD = "/actionables/?view=board"
KINDS = (
    "/actionables/", BOARD, f"{BOARD}&group=owner", f"{BOARD}&group=cause", "/actionables/ACT-9/",
    "/actionables/ACT-3/",
    "/actionables/ACT-9/change/?status=done", "/me/",
    "/actionables/new/?incident=INC-3", "/actionables/ACT-12/edit/",
    "/actionables/prevention/", "/actionables/follow-through/",
    "/actionables/follow-through/?by=month", "/actionables/ledger/unattended-or-fleet-wide-automatic-change/",
    "/causes/unattended-or-fleet-wide-automatic-change/",
)  # fmt: skip


@pytest.fixture
def visit(chromium: Any, live_server: Any, five_committed: None, faults: Faults) -> Iterator[Visit]:
    """Opens the site as Bob, who manages; fails on faults of the page."""
    bob = User.objects.create_user("bob", first_name="Bob")
    give_role(bob, "Manager")

    def opened(stack: ExitStack, **options: Any) -> Page:
        page = stack.enter_context(watched_page(chromium, live_server.url, faults, reduced_motion="reduce", **options))
        client = Client()
        client.force_login(bob)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return page

    with ExitStack() as stack:
        yield lambda **options: opened(stack, **options)
        assert not faults.unexpected(), "\n".join(faults.unexpected())


def card(page: Page, number: int) -> Any:
    """A card on the board."""
    return page.locator(f"#ACT-{number}")


def column(page: Page, value: str) -> Any:
    """A column of the board."""
    return page.locator(f'.col[data-value="{value}"]')


def drag(page: Page, number: int, value: str) -> None:
    """Drag a card to the head of a column, where nothing need scroll meanwhile."""
    card(page, number).drag_to(column(page, value), target_position={"x": 60, "y": 12})


def test_a_card_is_dragged(visit: Visit) -> None:
    Incident.objects.update(short_name="", title="A name that goes on and on " * 6)
    page = visit(viewport={"width": 1440, "height": 1000})
    page.goto(BOARD)
    ends = "end => [...end.querySelectorAll('.tk')].map(one => one.getBoundingClientRect().right)"
    box = column(page, "open").bounding_box()
    assert box is not None
    assert max(column(page, "open").evaluate(ends)) <= box["x"] + box["width"] + 1
    drag(page, 9, "in progress")
    expect(page.get_by_role("status").first).to_contain_text("ACT-9")
    expect(column(page, "in progress").locator("#ACT-9")).to_be_visible()
    assert Actionable.objects.get(number=9).status == "in progress"
    page.get_by_role("button", name="Undo").click()
    expect(column(page, "open").locator("#ACT-9")).to_be_visible()


def test_a_card_dragged_on_done_asks_for_words(visit: Visit, faults: Faults) -> None:
    faults.expect("422 (Unprocessable")
    page = visit(viewport={"width": 1440, "height": 1000})
    page.goto(BOARD)
    drag(page, 9, "done")
    field = page.get_by_label("Why; for done")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#e-why")).to_contain_text("Say what shows that it is done")
    field.fill("See INC-3.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"view=board.*batch="))
    expect(column(page, "done").locator("#ACT-9")).to_be_visible()


def test_a_card_is_dragged_to_another_owner(visit: Visit) -> None:
    page = visit(viewport={"width": 1440, "height": 1000})
    page.goto(f"{BOARD}&group=owner")
    drag(page, 9, "Daniel")
    expect(column(page, "Daniel").locator("#ACT-9")).to_be_visible()
    assert Actionable.objects.get(number=9).owner == "Daniel"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_card_is_moved_by_keyboard(visit: Visit, script: bool) -> None:
    page = visit(java_script_enabled=script)
    page.goto(BOARD)
    menu = page.get_by_role("button", name="Move ACT-9")
    menu.focus()
    page.keyboard.press("Enter")
    blocked = card(page, 9).get_by_role("button", name="Blocked")
    expect(blocked).to_be_visible()
    page.keyboard.press("Escape")
    expect(blocked).to_be_hidden()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(blocked).to_be_focused()
    page.keyboard.press("Enter")
    expect(column(page, "blocked").locator("#ACT-9")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_card_is_moved_by_touch(visit: Visit, script: bool) -> None:
    page = visit(java_script_enabled=script, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page.goto(BOARD)
    page.get_by_role("button", name="Move ACT-9").tap()
    card(page, 9).get_by_role("button", name="In progress").tap()
    expect(column(page, "in progress").locator("#ACT-9")).to_be_visible()


@pytest.mark.parametrize(("width", "script"), [(1440, True), (390, False)], ids=["with script", "without script"])
def test_rows_are_changed_in_place_and_together(visit: Visit, script: bool, width: int) -> None:
    page = visit(java_script_enabled=script, viewport={"width": width, "height": 900})
    page.goto("/actionables/?status=open")
    page.get_by_role("button", name="Change ACT-9").click()
    form = page.get_by_role("form", name="Change ACT-9")
    form.get_by_label("Owner").fill("Storage")
    form.get_by_label("Due").fill("2031-02-03")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#ACT-9")).to_contain_text("Storage")
    expect(page.locator("#ACT-9")).to_contain_text("3 Feb 2031")
    assert "status=open" in page.url
    for number in (8, 9):
        page.get_by_label(f"Choose ACT-{number}").check()
    page.locator("summary", has_text="Change chosen rows").click()
    many = page.get_by_role("form", name="Change the chosen rows")
    many.get_by_label("Priority").select_option("P1")
    many.get_by_role("button", name="Change chosen rows").click()
    expect(page.get_by_role("status").first).to_contain_text("2 actionables changed")
    assert [Actionable.objects.get(number=number).priority for number in (8, 9)] == ["P1", "P1"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").first).to_contain_text("2 actionables put back")


def test_two_people_who_move_the_same_card_see_both_changes(visit: Visit, faults: Faults) -> None:
    faults.expect("409 (Conflict)")
    mine, theirs = visit(viewport={"width": 1440, "height": 1000}), visit()
    for page in (mine, theirs):
        page.goto(BOARD)
    theirs.get_by_role("button", name="Move ACT-9").click()
    card(theirs, 9).get_by_role("button", name="Blocked").click()
    expect(column(theirs, "blocked").locator("#ACT-9")).to_be_visible()
    drag(mine, 9, "in progress")
    expect(mine.get_by_role("alert")).to_contain_text("Somebody else changed this in the meantime.")
    expect(mine.get_by_role("row", name="Status")).to_contain_text("blocked")
    mine.get_by_role("button", name="Save mine over it").click()
    expect(column(mine, "in progress").locator("#ACT-9")).to_be_visible()
    told = Actionable.objects.get(number=9).changes.values_list("to_status", flat=True)
    assert list(told) == ["open", "blocked", "in progress"]


@in_every_look
def test_what_a_manager_sees_is_accessible_and_fits(visit: Visit, width: int, scheme: Any) -> None:
    page, axe, violations = visit(viewport={"width": width, "height": 900}, color_scheme=scheme), Axe(), {}
    overflowing, small = [], {}
    for address in KINDS:
        page.goto(address)
        page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
        violations[address] = told(axe.run(page, options=OPTIONS).response["violations"])
        overflowing += [address] * page.evaluate(OVERFLOWING)
        small[address] = page.evaluate(TOO_SMALL)
    for address, name in ((BOARD, "Move ACT-9"), ("/actionables/", "Change ACT-9")):
        page.goto(address)
        page.get_by_role("button", name=name).click()
        # The menu alone: what it covers for the moment is partly hidden, which axe counts as too small.
        found = axe.run(page, context="[popover]:popover-open", options=OPTIONS).response
        assert found["passes"]
        violations[f"{address} open"] = told(found["violations"])
        overflowing += [f"{address} open"] * page.evaluate(OVERFLOWING)
    assert {address: lines for address, lines in violations.items() if lines} == {}
    assert overflowing == []
    assert {address: found for address, found in small.items() if found} == {}


@pytest.mark.parametrize("width", [1440, 390])
def test_the_tab_key_reaches_everything(visit: Visit, width: int) -> None:
    page = visit(viewport={"width": width, "height": 900})
    for address in ("/actionables/", BOARD, "/actionables/ACT-9/", "/me/"):
        page.goto(address)
        count: int = page.evaluate(NUMBERED)
        stops: list[dict[str, Any]] = []
        while len(stops) < count:
            page.keyboard.press("Tab")
            here = page.evaluate(FOCUSED)
            if not stops or here["stop"] != stops[-1]["stop"]:  # a field for a date has stops of its own
                stops.append(here)
        assert [stop["stop"] for stop in stops] == [str(number) for number in range(count)], address
        assert [stop for stop in stops if not stop["outlined"] or not stop["bare"]] == [], address
