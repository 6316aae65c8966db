"""What the search boxes suggest while somebody types: what, in which order, to whom, at what cost."""

from __future__ import annotations

import gzip
from typing import Any, NamedTuple
from urllib.parse import urlencode

import html5lib
import pytest
from django.conf import settings as site
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortems import search
from postmortems.models import Edition, Incident
from postmortems.refresh import refresh_incident
from postmortems.search_query import parse
from postmortems.search_suggest import named
from tests.factories import make_actionable, make_cause, make_incident, make_organisation, make_service, moment
from tests.test_queries import ODD, add_many, spent
from tests.test_urls import hide

pytestmark = pytest.mark.usefixtures("five")
NOBODY = AnonymousUser()
SLOW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Shown(NamedTuple):
    """The options of a list by their headings, as (text, address); the last option; every element's name."""

    groups: dict[str, list[tuple[str, str]]]
    last: tuple[str, str] | None
    elements: set[str]


def words(element: Any) -> str:
    """Its text."""
    return " ".join("".join(element.itertext()).split())


def shown(client: Client, typed: str) -> Shown:
    """What the box shows for what is typed."""
    response = client.get("/suggest/", {"q": typed})
    assert response.status_code == 200
    fragment = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(response.content.decode())
    groups = {}
    for group in fragment.findall("div"):
        heading = group.find("div")
        assert group.get("aria-labelledby") == heading.get("id")
        groups[words(heading)] = [(words(option), option.get("href")) for option in group.findall("a")]
    last = [(words(option), option.get("href")) for option in fragment.findall("a")]
    assert len(last) == bool(groups)
    found = [element.get("id") for element in fragment.iter() if element.get("id")]
    assert len(found) == len(set(found))
    elements = {str(element.tag).rpartition("}")[2] for element in fragment.iter()}
    return Shown(groups, last[0] if last else None, elements - {"DOCUMENT_FRAGMENT"})


def names(typed: str, user: Any = NOBODY) -> list[str]:
    """References, and the names of what has none, in order."""
    return [one.reference or one.name for one in search.suggest(typed, user)]


def test_what_is_meant_is_shown_in_groups_with_what_was_typed_marked(client: Client) -> None:
    found = shown(client, "rabb")
    assert found.groups["Services"] == [("RabbitMQ", "/services/rabbitmq/")]
    assert list(found.groups) == ["Incidents", "Causes", "Services", "Actionables"]
    assert found.groups["Incidents"] == [
        (
            "INC-3 Labs network, Puppet and ssh failed until RabbitMQ was restarted Wikimedia",
            "/incidents/labs-outage-nova-and-rabbitmq/",
        )
    ]
    assert ("ACT-10 Monitor RabbitMQ explicitly open", "/actionables/ACT-10/") in found.groups["Actionables"]
    assert found.last == ("Search for “rabb”", "/incidents/?q=rabb")
    html = client.get("/suggest/?q=rabb").content.decode()
    assert "until <mark>Rabb</mark>itMQ was" in html


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("INC-3", ["INC-3"]),
        ("inc 3", ["INC-3"]),
        ("inc3", ["INC-3"]),
        ("act-7", ["ACT-7"]),
        ("ACT7", ["ACT-7"]),
        ("3", ["INC-3", "ACT-3"]),
        ("#3", ["INC-3", "ACT-3"]),
        ("INC-999999999", []),
        ("INC-0", []),
    ],
)
def test_a_reference_leads_to_what_bears_it(typed: str, found: list[str]) -> None:
    assert names(typed)[: len(found) or None] == found


def test_words_beside_a_number_are_suggested_after_what_has_that_number() -> None:
    refresh_incident(make_incident("Port 3 down", number=90))
    assert names("3")[:3] == ["INC-3", "ACT-3", "INC-90"]


def test_the_last_word_may_be_begun_and_those_before_are_whole() -> None:
    assert "INC-3" in names("labs netw")
    assert names("la network") == []
    assert "Out of memory" in names("out of mem")
    assert "Out of memory" in names("out of")
    assert "INC-3" in names("labs restarting")
    refresh_incident(make_incident("Xylograph-driver 10.20.30 failed"))
    assert names("xylograph-dri") == names("10.20.3") == names("xylograph driver failed") == ["INC-6"]


def test_a_word_that_is_finished_is_no_beginning() -> None:
    assert "RabbitMQ" in names("rabb")
    assert "RabbitMQ" not in names('"x" rabb "y"')


def test_a_name_that_is_just_what_was_typed_comes_first_then_titles_then_the_newest() -> None:
    assert names("wikimedia")[0] == "Wikimedia"
    assert names("wikimedia")[1:4] == ["INC-3", "INC-4", "INC-1"]
    old = make_incident("Wikimedia was away", started=moment("2001-01-01 10:00"))
    refresh_incident(old)
    assert names("wikimedia")[1:3] == [old.reference, "INC-3"]


