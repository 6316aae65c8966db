"""A review in a browser, from the draft to everybody's page: by keyboard, with script and without."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import expect

from postmortems.models import Incident, IncidentReader
from postmortems.revising import record
from tests.browser.test_axe import OPTIONS, told
from tests.browser.test_saving_searches import sign_in
from tests.browsing import Faults, in_every_look, watched_page
from tests.factories import make_incident

pytestmark = pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
PLACE = "/incidents/quokka-overload/"


@pytest.fixture
def draft(transactional_db: None, alice: User) -> Incident:
    incident = make_incident("Quokka overload", status="draft", summary="There were too many quokkas.")
    IncidentReader.objects.create(incident=incident, user=alice, is_author=True)
    record(incident, alice)
    return incident


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_postmortem_is_reviewed_and_published(
    chromium: Any, live_server: Any, draft: Incident, alice: User, bob: User, faults: Faults, *, script: bool
) -> None:
    options = {"java_script_enabled": script}
    with watched_page(chromium, live_server.url, faults, **options) as page:
        sign_in(page, live_server.url, alice)
        page.goto(PLACE)
        page.get_by_role("link", name="Review").press("Enter")
        page.get_by_label("Who, by name").fill("bob")
        page.keyboard.press("Enter")
        page.get_by_text("Alice asked for review").wait_for()
    with watched_page(chromium, live_server.url, faults, viewport={"width": 390, "height": 800}, **options) as page:
        sign_in(page, live_server.url, bob)
        page.goto(f"{PLACE}review/")
        if script:
            page.evaluate("getSelection().selectAllChildren(document.querySelector('[data-section=summary] .md p'))")
        page.locator("summary", has_text="Comment on Summary").press("Enter")
        passage = page.locator("[name=passage]:visible")
        expect(passage).to_have_value("There were too many quokkas." if script else "")
        passage.fill("too many")
        page.locator("#text-summary").fill("How many?")
        page.locator("#text-summary").press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="“too many”").wait_for()
        page.get_by_role("button", name="Resolve the comment of Bob").press("Enter")
        page.get_by_text("Resolved by Bob").wait_for()
        page.get_by_label("Impact.").press("Space")
        page.get_by_role("button", name="Approve").press("Enter")
        page.get_by_text("Holds: impact.").wait_for()
        page.get_by_role("button", name="Publish").press("Enter")
        page.wait_for_url(f"**{PLACE}")
        page.get_by_role("link", name="Discussion (1)").press("Enter")
        page.get_by_label("Comment", exact=True).fill("And now?")
        page.get_by_role("button", name="Send", exact=True).press("Enter")
        page.get_by_text("And now?").wait_for()
        page.get_by_role("link", name="Read", exact=True).press("Enter")
        page.get_by_role("link", name="Discussion (2)").wait_for()
        page.get_by_role("link", name="History").press("Enter")
        page.get_by_role("button", name="Compare the two chosen").press("Enter")
        page.get_by_role("heading", name="Version 2 to 3").wait_for()
    assert Incident.objects.get(pk=draft.pk).status == "published"
    assert not faults.unexpected(), "\n".join(faults.unexpected())


PARTS = ("history/", "versions/1/", "diff/", "review/", "files/", "delete/", "versions/1/restore/", "discussion/")


@in_every_look
def test_axe_finds_nothing_on_what_only_some_see(
    chromium: Any, live_server: Any, draft: Incident, carol: User, faults: Faults, width: int, scheme: Any
) -> None:
    draft.comments.create(section="summary", passage="too many", text="How many?", version=1)
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "reduced_motion": "reduce"}
    found, wide = {}, {}
    with watched_page(chromium, live_server.url, faults, **options) as page:
        sign_in(page, live_server.url, carol)
        for part in PARTS:
            if part == "discussion/":
                Incident.objects.update(status="published")
            page.goto(PLACE + part)
            page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
            found[part] = told(Axe().run(page, options=OPTIONS).response["violations"])
            wide[part] = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert {part: lines for part, lines in found.items() if lines} == {}
    assert not any(wide.values()), wide
    assert not faults.unexpected(), "\n".join(faults.unexpected())
