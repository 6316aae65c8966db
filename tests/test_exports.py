"""Lists as CSV, JSON and Atom: exactly what is listed, for whom it is listed, no more precise than it is known."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from postmortems import export, feed, listed, search_find
from postmortems.durations import Duration
from postmortems.export import COLUMNS, clock_iso, lasted, safe, told
from postmortems.models import Edition, Incident, Service
from postmortems.moments import Moment
from postmortems.refresh import refresh_incident
from postmortems.revising import revising
from postmortems.views import exports
from tests.factories import make_incident, make_incident_cause, make_organisation, make_service, moment
from tests.test_pages import numbers, page
from tests.test_queries import add_many, odd
from tests.test_urls import FIVE, LABS, LOGGING, SWIFT, hide

pytestmark = pytest.mark.usefixtures("five")

CSV, JSON, ATOM = "/incidents/export.csv", "/incidents/export.json", "/incidents/feed.atom"
CAUSE = LOGGING.split("/")[2]
LISTS = (
    "", "sort=oldest", "sort=longest&organisation=wikimedia", "sort=severity", f"cause={CAUSE}&service=rsyslog",
    "year=unknown&year=2013", "severity=SEV1", "detection=monitoring&sort=oldest", "q=restart", "q=puppet+",
    "q=restart&sort=longest", "q=syslog&organisation=wikimedia&sort=oldest", "q=cause:restart&sort=severity",
    "q=nothing+of+that+kind", "q=swif", "organisation=nobody", "page=2", "colour=red&sort=upwards",
)  # fmt: skip


def body(response: Any) -> str:
    """The whole of an answer, streamed or not."""
    assert response.status_code == 200
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode("utf-8")


def rows(client: Client, query: str = "") -> list[dict[str, str]]:
    """The rows of the CSV file, by column."""
    text = body(client.get(f"{CSV}?{query}"))
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))


def found(client: Client, query: str = "") -> list[dict[str, Any]]:
    """The incidents of the JSON file."""
    return json.loads(body(client.get(f"{JSON}?{query}")))["incidents"]


def references(records: list[dict[str, Any]]) -> list[int]:
    return [int(record["reference"].removeprefix("INC-")) for record in records]


def shown(client: Client, query: str) -> list[int]:
    """The numbers on all pages of the list."""
    numbered: list[int] = []
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("page="))
    for number in range(1, 50):
        numbered += (here := numbers(page(client, f"/incidents/?{kept}&page={number}", follow=True)))
        if not here:
            break
    return numbered


def test_files_hold_what_the_list_shows_on_all_its_pages(client: Client) -> None:
    add_many(45)
    for query in LISTS:
        wanted = shown(client, query)
        assert references(rows(client, query)) == wanted, query
        assert references(found(client, query)) == wanted, query


def test_a_search_is_exported_beyond_what_is_ranked_and_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many(45)
    for name, few in (("CAP", 20), ("RANKED", 8), ("FROM_TIER", 3)):
        monkeypatch.setattr(search_find, name, few)
    for query in ("q=like", "q=like&sort=oldest", "q=like&sort=longest"):
        matches = references(rows(client, query))
        assert len(matches) == len(set(matches)) == 46, "these and INC-3"
    assert references(rows(client, "q=like"))[:15] == shown(client, "q=like")[:15]


def test_the_rows_of_the_csv_file(client: Client) -> None:
    text = body(client.get(f"{CSV}?sort=oldest"))
    assert text.startswith("\ufeff" + ",".join(COLUMNS) + "\r\n")
    assert text.count("\r\n") == text.count("\n") == 6
    labs = next(row for row in rows(client) if row["reference"] == "INC-3")
    wanted = {
        "title": "Labs network, Puppet and ssh failed until RabbitMQ was restarted",
        "organisation": "Wikimedia",
        "services": "OpenStack Nova; Puppet; RabbitMQ; Salt; Wikimedia Labs",
        "severity": "unknown", "status": "published", "visibility": "open", "detection": "monitoring",
        "started": "12 August 2015, about 22:30 UTC", "started_at": "2015-08-12T22:30Z", "started_clock": "",
        "started_precision": "about",
        "acknowledged": "", "acknowledged_at": "", "acknowledged_clock": "", "acknowledged_precision": "unknown",
        "mitigated": "12 August 2015, 23:25 UTC", "mitigated_at": "2015-08-12T23:25Z", "mitigated_precision": "minute",
        "time_zone": "UTC", "time_zone_assumed": "yes",
        "duration": "about 55 min", "duration_seconds": "", "duration_at_least_seconds": "2401",
        "duration_at_most_seconds": "4259", "duration_approximate": "yes",
        "root_causes": "Race, deadlock or ordering bug (suspected); Shared message broker failed (suspected)",
        "address": f"http://testserver{LABS}",
    }  # fmt: skip
    assert {name: labs[name] for name in wanted} == wanted
    swift = next(row for row in rows(client) if row["reference"] == "INC-1")
    wanted = {
        "started": "about 18:55 UTC, date unknown", "started_at": "", "started_clock": "PT18H55M",
        "started_precision": "about",
    }  # fmt: skip
    assert {name: swift[name] for name in wanted} == wanted


def test_a_json_record_has_every_member_and_null_for_what_is_not_known(client: Client) -> None:
    bare = make_incident("Nobody knows")
    refresh_incident(bare)
    record = next(one for one in found(client) if one["title"] == "Nobody knows")
    nothing = {"text": None, "at": None, "clock": None, "precision": "unknown"}
    assert record == {
        "reference": bare.reference, "title": "Nobody knows", "organisation": None, "services": [],
        "severity": "unknown", "status": "published", "visibility": "open", "detection": "unknown",
        "started": nothing, "detected": nothing, "acknowledged": nothing, "mitigated": nothing, "resolved": nothing,
        "time_zone": "UTC", "time_zone_assumed": False,
        "duration": dict.fromkeys(["text", "seconds", "at_least_seconds", "at_most_seconds", "approximate"]),
        "causes": [], "address": f"http://testserver{bare.get_absolute_url()}",
    }  # fmt: skip
    row = next(row for row in rows(client) if row["title"] == "Nobody knows")
    assert {value for name, value in row.items() if name.startswith("duration")} == {""}
    swift = next(one for one in found(client) if one["reference"] == "INC-1")
    assert swift.keys() == record.keys()
    assert swift["organisation"] == {"name": "Wikimedia", "slug": "wikimedia"}
    assert {cause["role"] for cause in swift["causes"]} <= {"trigger", "root", "contributing"}


def test_the_head_of_the_json_file_says_what_was_asked(client: Client) -> None:
    head = json.loads(body(client.get(f"{JSON}?q=restart&severity=SEV9&service=rsyslog&colour=red&page=3&sort=oldest")))
    assert head["title"] == "“restart”, Service: rsyslog, oldest first"
    assert head["address"] == "http://testserver/incidents/?q=restart&service=rsyslog&sort=oldest"
    assert (head["limit"], head["cut"]) == (10_000, False)
    assert len(head["notices"]) == 2
    assert "colour" in head["notices"][0]


AT = datetime(2015, 8, 12, 22, 5, 4, tzinfo=UTC)
TOLD = [
    (Moment(AT, None, "second"), "12 August 2015, 22:05:04 UTC", "2015-08-12T22:05:04Z", None),
    (Moment(AT, None, "minute"), "12 August 2015, 22:05 UTC", "2015-08-12T22:05Z", None),
    (Moment(AT, None, "about"), "12 August 2015, about 22:05 UTC", "2015-08-12T22:05Z", None),
    (Moment(AT, None, "day"), "12 August 2015", "2015-08-12", None),
    (Moment(AT, None, "month"), "August 2015", "2015-08", None),
    (Moment(AT, None, "year"), "2015", "2015", None),
    (moment("18:55", "about"), "about 18:55 Europe/Berlin, date unknown", None, "PT18H55M"),
    (moment("25:00"), "01:00 the next day Europe/Berlin, date unknown", None, "P1DT1H0M"),
    (Moment(), None, None, None),
]


@pytest.mark.parametrize(("when", "text", "at", "clock"), TOLD)
def test_moments_are_told_as_precisely_as_they_are_known(
    when: Moment, text: str | None, at: str | None, clock: str | None
) -> None:
    wanted = {"text": text, "at": at, "clock": clock, "precision": when.precision}
    assert told(when, "Europe/Berlin") == wanted


def test_clock_times_count_from_midnight_of_the_first_day() -> None:
    assert clock_iso(timedelta(hours=-1), "minute") == "P-1DT23H0M"
    assert clock_iso(timedelta(days=2, seconds=7), "second") == "P2DT0H0M7S"
    assert clock_iso(timedelta(), "minute") == "PT0H0M"


def test_a_figure_of_seconds_is_given_only_where_it_is_known() -> None:
    assert lasted(Duration(), "") == dict.fromkeys(
        ["text", "seconds", "at_least_seconds", "at_most_seconds", "approximate"]
    )
    exact = moment("2015-08-12 22:05").until(moment("2015-08-12 22:50"))
    assert lasted(exact, " to the fix") == {
        "text": "45 min to the fix", "seconds": 2700, "at_least_seconds": 2641, "at_most_seconds": 2759,
        "approximate": False,
    }  # fmt: skip
    about = moment("2015-08-12 22:05", "about").until(moment("2015-08-12 22:50"))
    assert (lasted(about, "")["seconds"], lasted(about, "")["approximate"]) == (None, True)
    moment_long = moment("2015-08-12 22:05").until(moment("2015-08-12 22:05"))
    assert (lasted(moment_long, "")["text"], lasted(moment_long, "")["seconds"]) == ("under 1 min", None)


FORMULA = "=+-@＝＋－＠"
HOSTILE = st.text(
    st.sampled_from([*FORMULA, *"\t\r\n\x00\x0b\u00a0\u200b\ufeff \"',;|aé🔥1()"]) | st.characters(codec="utf-8"),
    max_size=40,
)


def written(cells: list[str]) -> str:
    out = StringIO(newline="")
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()


@given(st.lists(HOSTILE, min_size=1, max_size=5))
@example(['a";=1'])
@example(["\t=1", "a,\n  -1", '"=1', "x\r\n@y"])
@example(["\x00=1"])
def test_no_cell_is_a_formula_whatever_is_taken_for_the_separator(cells: list[str]) -> None:
    text = written(cells)
    [read] = csv.reader(StringIO(text, newline=""))
    assert [cell.replace("'", "") for cell in read] == [cell.replace("'", "") for cell in cells]
    assert not [cell for cell in read if cell[:1] in {"\t", "\r", "\n", "\x00", *FORMULA}]
    for separator in ",;|\t":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            line = StringIO(text, newline="")
            begun = [cell for row in csv.reader(line, delimiter=separator, quoting=quoting) for cell in row]
            unseen = re.compile(r"^[\s\"\x00-\x1f\u200b-\u200f\u2060\ufeff]+")
            assert not [cell for cell in begun if unseen.sub("", cell)[:1] in set(FORMULA)]


@given(st.text(st.characters(codec="utf-8", exclude_characters=FORMULA, exclude_categories=["Cc", "Cf"])))
def test_a_text_without_formulas_is_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("text", ["2015-08-12T22:05Z", "P-1DT23H0M", "one-off; two+two", "a=b", "mail@example.org"])
def test_what_begins_no_cell_is_left_alone(text: str) -> None:
    assert safe(text) == text


def test_hostile_names_are_safe_in_the_file_and_as_written_in_json(client: Client) -> None:
    title = '=HYPERLINK("http://evil.example";"x"),\t@SUM(1+1)|-2'
    incident = make_incident(
        title, organisation=make_organisation("+1-555"), services=(make_service("@home"), make_service("a;=1"))
    )
    make_incident_cause(incident, role="trigger")
    refresh_incident(incident)
    row = next(row for row in rows(client) if row["reference"] == incident.reference)
    assert row["title"] == '\'=HYPERLINK("http://evil.example";"x"),\t\'@SUM(1+1)|\'-2'
    assert row["organisation"] == "'+1-555"
    assert "'@home" in row["services"]
    assert "a;'=1" in row["services"]
    record = next(one for one in found(client) if one["reference"] == incident.reference)
    assert record["title"] == title
    assert {"name": "@home", "slug": "home"} in record["services"]


def test_what_is_cut_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (listed, exports):
        monkeypatch.setattr(module, "LIMIT", 3)
    for query in ("sort=oldest", "q=restart"):
        response = client.get(f"{CSV}?{query}")
        assert response.headers["Rows-Cut-At"] == "3"
        assert 'filename="incidents-first-3-' in response.headers["Content-Disposition"]
        assert references(rows(client, query)) == shown(client, query)[:3]
        assert json.loads(body(client.get(f"{JSON}?{query}")))["cut"] is True
    assert "Rows-Cut-At" not in client.get(f"{CSV}?organisation=wikimedia").headers


KINDS = {CSV: "text/csv; charset=utf-8", JSON: "application/json", ATOM: "application/atom+xml; charset=utf-8"}


@pytest.mark.parametrize("address", KINDS)
def test_every_answer_says_what_it_is_and_whose(client: Client, address: str) -> None:
    headers = client.get(f"{address}?q=restart").headers
    assert headers["Content-Type"] == KINDS[address]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert {"private", "no-cache"} <= set(headers["Cache-Control"].split(", "))
    assert "Cookie" in headers["Vary"]
    assert client.head(f"{address}?q=restart").headers["Content-Type"] == KINDS[address]


@pytest.mark.parametrize(
    "query",
    ["", "q=" + "a" * 900, "q=%22%0D%0ASet-Cookie:x", "q=..%2F..%2Fetc%2Fpasswd", "q=%F0%9F%94%A5", "q=%22;x=%00"],
)
def test_file_names_are_plain(client: Client, query: str) -> None:
    disposition = client.get(f"{CSV}?{query}").headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="incidents(-[a-z0-9]+)*\.csv"', disposition)
    assert len(disposition) < 120


@pytest.mark.parametrize("address", KINDS)
def test_a_repeat_visit_costs_one_query_and_no_body(
    client: Client, django_assert_num_queries: Any, address: str
) -> None:
    tag = client.get(address).headers["ETag"]
    with django_assert_num_queries(1):  # the edition
        again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    Edition.bump()
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_file_costs_three_queries_for_each_chunk_asked_for_one_by_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many(35)
    monkeypatch.setattr(export, "CHUNK", 10)
    for address, first in ((CSV, 2), (JSON, 2), (f"{CSV}?cause={CAUSE}", 5)):
        with CaptureQueriesContext(connection) as captured:
            response: Any = client.get(address)
            assert len(captured) == first, (
                "edition, ids; which cause is meant, whether it is frequent, what it is called"
            )
            stream = iter(response.streaming_content)
            next(stream)
            next(stream)
            assert len(captured) == first + 3
            list(stream)
            matches = len(references(rows(client, address.partition("?")[2])))
        assert matches > 30
    with CaptureQueriesContext(connection) as captured:
        body(client.get(CSV))
    assert len(captured) == 2 + 3 * 4


def test_a_feed_costs_no_more_for_more_incidents(client: Client) -> None:
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            body(client.get(f"{ATOM}?cause={CAUSE}"))
        costs.append(len(captured))
        add_many(45)
    # edition, which cause, whether it is frequent, ids, rows, causes, services, when all was set up, what the cause is
    # called, when each was saved, summaries; what they mention
    assert costs == [11, 12]


@pytest.mark.parametrize("person", ["anonymous", "mallory"])
@pytest.mark.parametrize("address", KINDS)
def test_hidden_incidents_change_nothing(
    request: pytest.FixtureRequest, client: Client, person: str, address: str
) -> None:
    if person == "mallory":
        client.force_login(request.getfixturevalue("mallory"))
    asked = [f"{address}?{query}" for query in (*LISTS, "q=zebra", "status=draft", "q=status:review")]
    before = {one: body(client.get(one)) for one in asked}
    hide()
    assert [one for one in asked if body(client.get(one)) != before[one]] == []


def test_an_admin_gets_what_the_list_shows_to_admins(client: Client, carol: User) -> None:
    hide()
    client.force_login(carol)
    hidden = [row for row in rows(client) if "Zebra" in row["title"]]
    assert sorted((row["status"], row["visibility"]) for row in hidden) == [
        ("draft", "open"), ("published", "restricted"), ("review", "open"),
    ]  # fmt: skip
    assert references(rows(client, "q=zebra")) == shown(client, "q=zebra") != []
    text = body(client.get(f"{ATOM}?q=zebra"))
    assert (text.count("<entry>"), "visibility" in text) == (1, True), "what is not published is not in a feed"


def test_what_is_hidden_while_a_file_is_made_is_left_out(client: Client) -> None:
    response: Any = client.get(CSV)
    Incident.objects.filter(number=3).update(visibility="restricted")
    assert "INC-3" not in body(response)
    response = client.get(f"{JSON}?q=restart")
    Incident.objects.filter(number=4).delete()
    assert 4 not in references(json.loads(body(response))["incidents"])


@pytest.mark.parametrize("name", ["q", "organisation", "cause", "year", "sort", "anything"])
@pytest.mark.parametrize("address", KINDS)
def test_odd_values_are_answered(client: Client, address: str, name: str) -> None:
    for value in odd(address + name).values():
        text = body(client.get(f"{address}?{name}={value.replace('{name}', name)}"))
        if address == JSON:
            json.loads(text)
        if address == ATOM:
            ElementTree.fromstring(text)


SPACE = "{http://www.w3.org/2005/Atom}"


def parsed(client: Client, query: str = "") -> ElementTree.Element:
    return ElementTree.fromstring(body(client.get(f"{ATOM}?{query}")))


def text_of(element: ElementTree.Element, name: str) -> str:
    """The text of the one child of this name."""
    [child] = element.findall(SPACE + name)
    return child.text or ""


def addresses(element: ElementTree.Element) -> dict[str, str]:
    return {link.get("rel", ""): link.get("href", "") for link in element.findall(f"{SPACE}link")}


def instant(text: str) -> datetime:
    """A date as RFC 3339 has it."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("query", ["", "q=restart", f"cause={CAUSE}", "q=nothing+at+all", "organisation=linkedin"])
