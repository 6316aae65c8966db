"""The search boxes while somebody types, in a real browser: by keyboard, by pointer, with a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.test_axe import OPTIONS, told
from tests.browser.test_journey import OVERFLOWING
from tests.browsing import Faults, in_every_look, watched_page
from tests.test_urls import LABS

pytestmark = pytest.mark.sqlite  # what a browser makes of answers that are tested elsewhere, on both
Open = Callable[..., Page]
BOXES = {"/": "#q", "/causes/": "#gs", "/incidents/": "#lq"}
ASKED = "**/suggest/**"


@pytest.fixture
def open_page(chromium: Any, live_server: Any, five_committed: None, faults: Faults) -> Iterator[Open]:
    """Opens pages of a site with the five incidents, with Playwright's options; fails as the fixture `page` does."""
    with ExitStack() as stack:

        def opened(address: str = "/", **options: Any) -> Page:
            page = stack.enter_context(
                watched_page(chromium, live_server.url, faults, reduced_motion="reduce", **options)
            )
            page.goto(address)
            return page

        yield opened
        assert not faults.unexpected(), "\n".join(faults.unexpected())


def box_of(page: Page) -> Locator:
    """The search box of a page, with script."""
    return page.get_by_role("combobox", name=re.compile("^Search"))


def options(page: Page) -> Locator:
    """The options on show."""
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


def active(page: Page) -> str:
    """What a screen reader takes as the focus: the text of the one option that is marked as selected, or nothing."""
    pointed = box_of(page).get_attribute("aria-activedescendant")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_count(1 if pointed else 0)
    return chosen.inner_text() if chosen.and_(page.locator(f"[id='{pointed}']")).count() else ""


def typed(page: Page, text: str) -> None:
    """Type into the box and wait for the list."""
    box_of(page).press_sequentially(text)
    expect(options(page).last).to_have_text(f"Search for “{text}”")


def expect_closed(page: Page) -> None:
    """The list is not there, for the eye as for a screen reader."""
    expect(box_of(page)).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".suggested")).to_be_hidden()
    expect(box_of(page)).not_to_have_attribute("aria-activedescendant", re.compile("."))


def test_from_the_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("/")
    box = box_of(page)
    expect(box).to_be_focused()
    expect_closed(page)
    expect(box).to_have_attribute("aria-autocomplete", "list")
    page.keyboard.press("ArrowDown")
    expect_closed(page)
    typed(page, "rabb")
    expect(box).to_have_attribute("aria-expanded", "true")
    assert page.locator(f"#{box.get_attribute('aria-controls')}").get_attribute("role") == "listbox"
    expect(page.get_by_role("group", name="Services").get_by_role("option", name="RabbitMQ")).to_be_visible()
    count = options(page).count()
    expect(page.locator("[aria-live=polite]")).to_have_text(f"{count - 1} suggestions")
    assert active(page) == ""

    page.keyboard.press("ArrowDown")
    assert active(page).startswith("INC-3")
    page.keyboard.press("ArrowUp")
    assert active(page) == "Search for “rabb”"
    page.keyboard.press("ArrowUp")
    assert active(page).startswith("ACT-")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert active(page).startswith("INC-3")
    for key, caret in (("Home", 0), ("End", 4), ("ArrowLeft", 3), ("ArrowRight", 4)):
        page.keyboard.press("ArrowDown")
        assert active(page)
        page.keyboard.press(key)
        assert active(page) == ""
        assert box.evaluate("e => e.selectionStart") == caret
    page.keyboard.press("ArrowDown")
    page.keyboard.type("i")
    assert active(page) == ""
    expect(options(page).last).to_have_text("Search for “rabbi”")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(box).to_have_value("rabbi")
    expect(box).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(options(page).first).to_be_visible()
    assert active(page) == ""
    page.keyboard.press("Alt+ArrowUp")
    expect_closed(page)
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{LABS}")
    page.go_back()
    expect_closed(page)


def test_enter_searches_and_the_last_option_keeps_what_is_chosen(open_page: Open) -> None:
    page = open_page("/incidents/?organisation=wikimedia")
    typed(page, "rabb")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=rabb&organisation=wikimedia|organisation=wikimedia.*q=rabb"))
    expect_closed(page)
    box_of(page).fill("")
    typed(page, "sys")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=sys&.*organisation=wikimedia|organisation=wikimedia.*q=sys"))


def test_leaving_the_box_closes_the_list(open_page: Open) -> None:
    page = open_page()
    typed(page, "swift")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    expect_closed(page)
    box_of(page).press("ArrowDown")
    expect(options(page).first).to_be_visible()
    page.locator("h1").click()
    expect_closed(page)
    box_of(page).fill("")
    typed(page, "swift")
    box_of(page).fill("")
    expect_closed(page)


def test_by_pointer(open_page: Open) -> None:
    page = open_page("/causes/")
    typed(page, "out of mem")
    option = options(page).filter(has_text="Out of memory")
    option.hover()
    page.mouse.down()
    expect(box_of(page)).to_be_focused()
    assert active(page) == ""
    page.mouse.up()
    page.wait_for_url("**/causes/out-of-memory/")
    typed(page, "swift")
    options(page).last.click()
    page.wait_for_url("**/incidents/?q=swift")
    expect(page.locator(".hit").first).to_be_visible()


