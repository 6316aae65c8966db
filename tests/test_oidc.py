"""Single sign-on against a provider of its own on this machine (oidc-provider-mock, which rests on Authlib)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.contrib.auth.models import User
from django.test import Client

from kb.accounts.oidc import Provider, role_for
from postmortems.models import Action, AuditEntry
from tests.test_sign_in import enter, signed_in

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it uses what its own libraries call old
    import oidc_provider_mock as mock

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def configured(settings: Any, issuer: str) -> None:
    settings.OIDC_ISSUER = issuer
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "hindsight", "of the tests"
    settings.OIDC_ROLES = {"sre": "Author", "leads": "Manager", "platform": "Admin"}


def people(issuer: str, subject: str, **claims: Any) -> None:
    """Make the provider know somebody."""
    requests.put(f"{issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()


def go(client: Client, subject: str, begin: str = "/sign-in/sso/", **given: Any) -> Any:
    """Through the provider and back; the answer of the callback."""
    page = client.post(begin, given).content.decode()
    address = page.partition('http-equiv="refresh" content="0; url=')[2].partition('"')[0].replace("&amp;", "&")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert sorted(asked["scope"][0].split()) == ["email", "openid", "profile"]
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
    back = urlsplit(answer.headers["Location"])
    assert back.path == "/sign-in/sso/callback/"
    return client.get(f"{back.path}?{back.query}")


def test_somebody_new_gets_an_account_with_the_role_of_their_groups(client: Client, issuer: str) -> None:
    people(issuer, "s-1", preferred_username="ada", name="Ada Lovelace", email="ada@example.org", email_verified=True,
           groups=["sre", "leads", "other"])  # fmt: skip
    assert "Use single sign-on" in client.get("/sign-in/").content.decode()
    assert go(client, "s-1", next="/causes/").headers["Location"] == "/causes/"
    ada = User.objects.get(username="ada")
    assert (ada.get_full_name(), ada.email) == ("Ada Lovelace", "ada@example.org")
    assert [group.name for group in ada.groups.all()] == ["Manager"]
    assert not ada.has_usable_password()
    assert signed_in(client)
    told = set(AuditEntry.objects.values_list("action", flat=True))
    assert {Action.ACCOUNT_ADDED, Action.ROLES_CHANGED, Action.SIGNED_IN} <= told


def test_roles_follow_the_groups_at_every_sign_in(client: Client, issuer: str) -> None:
    for groups, role in ((["platform"], "Admin"), (["sre"], "Author"), ([], "Reader")):
        people(issuer, "s-2", preferred_username="grace", groups=groups)
        go(Client(), "s-2")
        grace = User.objects.get(username="grace")
        assert [group.name for group in grace.groups.all()] in ([role], [] if role == "Reader" else None)
        assert (grace.is_superuser, grace.is_staff) == (role == "Admin", role == "Admin")
    assert User.objects.count() == 1


def test_without_a_meaning_of_groups_roles_stay_as_they_were_given(client: Client, issuer: str, settings: Any) -> None:
    settings.OIDC_ROLES = {}
    people(issuer, "s-3", preferred_username="joan", groups=["platform"])
    go(client, "s-3")
    assert not User.objects.get(username="joan").is_superuser


@pytest.mark.parametrize("claims", [
    {"preferred_username": "carol"}, {"preferred_username": "CAROL"},
    {"preferred_username": "x", "email": "carol@example.org", "email_verified": True},
    {"email": "carol@example.org", "email_verified": True},
])  # fmt: skip
def test_neither_name_nor_mail_lead_into_somebody_elses_account(
    client: Client, issuer: str, carol: User, claims: dict[str, Any]
) -> None:
    people(issuer, "s-4", **claims)
    assert go(client, "s-4").headers["Location"] == "/"
    assert client.get("/account/").wsgi_request.user.pk != carol.pk
    assert User.objects.count() == 2
    assert not SocialAccount.objects.filter(user=carol).exists()


def test_a_mail_address_that_was_not_verified_is_not_taken(client: Client, issuer: str) -> None:
    people(issuer, "s-5", preferred_username="mary", email="carol@example.org")
    go(client, "s-5")
    assert User.objects.get(username="mary").email == ""


def test_one_links_ones_own_account(client: Client, issuer: str, alice: User) -> None:
    people(issuer, "s-6", preferred_username="someone", groups=["sre"])
    enter(client)
    assert "Not linked" in client.get("/account/").content.decode()
    asked = go(client, "s-6", "/sign-in/sso/?process=connect&next=/account/")
    assert asked.headers["Location"] == "/account/confirm/"
    assert not SocialAccount.objects.exists()
    client.post("/account/confirm/", {"password": "alice-long-password"})
    assert "Linked to this account" in client.get("/account/").content.decode()
    again = Client()
    go(again, "s-6")
    assert again.get("/account/").wsgi_request.user.pk == alice.pk
    assert User.objects.count() == 1
    assert AuditEntry.objects.filter(action=Action.ACCOUNT_LINKED, actor="alice").exists()


def test_new_accounts_can_be_left_to_the_admins(client: Client, issuer: str, settings: Any) -> None:
    settings.OIDC_NEW_ACCOUNTS = False
    people(issuer, "s-7", preferred_username="new")
    assert "You have no account here" in go(client, "s-7").content.decode()
    assert not User.objects.exists()


def test_somebody_inactive_stays_outside(client: Client, issuer: str) -> None:
    people(issuer, "s-8", preferred_username="gone")
    go(Client(), "s-8")
    User.objects.update(is_active=False)
    go(client, "s-8")
    assert not signed_in(client)


@pytest.mark.parametrize(
    "query", ["", "code=x", "code=x&state=y", "error=access_denied", "error=x&state=y", "state=%00&code=%00"]
)
def test_an_answer_nobody_asked_for_signs_nobody_in(client: Client, query: str) -> None:
    response = client.get(f"/sign-in/sso/callback/?{query}")
    assert response.status_code == 401
    assert "You are not signed in" in response.content.decode()
    assert not signed_in(client)


def test_an_answer_counts_once_and_in_its_own_browser(client: Client, issuer: str) -> None:
    people(issuer, "s-9", preferred_username="edith")
    answer = go(client, "s-9")
    address = answer.wsgi_request.get_full_path()
    other = Client()
    assert other.get(address).status_code == 401
    client.post("/sign-out/")
    assert client.get(address).status_code == 401


def test_a_provider_that_is_away_is_no_error_of_ours(client: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://localhost:9"
    response = client.post("/sign-in/sso/")
    assert response.status_code == 401
    assert "You are not signed in" in response.content.decode()


def test_without_an_issuer_there_is_none(client: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = ""
    assert "single sign-on" not in client.get("/sign-in/").content.decode()
    assert client.post("/sign-in/sso/").status_code == 404
    assert client.get("/sign-in/sso/callback/").status_code == 404
    assert client.post("/sign-in/google/").status_code == 404


def test_the_same_subject_of_two_issuers_is_two_people(rf: Any) -> None:
    uid = Provider.extract_uid
    one = uid(None, {"id_token": {"iss": "https://a", "sub": "1"}})  # type: ignore[arg-type]
    other = uid(None, {"id_token": {"iss": "https://b", "sub": "1"}})  # type: ignore[arg-type]
    assert one != other
    for data in (
        {"userinfo": {"sub": "1"}}, {"id_token": {"sub": "1"}}, {"id_token": {"iss": "https://a"}},
        {"id_token": {"iss": "https://a", "sub": "1"}, "userinfo": {"sub": "2"}},
    ):  # fmt: skip
        with pytest.raises(OAuth2Error):
            uid(None, data)  # type: ignore[arg-type]


def test_the_highest_role_of_several_groups_counts() -> None:
    assert role_for(["sre", "platform", "leads"]) == "Admin"
    assert role_for(["nothing"]) == "Reader"


def test_who_has_no_password_confirms_by_single_sign_on(client: Client, issuer: str) -> None:
    people(issuer, "s-20", preferred_username="ada")
    go(client, "s-20")
    assert client.get("/account/tokens/new/").status_code == 200  # they came a moment ago
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 16 * 60
    session.save()
    wanted = "/account/confirm/sso/?next=%2Faccount%2Ftokens%2Fnew%2F"
    for answer in (
        client.get("/account/tokens/new/"),
        client.post("/account/tokens/new/", {"name": "x", "scope": "read"}),
    ):
        assert answer.headers["Location"] == wanted
    assert client.post("/account/two-step/add/").headers["Location"].startswith("/account/confirm/sso/")
    asked = client.post("/account/", {"first_name": "A", "last_name": "", "email": "new@example.org"})
    assert asked.headers["Location"].startswith("/account/confirm/sso/")
    page = client.get(wanted).content.decode()
    (action,) = re.findall(r'action="(/sign-in/sso/[^"]*)"', page)
    assert 'name="next" value="/account/tokens/new/"' in page
    assert "prompt=login" in client.post(action, {"next": "/"}).content.decode()
    assert go(client, "s-20", action, next="/account/tokens/new/").headers["Location"] == "/account/tokens/new/"
    assert client.get("/account/tokens/new/").status_code == 200
    assert User.objects.get().email == ""


def test_who_has_a_password_does_not_confirm_by_single_sign_on(client: Client, issuer: str, alice: User) -> None:
    SocialAccount.objects.create(user=alice, provider="sso", uid="s-21")
    enter(client)
    assert client.get("/account/tokens/new/").headers["Location"].startswith("/account/confirm/?")
    assert client.get("/account/confirm/sso/").status_code == 404
