"""What pages cost, what a repeat visit costs, and that no odd query string, cookie or form value breaks one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postmortems import search, search_find
from postmortems.models import Cause, Edition, Incident, Organisation, Service
from postmortems.refresh import refresh_incident
from tests.factories import make_actionable, make_entry, make_incident, make_link, moment
from tests.test_pages import page, words
from tests.test_urls import KEPT_PAGES, LABS, LOGGING, SWIFT, UNATTENDED

pytestmark = pytest.mark.usefixtures("five")

CAUSE = UNATTENDED.split("/")[2]
ROW = "ids of the page's incidents, their rows"
COUNTS = "three counts of actionables"
FIVE = "five numbers of actionables"
CHOICES = "causes and services to choose from"
LEDGER = "the history of what was aimed at it (2)"
STREAM = "changes of status, of the rest, and comments"
LIST = (
    f"edition; what can be chosen of organisations, services, causes and years (4); {ROW} (2), their causes, services "
    "and open actionables (3); counts of what can be chosen (2)"
)
FEW = "whether few incidents are linked, which decides where to begin"
FACETS = "counts of each facet without its own choice, two each"
LIKE = (
    "what is like it: its terms, how rare they are, what it mentions, whatever shares them, how rare its causes are, "
    "what shares those, which of all these may be seen, their causes, their services, the terms of the best (10); what "
    "came before and after, with its rows (2); what stands to it"
)
NARROW = "what it can be narrowed to (3), what comes more often"
LIVING = (
    "each time it struck, with its role; what stands beside it, how many have causes, causes with counts; what ended "
    "it; who met it first"
)
# Address, queries, what each is for. More than 12 only where facets are counted (what was read of an incident is held
# for the next search, which a test in a transaction does not), and where an incident is compared with all others.
COSTS = [
    ("/", 12, f"edition; {ROW} twice (4), services, causes, open actionables; causes that recur; {COUNTS}"),
    ("/incidents/", 12, LIST),
    (f"/incidents/?cause={CAUSE}&service=lvs&sort=longest", 18, f"{LIST}; {FACETS} (4); {FEW} (2)"),
    (SWIFT, 23, "edition, incident, causes, kept HTML, what it mentions, services, links, what mentions it, "
                f"actionables with their last change, timeline; {LIKE}"),
    (LABS, 23, f"the same; {LIKE}"),
    ("/causes/", 10, f"edition; causes with counts, by year; {NARROW}; {ROW} (2), their causes"),
    ("/causes/?view=list", 9, f"edition; causes with counts, by year; {NARROW}; groups; kept HTML"),
    ("/compare/?i=INC-1&i=INC-2", 7, "edition; incidents, their rows, causes and services; entries; kept HTML"),
    (UNATTENDED, 21, f"edition, cause; {FEW} (2); {ROW} (2), its roles; years; services (2); kept HTML; actionables "
                     f"(2), {LEDGER}; {LIVING}"),
    (LOGGING, 21, f"the same, {LIVING}, with {LEDGER}"),
    ("/services/rsyslog/", 10, f"edition, service; {FEW}; {ROW} (2), how many, actionables; causes (2); kept HTML"),
    ("/organisations/wikimedia/", 9, "the same, except that its incidents are linked to it directly"),
    ("/actionables/", 11, f"edition; ids of the page, rows, how many; {FIVE}; {CHOICES}"),
    ("/actionables/?status=unfinished&owner=none&sort=due", 11, "the same"),
    ("/actionables/?view=board", 14, f"edition; ids of five columns, their cards; {FIVE}; {CHOICES}"),
    ("/actionables/?view=board&group=cause", 11, f"edition; ids, what they are aimed at, cards; {FIVE}; {CHOICES}"),
    ("/actionables/ACT-2/", 11, f"edition, actionable, {STREAM}, causes twice, alternatives, mentions, kept HTML, "
                                "references"),
    ("/actionables/ACT-11/", 15, "the same, and whether its causes came back: few, three kinds of dates, rows, sure"),
    ("/actionables/follow-through/", 5, "edition; tallies of all and by owner; overdue and ageing in part of a month"),
    ("/actionables/follow-through/?by=service", 6, "the same by service; names of services"),
    ("/actionables/follow-through/?by=month", 2, "edition; tallies of all"),
    (LOGGING.replace("causes", "actionables/ledger"), 11, f"edition, cause; {FEW} (2); {ROW} (2), its roles; "
                                                          f"actionables (2); {LEDGER}"),
    ("/keyboard/", 1, "edition"),
    ("/preferences/", 0, "nothing is kept on the server"),
    ("/healthz", 1, "the question"),
    ("/INC-3", 1, "the incident"),
    ("/ACT-7", 1, "the actionable"),
]  # fmt: skip


def spent(client: Client, address: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code in (200, 302)
    return len(captured)


def add_many(count: int = 60) -> None:
    """More incidents that share causes, services, an organisation and references with the five."""
    shared: dict[str, Any] = {
        "organisation": Organisation.objects.get(slug="wikimedia"),
        "services": tuple(Service.objects.all()),
        "causes": tuple(Cause.objects.filter(slug__in=[CAUSE, LOGGING.split("/")[2]])),
    }
    for day in range(count):
        started = moment(f"2016-01-{day % 28 + 1:02d} 10:00")
        incident = make_incident(summary="The like of INC-1, INC-3 and ACT-2.", started=started, **shared)
        make_entry(incident)
        make_link(incident)
        make_actionable(incident, causes=shared["causes"])
        refresh_incident(incident)


@pytest.mark.parametrize(("address", "number", "reason"), COSTS, ids=[cost[0] for cost in COSTS])
def test_a_page_costs_what_the_table_says(
    client: Client, django_assert_num_queries: Any, address: str, number: int, reason: str
) -> None:
    told = (FACETS, CHOICES, LEDGER, LIKE, LIVING, "came back")
    assert number <= 12 or any(words in reason for words in told)
    with django_assert_num_queries(number, info=reason):
        client.get(address)


def asked_of(address: str, person: str) -> int:
    """Queries of who is signed in: whether they watch it; where they may change things, also who can own them, and of
    one actionable its last snooze.
    """
    one, listed = address.startswith("/actionables/ACT-"), address.startswith(("/actionables/?", "/actionables/ACT-"))
    changes = person == "bob" and (listed or address == "/actionables/")
    return (one or address in (SWIFT, LABS)) + changes * (2 if one else 1)


@pytest.mark.parametrize("person", ["mallory", "bob"])
@pytest.mark.parametrize(("address", "number", "reason"), COSTS, ids=[cost[0] for cost in COSTS])
def test_signing_in_adds_two_queries(
    request: pytest.FixtureRequest, client: Client, address: str, number: int, reason: str, person: str
) -> None:
    """The session, and the person with all their permissions; whatever the page then asks of them costs none."""
    client.force_login(request.getfixturevalue(person))
    client.get("/healthz")
    assert spent(client, address) <= number + 2 + asked_of(address, person)


SEARCHES = ("restart", "syslog socket", "org:wikimedia puppet", "ENOTCONN", "INC-3", "nothing of that kind")


def test_sixty_more_incidents_cost_no_query_more(client: Client) -> None:
    """Of searches: finding, ranking, facets by name, and the passages of each kind that are quoted: at most 30."""
    searches = ["/incidents/?" + urlencode({"q": text}) for text in SEARCHES]
    before = [spent(client, address) for address in searches]
    add_many()
    assert max(before + [spent(client, address) for address in searches]) <= 30
    assert {address: spent(client, address) for address, *_ in COSTS} == {address: count for address, count, _ in COSTS}
    assert spent(client, "/incidents/?page=3") == 12
    assert spent(client, f"{UNATTENDED}?page=2") == 21


def test_a_long_incident_costs_as_much_as_a_short_one(client: Client) -> None:
    costs = []
    causes, services = Cause.objects.order_by("pk"), list[Any](Service.objects.all())
    for size in (1, 30):
        incident = make_incident(summary="Like INC-1.", causes=tuple(causes[:size]), services=tuple(services[:1]))
        for _ in range(size):
            make_entry(incident, text="Like ACT-1.")
            make_link(incident)
            make_actionable(incident, causes=tuple(causes[:size]))
        refresh_incident(incident)
        costs.append(spent(client, incident.get_absolute_url()))
    assert costs == [23, 23]


def test_of_many_incidents_the_newest_are_counted_by_as_many_queries(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = client.get("/incidents/").content.decode()
    monkeypatch.setattr(search, "CAP", 3)
    monkeypatch.setattr(search_find, "CAP", 3)
    assert spent(client, "/incidents/") == 12
    partly = client.get("/incidents/").content.decode()
    assert "of the newest" not in whole
    assert " disabled" in whole
    assert partly.count("of the newest 3</span>") >= 5
    assert " disabled" not in partly  # what the newest have not, others may have
    assert spent(client, f"/incidents/?cause={CAUSE}&service=lvs&sort=longest") == 18


def test_a_signed_in_reader_costs_their_session_and_themselves(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert spent(client, SWIFT) == 25 + asked_of(SWIFT, "alice")
    client.get(SWIFT)
    tag = client.get(SWIFT).headers["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert client.get(SWIFT, headers={"If-None-Match": tag}).status_code == 304
    assert len(captured) == 3


@pytest.mark.parametrize("address", KEPT_PAGES)
def test_a_repeat_visit_costs_one_query_and_no_body(
    client: Client, django_assert_num_queries: Any, address: str
) -> None:
    tag = client.get(address).headers["ETag"]
    with django_assert_num_queries(1):  # the edition
        again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert {"private", "no-cache"} <= set(again.headers["Cache-Control"].split(", "))


def tag_of(client: Client) -> str:
    """The ETag of Swift's page."""
    return client.get(SWIFT).headers["ETag"]


