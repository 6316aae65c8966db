"""Saving a search in a browser: by keyboard, with script and without, in every width and theme."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from postmortems.models import SavedSearch
from tests.browser.test_axe import OPTIONS, told
from tests.browsing import Faults, in_every_look, watched_page

pytestmark = pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
LIST = "/incidents/?q=restart&organisation=wikimedia"


def sign_in(page: Any, address: str, user: User) -> None:
    """Hand the browser a session of this person."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_search_is_saved_by_keyboard(
    chromium: Any, live_server: Any, five_committed: None, alice: User, faults: Faults, *, script: bool
) -> None:
    faults.expect("422 (Unprocessable")
    with watched_page(chromium, live_server.url, faults, java_script_enabled=script) as page:
        sign_in(page, live_server.url, alice)
        page.goto(LIST)
        page.get_by_role("button", name="Save this search").press("Enter")
        name = page.get_by_label("Name", exact=True)
        assert name.input_value() == "restart, Wikimedia"
        page.keyboard.press("Escape")
        assert not name.is_visible()
        page.keyboard.press("Enter")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("Wikimedia restarts")
        page.keyboard.press("Enter")
        page.wait_for_url("**/searches/#search-*")
        page.get_by_role("link", name="Rename Wikimedia restarts").click()
        page.get_by_label("Name", exact=True).fill(" ")
        page.get_by_role("button", name="Rename").click()
        page.get_by_text("Give the search a name.").wait_for()
        page.get_by_label("Name", exact=True).fill("Restarts")
        page.keyboard.press("Enter")
        page.wait_for_url("**/searches/#search-*")
        page.get_by_role("link", name="Restarts", exact=True).click()
        page.wait_for_url(f"**{LIST}")
    assert list(SavedSearch.objects.values_list("owner", "name")) == [(alice.pk, "Restarts")]
    assert not faults.unexpected(), "\n".join(faults.unexpected())


@in_every_look
def test_axe_finds_nothing_and_nothing_runs_over(
    chromium: Any,
    live_server: Any,
    five_committed: None,
    alice: User,
    bob: User,
    faults: Faults,
    width: int,
    scheme: Any,
) -> None:
    for user, shared in ((alice, False), (alice, True), (bob, True)):
        SavedSearch.objects.create(owner=user, name="Long name " * 7 + str(shared), query="q=restart", shared=shared)
    own = SavedSearch.objects.filter(owner=alice).first()
    assert own is not None
    here = own.get_absolute_url()
    violations = {}
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with watched_page(chromium, live_server.url, faults, **options) as page:
        sign_in(page, live_server.url, alice)
        for address in (
            LIST,
            "/searches/",
            "/searches/save/?q=x",
            "/searches/save/",
            f"{here}rename/",
            f"{here}delete/",
        ):
            page.goto(address)
            if address == LIST:
                page.get_by_role("button", name="Save this search").click()
                box = page.locator("#save-search").bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            violations[address] = told(Axe().run(page, options=OPTIONS).response["violations"])
    assert {address: lines for address, lines in violations.items() if lines} == {}
    assert not faults.unexpected(), "\n".join(faults.unexpected())
