"""Every address of the site: who gets what from it, what each answer carries, and that nothing hidden shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import get_resolver

from postmortems.models import Cause, Incident, Numbering, OldSlug, Organisation, SavedSearch, Service
from postmortems.refresh import refresh_incident
from postmortems.revising import record
from tests.factories import make_actionable, make_entry, make_incident

pytestmark = pytest.mark.usefixtures("five")

SWIFT = "/incidents/swift-hung-after-rsyslog-upgrade/"
BITBUCKET = "/incidents/bitbucket-blocked-by-dead-syslog-server/"
LABS = "/incidents/labs-outage-nova-and-rabbitmq/"
PARSOID = "/incidents/parsoid-shown-down-after-planned-downtime/"
FALLOUT = "/incidents/nodes-died-one-by-one-on-rain/"
FIVE = (SWIFT, BITBUCKET, LABS, PARSOID, FALLOUT)
UNATTENDED = "/causes/unattended-or-fleet-wide-automatic-change/"
LOGGING = "/causes/logging-or-other-side-work-blocks-the-application/"
# Every kind of page that answers a repeat visit with 304; /preferences/ holds a form and does not.
KEPT_PAGES = (
    "/", "/incidents/", "/incidents/?q=syslog&sort=oldest", *FIVE, "/causes/", "/causes/?view=list", UNATTENDED,
    LOGGING, "/causes/feature-or-dormant-path-switched-on/", "/services/rsyslog/", "/organisations/wikimedia/",
    "/actionables/", "/actionables/?status=done&sort=due", "/actionables/ACT-2/", "/actionables/ACT-9/", "/keyboard/",
)  # fmt: skip
PAGES = (*KEPT_PAGES, "/preferences/")


class Entry(NamedTuple):
    """An example address, what each person gets from it, and the methods that it refuses with 405."""

    address: str
    anonymous: int
    alice: int
    carol: int
    refused: str = "POST PUT PATCH DELETE OPTIONS"


OPEN = {
    "home": Entry("/", 200, 200, 200),
    "incidents": Entry("/incidents/", 200, 200, 200),
    "incident_reference": Entry("/INC-3", 302, 302, 302),
    "incident": Entry(SWIFT, 200, 200, 200),
    "incidents_csv": Entry("/incidents/export.csv", 200, 200, 200),
    "incidents_json": Entry("/incidents/export.json", 200, 200, 200),
    "incidents_feed": Entry("/incidents/feed.atom", 200, 200, 200),
    "causes": Entry("/causes/", 200, 200, 200),
    "cause": Entry(LOGGING, 200, 200, 200),
    "service": Entry("/services/rsyslog/", 200, 200, 200),
    "organisation": Entry("/organisations/wikimedia/", 200, 200, 200),
    "suggest": Entry("/suggest/?q=swift", 200, 200, 200),
    "saved_searches": Entry("/searches/", 302, 200, 200),
    "saved_search_save": Entry("/searches/save/", 302, 200, 200, "PUT PATCH DELETE OPTIONS"),
    "saved_search": Entry("/searches/999999/", 302, 404, 404),
    "saved_search_rename": Entry("/searches/999999/rename/", 302, 404, 404, "PUT PATCH DELETE OPTIONS"),
    "saved_search_share": Entry("/searches/999999/share/", 405, 405, 405, "PUT PATCH DELETE OPTIONS"),
    "saved_search_unshare": Entry("/searches/999999/unshare/", 405, 405, 405, "PUT PATCH DELETE OPTIONS"),
    "saved_search_delete": Entry("/searches/999999/delete/", 302, 404, 404, "PUT PATCH DELETE OPTIONS"),
    "actionables": Entry("/actionables/", 200, 200, 200),
    "actionable": Entry("/actionables/ACT-7/", 200, 200, 200),
    "actionable_reference": Entry("/ACT-7", 302, 302, 302),
    "preferences": Entry("/preferences/", 200, 200, 200, "PUT PATCH DELETE OPTIONS"),
    "keyboard": Entry("/keyboard/", 200, 200, 200),
    "health": Entry("/healthz", 200, 200, 200),
}
# Django's own; 302 leads strangers to the sign-in. What it refuses is its business, but nothing may break.
ADMIN = {
    "admin:index": Entry("/admin/", 302, 302, 200),
    "admin:login": Entry("/admin/login/", 200, 200, 302),
    "admin:logout": Entry("/admin/logout/", 302, 302, 405),
    "admin:password_change": Entry("/admin/password_change/", 302, 302, 200),
    "admin:password_change_done": Entry("/admin/password_change/done/", 302, 302, 200),
    "admin:autocomplete": Entry("/admin/autocomplete/", 302, 302, 403),
    "admin:jsi18n": Entry("/admin/jsi18n/", 302, 302, 200),
    "admin:view_on_site": Entry("/admin/r/999/1/", 302, 302, 404),
    "admin:app_list": Entry("/admin/postmortems/", 302, 302, 200),
    "admin:auth_user_password_change": Entry("/admin/auth/user/{pk}/password/", 302, 302, 200),
    "admin/(?P<url>.*)$": Entry("/admin/nothing/", 302, 302, 404),
}
ACTIONS = {
    "changelist": "",
    "add": "add/",
    "change": "{pk}/change/",
    "history": "{pk}/history/",
    "delete": "{pk}/delete/",
}
DERIVED = {
    "oldslug",
    "reference",
    "renderedtext",
    "causeyear",
    "numbering",
    "edition",
    "searchdocument",
    "word",
    "nameindexed",
    "revision",
}


def admin_entries() -> Iterator[tuple[str, Entry]]:
    """The pages of every model in the admin; what is derived can only be looked at, a saved search also be deleted."""
    for model in admin.site._registry:
        app, name = model._meta.app_label, model._meta.model_name
        for action, tail in ACTIONS.items():
            refused = (name in DERIVED and action in ("add", "delete")) or (name == "savedsearch" and action == "add")
            yield (
                f"admin:{app}_{name}_{action}",
                Entry(f"/admin/{app}/{name}/{tail}", 302, 302, 403 if refused else 200),
            )
        yield f"admin/{app}/{name}/<path:object_id>/", Entry(f"/admin/{app}/{name}/{{pk}}/", 302, 302, 302)


ENTRIES = OPEN | ADMIN | dict(admin_entries())


def walk(resolver: Any, route: str = "", space: str = "") -> Iterator[str]:
    """The name of every address, or its route when it has none."""
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern).removeprefix("^")
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern, here, f"{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name}" if pattern.name else here


def address_of(entry: Entry) -> str:
    """The address with the key of a row of its model."""
    if "{pk}" not in entry.address:
        return entry.address
    app, name = entry.address.split("/")[2:4]
    model = next(model for model in admin.site._registry if model._meta.label_lower == f"{app}.{name}")
    row = model._default_manager.order_by("pk").first()
    assert row is not None, f"The admin shows {name}, of which there is no row to try."
    return entry.address.format(pk=row.pk)


@pytest.fixture
def one_of_each(alice: User) -> None:
    """A row of each model that the five incidents leave empty."""
    Group.objects.create(name="Writers")
    OldSlug.objects.get_or_create(kind="incident", slug="former", object_id=1)
    Numbering.objects.get_or_create(prefix="INC")
    record(Incident.objects.get(number=1), alice)
    SavedSearch.objects.create(owner=alice, name="Restarts", query="q=restart")


def test_every_address_is_in_the_table_and_only_those() -> None:
    assert set(walk(get_resolver())) == ENTRIES.keys()


@pytest.mark.parametrize("person", ["anonymous", "alice", "carol"])
def test_every_address_answers_as_the_table_says(
    request: pytest.FixtureRequest, one_of_each: None, person: str
) -> None:
    user = None if person == "anonymous" else request.getfixturevalue(person)
    answers = {}
    for name, entry in ENTRIES.items():
        client = Client()
        if user:
            client.force_login(user)
        answers[name] = client.get(address_of(entry)).status_code
    assert answers == {name: getattr(entry, person) for name, entry in ENTRIES.items()}


@pytest.mark.parametrize("name", OPEN)
def test_wrong_methods_are_refused(client: Client, name: str) -> None:
    entry = OPEN[name]
    methods = entry.refused.split()
    answers = [client.generic(method, entry.address).status_code for method in methods]
    assert answers == [405] * len(methods)


@pytest.mark.parametrize("name", OPEN)
def test_head_is_get_without_a_body(client: Client, name: str) -> None:
    entry = OPEN[name]
    response = client.head(entry.address)
    assert (response.status_code, b"".join(response)) == (entry.anonymous, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_method_breaks_the_admin(carol: User, one_of_each: None, method: str) -> None:
    answers = {}
    for name, entry in ENTRIES.items():
        client = Client()
        client.force_login(carol)
        if name.startswith("admin"):
            answers[name] = client.generic(method, address_of(entry)).status_code
    assert {name: status for name, status in answers.items() if status not in (200, 302, 403, 404, 405)} == {}


NOT_THERE = (
    "/nothing/", "/incidents/nothing/", "/incidents/new/", "/causes/nothing/", "/services/nothing/",
    "/organisations/nothing/", "/INC-99", "/incidents/INC-99/", "/INC-0", "/INC-01", "/INC-1000000000", "/INC-x",
    "/ACT-99", "/ACT-0", "/actionables/ACT-99/", "/actionables/99/", "/actionables/INC-1/", "/healthz/",
    "/incidents/" + "a" * 3000 + "/", "/incidents/%00/", "/incidents/%ED%A0%80/", "/%FF", "/static/nothing.css",
)  # fmt: skip


@pytest.mark.parametrize("address", NOT_THERE, ids=lambda address: address[:40])
def test_what_is_not_there_is_404(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_carries_its_security_headers(client: Client, address: str) -> None:
    headers = client.get(address).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    own = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
    assert {policy[name] for name in own} == {"'self'"}
    assert {policy[name] for name in ("default-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert {"private", "no-cache"} <= set(headers["Cache-Control"].split(", "))
    assert "Cookie" in headers["Vary"]


WORD = "Zebra"
LOOKED_AT = (
    *PAGES[:-1], "/suggest/?q=zebra", "/suggest/?q=wikimedia", "/suggest/?q=INC-6", "/suggest/?q=17",
    "/incidents/?q=zebra", "/incidents/?sort=longest", "/incidents/?status=draft",
    "/incidents/?status=review",
    "/incidents/?cause=" + UNATTENDED.split("/")[2], "/incidents/?service=rsyslog&organisation=wikimedia",
    "/incidents/?year=unknown", "/incidents/?year=2015", "/actionables/?owner=Zed", "/actionables/?due=none",
    "/actionables/?cause=" + UNATTENDED.split("/")[2], "/services/puppet/", "/actionables/ACT-1/",
)  # fmt: skip


def hide() -> list[Incident]:
    """A draft, one in review and a restricted incident (INC-6 to 8) in the midst of the others, with work to do."""
    hidden: list[Incident] = []
    for fields in ({"status": "draft"}, {"status": "review"}, {"visibility": "restricted"}):
        incident = make_incident(
            f"{WORD} {fields}", slug=f"zebra-{len(hidden) + 6}", summary="Like INC-1 and ACT-1.", **fields,
            organisation=Organisation.objects.get(slug="wikimedia"), services=tuple(list[Any](Service.objects.all())),
            causes=tuple(Cause.objects.filter(slug__in=[UNATTENDED.split("/")[2], LOGGING.split("/")[2]])),
        )  # fmt: skip
        make_actionable(incident, title=f"{WORD} work", owner="Zed", causes=tuple(Cause.objects.all()))
        make_entry(incident)
        refresh_incident(incident)
        hidden.append(incident)
    hidden[2].slug = "zebra-moved"
    hidden[2].save()
    return hidden


@pytest.fixture
def mentioned() -> None:
    """Swift's page mentions incidents and actionables that are not there, or not yet."""
    swift = Incident.objects.get(number=1)
    swift.summary += " Compare INC-6, INC-8, ACT-17 and INC-4321."
    swift.save()
    refresh_incident(swift)