def test_a_page_is_new_after_a_change_another_preference_another_reader_and_another_day(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = [tag_of(client)]
    Edition.bump()
    tags.append(tag_of(client))
    client.cookies["preferences"] = "zone=Europe%2FBerlin"
    tags.append(tag_of(client))
    client.force_login(alice)
    tags.append(tag_of(client))
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    tags.append(tag_of(client))
    assert len(set(tags)) == len(tags)
    assert client.get(SWIFT, headers={"If-None-Match": tags[0]}).status_code == 200


ODD = {
    "NUL": "%00", "NUL within": "a%00b", "lone surrogate": "%ED%A0%80", "low surrogate": "%ED%B0%80x",
    "not UTF-8": "%FF%FE", "5,000 digits": "9" * 5000, "300 characters": "a" * 300, "2,001 characters": "b" * 2001,
    "emoji": "%F0%9F%94%A5%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80", "huge exponent": "1e999999999",
    "quote": "%27+OR+1%3D1+--",
    "double quote": "%22%3B+DROP+TABLE+x", "wildcards": "%25_%5C%25", "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "negative": "-1", "zero": "0", "year zero": "0000", "last year": "9999", "superscript": "%C2%B2",
    "fraction": "%C2%BD",
    "other digits": "%D9%A2%D9%A0%D9%A1%D9%A5", "wide digits": "%EF%BC%92%EF%BC%90%EF%BC%91%EF%BC%95", "NaN": "NaN",
    "long reference": "INC-999999999", "too long a reference": "INC-9999999999999", "INC-0": "INC-0", "space": "+",
    "newline": "%0D%0ASet-Cookie:+a=b", "right to left": "%E2%80%AEabc", "template": "%7B%7B7*7%7D%7D",
    "none": "none",
    "nothing": "", "list": "a&{name}=b&{name}=%00", "bracket": "[]", "path": "../../etc/passwd",
    "2,000 words": "a+" * 2000,
}  # fmt: skip
TELLING = 6  # so many of them, at the head, databases refuse


def odd(place: str) -> dict[str, str]:
    """Those that databases refuse, and every fourth of the others: in each place other ones."""
    kinds = list(ODD)
    return {kind: ODD[kind] for kind in kinds[:TELLING] + kinds[TELLING + len(place) % 4 :: 4]}


PARAMETERS = {
    "/": ["anything"],
    "/incidents/": [
        "q", "organisation", "service", "cause", "severity", "year", "detection", "status", "sort", "page",
        "anything", "owner", "has", "after", "before", "service-named",
    ],
    "/actionables/": [
        "status", "kind", "owner", "due", "cause", "sort", "page", "anything", "priority", "age", "service",
        "incident", "opened", "closed", "timely", "held", "view", "group", "batch", "stale", "undone", "left",
    ],
    "/actionables/follow-through/": ["by"],
    "/actionables/export.csv": ["status", "owner", "incident", "opened", "sort"],
    "/actionables/?view=board&group=owner": ["owner", "sort"],
    "/causes/": ["view", "page"],
    UNATTENDED: ["page", "anything"],
    "/services/rsyslog/": ["page"],
    "/organisations/wikimedia/": ["page"],
    SWIFT: ["anything"],
    "/preferences/": ["next"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("address", "name"), [(address, name) for address, names in PARAMETERS.items() for name in names]
)
def test_odd_values_are_answered_with_a_page(client: Client, address: str, name: str) -> None:
    answers = {
        kind: client.get(f"{address}{'&' if '?' in address else '?'}{name}={value.replace('{name}', name)}").status_code
        for kind, value in odd(address + name).items()
    }
    assert {kind: status for kind, status in answers.items() if status != 200} == {}


@pytest.mark.parametrize("address", ["/incidents/", "/actionables/"])
def test_odd_names_are_answered_with_a_page(client: Client, address: str) -> None:
    answers = {kind: client.get(f"{address}?{value}=x&x{value}").status_code for kind, value in ODD.items()}
    assert {kind: status for kind, status in answers.items() if status != 200} == {}


@pytest.mark.parametrize("year", ["0000", "9999", "%D9%A2%D9%A0%D9%A1%D9%A5"])
def test_a_year_that_cannot_be_is_not_offered(client: Client, year: str) -> None:
    plain = client.get("/incidents/").content.count(b'name="year"')
    assert client.get(f"/incidents/?year={year}").content.count(b'name="year"') == plain


def test_hundreds_of_parameters_are_answered(client: Client) -> None:
    query = "&".join(f"cause=c{number}&service=s{number}&year={1000 + number}" for number in range(300))
    assert client.get(f"/incidents/?{query}").status_code == 200
    assert client.get("/incidents/?" + "&".join(f"p{number}=1" for number in range(300))).status_code == 200


def test_incident_numbers_are_found_however_large(client: Client) -> None:
    row = Incident.objects.get(number=5)
    Incident.objects.filter(pk=row.pk).update(number=999_999_999)
    assert client.get("/INC-999999999").headers["Location"] == row.get_absolute_url()


def choose(client: Client, **values: str) -> Any:
    """Save these preferences."""
    return client.post("/preferences/", {"theme": "system", "zone": "UTC", "shortcuts": "on", **values})


def test_preferences_are_kept_in_a_cookie_and_shown(client: Client) -> None:
    response = choose(client, theme="dark", zone="Europe/Berlin", shortcuts="", next=LABS)
    assert (response.status_code, response.headers["Location"]) == (302, LABS)
    cookie = response.cookies["preferences"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    text = words(page(client, LABS))
    assert "13 August 2015, about 00:30 to about 01:30 Europe/Berlin (UTC assumed in the source)" in text
    assert "about 22:30 Started" not in text
    assert "about 18:55 to about 01:00 the next day UTC, date unknown" in words(page(client, SWIFT))
    assert '<html lang="en" data-theme="dark" data-keys="off">' in client.get("/").content.decode()
    form = page(client, "/preferences/")
    assert [words(option) for option in form.iter("option") if option.get("selected") is not None] == ["Europe/Berlin"]
    assert [box.get("value") for box in form.iter("input") if box.get("checked") is not None] == ["dark"]


@pytest.mark.parametrize(
    "cookie", ["", "x", "zone=Mars%2FOlympus", "theme=%00", "zone=" + "a" * 5000, "%ED%A0%80", "=&=;"]
)
def test_a_cookie_that_makes_no_sense_changes_nothing(client: Client, cookie: str) -> None:
    plain = client.get(LABS).content
    client.cookies["preferences"] = cookie
    assert client.get(LABS).content == plain
    assert choose(client, theme="neon", zone="../../etc/passwd").cookies["preferences"].value.startswith("theme=system")


ELSEWHERE = (
    "https://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "http:evil.example", "https:///evil.example", "https:evil.example",
    "javascript:alert(1)", "data:text/html,x", "//testserver@evil.example/", "https://testserver.evil.example/",
    "\t//evil.example", " //evil.example", "/\t/evil.example", "\x00//evil.example", "ftp://testserver/",
    "http://[evil", "?x", "incidents/",
    "//evil.example\\@testserver/", "http://testserver:80@evil.example/", "\u2028//evil.example",
    "http://testserver:81/",
)  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_saving_preferences_leads_to_our_own_pages_only(client: Client, target: str) -> None:
    assert choose(client, next=target).headers["Location"] == "/"
    hidden = [box.get("value") for box in page(client, "/preferences/", data={"next": target}).iter("input")]
    assert target not in hidden
