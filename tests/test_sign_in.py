"""Signing in and out: who gets in, who is led where, how attempts are counted, how sessions begin and end."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from kb.accounts import throttle
from kb.accounts.roles import DEMO_ACCOUNTS, ROLES, give_role, make_demo_accounts, permissions
from kb.models import Invitation, Session
from postmortems import access
from postmortems.mail import POST
from postmortems.models import Action, AuditEntry
from postmortems.refresh import refresh_incident
from tests.factories import make_incident

WRONG = "This name and this password do not go together."


def enter(client: Client, name: str = "alice", password: str = "", address: str = "192.0.2.1", **more: Any) -> Any:
    """Send the form of the sign-in page."""
    given = {"login": name, "password": password or f"{name}-long-password", **more}
    return client.post("/sign-in/", given, REMOTE_ADDR=address)


def signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.fixture
def closed(settings: Any) -> None:
    settings.READING = "signed-in"


# Getting in


def test_the_right_password_leads_on_with_a_new_session(client: Client, alice: User) -> None:
    client.get("/sign-in/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    before = session.session_key
    assert enter(client, next="/causes/").headers["Location"] == "/causes/"
    assert client.session.session_key != before
    assert signed_in(client)


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(client: Client, alice: User, name: str) -> None:
    response = enter(client, name, "not-the-password")
    assert response.status_code == 200
    assert WRONG in response.content.decode()
    assert f'value="{name}"' in response.content.decode()
    assert "not-the-password" not in response.content.decode()


def test_somebody_inactive_is_told_the_same(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    assert WRONG in enter(client).content.decode()


ELSEWHERE = (
    "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "\thttps://evil.example",
    "javascript:alert(1)", "%2f%2fevil.example", "http:///evil.example", "https://testserver@evil.example/", "evil",
    "/\t/evil.example", "///evil.example", "\x00/evil", "https://testserver.evil.example/", " //evil.example",
    "http://testserver/causes/",
)  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_led_elsewhere(client: Client, alice: User, address: str) -> None:
    assert enter(client, next=address).headers["Location"] == "/"
    assert client.get("/sign-in/?" + urlencode({"next": address})).headers["Location"] == "/"


def test_odd_input_is_no_error(client: Client, alice: User) -> None:
    for name in ("a" * 5_000, "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "'; --", "İ"):
        assert enter(client, name, "x" * 100_000).status_code == 200


def test_the_form_suits_password_managers(client: Client) -> None:
    page = client.get("/sign-in/").content.decode()
    for attribute in ('autocomplete="username"', 'autocomplete="current-password"', 'autocapitalize="none"'):
        assert attribute in page
    assert "onpaste" not in page


# Closed doors


def test_existing_and_missing_pages_ask_alike_for_a_sign_in(client: Client, closed: None, db: None) -> None:
    incident = make_incident("The queue stood still")
    refresh_incident(incident)
    addresses = [incident.get_absolute_url(), "/incidents/nothing-of-that-kind/", "/INC-1", "/INC-99", "/causes/x/"]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 302
        assert response.headers["Location"] == "/sign-in/?" + urlencode({"next": address}, safe="/")
        assert response.content == b""
    assert len({client.get(address).headers["Content-Length"] for address in addresses}) == 1


def test_closed_doors_open_for_everybody_with_an_account(client: Client, closed: None, mallory: User) -> None:
    client.force_login(mallory)
    assert client.get("/incidents/").status_code == 200


def test_a_part_of_a_page_is_never_replaced_by_the_sign_in(client: Client, closed: None) -> None:
    response = client.get("/incidents/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/?a=1"})
    assert response.status_code == 204
    assert response.headers["HX-Redirect"] == "/sign-in/?next=/%3Fa%3D1"


def test_a_form_that_was_sent_comes_back_to_its_page(client: Client) -> None:
    response = client.post("/account/sessions/end/", headers={"Referer": "http://testserver/account/"})
    assert response.headers["Location"] == "/sign-in/?next=/account/"
    response = client.post("/account/sessions/end/", headers={"Referer": "http://evil.example/account/"})
    assert response.headers["Location"] == "/sign-in/?next=/"


def test_a_stranger_sees_no_way_to_what_is_closed(client: Client, closed: None) -> None:
    page = client.get("/sign-in/").content.decode()
    assert "/incidents/" not in page
    assert "Only people with an account may read here." in page


def test_admin_has_no_sign_in_of_its_own(client: Client, alice: User, bob: User) -> None:
    assert client.get("/admin/login/?next=/admin/auth/").headers["Location"] == "/sign-in/?next=/admin/auth/"
    assert client.post("/admin/login/", {"username": "bob", "password": "bob-long-password"}).status_code == 302
    assert not signed_in(client)
    enter(client)
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(bob)
    assert client.get("/admin/").status_code == 200


# Roles


def test_the_groups_of_the_migrations_are_those_of_the_code(db: None) -> None:
    for role, names in ROLES.items():
        group, made = Group.objects.get_or_create(name=role)
        if not made:  # a test with a transaction of its own empties the table
            assert set(group.permissions.all()) == set(permissions(names))


def test_rights_come_with_the_person(django_assert_num_queries: Any, bob: User, client: Client) -> None:
    """A page costs two queries more for who is signed in: session and person with all permissions."""
    client.get("/healthz")
    enter(client, "bob")
    for address, own in (("/keyboard/", 1), ("/preferences/", 0), ("/INC-99", 1)):
        with django_assert_num_queries(own + 2):
            client.get(address)


@pytest.mark.parametrize(("person", "rights"), [("mallory", 0), ("alice", 1), ("bob", 3), ("carol", 4)])
def test_who_may_what(request: pytest.FixtureRequest, client: Client, person: str, rights: int) -> None:
    client.force_login(request.getfixturevalue(person))
    user = client.get("/account/").wsgi_request.user
    asked = (access.may_file, access.may_publish, access.may_manage, access.may_administer)
    assert [may(user) for may in asked] == [True] * rights + [False] * (4 - rights)


def test_a_change_of_role_shows_at_the_next_request(client: Client, bob: User) -> None:
    client.force_login(bob)
    first = client.get("/keyboard/")
    assert client.get("/admin/").status_code == 200
    give_role(bob, "Reader")
    assert client.get("/admin/", follow=True).status_code == 403
    again = client.get("/keyboard/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert not signed_in(client)


# Counting attempts


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was hashed."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def noted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    return seen


def test_many_wrong_passwords_from_one_place_are_refused_before_they_are_hashed(
    client: Client, alice: User, hashes: list[str]
) -> None:
    for _ in range(10):
        assert enter(client, password="wrong").status_code == 200
    hashes.clear()
    refused = enter(client, password="wrong")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert re.search(r"Too many attempts\. Try again in \d+ seconds\.", refused.content.decode())
    assert 'value="alice"' in refused.content.decode()
    assert enter(client).status_code == 429
    assert hashes == []
    assert enter(Client(), address="192.0.2.2").status_code == 302


def test_an_account_under_attack_from_many_places_stays_open_to_its_person(client: Client, alice: User) -> None:
    for number in range(100):
        assert enter(Client(), password="wrong", address=f"198.51.100.{number}").status_code == 200
    assert enter(client, address="203.0.113.9").status_code == 302


def test_a_browser_that_its_person_used_before_counts_by_itself(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(throttle.LIMITS, "password", "100/m/ip,3/h/key")
    enter(client)
    client.post("/sign-out/")
    for _ in range(3):
        enter(Client(), password="wrong")
    assert enter(Client()).status_code == 429
    assert enter(client).status_code == 302
    client.post("/sign-out/")
    client.cookies["device"] = client.cookies["device"].value[:-3] + "AAA"  # forged
    assert enter(client).status_code == 429


def test_a_known_browser_is_counted_too(client: Client, alice: User) -> None:
    enter(client)
    client.post("/sign-out/")
    answers = [enter(client, password="wrong").status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2


def test_where_a_request_comes_from_cannot_be_made_up(client: Client, alice: User, settings: Any) -> None:
    for number in range(10):
        client.post("/sign-in/", {"login": "x", "password": "y"}, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert enter(Client(), address="127.0.0.1").status_code == 429
    settings.TRUST_PROXY = True
    said = {"X-Forwarded-For": "10.0.0.1, 203.0.113.77"}
    Client().post("/sign-in/", {"login": "alice", "password": "y"}, headers=said)
    newest = AuditEntry.objects.first()
    assert newest is not None
    assert newest.address == "203.0.113.77"


def test_a_right_password_costs_no_attempt(client: Client, alice: User) -> None:
    for _ in range(15):
        assert enter(Client()).status_code == 302


# Sessions


def test_signing_out_ends_the_session_and_clears_the_browser(client: Client, alice: User) -> None:
    enter(client)
    copied = Client()
    copied.cookies["session"] = client.cookies["session"].value
    assert signed_in(copied)
    response = client.post("/sign-out/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not signed_in(copied)
    assert client.get("/sign-out/").status_code == 200


def test_a_new_password_ends_every_other_session(client: Client, alice: User) -> None:
    other = Client()
    enter(other)
    enter(client)
    given = {"oldpassword": "alice-long-password", "password1": "seven unlikely walruses"}
    assert client.post("/account/password/", given).headers["Location"] == "/account/"
    assert signed_in(client)
    assert not signed_in(other)
    assert Session.objects.filter(user=alice).count() == 1


@pytest.mark.parametrize("password", ["short", "alice@example.org", "123456789012", "x" * 257, "1q2w3e4r5t6y"])
def test_a_weak_password_is_refused_beside_its_field(client: Client, alice: User, password: str) -> None:
    enter(client)
    page = client.post("/account/password/", {"oldpassword": "alice-long-password", "password1": password})
    assert page.status_code == 200
    assert 'class="error small" id="id_password1_error"' in page.content.decode()
    alice.refresh_from_db()
    assert alice.check_password("alice-long-password")


@pytest.mark.parametrize("password", ["äöü " * 20, "correct horse battery staple", "1a" * 100])
def test_long_passwords_of_any_characters_work(client: Client, alice: User, password: str) -> None:
    enter(client)
    client.post("/account/password/", {"oldpassword": "alice-long-password", "password1": password})
    assert enter(Client(), password=password).status_code == 302


def test_sessions_end_in_time(client: Client, alice: User, settings: Any) -> None:
    enter(client)
    session = client.session
    session["started"] = int(time.time()) - settings.SESSION_ABSOLUTE_AGE - 1
    session.save()
    assert not signed_in(client)
    enter(client)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not signed_in(client)


def test_using_a_session_keeps_it_and_tells_where(client: Client, alice: User) -> None:
    enter(client)
    session = client.session
    session["seen"] -= 3_600
    session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    client.get("/keyboard/", REMOTE_ADDR="192.0.2.77", headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140"})
    row = Session.objects.get(user=alice)
    assert row.expire_date > timezone.now() + timedelta(days=1)
    assert (row.address, row.device_words) == ("192.0.2.77", "Firefox on Linux")


def test_the_cookie_is_for_this_site_alone(client: Client, alice: User) -> None:
    enter(client)
    cookie = client.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


# A new password by mail


def ask(client: Client, address: str) -> Any:
    response = client.post("/password/forgotten/", {"email": address}, follow=True)
    POST.submit(lambda: None).result()  # what was handed to the post before it is sent
    return response


def test_a_new_password_by_mail(client: Client, alice: User) -> None:
    other = Client()
    enter(other)
    assert "Look into your mail" in ask(client, "Alice@example.org").content.decode()
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    address = re.findall(r"http://testserver(/\S+)", str(message.body))[0]
    form = client.get(address, follow=True)
    assert form.redirect_chain[0][0].endswith("-set-password/")
    done = client.post(form.redirect_chain[0][0], {"password1": "seven unlikely walruses"}, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert not signed_in(other)
    assert not signed_in(client)
    assert "This link is over" in Client().get(address, follow=True).content.decode()
    assert enter(client, password="seven unlikely walruses").status_code == 302


def test_asking_tells_nobody_who_has_an_account(client: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    pages = [ask(client, address).content for address in ("alice@example.org", "nobody@example.org")]
    assert pages[0] == pages[1]
    assert mail.outbox == []


def test_asking_is_limited(client: Client, alice: User) -> None:
    answers = [ask(Client(), "alice@example.org").status_code for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    assert len(mail.outbox) == 5


# The first account, and the demonstration


def test_an_invitation_makes_one_account(client: Client, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite")
    address = capsys.readouterr().out.strip().removeprefix("http://127.0.0.1:8000")
    given = {"username": "Ada", "email": "ada@example.org", "password": "seven unlikely walruses"}
    assert client.post(address, {**given, "password": "short"}).status_code == 200
    assert client.post(address, given).headers["Location"] == "/"
    ada = User.objects.get(username="Ada")
    assert ada.is_superuser
    assert signed_in(client)
    again = Client().post(address, {**given, "username": "Eve"})
    assert again.status_code == 404
    assert User.objects.count() == 1


def test_an_invitation_ends(client: Client, db: None) -> None:
    secret = Invitation.objects.invite("Author")
    assert client.get(f"/welcome/{secret}/").status_code == 200
    Invitation.objects.update(expires_at=timezone.now())
    assert client.get(f"/welcome/{secret}/").status_code == 404


def test_an_invitation_gives_no_more_than_its_role(client: Client, alice: User) -> None:
    secret = Invitation.objects.invite("Author")
    given = {"username": "ALICE", "password": "seven unlikely walruses", "is_superuser": "on", "is_staff": "on"}
    assert "Somebody has this name already." in client.post(f"/welcome/{secret}/", given).content.decode()
    client.post(f"/welcome/{secret}/", {**given, "username": "eve"})
    eve = User.objects.get(username="eve")
    assert (eve.is_superuser, eve.is_staff) == (False, False)
    assert [group.name for group in eve.groups.all()] == ["Author"]


@pytest.mark.parametrize("name", DEMO_ACCOUNTS)
def test_the_demonstration_signs_in_by_a_button(client: Client, db: None, settings: Any, name: str) -> None:
    settings.DEMO = True
    make_demo_accounts()
    assert "Demonstration" in client.get("/").content.decode()
    assert client.post("/sign-in/demo/", {"name": name, "next": "/causes/"}).headers["Location"] == "/causes/"
    assert signed_in(client)
    settings.DEMO = False
    assert not signed_in(client)
    assert "Demonstration" not in client.get("/").content.decode()


def test_outside_of_the_demonstration_its_accounts_are_of_no_use(client: Client, db: None, settings: Any) -> None:
    make_demo_accounts()
    assert client.post("/sign-in/demo/", {"name": "admin"}).status_code == 404
    assert not any(user.has_usable_password() for user in User.objects.all())
    for password in ("admin", "", "demo"):
        assert enter(client, "admin", password).status_code == 200
    settings.DEMO = True
    assert client.post("/sign-in/demo/", {"name": "nobody"}).status_code == 404


def test_what_happened_is_written_down(client: Client, alice: User) -> None:
    enter(client, password="secret-typed-wrong")
    enter(client, "secret-in-the-wrong-field", "x")
    enter(client)
    client.post("/sign-out/")
    told = [(entry.action, entry.actor, entry.object) for entry in AuditEntry.objects.order_by("pk")]
    assert told == [
        (Action.SIGN_IN_FAILED, "", "alice"),
        (Action.SIGN_IN_FAILED, "", "a name that nobody has"),
        (Action.SIGNED_IN, "alice", ""),
        (Action.SIGNED_OUT, "alice", ""),
    ]
    assert "secret" not in repr(list(AuditEntry.objects.values()))
