"""Attacks on signing in, on roles and on the audit log that once succeeded."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone

from kb import middleware
from kb.accounts import middleware as accounts
from kb.models import Session
from postmortems.mail import POST
from postmortems.models import Action, AuditEntry, IncidentReader, record
from postmortems.refresh import refresh_incident
from tests.factories import make_actionable, make_entry, make_incident
from tests.test_accounts import actions, add_app, code
from tests.test_admin import _form
from tests.test_sign_in import enter, signed_in

# Counting attempts


def test_what_many_others_try_does_not_push_out_what_was_counted(client: Client, alice: User) -> None:
    for _ in range(10):
        enter(client, password="wrong")
    for number in range(400):
        cache.set(f"another-attempt-{number}", [1.0], 3_600)
    assert enter(client).status_code == 429


def test_a_right_code_does_not_empty_the_count_of_passwords(client: Client, alice: User, bob: User) -> None:
    enter(client)
    _, codes = add_app(client)
    for _ in range(9):
        enter(Client(), name="bob", password="wrong")
    own = Client()
    enter(own)
    assert own.post("/sign-in/second-step/", {"code": codes[0]}, REMOTE_ADDR="192.0.2.1").status_code == 302
    assert enter(Client(), name="bob", password="wrong").status_code == 200
    assert enter(Client(), name="bob").status_code == 429


def test_codes_are_guessed_no_more_than_a_hundred_times_a_day(client: Client, alice: User, settings: Any) -> None:
    limits = dict(part.split("/", 1) for part in settings.ACCOUNT_RATE_LIMITS["login_failed"].split(","))
    assert limits == {"5": "m/key", "100": "d/key"}
    enter(client)
    secret, _ = add_app(client)
    guesser = Client()
    enter(guesser)
    for _ in range(5):
        assert "not right" in guesser.post("/sign-in/second-step/", {"code": "000000"}).content.decode()
    for address in ("192.0.2.8", "192.0.2.9"):  # wherever from
        refused = guesser.post("/sign-in/second-step/", {"code": code(secret)}, REMOTE_ADDR=address)
        assert "Too many attempts." in refused.content.decode()
    given = {"oldpassword": "alice-long-password", "password1": "seven unlikely walruses"}
    client.post("/account/password/", given)  # who guessed knows the former password alone
    own = Client()
    enter(own, password="seven unlikely walruses")
    assert "not right" in own.post("/sign-in/second-step/", {"code": "000000"}).content.decode()


def test_a_known_browser_is_told_how_long_to_wait(client: Client, alice: User) -> None:
    enter(client)
    client.post("/sign-out/")
    refused = [enter(client, password="wrong") for _ in range(11)][-1]
    assert 200 < int(refused.headers["Retry-After"]) <= 300
    assert "Try again in 5 minutes." in refused.content.decode()


def test_more_forms_than_anybody_fills_in_are_refused_with_the_time_to_wait(client: Client, alice: User) -> None:
    answers = [enter(Client(), password="") for _ in range(61)]
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_the_right_password_of_somebody_inactive_is_written_down_as_failed(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    assert enter(client).status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object) == (Action.SIGN_IN_FAILED, "alice")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::1%" + "x" * 99, "fe80::1"),
        ("x:1", ""),
    ],
)
def test_where_a_request_comes_from_is_told_however_it_is_written(said: str, address: str) -> None:
    assert middleware._address(RequestFactory().get("/", REMOTE_ADDR=said)) == address


# Sessions


def test_no_page_tells_the_key_of_a_session(client: Client, alice: User) -> None:
    other = Client()
    for browser in (other, client):
        enter(browser)
    page = client.get("/account/").content.decode()
    assert not [key for key in Session.objects.values_list("session_key", flat=True) if key in page]
    (mark,) = re.findall(r'name="session" value="(?!all")([^"]+)"', page)
    client.post("/account/sessions/end/", {"session": mark})
    assert (signed_in(other), signed_in(client)) == (False, True)


def test_a_page_whose_session_ends_meanwhile_is_asked_for_again(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(client)
    session = client.session
    session["seen"] = 0
    session.save()
    note = accounts.note_place

    def ended_elsewhere(request: Any) -> None:
        note(request)
        Session.objects.all().delete()

    monkeypatch.setattr(accounts, "note_place", ended_elsewhere)
    answer = client.get("/keyboard/?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/keyboard/?x=1")
    assert client.get("/keyboard/?x=1").status_code == 200


# Mails


def test_the_link_of_a_mail_leads_to_the_address_of_the_settings(client: Client, alice: User, settings: Any) -> None:
    settings.SITE_URL = "https://kb.example.org"
    client.post("/password/forgotten/", {"email": "alice@example.org"}, headers={"Host": "testserver:4711"})
    POST.submit(lambda: None).result()
    body = str(mail.outbox[0].body)
    assert re.search(r"https://kb\.example\.org/password/new/\w+-[\w-]+/\n", body)
    assert "testserver" not in body
    path = re.findall(r"https://kb\.example\.org(/\S+)", body)[0]
    assert client.get(path).headers["Location"].endswith("-set-password/")


def test_the_former_address_is_told_of_a_new_one(client: Client, alice: User) -> None:
    enter(client)
    asked = client.post("/account/", {"first_name": "", "last_name": "", "email": "new@example.org"})
    client.post(asked.headers["Location"], {"password": "alice-long-password", "next": "/account/"})
    POST.submit(lambda: None).result()
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "new@example.org" in str(message.body)


def test_an_invitation_leads_to_where_the_site_runs(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite", "reader", "--site", "http://127.0.0.1:8001/")
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8001/welcome/")


# Roles


def edited(person: User, *roles: str, **ticked: str) -> dict[str, Any]:
    """The form of a person in the admin."""
    return {
        "username": person.username, "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
        "groups": [Group.objects.get(name=role).pk for role in roles], **ticked,
    }  # fmt: skip


def test_who_is_no_admin_any_more_sees_no_more_than_others(client: Client, alice: User, carol: User) -> None:
    refresh_incident(make_incident(visibility="restricted", slug="hidden-one"))
    desk = Client()
    desk.force_login(carol)
    client.force_login(alice)
    address = f"/admin/auth/user/{alice.pk}/change/"
    assert desk.post(address, edited(alice, "Admin")).status_code == 302
    pages = ("/incidents/hidden-one/", "/admin/", "/audit/")
    assert [client.get(page).status_code for page in pages] == [200] * 3
    assert desk.post(address, edited(alice, "Manager", is_superuser="on", is_staff="on")).status_code == 302
    assert [client.get(page).status_code for page in ("/incidents/hidden-one/", "/admin/", "/audit/")] == [
        404,
        200,
        403,
    ]
    assert desk.post(address, edited(alice, "Reader", is_staff="on")).status_code == 302
    assert client.get("/admin/", follow=True).status_code == 403


def test_what_is_ticked_by_hand_stays_while_the_roles_do(client: Client, alice: User, carol: User) -> None:
    client.force_login(carol)
    client.post(f"/admin/auth/user/{alice.pk}/change/", edited(alice, "Author", is_staff="on"))
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser) == (True, False)


# The audit log


@pytest.fixture
def desk(client: Client, carol: User) -> Client:
    """Carol, who administers."""
    client.force_login(carol)
    return client


def told(*kinds: Action) -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.filter(action__in=kinds).order_by("pk").values_list("action", "object", "detail"))


def test_reading_what_is_restricted_is_written_down(desk: Client) -> None:
    hidden = make_incident(visibility="restricted", number=7)
    entry, work = make_entry(hidden), make_actionable(hidden, number=8)
    work.record_change("", "alice")
    public = make_actionable(make_incident(number=5), number=9)
    for row in (hidden, public.incident):
        refresh_incident(row)
    for address in ("/actionables/ACT-9/", f"/admin/postmortems/incident/{public.incident_id}/change/"):
        assert desk.get(address).status_code == 200
    assert told(Action.READ_RESTRICTED) == []
    for address in (
        "/actionables/ACT-8/", f"/admin/postmortems/incident/{hidden.pk}/change/",
        f"/admin/timelines/timelineentry/{entry.pk}/change/", f"/admin/actionables/actionable/{work.pk}/change/",
        f"/admin/actionables/statuschange/{work.changes.get().pk}/change/",
        "/compare/?i=INC-5&i=INC-7", "/actionables/ACT-8/change/", "/actionables/ACT-8/edit/", "/INC-7/edit/",
        "/INC-7/edit/timeline/", f"/incidents/{hidden.slug}/causes/",
    ):  # fmt: skip
        assert desk.get(address).status_code == 200
    assert [what for _, what, _ in told(Action.READ_RESTRICTED)] == ["INC-7"] * 11


def test_who_may_read_an_incident_and_what_is_published_is_written_down_in_the_admin(desk: Client, alice: User) -> None:
    incident = make_incident(number=7, status="draft")
    refresh_incident(incident)
    address = f"/admin/postmortems/incident/{incident.pk}/change/"
    same = _form(desk, incident)
    named = {"named_readers-TOTAL_FORMS": 1, "named_readers-0-user": alice.pk, "named_readers-0-incident": incident.pk}
    for given in ({}, {"status": "published"}, {"status": "published", "visibility": "restricted"}):
        assert desk.post(address, same | given).status_code == 302
    assert desk.post(address, _form(desk, incident) | {"status": "published", "visibility": "restricted"} | named)
    reader = IncidentReader.objects.get(incident=incident)
    gone = {"named_readers-0-DELETE": "on", "named_readers-0-id": reader.pk, "named_readers-INITIAL_FORMS": 1}
    desk.post(address, _form(desk, incident) | {"status": "draft", "visibility": "restricted"} | named | gone)
    here = "in the administration"
    assert told(Action.PUBLISHED, Action.ACCESS_CHANGED) == [
        (Action.PUBLISHED, "INC-7", here),
        (Action.ACCESS_CHANGED, "INC-7", f"visibility from open to restricted, {here}"),
        (Action.ACCESS_CHANGED, "INC-7", f"named: alice, {here}"),
        (Action.ACCESS_CHANGED, "INC-7", f"status from published to draft, {here}"),
        (Action.ACCESS_CHANGED, "INC-7", f"no longer named: alice, {here}"),
    ]


def test_what_is_deleted_in_the_admin_is_written_down(desk: Client) -> None:
    rows = [make_incident(number=number) for number in (7, 8, 9)]
    desk.post(f"/admin/postmortems/incident/{rows[0].pk}/delete/", {"post": "yes"})
    chosen = [row.pk for row in rows[1:]]
    desk.post("/admin/postmortems/incident/", {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
    assert sorted(what for _, what, _ in told(Action.DELETED)) == ["INC-7", "INC-8", "INC-9"]


def test_old_entries_are_deleted_by_a_command_alone(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    for days in (400, 300, 0):
        entry = record(Action.EXPORTED, f"{days} days ago")
        AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default")
        entry.at, entry._state.adding = timezone.now() - timedelta(days=days), True
        entry.save(force_insert=True)
    for days in (29, -1, 99_999_999):
        with pytest.raises(CommandError, match="from 30"):
            call_command("prune_audit", f"--days={days}")
    call_command("prune_audit", "--days=365")
    assert capsys.readouterr().out == "1 entries deleted.\n"
    assert list(AuditEntry.objects.values_list("object", flat=True)) == ["1 entries", "0 days ago", "300 days ago"]
    assert actions()[-1] == Action.AUDIT_PRUNED
