"""Attacks by hand. Each is tried twice: as the site is, where it fails, and without the defence, where it succeeds."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.db import models
from django.forms import CharField
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from kb import views
from kb.accounts import adapter
from postmortems import export
from postmortems.models import Cause, Incident, IncidentReader, Organisation
from postmortems.refresh import refresh_incident
from tests.factories import make_actionable, make_incident
from tests.leaking import add_restricted, clients_of, make_people, public_world
from tests.leaking_asked import FIRST
from tests.permissions import ADDRESSES, OPEN, address_of, one_of_each
from tests.test_admin import _form

pytestmark = pytest.mark.usefixtures("five")
EVIL = "evil.example"


@pytest.fixture
def desk(client: Client, carol: User) -> Client:
    """Carol, signed in."""
    client.force_login(carol)
    return client


# Forms that somebody else's page makes a browser send.

TAKES_POST = [name for name, entry in OPEN.items() if "POST" in entry.takes]


def forged(name: str, *, checked: bool) -> int:
    """The answer to a form without our token, from a signed-in browser."""
    client = Client(enforce_csrf_checks=checked)
    client.force_login(User.objects.get(username="carol"))
    return client.post(
        address_of(ADDRESSES[name]), {"theme": "dark"}, headers={"Origin": f"https://{EVIL}"}
    ).status_code


@pytest.mark.parametrize("name", TAKES_POST)
def test_a_forged_form_is_refused(carol: User, name: str) -> None:
    assert forged(name, checked=True) == 403
    assert forged(name, checked=False) != 403


def test_a_forged_form_changes_nothing_in_the_admin(carol: User) -> None:
    address = reverse("admin:postmortems_organisation_add")
    for checked, made in ((True, 0), (False, 1)):
        client = Client(enforce_csrf_checks=checked)
        client.force_login(carol)
        client.post(address, {"name": "Forged", "slug": "forged"})
        assert Organisation.objects.filter(slug="forged").count() == made


# Addresses to go on to.

NEXT = (f"https://{EVIL}/", f"//{EVIL}", f"/\\{EVIL}", f"\t//{EVIL}", "javascript:alert(1)")


def led_to(client: Client, address: str) -> str:
    """Where the preferences lead when they are told to."""
    return client.post("/preferences/", {"next": address}).headers["Location"]


@pytest.mark.parametrize("address", NEXT)
def test_preferences_lead_nowhere_else(client: Client, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert led_to(client, address) == "/"
    monkeypatch.setattr(views, "safe_next", lambda request, given: given.strip())
    if not address.startswith("javascript:"):  # the redirect itself refuses that
        assert EVIL in led_to(client, address)


@pytest.mark.parametrize("address", NEXT)
def test_signing_in_leads_nowhere_else(
    client: Client, carol: User, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    given = {"login": "carol", "password": "carol-long-password", "next": address}
    response = client.post("/sign-in/", given)
    assert response.status_code == 302
    assert response.headers["Location"] == "/"
    client.logout()
    assert client.post("/sign-in/", given | {"next": "/causes/"}).headers["Location"] == "/causes/"
    monkeypatch.setattr(adapter, "safe_next", lambda request, given: given)
    client.logout()
    if not address.startswith(("javascript:", "\t")):  # the redirect itself refuses those
        assert EVIL in client.post("/sign-in/", given).headers["Location"]


# Names of hosts.


@pytest.mark.parametrize("address", ["/", "/incidents/", "/preferences/", "/sign-in/"])
def test_another_host_is_refused_and_repeated_nowhere(client: Client, settings: Any, address: str) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    response = client.get(address, headers={"Host": EVIL})
    assert response.status_code == 400
    assert EVIL not in response.content.decode() + str(response.headers)
    forwarded = client.get(address, headers={"X-Forwarded-Host": EVIL})
    assert forwarded.status_code == 200
    assert EVIL not in forwarded.content.decode() + str(forwarded.headers)
    settings.ALLOWED_HOSTS = ["*"]
    assert client.get(address, headers={"Host": EVIL}).status_code == 200


# Sessions.


def session_after_signing_in(carol: User) -> tuple[str, str]:
    """The session an attacker planted, and the one that is signed in afterwards."""
    client = Client()
    planted = client.session
    planted["planted"] = True
    planted.save()
    client.cookies["session"] = str(planted.session_key)
    client.post("/sign-in/", {"login": "carol", "password": "carol-long-password"})
    return str(planted.session_key), client.cookies["session"].value


def test_signing_in_gives_a_session_of_its_own(carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, used = session_after_signing_in(carol)
    assert used != planted
    stranger = Client()
    stranger.cookies["session"] = planted
    assert stranger.get("/admin/").status_code == 302
    monkeypatch.setattr(SessionBase, "cycle_key", lambda self: None)
    planted, used = session_after_signing_in(carol)
    assert used == planted


# Fields that no form has.

FORBIDDEN = {"number": 4711, "version": 99, "is_open": 0, "published_at_0": "2001-01-01", "published_at_1": "00:00",
             "pk": 4711, "id": 4711, "occurred_at": "2001-01-01"}  # fmt: skip


def test_what_the_form_does_not_offer_cannot_be_set(desk: Client) -> None:
    incident = Incident.objects.get(number=1)
    incident.published_at = timezone.now()
    incident.save()
    fields = ("pk", "number", "is_open", "published_at", "occurred_at")
    before = Incident.objects.values(*fields).get(number=1)
    version = Incident.objects.values_list("version", flat=True).get(number=1)
    address = reverse("admin:postmortems_incident_change", args=[incident.pk])
    assert desk.post(address, _form(desk, incident) | FORBIDDEN | {"title": "Taken"}).status_code == 302
    assert Incident.objects.values(*fields).get(number=1) == before
    assert Incident.objects.get(number=1).title == "Taken"
    assert Incident.objects.get(number=1).version == version + 1
    assert not Incident.objects.filter(number=4711).exists()


# Rows by their number.


def test_nothing_hidden_is_changed_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    make_people()
    public_world()
    add_restricted()
    staff = clients_of(["bob"])["bob"]
    entry = {"incident": FIRST, "position": 7, "kind": "note", "text": "Mine", "when_precision": "unknown"}
    incident = Incident.objects.get(pk=FIRST)
    tries: list[tuple[str, dict[str, Any]]] = [
        ("/admin/timelines/timelineentry/add/", entry),
        (f"/admin/postmortems/incident/{FIRST}/change/", {"title": "Mine"}),
        (f"/admin/postmortems/incident/{FIRST}/delete/", {"post": "yes"}),
        (f"/admin/actionables/actionable/{FIRST}/delete/", {"post": "yes"}),
        (f"/admin/timelines/timelineentry/{FIRST}/delete/", {"post": "yes"}),
        ("/admin/postmortems/incident/", {"action": "delete_selected", "_selected_action": FIRST, "post": "yes"}),
    ]

    def whole() -> tuple[Any, ...]:
        rows = Incident.objects.filter(pk=FIRST)
        return rows.values().get(), rows.values_list("timeline", "actionables").count()

    before = whole()
    for address, data in tries:
        assert staff.post(address, data).status_code in (200, 302, 403)
        assert whole() == before
    IncidentReader.objects.create(incident=incident, user=User.objects.get(username="bob"))
    assert staff.post(*tries[0]).status_code == 302  # once named, the same form is taken
    assert incident.timeline.filter(text="Mine").exists()


# Spreadsheets that calculate what they read.


FORMULA = re.compile(r"""(?:^|[,;\t"\n])\s*[=+@-]""")
# What the row of the test is known by.
TABLES = {"incidents_csv": "/formula/", "actionables_csv": "ACT-90"}


def test_every_export_for_spreadsheets_is_tried_below() -> None:
    client = Client()
    tables = {name for name, entry in OPEN.items() if "csv" in client.get(address_of(entry)).headers["Content-Type"]}
    assert tables == TABLES.keys()


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "a;=1", '"=1'])
def test_no_cell_begins_a_formula(client: Client, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    incident = make_incident(text, slug="formula")
    make_actionable(incident, title=text, number=90)
    refresh_incident(incident)

    def line() -> str:
        whole = b"".join(client.get(address_of(ADDRESSES[name])).streaming_content).decode()  # type: ignore[attr-defined]
        return next(line for line in whole.split("\r\n") if TABLES[name] in line).split(",", 1)[1].split("http")[0]

    assert not FORMULA.search(line())
    monkeypatch.setattr(export, "safe", lambda cell: cell)
    assert FORMULA.search(line())


# Headers within headers.

SPLIT = "/causes/\r\nSet-Cookie: stolen=1"


def test_no_answer_is_split_in_two(client: Client) -> None:
    response = client.post("/preferences/", {"next": SPLIT})
    assert "\n" not in response.headers["Location"] + str(response.cookies["preferences"].value)
    assert "stolen" not in response.cookies
    for address in ("/INC-3%0d%0aSet-Cookie:stolen=1", "/incidents/x%0d%0aSet-Cookie:stolen=1/", f"/?next={SPLIT}"):
        answer = client.get(address)
        assert "stolen" not in answer.cookies
        assert not [value for value in answer.headers.values() if "\n" in value or "\r" in value]
    with pytest.raises(ValueError, match="newlines"):  # what would have to be gone round
        HttpResponse(headers={"Location": SPLIT})


# More than fits, and what no database takes.

MODELS = [
    model for model in admin.site._registry if model._meta.app_label in ("postmortems", "timelines", "actionables")
]


def typed_into_every_field(desk: Client, model: Any, text: str) -> list[int]:
    """The answers of a model's form when this stands in all its text fields, and in those alone that have no limit."""
    row = model._default_manager.order_by("pk").first()
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    page = desk.get(address)
    declared = {} if "adminform" not in page.context else page.context["adminform"].form.fields
    texts = {field: text for field, kind in declared.items() if isinstance(kind, CharField)}
    without_limit = {field: text for field in texts if declared[field].max_length is None}
    tries = [some for some in (texts, without_limit) if some]
    as_it_is = _form(desk, row) if tries else {}
    return [desk.post(address, as_it_is | some).status_code for some in tries]


BAD = {"over-long": "x" * 100_001, "NUL": "a\x00b", "NUL alone": "\x00", "lone surrogate": "a\udc80b",
       "one word": "\u202e" + "w" * 3_000 + "\x01\x02\x1b[31m\x7f"}  # fmt: skip


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if "NUL" in kind else pytest.mark.sqlite) for kind in BAD]
)
def test_what_no_field_can_hold_is_refused_or_kept_but_breaks_nothing(desk: Client, kind: str) -> None:
    one_of_each()
    make_actionable(make_incident()).record_change("", "alice")
    answers = {}
    for model in MODELS:
        try:
            answers[model] = typed_into_every_field(desk, model, BAD[kind])
        except UnicodeEncodeError:  # the test client cannot send it; a browser's bytes are replaced by Django
            assert kind == "lone surrogate"
    statuses = {status for tried in answers.values() for status in tried}
    assert statuses <= {200, 302}
    if kind.startswith("NUL"):
        assert statuses == {200}
        assert not Incident.objects.filter(summary__contains="\ufffd").exists()


