"""Signing in with a real browser: by password, by code, by passkey; with script and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from kb.accounts.roles import give_role
from tests.browser.test_axe import OPTIONS, told
from tests.browsing import Faults, in_every_look, watched_page
from tests.test_accounts import code

pytestmark = pytest.mark.sqlite  # what a browser makes of pages that are tested elsewhere, on both
PASSWORD = "alice-long-password"


@pytest.fixture
def anna(transactional_db: None) -> User:
    """An author whose account the live server sees."""
    user = User.objects.create_user("alice", "alice@example.org", PASSWORD, first_name="Alice", last_name="Ames")
    give_role(user, "Author")
    return user


def sign_in(page: Page, address: str = "/keyboard/") -> None:
    page.goto(f"/sign-in/?next={address}")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("width", [1440, 320])
def test_in_and_out(chromium: Any, live_server: Any, anna: User, faults: Faults, script: bool, width: int) -> None:
    options = {"java_script_enabled": script, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    with watched_page(chromium, live_server.url, faults, **options) as page:
        page.goto("/keyboard/")
        page.get_by_role("link", name="Sign in").click()
        expect(page.get_by_role("button", name="Show")).to_have_count(1 if script else 0)
        sign_in(page)
        page.wait_for_url("**/keyboard/")
        page.get_by_role("button", name="Your account, Alice Ames").click()
        page.get_by_role("link", name="Account", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert not faults.unexpected(), "\n".join(faults.unexpected())


def test_a_password_can_be_looked_at(page: Page, anna: User) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Password", exact=True).fill("looked at")
    page.get_by_role("button", name="Show password").click()
    expect(page.locator("#id_password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(page.locator("#id_password")).to_have_attribute("type", "password")


def confirm(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_by_an_authenticator_app(page: Page, anna: User) -> None:
    sign_in(page, "/account/two-step/add/")
    confirm(page)
    key = page.locator(".key-code").inner_text()
    assert page.locator("img.qr").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_label("Authenticator code").fill(code(key))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".codes code")).to_have_count(10)
    spare = page.locator(".codes code").first.inner_text()
    page.goto("/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    page.get_by_label("Code", exact=True).fill(spare)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/keyboard/")


def test_by_a_passkey(page: Page, anna: User, live_server: Any) -> None:
    # A passkey belongs to a name, which an IP address is not.
    home = live_server.url.replace("127.0.0.1", "localhost")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    page.goto(f"{home}/sign-in/?next=/account/passkeys/add/")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    confirm(page)
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto(f"{home}/account/")
    expect(page.get_by_text("Passkey “Laptop”")).to_be_visible()
    page.goto(f"{home}/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{home}/sign-in/?next=/keyboard/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/keyboard/")
    expect(page.get_by_role("button", name="Your account, Alice Ames")).to_be_visible()
    page.goto(f"{home}/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{home}/sign-in/?next=/keyboard/")
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/keyboard/")


OVERFLOWING = "() => document.documentElement.scrollWidth > innerWidth"
OWN = ("/account/", "/account/tokens/new/", "/account/two-step/add/", "/account/passkeys/add/", "/account/password/",
       "/audit/", "/audit/?action=signed+in")  # fmt: skip
ENTRANCE = ("/sign-in/", "/password/forgotten/", "/password/sent/", "/sign-out/", "/welcome/nothing/")


@in_every_look
def test_axe_finds_nothing_and_everything_fits(
    chromium: Any, live_server: Any, anna: User, faults: Faults, width: int, scheme: Any
) -> None:
    faults.expect("404 (Not Found)")
    give_role(anna, "Admin")
    found, axe = {}, Axe()
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with watched_page(chromium, live_server.url, faults, **options) as page:
        for address in (*ENTRANCE, *OWN):
            if address == OWN[0]:
                sign_in(page, "/account/two-step/add/")
                confirm(page)
            page.goto(address)
            page.evaluate("document.getElementById('who')?.showPopover()")
            found[address] = told(axe.run(page, options=OPTIONS).response["violations"])
            found[address] += ["overflows"] * page.evaluate(OVERFLOWING)
    assert {address: lines for address, lines in found.items() if lines} == {}
    assert not faults.unexpected(), "\n".join(faults.unexpected())


def test_the_policy_holds_in_the_admin(page: Page, anna: User, faults: Faults) -> None:
    faults.expect("favicon.ico")
    give_role(anna, "Admin")
    sign_in(page, "/admin/")
    for address in ("/admin/", "/admin/auth/user/", "/admin/auth/group/", "/admin/postmortems/auditentry/"):
        page.goto(address)
        expect(page.locator("#user-tools")).to_contain_text(re.compile("alice", re.IGNORECASE))