def test_names_that_begin_with_it_come_before_those_that_have_it_and_those_that_also_go_by_it() -> None:
    for name, aliases in (("A late snark", ""), ("Boojum", "the snark\nother"), ("Snark at night", "")):
        make_cause(name, aliases=aliases)
    found = search.suggest("sna", NOBODY)
    assert [one.name for one in found] == ["Snark at night", "A late snark", "Boojum"]
    assert [one.note for one in found] == ["", "", "also called the <mark>sna</mark>rk"]


def test_a_hundred_names_with_the_letters_in_them_do_not_hide_the_one_that_begins_so() -> None:
    for number in range(120):
        make_cause(f"A cause with uzwq{number} inside xyz")
    make_cause("Xyz")
    assert names("xy")[0] == "Xyz"


def test_accents_are_found_as_typed() -> None:
    refresh_incident(make_incident("Réseau coupé", organisation=make_organisation("Société Réseau")))
    assert names("résea") == ["INC-6", "Société Réseau"]
    assert names("reseau coup") == ["INC-6"]
    assert search.suggest("rése", NOBODY)[0].html == "<mark>Rése</mark>au coupé"
    assert search.suggest("reseau coup", NOBODY)[0].html == "<mark>Réseau</mark> <mark>coup</mark>é"


def test_qualifiers_and_exclusions_count() -> None:
    assert "INC-2" in names("sys")
    assert "INC-2" not in names("org:wikimedia sys")
    assert "INC-1" in names("org:wikimedia rsys")
    assert "INC-1" not in names("-swift rsys")


def test_few_of_each_kind() -> None:
    organisation = make_organisation("Frumious org")
    for number in range(8):
        incident = make_incident(
            f"Frumious {number}", organisation=organisation, services=(make_service(f"Frumious service {number}"),),
            causes=(make_cause(f"Frumious cause {number}"),),
        )  # fmt: skip
        make_actionable(incident, title=f"Frumious work {number}")
        refresh_incident(incident)
    kinds = [one.kind for one in search.suggest("frumious", NOBODY)]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "incident": 4, "cause": 3, "service": 3, "organisation": 1, "actionable": 3,
    }  # fmt: skip


@pytest.mark.parametrize("person", ["anonymous", "mallory"])
def test_drafts_and_restricted_incidents_are_never_suggested(
    request: pytest.FixtureRequest, client: Client, person: str
) -> None:
    if person == "mallory":
        client.force_login(request.getfixturevalue("mallory"))
    hidden = ("zebra", "zeb", "INC-6", "inc 7", "8", "ACT-17", "17", "act-19", "zebra work", "6")
    asked = (*hidden, "wikimedia", "org:wikimedia ze", "status:draft ze", "work", "severity", "rsyslog")
    before = {typed: shown(client, typed) for typed in asked}
    hide()
    assert {typed: shown(client, typed) for typed in asked} == before
    assert b"zebra" not in b"".join(client.get("/suggest/", {"q": typed}).content.lower() for typed in hidden)


def test_an_admin_is_suggested_them(client: Client, carol: User) -> None:
    hide()
    client.force_login(carol)
    assert shown(client, "INC-6").groups["Incidents"][0][1] == "/incidents/zebra-6/"
    assert len(shown(client, "zebra").groups["Incidents"]) == 3
    assert shown(client, "ACT-17").groups


def test_what_hit_no_incident_that_the_reader_may_see_is_not_suggested(carol: User) -> None:
    service, organisation = make_service("Quondam store"), make_organisation("Quondam org")
    fields: dict[str, Any] = {"services": (service,), "organisation": organisation}
    refresh_incident(make_incident("Plugh", visibility="restricted", **fields))
    make_service("Quondam nothing")
    assert names("quond") == []
    assert names("quond", carol) == ["Quondam store", "Quondam org"]
    assert names("quondam org", carol) == ["Quondam org", "INC-6"]


def test_an_index_that_lags_suggests_nothing_hidden() -> None:
    Incident.objects.filter(number=3).update(visibility="restricted")
    assert names("labs network") == names("INC-3") == []
    assert names("monitor rabb") == names("ACT-10") == []


EVIL = "<img src=x onerror=alert(1)> \"quoted\" 'single' & {{7*7}} </a></div><script>alert(1)</script>"


def test_names_and_what_was_typed_are_text(client: Client) -> None:
    incident = make_incident(
        f"Zyzzyva {EVIL}"[:200], organisation=make_organisation(f"Zyzzyva org {EVIL}"),
        services=(make_service(f"Zyzzyva service {EVIL}"),), causes=(make_cause(f"Zyzzyva {EVIL}", aliases=EVIL),),
    )  # fmt: skip
    make_actionable(incident, title=f"Zyzzyva {EVIL}")
    refresh_incident(incident)
    found = shown(client, "zyzzyva")
    assert found.elements == {"div", "a", "span", "mark", "svg", "use"}
    assert [len(options) for options in found.groups.values()] == [1, 1, 1, 1, 1]
    assert found.groups["Services"][0][0] == f"Zyzzyva service {EVIL}"
    found = shown(client, "zyzzyva <script>'\"&")
    assert found.elements == {"div", "a", "span", "mark", "svg", "use"}
    assert found.last == ("Search for “zyzzyva <script>'\"&”", "/incidents/?q=zyzzyva+%3Cscript%3E%27%22%26")