def test_bytes_that_are_no_text_are_replaced(desk: Client) -> None:
    cause = Cause.objects.first()
    assert cause is not None
    address = reverse("admin:postmortems_cause_change", args=[cause.pk])
    body = b"name=a%ED%B2%80b&slug=x&nature=fault&definition=%FF%FE&group=" + str(cause.group_id).encode()
    response = desk.post(address, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (200, 302)
    assert desk.get("/causes/").status_code == 200


def test_a_form_larger_than_any_postmortem_is_refused(client: Client, settings: Any) -> None:
    body = {"theme": "x" * 6_000_000}
    assert client.post("/preferences/", body).status_code == 413
    many = {f"field{number}": "x" for number in range(6_000)}
    assert client.post("/preferences/", many).status_code == 400
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = None
    assert client.post("/preferences/", body).status_code == 302
    assert client.post("/preferences/", many).status_code == 302


def test_text_is_kept_within_what_columns_hold(desk: Client) -> None:
    """SQLite would keep more than a column is declared for; forms must not."""
    incident = Incident.objects.get(number=1)
    for field in Incident._meta.concrete_fields:
        if isinstance(field, models.CharField) and field.max_length and not field.choices and field.editable:
            address = reverse("admin:postmortems_incident_change", args=[incident.pk])
            answer = desk.post(address, _form(desk, incident) | {field.name: "x" * (field.max_length + 1)})
            assert answer.status_code == 200, field.name
            assert field.name in answer.context["adminform"].form.errors


def test_a_due_date_beyond_all_calendars_is_answered(desk: Client) -> None:
    row = make_actionable(make_incident(), due_on=date(2020, 1, 1))
    refresh_incident(row.incident)
    address = reverse("admin:actionables_actionable_change", args=[row.pk])
    for value in ("99999-01-01", "0000-00-00", "2020-02-30", "9999-12-31", "1e9"):
        assert desk.post(address, _form(desk, row) | {"due_on": value}).status_code in (200, 302)
        assert desk.get("/actionables/").status_code == 200


def test_the_reader_is_never_taken_from_the_request(carol: User) -> None:
    """Headers that a proxy may set name nobody here."""
    hidden = make_incident(visibility="restricted", slug="hidden-one")
    refresh_incident(hidden)
    for headers in ({"Remote-User": "carol"}, {"X-Remote-User": "carol"}, {"X-Forwarded-User": "carol"},
                    {"Authorization": "Basic Y2Fyb2w6Y2Fyb2wtbG9uZy1wYXNzd29yZA=="}):  # fmt: skip
        assert Client().get("/incidents/hidden-one/", headers=headers).status_code == 404
    assert Client(REMOTE_USER="carol").get("/incidents/hidden-one/").status_code == 404
    request = RequestFactory().get("/")
    assert "user" not in vars(request)
