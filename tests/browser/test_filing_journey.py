"""Filing in a browser: a whole postmortem by hand, with script and without; nothing lost; every page accessible."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from playwright.sync_api import expect

from kb.filing import SECTIONS
from postmortems.document import document_of
from postmortems.forms import WatchedForm
from postmortems.models import Incident, Unsaved
from postmortems.sections import Fields
from tests.browser.test_axe import OPTIONS, told
from tests.browser.test_saving_searches import sign_in
from tests.browsing import Faults, in_every_look, watched_page
from tests.test_pasted import WRITEUP

QUARTER_OF_AN_HOUR = 15 * 60
OWN = re.compile(r"^(?:reference|slug|status|published_at|causes|opened): .*\n", re.MULTILINE)
WORK = ("title", "kind", "status", "owner", "due_on", "description", "outcome", "ticket_url", "ticket_label")


def told_by(form: WatchedForm) -> dict[str, str]:
    """What somebody has to type into a form so that it says what this one says."""
    return {name: value for name, value in form.shown().items() if value or name == "time_zone"}


def to_be_typed(incident: Incident) -> dict[str, list[dict[str, str]]]:
    """The whole of an incident as what is typed into each section, a form at a time."""
    typed: dict[str, list[dict[str, str]]] = {}
    for name, section in SECTIONS.items():
        if isinstance(section, Fields):
            typed[name] = [told_by(section.form(instance=incident))]
        else:
            typed[name] = [told_by(section.form(instance=row, incident=incident)) for row in section.rows(incident)]
    return typed


def type_in(page: Any, typed: dict[str, str]) -> None:
    """Fill the form of filing on a page, as a person would."""
    form = page.locator("form.filing")
    for name, value in typed.items():
        field = form.locator(f"[name={name}]")
        kind = field.first.evaluate("each => each.type")
        if kind == "checkbox":
            for each in value.split(","):
                form.locator(f"[name={name}]" + (f"[value='{each}']" if each != "on" else "")).check()
            continue
        if not field.is_visible():
            form.locator("details.folded > summary").click()
        if kind == "select-one":
            field.select_option(value)
        else:
            field.fill(value)


def file_rows(page: Any, typed: list[dict[str, str]]) -> None:
    """Add the rows of a section one by one, and go on."""
    for number, row in enumerate(typed, start=1):
        type_in(page, row)
        page.get_by_role("button", name="Add", exact=True).click()
        page.locator("#rows > li").nth(number - 1).wait_for()
    page.get_by_role("link", name=re.compile("^Go on to ")).click()


@pytest.mark.parametrize(
    "script",
    [pytest.param(True, id="script"), pytest.param(False, id="no script", marks=pytest.mark.sqlite)],
)
def test_the_labs_outage_is_filed_by_hand(
    chromium: Any, live_server: Any, five_committed: None, alice: User, faults: Faults, *, script: bool
) -> None:
    """Every section in turn, from the first page on, without one refusal; then it says what the example says."""
    example = Incident.objects.get(number=3)
    typed = to_be_typed(example)
    refused: list[str] = []
    began = time.monotonic()
    with watched_page(chromium, live_server.url, faults, java_script_enabled=script) as page:
        page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
        sign_in(page, live_server.url, alice)
        page.goto("/")
        page.get_by_role("link", name="File a postmortem").first.click()
        page.get_by_label("Title").fill(example.title)
        if script:
            page.get_by_role("complementary").get_by_text("Likely the same incident").wait_for()
        page.get_by_role("button", name="Begin the draft").click()
        page.get_by_role("link", name="Overview").click()
        for name, section in SECTIONS.items():
            page.wait_for_url(f"**/edit/{name}/**")
            if not isinstance(section, Fields):
                file_rows(page, typed[name])
                continue
            type_in(page, typed[name][0])
            page.get_by_role("button", name=re.compile("^Save")).first.click()
        page.wait_for_url("**/edit/?saved=source*")
        page.get_by_role("link", name="Read it").click()
        page.get_by_role("heading", name=example.title).wait_for()
    seconds = time.monotonic() - began
    print(f"filed in {seconds:.0f} s {'with' if script else 'without'} script")
    filed = Incident.objects.latest("pk")
    assert refused == []
    assert OWN.sub("", document_of(filed)) == OWN.sub("", document_of(example))
    assert [[getattr(row, name) for name in WORK] for row in filed.actionables.all()] == [
        [getattr(row, name) for name in WORK] for row in example.actionables.all()
    ]
    assert seconds < QUARTER_OF_AN_HOUR
    assert not faults.unexpected(), "\n".join(faults.unexpected())


LONG = 'Zürich ☂ & <fans> "stopped" at 5 °C.\n' * 132  # some 5,000 characters


def edit(page: Any) -> Any:
    """The field that is written in."""
    return page.locator("textarea[name=summary]")


@pytest.fixture
def incident(five_committed: None) -> Incident:
    """One to write at."""
    return Incident.objects.get(number=1)


def refusing(status: int) -> Any:
    """Answers a request with this status, or with none at all."""
    return lambda route: route.fulfill(status=status) if status else route.abort()


def test_a_long_edit_survives_whatever_becomes_of_the_answer(
    chromium: Any, live_server: Any, incident: Incident, alice: User, faults: Faults
) -> None:
    """Answers of 413, 500 and 503, a reset, a stale form, an ended session, a closed tab, a newer version."""
    faults.expect("Failed to load resource", "net::ERR")
    where, trouble = f"/INC-{incident.number}/edit/impact/", "What you typed is still here"
    with watched_page(chromium, live_server.url, faults) as page:
        sign_in(page, live_server.url, alice)
        page.goto(where)
        edit(page).fill(LONG)
        for status in (413, 500, 503, 0):
            page.route(f"**{where}", refusing(status))
            page.get_by_role("button", name="Save", exact=True).click()
            page.get_by_role("alert").filter(has_text=trouble).wait_for()
            assert page.evaluate("document.activeElement.classList.contains('trouble')")
            assert edit(page).input_value() == LONG, status
            page.unroute(f"**{where}")
        page.get_by_text("kept on the server at").wait_for()
        page.reload()
        assert edit(page).input_value() == LONG
        page.route("**/writing/keep/", lambda route: route.abort())  # offline: the browser keeps it
        edit(page).fill(LONG + "One more.")
        page.close()
        page = page.context.new_page()
        page.goto(where)
        page.get_by_text("This is what you typed").first.wait_for()
        assert edit(page).input_value() == LONG + "One more."
        page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("alert").filter(has_text="You have been signed out.").wait_for()
        assert edit(page).input_value() == LONG + "One more."
        sign_in(page, live_server.url, alice)
        page.locator("[name=csrfmiddlewaretoken]").first.evaluate("field => { field.value = 'stale'; }")
        theirs = Client()
        theirs.force_login(alice)
        Incident.objects.filter(pk=incident.pk).update(summary="Theirs.")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("alert").filter(has_text="Somebody saved this section").wait_for()
        assert edit(page).input_value() == LONG + "One more."
        assert page.locator(".diff").count() == 1
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**/edit/?saved=impact*")
        assert page.evaluate("Object.keys(localStorage).length") == 0
    assert Incident.objects.get(pk=incident.pk).summary == LONG + "One more."
    assert not faults.unexpected(), "\n".join(faults.unexpected())


@pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
def test_markdown_is_written_by_keyboard_and_files_are_pasted_and_chosen(
    page: Any, live_server: Any, incident: Incident, alice: User, faults: Faults
) -> None:
    sign_in(page, live_server.url, alice)
    page.goto(f"/INC-{incident.number}/edit/impact/")
    field = edit(page)
    field.fill("")
    field.press_sequentially("- one")
    for key in ("Enter", "t", "w", "o", "Enter", "Enter"):
        field.press(key)
    assert field.input_value() == "- one\n- two\n"
    field.evaluate(
        """field => { const data = new DataTransfer(); data.items.add(new File(["12:00 up"], "a [b].log"));
        field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    kept = r"^- one\n- two\n\[a-b\.log\]\(/media/[0-9a-f]{32}/a-b\.log\)$"
    expect(field).to_have_value(re.compile(kept))
    faults.expect("422 (Unprocessable")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Image or file").first.click()
    chooser.value.set_files({"name": "all.zip", "mimeType": "application/zip", "buffer": b"PK\x03\x04"})
    page.get_by_role("alert").filter(has_text="all.zip: This is none of the files that are taken").wait_for()
    expect(field).to_have_value(re.compile(kept))
    field.fill("see docs")
    field.evaluate("field => field.setSelectionRange(4, 8)")
    field.evaluate(
        """field => { const data = new DataTransfer(); data.setData("text/plain", "https://example.org/a");
        field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})); }"""
    )
    assert field.input_value() == "see [docs](https://example.org/a)"
    field.evaluate("field => field.setSelectionRange(0, 3)")
    field.press("ControlOrMeta+b")
    assert field.input_value() == "**see** [docs](https://example.org/a)"
    field.press("ControlOrMeta+b")
    field.press("ControlOrMeta+i")
    assert field.input_value() == "*see* [docs](https://example.org/a)"
    page.get_by_role("button", name="Preview").first.click()
    page.locator(".preview em").filter(has_text="see").wait_for()
    page.get_by_role("button", name="Preview").first.click()
    field.press("ControlOrMeta+Enter")
    page.wait_for_url("**/edit/timeline/**")
    assert Incident.objects.get(pk=incident.pk).summary == "*see* [docs](https://example.org/a)"


@pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
def test_a_passage_is_taken_as_evidence_and_rows_move_in_place(
    page: Any, live_server: Any, incident: Incident, alice: User, faults: Faults
) -> None:
    sign_in(page, live_server.url, alice)
    page.goto(f"/INC-{incident.number}/edit/causes/")
    page.get_by_text("The text, to take evidence from").click()
    page.evaluate(
        """() => { const text = document.querySelector("#passages p").firstChild, range = document.createRange();
        range.setStart(text, 0); range.setEnd(text, 12); getSelection().removeAllRanges();
        getSelection().addRange(range); }"""
    )
    page.get_by_role("button", name="Take the selected passage").click()
    assert len(page.locator("[data-evidence]").input_value()) >= 10
    before = [each.pk for each in incident.incident_causes.all()]
    page.get_by_role("button", name="Move cause 2 up").press("Enter")
    page.locator(f"#rows > li:first-child#row-{before[1]}").wait_for()
    assert [each.pk for each in incident.incident_causes.all()][:2] == [before[1], before[0]]
    page.get_by_role("link", name="Edit cause 1").press("Enter")
    page.locator("#rows > li:first-child form").wait_for()
    expect(page.locator("[name=cause_name]")).to_be_focused()
    assert page.url.endswith(f"/edit/causes/{before[1]}/")
    box = page.get_by_role("combobox", name="Cause (needed)")
    box.fill("log part")
    wanted = [re.compile("Disk or inodes full.+log partition full.+ENOSPC"), "Propose “log part” as a new cause"]
    expect(page.locator(".picker [role=option]")).to_have_text(wanted)
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Disk or inodes full")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.fill("Nothing of the kind")
    expect(page.locator(".picker [aria-live]")).to_have_text(re.compile("^No suggestions. Propose “Nothing"))
    box.press("ArrowUp")
    box.press("Enter")
    expect(page.get_by_label("Where the new cause belongs")).to_be_focused()
    faults.expect("422 (Unprocessable")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").filter(has_text="There is no cause of this name").wait_for()
    expect(page.locator(".alert-f")).to_be_focused()
    paste_a_text(page)


def paste_a_text(page: Any) -> None:
    """From the first page of filing on: pasted, looked at, one piece left out, one corrected, made."""
    page.get_by_role("link", name="File a postmortem").click()
    page.get_by_role("link", name="Paste a text").click()
    expect(page.locator("#id_text")).to_be_focused()
    page.keyboard.insert_text(WRITEUP)
    page.get_by_role("button", name="Look at it").press("Enter")
    page.get_by_role("checkbox", name="Take what stands on line 12").uncheck()
    page.locator("li", has_text="Tea again.").locator("summary").click()
    page.get_by_label("Time", exact=True).and_(page.locator(":visible")).fill("3/5/2031 00:10")
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_role("alert").filter(has_text="can be read in two ways").get_by_role("link").click()
    expect(page.get_by_label("Time", exact=True).and_(page.locator(":visible"))).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("00:15 next day")
    page.get_by_role("button", name="Make the draft").click()
    page.wait_for_url("**/edit/")
    made = Incident.objects.latest("pk")
    assert [entry.when.text() for entry in made.timeline.all()][2:] == ["4 May 2031, 00:15", "14 May 2031, 15:16"]


@in_every_look
def test_axe_finds_nothing_and_nothing_runs_over(
    chromium: Any, live_server: Any, incident: Incident, alice: User, faults: Faults, width: int, scheme: Any
) -> None:
    faults.expect("422 (Unprocessable")
    row = incident.timeline.latest("pk")
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "reduced_motion": "reduce"}
    violations = {}
    pasted = QueryDict(mutable=True)
    pasted.update({"text": WRITEUP + "\n3/5/2031 22:05 <br>", "time_zone": "UTC"})
    Unsaved.objects.keep(alice, "paste", None, pasted)
    edited = f"/INC-{incident.number}/edit/"
    with watched_page(chromium, live_server.url, faults, **options) as page:
        sign_in(page, live_server.url, alice)
        for address in (
            "/incidents/new/",
            "/incidents/new/paste/",
            edited,
            f"{edited}times/",
            f"{edited}timeline/{row.pk}/",
            f"{edited}causes/",
            f"{edited}all/",
        ):
            page.goto(address)
            page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            violations[address] = told(Axe().run(page, options=OPTIONS).response["violations"])
            if address == f"{edited}causes/":
                page.get_by_role("combobox", name="Cause (needed)").press_sequentially("log")
                page.locator(".picker [role=option]").first.wait_for()
                page.keyboard.press("ArrowDown")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, address
                # Alone: what lies below it is covered, and so too small to press.
                violations["the list"] = told(Axe().run(page, ".picker", OPTIONS).response["violations"])
    assert {address: lines for address, lines in violations.items() if lines} == {}
    assert not faults.unexpected(), "\n".join(faults.unexpected())