@pytest.mark.parametrize(
    "typed",
    ["", " ", "?", "xyzzy", "rsyslog\nsyslog", "rsyslog " * 20, " ".join(f"rsyslog{n}" for n in range(16)), "s" * 101],
    ids=["nothing", "space", "sign", "unknown", "lines", "repeated", "many words", "long"],
)
def test_nothing_is_suggested_for_nothing_and_for_what_was_pasted(client: Client, typed: str) -> None:
    assert client.get("/suggest/", {"q": typed}).content.strip() == b""


@pytest.mark.parametrize("value", [*ODD.values(), "s" * 10_000, "rsyslog+" * 2_000], ids=lambda value: value[:20])
def test_odd_input_is_answered(client: Client, value: str) -> None:
    assert client.get(f"/suggest/?q={value.replace('{name}', 'q')}").status_code == 200


def test_no_q_and_several_are_answered(client: Client) -> None:
    assert client.get("/suggest/").content.strip() == b""
    assert client.get("/suggest/?q=rabb&q=swift&x=%00").status_code == 200


PIECES = st.sampled_from(
    ["INC-", "act ", "3", "rsyslog", "restart", '"', "-", "*", "org:", "\0", " ", "·", "é", "😀", "<"]
)


@SLOW
@given(st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=8).map("".join)))
def test_no_text_is_an_error_and_all_that_is_suggested_can_be_parsed(client: Client, text: str) -> None:
    response = client.get("/suggest/", {"q": text.encode("utf-8", "replace")})
    assert response.status_code == 200
    assert (b'id="sg-all"' in response.content) == bool(response.content.strip())


TYPED = ("r", "restart o", "swift", "wikimedia", "INC-3", "3", "org:wikimedia service:puppet cause:restart pu")


def test_the_number_of_queries_does_not_grow_with_what_there_is(client: Client) -> None:
    addresses = ["/suggest/?" + urlencode({"q": typed}) for typed in TYPED]
    before = {address: spent(client, address) for address in addresses}
    assert max(before.values()) <= 13  # the edition beside those of `suggest`
    assert before["/suggest/?q=INC-3"] == 2
    add_many()
    assert {address: spent(client, address) for address in addresses} == before


def test_what_is_pasted_asks_nothing_but_the_edition(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        client.get("/suggest/", {"q": "rsyslog " * 1_000})


def test_an_answer_is_private_and_revalidated_with_one_query(client: Client, django_assert_num_queries: Any) -> None:
    first = client.get("/suggest/?q=swift")
    assert {"private", "no-cache"} <= set(first.headers["Cache-Control"].split(", "))
    assert "Cookie" in first.headers["Vary"]
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]
    with django_assert_num_queries(1):
        again = client.get("/suggest/?q=swift", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Edition.bump()
    assert client.get("/suggest/?q=swift", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_readers_have_tags_of_their_own(client: Client, carol: User) -> None:
    tag = client.get("/suggest/?q=swift").headers["ETag"]
    client.force_login(carol)
    assert client.get("/suggest/?q=swift").headers["ETag"] != tag


@pytest.mark.parametrize(
    ("address", "box"), [("/", "q"), ("/causes/", "gs"), ("/incidents/", "lq"), ("/nothing/", "q")]
)
def test_without_script_every_box_is_a_plain_form(client: Client, address: str, box: str) -> None:
    document = html5lib.parse(client.get(address).content.decode(), namespaceHTMLElements=False)
    (field,) = [field for field in document.iter("input") if field.get("type") == "search"]
    assert (field.get("id"), field.get("name"), field.get("data-suggest")) == (box, "q", "/suggest/")
    assert not [name for name in field.attrib if name == "role" or name.startswith("aria-")]
    assert not [element for element in document.iter() if element.get("role") in ("listbox", "option")]


def packed(*names: str) -> int:
    """The bytes of these scripts together as they are sent."""
    folder = site.BASE_DIR / "static" / "js"
    return sum(len(gzip.compress((folder / f"{name}.js").read_bytes())) for name in names)


def test_own_script_is_small() -> None:
    """What every page loads, and what comes with the pages on which postmortems are written."""
    assert packed("app", "combobox") <= 4 * 1024
    everything = [path.stem for path in (site.BASE_DIR / "static" / "js").glob("*.js")]
    assert packed(*everything) <= 15 * 1024


def test_causes_and_services_by_name_are_still_offered_beside_results() -> None:
    assert named(parse("out of memory"))[0].slug == "out-of-memory"
    assert [one.kind for one in named(parse("ra"), 1)] == ["cause", "service"]
    assert named(parse("a\nb")) == named(parse("")) == []
