"""The way people go through the site in a real browser: with script and without, by keyboard, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import Faults, watched_page
from tests.test_urls import BITBUCKET, LABS, PAGES, PARSOID, SWIFT, UNATTENDED

pytestmark = pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
Visit = Callable[..., Page]
WIDTHS = (1440, 390, 320)
KINDS = (*PAGES, "/nothing/", "/incidents/?q=nothing+at+all&organisation=wikimedia", "/incidents/?colour=red&page=9")


@pytest.fixture
def visit(chromium: Any, live_server: Any, five_committed: None, faults: Faults) -> Iterator[Visit]:
    """Opens pages of a site with the five incidents, with Playwright's options; fails as the fixture `page` does.

    Motion is reduced: Chromium reports a fading of pages that it gave up because of the next click as an error.
    """
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            watched_page(chromium, live_server.url, faults, reduced_motion="reduce", **options)
        )
        assert not faults.unexpected(), "\n".join(faults.unexpected())


def click(page: Page, name: str, heading: str) -> None:
    """Follow the first link of this name; it leads to a page with this heading."""
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


@pytest.mark.parametrize(("width", "script"), [(1440, True), (390, False)], ids=["with script", "without script"])
def test_from_what_keeps_happening_to_what_is_to_be_done(visit: Visit, script: bool, width: int) -> None:
    page = visit(java_script_enabled=script, viewport={"width": width, "height": 900})
    page.goto("/")
    click(page, "Unattended or fleet-wide automatic change", "Unattended or fleet-wide automatic change")
    click(page, "Parsoid shown as down", "Parsoid shown as down long after a short planned downtime")
    click(page, "Swift hung after", "Swift hung after an automatic rsyslog upgrade")
    click(page, "INC-2", "Bitbucket stood still when its syslog server stopped during log rotation")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Incidents").click()
    expect(page.get_by_role("status")).to_have_text("5 incidents")
    if width < 960:
        page.locator("summary", has_text="Filters").click()
    page.get_by_label("Wikimedia,").check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("status")).to_have_text("3 incidents match")
    assert "organisation=wikimedia" in page.url
    page.get_by_role("link", name="Remove filter: Organisation is Wikimedia").click()
    expect(page.get_by_role("status")).to_have_text("5 incidents")
    page.get_by_label("Sort").select_option("oldest")
    page.get_by_role("button", name="Sort").click()
    expect(page.locator(".hit h3").first).to_contain_text("Bitbucket stood still")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Actionables").click()
    expect(page.get_by_role("status")).to_have_text("14 actionables")
    click(page, "Monitor RabbitMQ explicitly", "Monitor RabbitMQ explicitly")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_searching_from_the_front_page_and_the_header(visit: Visit, script: bool) -> None:
    page = visit(java_script_enabled=script)
    page.goto("/")
    page.get_by_label("Search incidents").fill("syslog")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_have_text("2 incidents match")
    page.goto(SWIFT)
    page.get_by_label("Search incidents").fill("INC-3")
    page.get_by_label("Search incidents").press("Enter")
    expect(page.locator(".hit .id").first).to_have_text("INC-3")
    page.locator(".snips a").first.click()
    expect(page.locator(":target")).to_be_in_viewport()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_quote_lights_up_its_passage_and_excerpts_open(visit: Visit, script: bool) -> None:
    page = visit(java_script_enabled=script)
    page.goto(LABS)
    page.locator("#causes blockquote a").first.click()
    expect(page.locator("mark:target")).to_be_in_viewport()
    expect(page.locator("pre").first).to_be_hidden()
    page.get_by_text("Nova log, stamped 22:44:42").click()
    expect(page.locator("pre").first).to_be_visible()


def test_shortcuts_work_until_they_are_switched_off(visit: Visit) -> None:
    page = visit()
    page.goto("/")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("g i ? j")  # typing is not a shortcut
    expect(page.locator("#q")).to_have_value("g i ? j")
    page.locator("#q").blur()
    page.keyboard.press("?")
    page.wait_for_url("**/keyboard/")
    for key, path in (
        ("i", "/incidents/"),
        ("c", "/causes/"),
        ("a", "/actionables/"),
        ("h", "/"),
        ("i", "/incidents/"),
    ):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(re.compile(f"^[^/]+//[^/]+{path}$"))
    titles = page.locator(".hit h3 a")
    for key, focused in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(titles.nth(focused)).to_be_focused()
    page.keyboard.press("Control+j")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PARSOID}")
    page.goto("/preferences/")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"//[^/]+/$"))
    for key in ("?", "g", "i", "j", "/"):
        page.keyboard.press(key)
    expect(page.locator(":focus")).to_have_count(0)
    assert page.url.endswith("/")


def test_the_skip_link_comes_first_and_leads_to_the_content(visit: Visit) -> None:
    page = visit()
    page.goto(SWIFT)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#main .crumbs a").first).to_be_focused()


# Numbers everything that can be reached by keyboard and is on show; one of several radio buttons stands for all.
NUMBERED = """() => {
  const shown = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter(e => e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}) && e.getClientRects().length
      && !e.disabled && e.tabIndex >= 0 && (e.type !== "radio" || e.checked) && e.type !== "hidden");
  shown.forEach((e, i) => e.dataset.stop = i);
  return shown.length;
}"""
# Where the focus is: its number, whether its outline shows, whether something lies over it.
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getClientRects()[0];
  const over = document.elementFromPoint(box.left + Math.min(box.width, 20) / 2, box.top + box.height / 2);
  return {stop: e.dataset.stop ?? "none", what: e.outerHTML.slice(0, 120),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    bare: over === null || e.contains(over) || over.contains(e)};
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(visit: Visit, width: int) -> None:
    page = visit(viewport={"width": width, "height": 900})
    for address in ("/", "/incidents/", LABS, "/causes/", UNATTENDED, "/actionables/", "/preferences/"):
        page.goto(address)
        count = page.evaluate(NUMBERED)
        stops: list[dict[str, Any]] = []
        for _ in range(2 * count):
            page.keyboard.press("Tab")
            stop = page.evaluate(FOCUSED)
            if len(stops) == count:
                break
            if 'type="date"' not in stop["what"] or stop["stop"] not in [former["stop"] for former in stops[-1:]]:
                stops.append(stop)  # a day has a stop for each of its parts
        assert [stop["stop"] for stop in stops] == [str(number) for number in range(count)], address
        assert [stop for stop in stops if not stop["outlined"] or not stop["bare"]] == [], address


# What is smaller than 24 px, is no link within a sentence, and has another target within 24 px of its middle.
TOO_SMALL = """() => {
  const targets = [...document.querySelectorAll("a[href], button, input, select, summary")].filter(e =>
    e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length && !e.matches(".visually-hidden, .skip")
    && e.type !== "hidden").map(e => (["checkbox", "radio"].includes(e.type) && e.closest("label")) || e);
  const middle = b => [b.left + b.width / 2, b.top + b.height / 2];
  const inSentence = e => {
    if (getComputedStyle(e).display !== "inline") return false;
    const copy = e.closest("p, li, dd, td, th, blockquote, .sub, footer, .md, span")?.cloneNode(true);
    copy?.querySelectorAll("a").forEach(link => link.remove());
    return !!copy && /\\w/.test(copy.textContent);
  };
  return targets.filter(e => {
    const box = e.getBoundingClientRect();
    if (Math.min(box.width, box.height) >= 23.9 || inSentence(e)) return false;
    const [x, y] = middle(box);
    return targets.some(other => {
      if (other === e || other.contains(e) || e.contains(other)) return false;
      return [...other.getClientRects()].some(b =>  // each line of a link that wraps
        Math.hypot(Math.max(b.left - x, 0, x - b.right), Math.max(b.top - y, 0, y - b.bottom)) < 12);
    });
  }).map(e => e.outerHTML.slice(0, 100));
}"""
OVERFLOWING = "() => document.documentElement.scrollWidth > innerWidth"


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_and_can_be_hit(visit: Visit, faults: Faults, width: int) -> None:
    faults.expect("404 (Not Found)")
    page = visit(viewport={"width": width, "height": 800}, has_touch=width < 600)
    overflowing, small = [], {}
    for address in KINDS:
        page.goto(address)
        page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
        overflowing += [address] * page.evaluate(OVERFLOWING)
        small[address] = page.evaluate(TOO_SMALL)
    assert overflowing == []
    assert {address: found for address, found in small.items() if found} == {}


@pytest.mark.parametrize("address", [LABS, BITBUCKET, SWIFT])
def test_an_incident_prints_whole(visit: Visit, address: str) -> None:
    page = visit()
    page.goto(address)
    page.emulate_media(media="print")
    expect(page.locator(".tl li").last).to_be_visible()
    for excerpt in page.locator("pre").all():
        expect(excerpt).to_be_visible()
        assert excerpt.evaluate("e => e.scrollWidth <= e.clientWidth || getComputedStyle(e).whiteSpace !== 'pre'")
    for hidden in (".top", ".foot", ".toc", ".skip"):
        expect(page.locator(hidden)).to_be_hidden()
    paper = page.pdf(format="A4", tagged=True)
    assert paper.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) in range(2, 10)


def test_the_theme_and_the_zone_are_kept(visit: Visit) -> None:
    page = visit()
    page.goto("/preferences/?next=" + LABS)
    page.get_by_label("Dark").check()
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{LABS}")
    expect(page.locator("header.inc-head")).to_contain_text("13 August 2015, about 00:30")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(18, 18, 17)"