def test_a_feed_has_all_that_atom_requires(client: Client, query: str) -> None:
    atom = parsed(client, query)
    assert atom.tag == f"{SPACE}feed"
    suffix = f"?{query}" if query else ""
    assert text_of(atom, "id") == f"http://testserver{ATOM}{suffix}"
    assert addresses(atom) == {
        "alternate": f"http://testserver/incidents/{suffix}", "self": f"http://testserver{ATOM}{suffix}",
    }  # fmt: skip
    assert text_of(atom, "title").startswith("Hindsight: ")
    assert atom.findtext(f"{SPACE}author/{SPACE}name") == "Hindsight"
    changed = instant(text_of(atom, "updated"))
    entries = atom.findall(f"{SPACE}entry")
    assert len({text_of(entry, "id") for entry in entries}) == len(entries)
    for entry in entries:
        assert re.match(r"INC-\d+ \w", text_of(entry, "title"))
        assert instant(text_of(entry, "updated")) <= changed
        assert re.fullmatch(r"http://testserver/INC-\d+", text_of(entry, "id"))
        assert addresses(entry)["alternate"].removeprefix("http://testserver") in FIVE
        summary = entry.find(f"{SPACE}summary")
        assert summary is not None
        assert summary.get("type") == "html"
        assert not re.search(r'(href|src)="(?!https?:)', summary.text or "")


