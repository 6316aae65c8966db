"""Tokens: what they open, what they never open, and how they end."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from kb.accounts.middleware import Tokens
from kb.models import Token
from kb.models.tokens import PREFIX
from postmortems.access import for_programs, for_readers
from postmortems.models import Action, AuditEntry
from tests.factories import make_actionable, make_incident
from tests.test_accounts import confirm
from tests.test_sign_in import enter


@pytest.fixture(autouse=True)
def closed(settings: Any) -> None:
    settings.READING = "signed-in"


def make(user: User, scope: str = "read", expires_at: Any = None) -> str:
    return Token.objects.make(user, "nightly", scope, expires_at)[1]


def bearing(secret: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **headers}


def test_a_token_is_shown_once_and_kept_as_a_hash(client: Client, alice: User) -> None:
    enter(client)
    confirm(client, "/account/tokens/new/")
    page = client.post("/account/tokens/new/", {"name": "Grafana", "scope": "read", "days": "30"}).content.decode()
    secret = page.partition('id="secret" readonly value="')[2].partition('"')[0]
    assert secret.startswith(PREFIX)
    assert len(secret) == len(PREFIX) + 43
    row = Token.objects.get()
    assert secret not in repr(row.__dict__)
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    account = client.get("/account/").content.decode()
    assert secret not in account
    assert f"…{secret[-4:]}" in account
    assert Client().get("/incidents/", headers=bearing(secret)).status_code == 200
    client.post(f"/account/tokens/{row.pk}/revoke/")
    assert Client().get("/incidents/", headers=bearing(secret)).status_code == 401
    told = list(AuditEntry.objects.values_list("action", flat=True))
    assert {Action.TOKEN_MADE, Action.TOKEN_REVOKED, Action.TOKEN_REFUSED} <= set(told)
    assert secret not in repr(list(AuditEntry.objects.values()))


READABLE = ("/", "/incidents/", "/causes/", "/actionables/", "/keyboard/")
NOT_FOR_TOKENS = (
    "/account/", "/account/tokens/new/", "/account/password/", "/sign-in/", "/sign-out/", "/audit/", "/audit.csv",
    "/admin/", "/admin/auth/user/", "/preferences/", "/password/forgotten/", "/account/two-step/qr.svg",
)  # fmt: skip


@pytest.mark.parametrize("address", READABLE)
def test_a_token_reads(client: Client, mallory: User, address: str) -> None:
    assert client.get(address, headers=bearing(make(mallory))).status_code == 200
    assert client.get(address).status_code == 302


@pytest.mark.parametrize("scope", ["read", "write"])
@pytest.mark.parametrize("address", NOT_FOR_TOKENS)
def test_a_token_opens_neither_accounts_nor_the_admin(client: Client, carol: User, address: str, scope: str) -> None:
    for method in ("get", "post"):
        response = getattr(client, method)(address, headers=bearing(make(carol, scope)))
        assert response.status_code == 403, method
        assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_token_changes_nothing_on_pages(client: Client, carol: User, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for scope in ("read", "write"):
        assert getattr(client, method)("/incidents/", headers=bearing(make(carol, scope))).status_code == 403


@pytest.mark.parametrize(("scope", "method", "passes"), [
    ("read", "GET", True), ("read", "POST", False), ("write", "GET", True), ("write", "POST", True),
])  # fmt: skip
def test_pages_for_programs_take_changes_from_tokens_that_may_write(scope: str, method: str, passes: bool) -> None:
    request = RequestFactory().generic(method, "/api/")
    request.token = Token(scope=scope)  # type: ignore[attr-defined]
    tokens = Tokens(lambda request: None)  # type: ignore[arg-type, return-value]
    assert (tokens.process_view(request, for_programs(lambda: None), (), {}) is None) == passes
    assert (tokens.process_view(request, for_readers(lambda: None), (), {}) is None) == (method == "GET")
    assert tokens.process_view(request, lambda: None, (), {}) is not None


def test_a_token_that_may_write_changes_actionables_and_comments_on_them(bob: User, mallory: User) -> None:
    client, work = Client(enforce_csrf_checks=True), make_actionable()
    hidden = make_actionable(make_incident(visibility="restricted"))
    address, reader, writer = work.get_absolute_url(), bearing(make(bob)), bearing(make(bob, "write"))
    told = json.loads(b"".join(client.get("/actionables/export.json", headers=reader)))["actionables"]
    assert [one["reference"] for one in told] == [work.reference]
    blocked = {"version": told[0]["version"], "status": "blocked"}

    def sent(what: str, given: dict[str, Any], headers: dict[str, str], to: str = address) -> int:
        return client.post(f"{to}{what}/", given, headers=headers).status_code

    assert [sent(what, blocked, reader) for what in ("change", "comment", "edit", "snooze")] == [403] * 4
    assert [sent(what, blocked, writer) for what in ("edit", "snooze", "choose")] == [403] * 3
    assert sent("change", blocked, bearing(make(mallory, "write"))) == 403
    assert sent("comment", {"text": "Seen."}, writer, hidden.get_absolute_url()) == 404
    assert sent("change", {"version": 0, "status": "done"}, writer) == 422
    assert sent("change", blocked, writer) == 302
    assert sent("change", {**blocked, "status": "in progress"}, writer) == 409
    assert sent("comment", {"text": "Nightly run 7."}, writer) == 302
    work.refresh_from_db()
    assert (work.status, work.comments.get().by) == ("blocked", "Bob")
    assert list(work.changes.values_list("to_status", "by"))[-1] == ("blocked", "Bob")
    assert set(client.cookies) <= {"csrf"}  # no session


WRONG = ("", "x", PREFIX, PREFIX + "a" * 43, "a" * 10_000, PREFIX + "\x00", "null", "undefined", "ü")


@pytest.mark.parametrize("secret", WRONG)
def test_what_is_no_token_is_refused(client: Client, db: None, secret: str) -> None:
    response = client.get("/incidents/", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_refused_where_reading_is_open_too(client: Client, db: None, settings: Any) -> None:
    settings.READING = "open"
    assert client.get("/incidents/", headers=bearing("x")).status_code == 401


def test_a_token_ends_with_its_time_and_its_person(client: Client, alice: User) -> None:
    late = make(alice, expires_at=timezone.now() - timedelta(seconds=1))
    good = make(alice, expires_at=timezone.now() + timedelta(hours=1))
    assert client.get("/incidents/", headers=bearing(late)).status_code == 401
    assert client.get("/incidents/", headers=bearing(good)).status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/incidents/", headers=bearing(good)).status_code == 401


def test_a_token_outweighs_a_session(client: Client, alice: User, carol: User) -> None:
    client.force_login(carol)
    assert client.get("/audit/", headers=bearing(make(alice))).status_code == 403
    assert client.get("/incidents/", headers=bearing("x")).status_code == 401


def test_guessing_is_limited(client: Client, db: None) -> None:
    answers = [client.get("/incidents/", headers=bearing(f"{PREFIX}{number}")).status_code for number in range(32)]
    assert answers == [401] * 30 + [429] * 2
    assert AuditEntry.objects.count() == 30


def test_a_token_costs_two_queries(client: Client, alice: User, django_assert_num_queries: Any) -> None:
    secret = make(alice)
    client.get("/INC-99", headers=bearing(secret))  # notes when it was used
    assert Token.objects.get().last_used_at is not None
    with django_assert_num_queries(1 + 2):
        client.get("/INC-99", headers=bearing(secret))


def test_other_schemes_are_none_of_ours(client: Client, db: None) -> None:
    assert client.get("/incidents/", headers={"Authorization": "Basic YTpi"}).status_code == 302