def shown(client: Client, address: str) -> bytes:
    """A page without the tokens of its forms, which differ each time."""
    return re.sub(rb'(name="csrfmiddlewaretoken" value=)"\w+"', rb"\1", client.get(address).content)


@pytest.mark.parametrize("person", ["anonymous", "mallory"])
def test_hidden_incidents_change_nothing_on_any_page(
    request: pytest.FixtureRequest, client: Client, mentioned: None, person: str
) -> None:
    if person == "mallory":
        client.force_login(request.getfixturevalue("mallory"))
    before = {address: shown(client, address) for address in LOOKED_AT}
    hide()
    changed = [address for address in LOOKED_AT if shown(client, address) != before[address]]
    assert changed == []
    own = ["/incidents/zebra-6/", "/incidents/zebra-7/", "/incidents/zebra-8/", "/incidents/zebra-moved/"]
    references = ["/INC-6", "/INC-7", "/INC-8", "/ACT-17", "/ACT-19", "/actionables/ACT-17/", "/actionables/ACT-19/"]
    assert {address: client.get(address).status_code for address in own + references} == dict.fromkeys(
        own + references, 404
    )


def test_references_that_lead_nowhere_are_plain_text(client: Client, carol: User, mentioned: None) -> None:
    hide()
    shown = client.get(SWIFT).content.decode()
    assert "Compare INC-6, INC-8, ACT-17 and INC-4321." in shown
    client.force_login(carol)
    shown = client.get(SWIFT).content.decode()
    assert 'href="/INC-6"' in shown
    assert 'href="/ACT-17"' in shown
    assert " and INC-4321." in shown


