"""The account page: what people see and change of their own, and nothing of others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import Group, User
from django.test import Client

from kb.models import Session, Token
from postmortems.models import Action, AuditEntry
from tests.test_sign_in import enter, signed_in

ODD = ("a" * 5_000, "\x00", "<script>alert(1)</script>", "İ\u202e", "")


@pytest.fixture
def desk(client: Client, alice: User) -> Client:
    """Alice, signed in by her password."""
    enter(client)
    return client


def confirm(client: Client, address: str) -> Any:
    """Open a page that asks for the password first, and give it."""
    asked = client.get(address)
    assert asked.headers["Location"].startswith("/account/confirm/")
    return client.post(asked.headers["Location"], {"password": "alice-long-password"}, follow=True)


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_a_name_is_changed_at_once_and_shown_as_it_is(desk: Client, alice: User) -> None:
    given = {"first_name": "<b>Al", "last_name": "O'Hara", "email": alice.email}
    page = desk.post("/account/", given, follow=True).content.decode()
    assert "Saved." in page
    assert "&lt;b&gt;Al" in page
    assert "<b>Al" not in page


def test_a_new_mail_address_needs_the_password(desk: Client, alice: User) -> None:
    given = {"first_name": "Alice", "last_name": "", "email": "new@example.org"}
    asked = desk.post("/account/", given)
    assert asked.headers["Location"].startswith("/account/confirm/")
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    wrong = desk.post(asked.headers["Location"], {"password": "wrong"})
    assert "This is not your password." in wrong.content.decode()
    desk.post(asked.headers["Location"], {"password": "alice-long-password", "next": "/account/"})
    alice.refresh_from_db()
    assert alice.email == "new@example.org"


@pytest.mark.parametrize("text", ODD)
def test_odd_input_is_told_or_kept(desk: Client, alice: User, text: str) -> None:
    page = desk.post("/account/", {"first_name": text, "last_name": text, "email": "x" + text})
    assert page.status_code in (200, 302)
    assert desk.post("/account/sessions/end/", {"session": text}).status_code == 302
    assert desk.post("/account/confirm/", {"password": text}).status_code in (200, 302)


def test_nobody_gives_themselves_rights(desk: Client, alice: User) -> None:
    extra = {"is_superuser": "on", "is_staff": "on", "groups": "4", "username": "root", "password": "x", "id": "1"}
    desk.post("/account/", {"first_name": "A", "last_name": "", "email": alice.email, **extra})
    alice.refresh_from_db()
    assert (alice.username, alice.is_superuser, alice.is_staff) == ("alice", False, False)
    assert [group.name for group in alice.groups.all()] == ["Author"]


def test_sessions_are_listed_and_ended(desk: Client, alice: User, bob: User) -> None:
    phone, theirs = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}), Client()
    enter(phone, address="192.0.2.50")
    enter(theirs, "bob")
    page = desk.get("/account/").content.decode()
    assert "Safari on iPhone" in page
    assert "192.0.2.50" in page
    keys = re.findall(r'name="session" value="(\w+)"', page)
    desk.post("/account/sessions/end/", {"session": theirs.session.session_key})
    assert signed_in(theirs)
    desk.post("/account/sessions/end/", {"session": desk.session.session_key})
    assert signed_in(desk)
    desk.post("/account/sessions/end/", {"session": keys[0]})
    assert not signed_in(phone)
    assert Action.SESSION_ENDED in actions()


def test_all_other_sessions_are_ended_at_once(desk: Client, alice: User) -> None:
    others = [Client() for _ in range(3)]
    for other in others:
        enter(other)
    desk.post("/account/sessions/end/", {"session": "all"})
    assert [signed_in(other) for other in others] == [False] * 3
    assert signed_in(desk)


def test_an_admin_ends_sessions_tokens_and_second_steps_of_others(client: Client, alice: User, carol: User) -> None:
    theirs = Client()
    enter(theirs)
    Token.objects.make(alice, "x", "read", None)
    Authenticator.objects.create(user=alice, type="recovery_codes", data={})
    client.force_login(carol)
    for action in ("end_sessions", "revoke_tokens", "remove_second_step"):
        given = {"action": action, "_selected_action": [alice.pk]}
        assert client.post("/admin/auth/user/", given).status_code == 302
    assert not signed_in(theirs)
    assert Token.objects.live().count() == 0
    assert Authenticator.objects.count() == 0
    assert {Action.SESSION_ENDED, Action.TOKEN_REVOKED, Action.TWO_STEP_REMOVED} <= set(actions())


def test_changes_of_roles_in_the_admin_are_written_down(client: Client, alice: User, carol: User) -> None:
    client.force_login(carol)
    reader = Group.objects.get(name="Reader")
    given = {
        "username": "alice", "email": "new@example.org", "is_active": "on", "groups": [reader.pk],
        "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
    }  # fmt: skip
    assert client.post(f"/admin/auth/user/{alice.pk}/change/", given).status_code == 302
    entry = AuditEntry.objects.filter(action=Action.ROLES_CHANGED).get()
    assert (entry.actor, entry.object, entry.detail) == ("carol", "alice", "from Author to Reader")


# The second step


def code(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))


def add_app(desk: Client) -> tuple[str, list[str]]:
    """Add an authenticator app; its key and the recovery codes."""
    page = confirm(desk, "/account/two-step/add/").content.decode()
    (secret,) = re.findall(r'key-code">(\w+)<', page)
    assert desk.get("/account/two-step/qr.svg").headers["Content-Type"] == "image/svg+xml"
    done = desk.post("/account/two-step/add/", {"code": code(secret)}, follow=True).content.decode()
    assert "They are shown only now." in done
    return secret, re.findall(r"<li><code>(\d{8})</code>", done)


def test_an_authenticator_app_is_asked_for_after_the_password(desk: Client, alice: User) -> None:
    secret, codes = add_app(desk)
    assert len(codes) == 10
    stored = Authenticator.objects.get(user=alice, type="totp")
    assert secret not in repr(stored.data)
    client = Client()
    assert enter(client, next="/causes/").headers["Location"] == "/sign-in/second-step/"
    assert not signed_in(client)
    assert "This code is not right" in client.post("/sign-in/second-step/", {"code": "000000"}).content.decode()
    assert client.post("/sign-in/second-step/", {"code": codes[0]}).headers["Location"] == "/causes/"
    assert signed_in(client)
    again = Client()
    enter(again)
    assert "This code is not right" in again.post("/sign-in/second-step/", {"code": codes[0]}).content.decode()
    assert Action.SECOND_STEP_FAILED in actions()
    assert codes[1] not in desk.get("/account/recovery-codes/").content.decode()


def test_codes_are_counted(desk: Client, alice: User) -> None:
    add_app(desk)
    client = Client()
    enter(client, address="192.0.2.99")
    told = [
        client.post("/sign-in/second-step/", {"code": "000000"}, REMOTE_ADDR="192.0.2.99").content.decode()
        for _ in range(12)
    ]
    assert "Too many attempts." in told[-1]


def test_the_app_is_removed_again(desk: Client, alice: User, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        add_app(desk)
    assert desk.post("/account/two-step/remove/").status_code == 302
    assert Authenticator.objects.count() == 0
    assert enter(Client()).headers["Location"] == "/"
    assert {Action.TWO_STEP_ADDED, Action.TWO_STEP_REMOVED} <= set(actions())


@pytest.mark.parametrize("given", ["", "x", "{}", "[]", '{"id": 1}', '{"response": {"userHandle": "eA"}}', "\x00"])
def test_a_passkey_that_is_none_signs_nobody_in(client: Client, alice: User, given: str) -> None:
    assert client.get("/sign-in/passkey/", headers={"Accept": "application/json"}).status_code == 200
    assert client.post("/sign-in/passkey/", {"credential": given}).status_code in (200, 302)
    assert not signed_in(client)


def test_a_key_of_somebody_else_is_not_there(desk: Client, alice: User, bob: User) -> None:
    key = Authenticator.objects.create(user=bob, type="webauthn", data={"name": "Laptop", "credential": {}})
    token, _ = Token.objects.make(bob, "x", "read", None)
    confirm(desk, "/account/tokens/new/")
    assert desk.post(f"/account/passkeys/{key.pk}/remove/").status_code == 404
    assert desk.post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert Session.objects.filter(user=bob).count() == 0
