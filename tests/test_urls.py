"""Every address of the site: who gets what from it, what each answer carries, and that nothing hidden shows."""

from __future__ import annotations

import re
from itertools import cycle
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from kb.accounts import urls as accounts
from postmortems.models import Cause, Incident, Organisation, Service
from postmortems.refresh import refresh_incident
from tests.factories import make_actionable, make_entry, make_incident
from tests.leaking import clients_of, make_people
from tests.permissions import ADDRESSES, HIDDEN, METHODS, OPEN, ROLES, address_of, one_of_each, walk

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
    "/actionables/?view=board", "/actionables/?view=board&group=cause", "/actionables/prevention/",
    "/actionables/follow-through/", "/actionables/follow-through/?by=month",
    LOGGING.replace("causes", "actionables/ledger"),
)  # fmt: skip
PAGES = (*KEPT_PAGES, "/preferences/")


# The role of each person, as docs/permissions.md names them.
PEOPLE = dict(zip(ROLES, ("anonymous", "mallory", "alice", "bob", "carol"), strict=True))


@pytest.fixture
def people(db: None) -> dict[str, Client]:
    """A browser for each role, and what the five incidents leave empty."""
    make_people()
    one_of_each()
    return dict(zip(ROLES, clients_of(PEOPLE.values()).values(), strict=True))


def test_every_address_is_in_the_table_and_only_those() -> None:
    assert set(walk()) == ADDRESSES.keys()


@pytest.mark.parametrize("role", ROLES)
def test_every_address_answers_as_the_table_says(people: dict[str, Client], role: str) -> None:
    answers = {}
    for name, entry in ADDRESSES.items():
        client = clients_of([PEOPLE[role]])[PEOPLE[role]] if "logout" in name else people[role]
        answers[name] = client.get(address_of(entry)).status_code
    assert answers == {name: entry.answers[role] for name, entry in ADDRESSES.items()}


@pytest.mark.sqlite  # which methods are taken does not depend on the database
@pytest.mark.parametrize("role", ROLES)
def test_every_method_is_taken_or_refused_as_the_table_says(people: dict[str, Client], role: str) -> None:
    for name, entry in OPEN.items():
        answers = {method: people[role].generic(method, entry.address) for method in METHODS}
        if answers["GET"].headers.get("Location", "").startswith("/sign-in/?next="):
            assert {answer.status_code for answer in answers.values()} == {302}, name
            continue
        refused = {method for method, answer in answers.items() if answer.status_code == 405}
        assert refused == {*METHODS} - {*entry.takes}, name
        assert (answers["HEAD"].status_code, b"".join(answers["HEAD"])) == (entry.answers[role], b"")


@pytest.mark.sqlite  # which methods are taken does not depend on the database
@pytest.mark.parametrize("methods", [("POST",), ("PUT", "PATCH", "DELETE", "OPTIONS")], ids=["POST", "others in turn"])
def test_no_method_breaks_the_admin(people: dict[str, Client], methods: tuple[str, ...]) -> None:
    answers, client, carol, turn = {}, Client(), User.objects.get(username="carol"), cycle(methods)
    for name, entry in ADDRESSES.items():
        if name.startswith("admin"):
            client.force_login(carol)  # again: one of them signs out
            answers[name] = client.generic(next(turn), address_of(entry)).status_code
    assert {name: status for name, status in answers.items() if status not in (200, 302, 403, 404, 405)} == {}


def test_every_address_that_leads_to_an_incident_is_in_the_table() -> None:
    """Those with a part of their own, except what leads to something that everybody may read, or to one's own."""
    shared = {"cause", "cause_ledger", "confirm_cause", "service", "organisation"}
    shared |= {f"cause_{name}" for name in ("edit", "merge", "unmerge", "split", "retire", "watch")}
    saved = {name for name in OPEN if name.startswith("saved_search")}
    own = {
        pattern.name
        for resolver in get_resolver().url_patterns
        for pattern in getattr(resolver, "url_patterns", [resolver])
        if getattr(resolver, "namespace", None) is None
        and pattern not in accounts.urlpatterns
        and pattern.pattern.converters | pattern.pattern.regex.groupindex
    }
    assert own - shared - saved - {"closed", "calendar"} == {row.name for row in HIDDEN}


def test_every_page_of_an_incident_has_a_short_address(people: dict[str, Client]) -> None:
    for page in ("history", "diff", "versions/1", "versions/1/restore", "discussion", "review", "files", "causes"):
        answer = people["Manager"].get(f"/INC-1/{page}?as=source")
        assert answer.headers["Location"] == f"{SWIFT}{page}/?as=source"
        assert people["Manager"].get(answer.headers["Location"]).status_code == 200
    assert people["Reader"].get("/INC-1/document.md").headers["Location"] == f"{SWIFT}document.md"
    for address in (f"{SWIFT}edit/", "/incidents/INC-1/edit", "/INC-1/edit"):
        assert people["Author"].get(address).headers["Location"] == "/INC-1/edit/"
    assert people["Author"].get("/incidents/INC-1/edit/timeline/").headers["Location"] == "/INC-1/edit/timeline/"
    assert people["Author"].get("/INC-1/nothing/").status_code == 404


NOT_THERE = (
    "/nothing/", "/incidents/nothing/", "/causes/nothing/", "/services/nothing/",
    "/organisations/nothing/", "/INC-99", "/incidents/INC-99/", "/INC-0", "/INC-01", "/INC-1000000000", "/INC-x",
    "/ACT-99", "/ACT-0", "/actionables/ACT-99/", "/actionables/99/", "/actionables/INC-1/", "/healthz/",
    "/incidents/" + "a" * 3000 + "/", "/incidents/%00/", "/incidents/%ED%A0%80/", "/%FF", "/static/nothing.css",
)  # fmt: skip


@pytest.mark.parametrize("address", NOT_THERE, ids=lambda address: address[:40])
def test_what_is_not_there_is_404(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", [*PAGES, "/sign-in/", "/password/forgotten/", "/sign-out/"])
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
    "/actionables/export.csv", "/actionables/export.json?sort=due", "/actionables/?view=board&group=service",
)  # fmt: skip


def hide() -> list[Incident]:
    """A draft, one in review and a restricted incident (INC-6 to 8) in the midst of the others, with work to do."""
    hidden: list[Incident] = []
    states: list[dict[str, Any]] = [{"status": "draft"}, {"status": "review"}, {"visibility": "restricted"}]
    for fields in states:
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
    return re.sub(rb'(name="csrfmiddlewaretoken" value=)"\w+"', rb"\1", b"".join(client.get(address)))


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