SEEN_BY_CAROL = (
    "/", "/incidents/", UNATTENDED, "/services/rsyslog/", "/organisations/wikimedia/", "/actionables/", SWIFT,
    "/ACT-17",
    "/actionables/ACT-1/", "/causes/", "/incidents/?status=draft", "/incidents/zebra-6/", "/incidents/zebra-8/",
    "/INC-7",
)  # fmt: skip


def test_an_admin_sees_hidden_incidents_everywhere(client: Client, carol: User) -> None:
    hide()
    client.force_login(carol)
    without = [address for address in SEEN_BY_CAROL if b"zebra" not in client.get(address, follow=True).content.lower()]
    assert without == []


def test_a_hidden_alternative_does_not_show_on_an_open_actionable(client: Client) -> None:
    incident = hide()[2]
    open_one = Incident.objects.get(number=1).actionables.get(number=1)
    make_actionable(incident, title=f"{WORD} way of doing it", alternative_to=open_one)
    assert WORD not in client.get("/actionables/ACT-1/").content.decode()


def test_an_open_actionable_does_not_name_what_it_is_a_hidden_alternative_to(client: Client) -> None:
    hidden = hide()[2].actionables.get()
    make_actionable(Incident.objects.get(number=1), title="Another way", alternative_to=hidden, number=90)
    assert WORD not in client.get("/actionables/ACT-90/").content.decode()