def test_answers_that_come_too_late_are_dropped(open_page: Open) -> None:
    page = open_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.url.endswith("q=s"):
            held.append(route)
        else:
            route.continue_()

    page.route(ASKED, hold)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("q=s")):
        with page.expect_request(ASKED):
            box_of(page).press_sequentially("s")
        box_of(page).press_sequentially("wift")
    expect(options(page).last).to_have_text("Search for “swift”")
    assert len(held) == 1


def test_down_waits_for_the_answer_and_escape_gives_up_on_it(open_page: Open) -> None:
    page = open_page()
    held: list[Route] = []
    page.route(ASKED, lambda route: held.append(route))
    with page.expect_request(ASKED):
        box_of(page).press_sequentially("swift")
    page.keyboard.press("ArrowDown")
    expect_closed(page)
    held.pop().continue_()
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    with page.expect_event("requestfailed"):
        with page.expect_request(ASKED):
            box_of(page).press_sequentially(" hung")
        page.keyboard.press("Escape")
    expect_closed(page)


@pytest.mark.parametrize(
    "answer", [{"status": 503, "body": "<p>Away</p>"}, {"status": 302, "headers": {"Location": "/keyboard/"}}, None]
)
def test_without_an_answer_the_box_is_a_plain_form(open_page: Open, faults: Faults, answer: Any) -> None:
    faults.expect("503 (Service Unavailable)", "ERR_INTERNET_DISCONNECTED")
    page = open_page()
    page.route(ASKED, lambda route: route.fulfill(**answer) if answer else route.abort("internetdisconnected"))
    with page.expect_event("requestfinished" if answer else "requestfailed"):
        box_of(page).press_sequentially("swift")
    page.wait_for_timeout(50)
    expect_closed(page)
    expect(page.locator("[aria-live=polite]")).to_be_empty()
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/?q=swift")


def test_nothing_is_asked_while_composing_or_for_what_was_pasted(open_page: Open) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/suggest/" in request.url else None)
    box_of(page).focus()
    box_of(page).fill("swift " * 30)
    keyboard = page.context.new_cdp_session(page)
    page.wait_for_timeout(200)
    assert asked == []
    box_of(page).fill("")
    keyboard.send("Input.imeSetComposition", {"text": "swif", "selectionStart": 4, "selectionEnd": 4})
    page.wait_for_timeout(200)
    assert asked == []
    keyboard.send("Input.insertText", {"text": "swift"})
    expect(options(page).last).to_have_text("Search for “swift”")
    assert len(asked) == 1


def test_a_word_that_means_nothing_is_said_to(open_page: Open) -> None:
    page = open_page()
    box_of(page).press_sequentially("xyzzy")
    expect(page.locator("[aria-live=polite]")).to_have_text("No suggestions")
    expect_closed(page)


def test_without_script_it_is_a_form(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.get_by_role("combobox")).to_have_count(0)
    page.get_by_role("searchbox").fill("swift")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/incidents/?q=swift")


@in_every_look
def test_the_open_list_fits_and_axe_finds_nothing(open_page: Open, width: int, scheme: Any) -> None:
    page = open_page(viewport={"width": width, "height": 700}, color_scheme=scheme, has_touch=width < 600)
    for address, box in BOXES.items():
        if width < 960 and box == "#gs":
            continue  # there is a link instead
        page.goto(address)
        assert page.locator(box).get_attribute("role") == "combobox"
        typed(page, "re")
        page.keyboard.press("ArrowDown")
        assert active(page)
        assert (told(Axe().run(page, options=OPTIONS).response["violations"]) if scheme else []) == [], address
        assert not page.evaluate(OVERFLOWING)
        shape = page.locator(".suggested").bounding_box()
        assert shape is not None
        assert shape["x"] >= 0
        assert shape["x"] + shape["width"] <= width
        assert shape["width"] >= min(width - 40, 400)
        assert options(page).evaluate_all("all => Math.min(...all.map(e => e.offsetHeight))") >= 24
        page.emulate_media(media="print")
        expect(page.locator(".suggested")).to_be_hidden()
        page.emulate_media(media="screen")


def test_every_option_can_be_seen_when_it_is_active(open_page: Open) -> None:
    page = open_page(viewport={"width": 1000, "height": 360})
    typed(page, "re")
    for _ in range(options(page).count()):
        page.keyboard.press("ArrowDown")
        bare = page.evaluate(
            """() => {
              const option = document.querySelector("[role=option][aria-selected=true]");
              const box = option.getBoundingClientRect();
              return option.contains(document.elementFromPoint(box.left + 20, box.top + 3))
                && option.contains(document.elementFromPoint(box.left + 20, box.bottom - 3));
            }"""
        )
        assert bare, active(page)


def test_the_active_option_is_plain_in_forced_colours(open_page: Open) -> None:
    page = open_page(forced_colors="active")
    typed(page, "re")
    page.keyboard.press("ArrowDown")
    outline = "e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth"
    assert options(page).first.evaluate(outline) == "solid2px"
    assert options(page).last.evaluate(outline).startswith("none")