def entries(client: Client, query: str = "") -> list[str]:
    return [text_of(entry, "title").split()[0] for entry in parsed(client, query).findall(f"{SPACE}entry")]


def test_a_feed_has_the_matches_that_were_published_last(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in (3, 1, 2):
        refresh_incident(
            make_incident(
                f"Restarted on {day}", number=100 + day, published_at=datetime(2031, 1, day, tzinfo=UTC),
                started=moment(f"20{20 - day}-01-01 10:00"),
            )
        )  # fmt: skip
    refresh_incident(make_incident("A restart nobody dated", number=110))
    Incident.objects.filter(number=110).update(published_at=None)
    newest = ["INC-103", "INC-102", "INC-101", "INC-110"]
    for query in ("", "sort=oldest", "q=restart", "q=restart&sort=longest"):
        assert entries(client, query)[:4] == newest
    assert set(entries(client, "q=restart")) == {f"INC-{number}" for number in shown(client, "q=restart")}
    atom = parsed(client, "q=restart&sort=oldest")
    assert text_of(atom, "updated") == "2031-01-03T00:00:00+00:00"
    assert text_of(atom, "id").endswith("?q=restart")
    published = [entry.findtext(f"{SPACE}published") for entry in atom.findall(f"{SPACE}entry")]
    assert published[:4] == [f"2031-01-0{day}T00:00:00+00:00" for day in (3, 2, 1)] + [None]
    monkeypatch.setattr(feed, "MOST", 2)
    assert entries(client) == newest[:2]


def test_an_entry_keeps_its_name_when_its_address_changes(client: Client) -> None:
    first = parsed(client, "q=ENOTCONN").find(f"{SPACE}entry")
    swift = Incident.objects.get(number=1)
    swift.slug = "another"
    swift.save()
    second = parsed(client, "q=ENOTCONN").find(f"{SPACE}entry")
    assert first is not None
    assert second is not None
    assert text_of(first, "id") == text_of(second, "id") == "http://testserver/INC-1"
    assert addresses(first) == {"alternate": f"http://testserver{SWIFT}"}
    assert addresses(second) == {"alternate": "http://testserver/incidents/another/"}


def test_an_entry_is_updated_when_the_incident_is_saved(client: Client) -> None:
    def updated() -> datetime:
        [entry] = parsed(client, "q=ENOTCONN").findall(f"{SPACE}entry")
        assert entry.find(f"{SPACE}published") is None, "nobody knows when it was published"
        return instant(text_of(entry, "updated"))

    first, before = updated(), timezone.now()
    with revising(Incident.objects.get(number=1).pk, 1, None) as incident:
        incident.summary += " More is known by now."
        incident.save()
    assert first < before <= updated() <= timezone.now()


def test_control_characters_do_not_break_a_feed(client: Client) -> None:
    refresh_incident(make_incident("Bell \x07 & <b>bold</b> \ufffe", summary="A \x0c page & <i>more</i>."))
    titles = [text_of(entry, "title") for entry in parsed(client).findall(f"{SPACE}entry")]
    assert [title for title in titles if "Bell \ufffd & <b>bold</b> \ufffd" in title]
    assert "\ufffd" in text_of(parsed(client, "q=%07x"), "title")


@override_settings(SITE_URL="https://hindsight.example.org")
def test_addresses_begin_with_the_one_people_use(client: Client) -> None:
    assert text_of(parsed(client), "id") == f"https://hindsight.example.org{ATOM}"
    assert {record["address"].split("/incidents/")[0] for record in found(client)} == {"https://hindsight.example.org"}


HEADED = {
    "/incidents/?q=restart&page=2": f"{ATOM}?q=restart",
    LOGGING: f"{ATOM}?cause={CAUSE}",
    "/services/rsyslog/": f"{ATOM}?service=rsyslog",
    "/organisations/wikimedia/": f"{ATOM}?organisation=wikimedia",
}


@pytest.mark.parametrize("address", HEADED)
def test_pages_name_their_feed_in_their_head_and_link_to_it(client: Client, address: str) -> None:
    text = client.get(address).content.decode()
    [link] = re.findall(r'<link rel="alternate"[^>]*>', text)
    assert f'href="{HEADED[address]}"' in link
    assert 'type="application/atom+xml"' in link
    assert f'<a class="btn ghost sm" href="{HEADED[address]}"' in text or f'<a href="{HEADED[address]}"' in text
    assert client.get(HEADED[address]).status_code == 200


def test_the_list_links_to_its_own_files(client: Client) -> None:
    query = urlencode({"q": "<zzqxv> &", "sort": "oldest"})
    main = client.get(f"/incidents/?{query}").content.decode()
    assert "export.csv" not in main, "nothing is found, so there is nothing to take along"
    assert f'href="{ATOM}?{query.replace("&", "&amp;")}"' in main
    main = client.get("/incidents/?q=restart&organisation=wikimedia&sort=oldest&page=1").content.decode()
    assert f'href="{CSV}?q=restart&amp;organisation=wikimedia&amp;sort=oldest"' in main
    assert f'href="{JSON}?q=restart&amp;organisation=wikimedia&amp;sort=oldest"' in main


def test_the_document_names_every_column_and_member(client: Client) -> None:
    text = (settings.BASE_DIR / "docs" / "exports.md").read_text("utf-8")
    said = set(re.findall(r"`([a-z_]+)`", text)) | set(re.findall(r"`…(_[a-z]+)`", text))
    columns = {re.sub(r"^.*(?=_(at|clock|precision)$)", "", column) for column in COLUMNS}
    assert columns - said == set()
    record = found(client)[0]
    members = record.keys() | record["started"].keys() | record["duration"].keys() | record["causes"][0].keys()
    assert members - said == set()
    assert f"{listed.LIMIT:,}" in text
    assert f"The {feed.MOST} matches" in text


@pytest.mark.parametrize("address", ["export.json", "feed.atom", "export.csv"])
def test_what_a_former_address_stands_for_goes_on_being_exported(client: Client, address: str) -> None:
    service = Service.objects.get(slug="puppet")
    wanted = body(client.get(f"/incidents/{address}?service=puppet"))
    service.slug = "marionette"
    service.save()
    found = body(client.get(f"/incidents/{address}?service=puppet"))
    numbers = [re.findall(r"INC-\d+", text) for text in (wanted, found)]
    assert numbers[0] == numbers[1] != []


def test_an_export_says_what_is_not_there(client: Client) -> None:
    told = json.loads(body(client.get("/incidents/export.json?cause=nope&q=title:x")))["notices"]
    assert told[0] == "There is no cause “nope”."
    assert any("There is no qualifier “title:”" in notice for notice in told)
