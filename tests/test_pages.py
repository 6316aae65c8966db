"""What each page says about the five incidents, and that it never says more than is known."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.test import Client

from postmortems.models import Cause, Incident, IncidentCause, Organisation, Service
from tests.factories import make_actionable
from tests.test_urls import BITBUCKET, FALLOUT, FIVE, KEPT_PAGES, LABS, LOGGING, PARSOID, SWIFT, UNATTENDED

pytestmark = pytest.mark.usefixtures("five")

RESTART = "/causes/restart-or-reload-makes-it-worse/"
MONITORING = "/causes/monitoring-or-paging-gap/"


def page(client: Client, address: str, **options: Any) -> Element:
    """The main part of a page."""
    response = client.get(address, **options)
    assert response.status_code == 200
    main = html5lib.parse(response.content.decode(), namespaceHTMLElements=False).find(".//main")
    assert main is not None
    return main


def words(element: Element | None) -> str:
    """The text of an element, its parts kept apart by one space."""
    assert element is not None
    return " ".join(" ".join(element.itertext()).split())


def labels(element: Element) -> list[str]:
    """What its drawings say to those who do not see them."""
    return [found.get("aria-label", "") for found in element.iter() if found.get("role") == "img"]


def links(element: Element, path: str) -> list[str]:
    """Where these links lead."""
    return [link.get("href", "") for link in element.findall(path)]


def numbers(main: Element, prefix: str = "INC") -> list[int]:
    """The references that a list shows, in its order."""
    ids = [words(found) for found in main.iter() if found.get("class") == "id"]
    return [int(text.removeprefix(f"{prefix}-")) for text in ids if text.startswith(f"{prefix}-")]


def matrix(main: Element) -> dict[str, dict[str, str]]:
    """For each cause of the table of dots, by address: what its dots say, by the incident's address."""
    heads = links(main, ".//table[@class='causes']/thead//a")
    drawn = {"dot": "confirmed", "dot maybe": "suspected", "dot none": "no"}
    rows = {}
    for row in main.findall(".//table[@class='causes']/tbody/tr"):
        cells = row.findall("td[@class='dots']")
        dots = [drawn[cell.findall("span")[0].get("class", "")] for cell in cells]
        assert [words(cell).rpartition(": ")[2] for cell in cells] == dots  # said as it is drawn
        rows[links(row, "th/a")[0]] = {head: dot for head, dot in zip(heads, dots, strict=True) if dot != "no"}
    return rows


@pytest.mark.parametrize("address", ["/", "/causes/"])
def test_the_matrix_marks_what_is_confirmed_and_what_is_suspected(client: Client, address: str) -> None:
    main = page(client, address)
    assert links(main, ".//table[@class='causes']/thead//a") == [BITBUCKET, PARSOID, LABS, FALLOUT, SWIFT]
    rows = matrix(main)
    assert rows[UNATTENDED] == {SWIFT: "confirmed", LABS: "suspected", PARSOID: "confirmed"}
    assert rows[LOGGING] == {SWIFT: "confirmed", BITBUCKET: "confirmed"}
    assert rows[RESTART] == {**dict.fromkeys(FIVE, "confirmed"), LABS: "suspected"}
    assert rows[MONITORING] == {LABS: "confirmed", PARSOID: "confirmed", FALLOUT: "suspected"}


def test_home_shows_causes_seen_more_than_once_and_every_incident(client: Client) -> None:
    main = page(client, "/")
    assert min(len(dots) for dots in matrix(main).values()) == 2
    assert sorted(numbers(main)) == [1, 2, 3, 4, 5]
    assert "0 overdue, 6 open, not overdue, 8 done" in labels(main)


CAUSE, BLOCKED = UNATTENDED.split("/")[2], LOGGING.split("/")[2]
LISTS = {
    "": [3, 4, 2, 5, 1], "organisation=wikimedia": [3, 4, 1],
    "organisation=wikimedia&organisation=bitbucket": [3, 4, 2, 1], "organisation=nobody": [],
    "service=rsyslog": [2, 1], "service=rsyslog&service=rain": [2, 5, 1], f"cause={CAUSE}": [3, 4, 1],
    f"cause={CAUSE}&cause={BLOCKED}": [3, 4, 2, 1], "severity=unknown": [3, 4, 2, 5, 1], "severity=SEV1": [],
    "severity=SEV1&severity=unknown": [3, 4, 2, 5, 1], "year=2015": [3], "year=unknown": [5, 1],
    "year=2012&year=unknown": [2, 5, 1], "year=2014": [], "detection=monitoring": [3, 4, 1],
    "detection=unknown&detection=users": [2, 5], "status=published": [3, 4, 2, 5, 1], "status=draft": [],
    "organisation=wikimedia&service=puppet": [3, 1],
    f"organisation=wikimedia&cause={BLOCKED}&year=unknown&detection=monitoring": [1],
    "organisation=wikimedia&year=2012": [], "sort=newest": [3, 4, 2, 5, 1],
    "sort=oldest": [2, 4, 3, 1, 5],  # undated last in both directions
    "sort=severity": [3, 4, 2, 5, 1],
    "sort=longest": [3, 1, 4, 5, 2],  # about 55, about 45 and 34 min, then those of unknown length
    "q=syslog": [2, 1], "q=rsyslog+UPGRADE": [1], "q=100%25": [], "q=INC-3": [3, 1], "q=inc-3": [3, 1], "q=INC-99": [],
    "q=syslog&organisation=bitbucket&sort=oldest": [2],
}  # fmt: skip


@pytest.mark.parametrize("query", LISTS)
def test_the_list_holds_what_its_address_says(client: Client, query: str) -> None:
    main = page(client, f"/incidents/?{query}")
    assert numbers(main) == LISTS[query]
    count = len(LISTS[query])
    assert words(main.find(".//p[@role='status']")).startswith(f"{count} incident" + "s" * (count != 1))
    assert "No postmortem is published yet" not in words(main)


NOTICES = {
    "colour=red": "There is no filter named “colour”; it is ignored.",
    **{f"{name}=x-y": f"The value given for {name} is not one it can have; it is ignored."
       for name in ("severity", "year", "detection", "status", "sort")},
}  # fmt: skip


@pytest.mark.parametrize("query", NOTICES)
def test_what_is_not_understood_is_said_and_ignored(client: Client, query: str) -> None:
    plain, main = page(client, "/incidents/"), page(client, f"/incidents/?{query}")
    assert NOTICES[query] in words(main)
    assert numbers(main) == numbers(plain)
    assert facets(main) == facets(plain)


def facets(main: Element) -> dict[str, str]:
    """What each value of each facet is counted as; none chosen."""
    labels = main.findall(".//label[@class='opt']")
    return {f"{label[0].get('name')}={label[0].get('value')}": words(label) for label in labels}


def test_a_facet_is_counted_without_itself(client: Client) -> None:
    counted = facets(page(client, "/incidents/?organisation=bitbucket&service=rsyslog"))
    assert counted["organisation=wikimedia"].endswith(", 1 incident")
    assert counted["service=nginx"].endswith(", 1 incident")
    assert counted["service=puppet"].endswith(", 0 incidents")


def test_a_page_beyond_the_end_leads_back(client: Client) -> None:
    main = page(client, "/incidents/?year=unknown&page=7")
    assert "There is no page 7" in words(main)
    assert "?year=unknown" in links(main, ".//a")


SAYS = {
    SWIFT: [
        "about 18:55 to about 01:00 the next day UTC, date unknown", "about 45 min after started", "TTD Not known",
        "TTM About 45 min", "The source gives clock times but no date.", "Source: title not known.", "Triggers",
        "Mentioned in INC-3", "INC-2 Bitbucket stood still", "Gerrit 99576 Change.", "5 Jan 2012. Both:",
    ],
    BITBUCKET: [
        "5 January 2012, 04:05:04 UTC (UTC assumed in the source)", "duration not known", "published 12 January 2012",
        "The source gives no time zone. Times are taken as UTC until someone confirms.", "Detected by Not known",
    ],
    LABS: [
        "12 August 2015, about 22:30 to about 23:30 UTC (UTC assumed in the source)", "25 min until the first signal",
        "about 55 min",
        "10 entries, UTC assumed, the source states no zone", "1 d 15 h 51 min", "Seen once so far.", "Suspected",
        "55 min after detected", "Gerrit 231189 Change. The revert of 22:55.", "Where the sources disagree",
    ],
    PARSOID: [
        "18 April 2013, 23:46 to 19 April 2013, 00:20 UTC", "34 min after detected", "TTR Not known", "no time",
        "2 of 4 finished", "RT 4318 Ticket. Pages for Parsoid alone.",
    ],
    FALLOUT: ["date unknown", "duration not known", "6 entries", "0 of 1 finished", "Responders Not known"],
}  # fmt: skip


@pytest.mark.parametrize("address", SAYS)
def test_an_incident_says_what_is_known_and_what_is_not(client: Client, address: str) -> None:
    text = words(page(client, address))
    assert [phrase for phrase in SAYS[address] if phrase not in text] == []
    assert ("assumed" in text) is (address in (BITBUCKET, LABS))
    assert ("25 min until the first signal" in text) is (address == LABS)


def test_the_milestone_bar_is_drawn_where_times_can_be_compared(client: Client) -> None:
    drawn = {address: labels(page(client, address)) for address in FIVE}
    assert drawn[PARSOID] == ["Phases: impact, its end not known 34 min"]
    assert [len(drawn[address]) for address in (SWIFT, LABS, BITBUCKET, FALLOUT)] == [1, 1, 0, 0]


@pytest.mark.parametrize("address", FIVE)
def test_causes_stand_under_their_roles_with_quotes_that_lead_to_their_passages(client: Client, address: str) -> None:
    main = page(client, address)
    rows = list(IncidentCause.objects.filter(incident__slug=address.split("/")[2]).select_related("cause"))
    ordered = [row.cause.name for role in ("trigger", "root", "contributing") for row in rows if row.role == role]
    assert [words(head) for head in main.findall(".//section[@id='causes']//h4")] == ordered
    ids = [found.get("id") for found in main.iter("mark") if found.get("id")]
    quotes = links(main, ".//section[@id='causes']//blockquote/a")
    assert len(quotes) == sum(bool(row.evidence) for row in rows)
    assert sorted(f"#{name}" for name in ids) == sorted(set(quotes))


def test_from_swift_one_click_leads_to_bitbucket_with_the_shared_cause_named(client: Client) -> None:
    kin = page(client, SWIFT).findall(".//ul[@class='rel plain']/li")
    assert [links(other, "a") for other in kin] == [[BITBUCKET], [LABS], [PARSOID], [FALLOUT]]
    assert "logging or other side work blocks the application" in words(kin[0])
    assert "unattended or fleet-wide automatic change (suspected there)" in words(kin[1])
    assert "INC-1" in words(page(client, links(kin[0], "a")[0]))


@pytest.mark.parametrize(
    ("address", "incidents", "phrases"),
    [
        (UNATTENDED, [3, 4, 1],
         ["3 incidents", "last 12 Aug 2015", "1 without a date", "2 open of 3", "ensure => latest"]),
        (LOGGING, [2, 1], ["2 incidents", "last 5 Jan 2012", "1 without a date", "Root cause Confirmed"]),
        ("/causes/feature-or-dormant-path-switched-on/", [], ["Not seen yet"]),
        ("/services/rsyslog/", [2, 1], ["2 incidents", "The syslog daemon.", "Causes here"]),
        ("/organisations/wikimedia/", [3, 4, 1],
         ["3 incidents", "Runs Wikipedia", "Restart or reload makes it worse 3"]),
    ],
)  # fmt: skip
def test_causes_and_places_list_their_incidents(
    client: Client, address: str, incidents: list[int], phrases: list[str]
) -> None:
    main = page(client, address)
    assert numbers(main) == incidents
    assert [phrase for phrase in phrases if phrase not in words(main)] == []
    for quote in links(main, ".//blockquote/a"):
        target, _, anchor = quote.partition("#")
        assert page(client, target).find(f".//*[@id='{anchor}']") is not None


def test_years_are_told_in_order_with_the_unknown_last(client: Client) -> None:
    years = page(client, UNATTENDED).findall(".//figure//tbody/tr")
    assert [words(row) for row in years] == ["2013 1", "2015 1, of them 1 suspected", "Date unknown 1"]


WORK = {
    "": [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 2, 1], "status=unfinished": [16, 15, 12, 10, 9, 8],
    "status=in+progress": [16], "status=open&status=in+progress&kind=prevent": [16, 12, 8],
    "kind=detect&kind=mitigate": [15, 13, 10, 6], "owner=Daniel": [15],
    "owner=none&status=unfinished": [16, 12, 10, 9, 8], "due=overdue": [], "due=none": [16, 15, 12, 10, 9, 8],
    f"cause={CAUSE}": [12, 9, 1], "sort=due&kind=detect": [10, 15],
    "sort=nonsense&colour=red": [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 2, 1],
}  # fmt: skip


@pytest.mark.parametrize("query", WORK)
def test_the_table_of_actionables_holds_what_its_address_says(client: Client, query: str) -> None:
    main = page(client, f"/actionables/?{query}")
    assert numbers(main, "ACT") == WORK[query]
    assert ("is ignored" in words(main)) is ("nonsense" in query)


def test_actionables_without_a_date_come_after_those_with_one(client: Client) -> None:
    incident = Incident.objects.get(number=5)
    later, sooner = (make_actionable(incident, owner="Ada", due_on=date(year, 1, 1)) for year in (2091, 2090))
    undated = make_actionable(incident, owner="Ada")
    shown = numbers(page(client, "/actionables/?owner=Ada&sort=due"), "ACT")
    assert shown == [sooner.number, later.number, undated.number]


def test_an_actionable_tells_its_history_no_more_precisely_than_known(client: Client) -> None:
    rows = [words(row) for row in page(client, "/actionables/ACT-11/").findall(".//section[@id='history']//tr")]
    assert rows[1] == "Date not known Recorded as open"
    assert rows[2].startswith("14 August 2015, 15:16 UTC Open to done, by Andrew Merged")
    posted = [words(row) for row in page(client, "/actionables/ACT-7/").findall(".//section[@id='history']//th")]
    assert posted[2:] == ["Date not known", "12 January 2012"]
    text = words(page(client, "/actionables/ACT-2/"))
    assert "Alternatives considered Let Swift send its syslog messages over UDP Declined" in text
    assert "Owner Not known Due No date" in text


INVENTED = re.compile(
    r"\b(1970|2000|1900|0001|9999)\b|(?<![\d:])00:00|(?<![\d.])0 (min|s|h|d)\b|\bNone\b|\bnull\b|1 Jan"
)


@pytest.mark.parametrize("address", KEPT_PAGES)
def test_no_page_shows_an_invented_date_or_a_length_of_zero(client: Client, address: str) -> None:
    main = page(client, address)
    assert INVENTED.findall(words(main).replace("Ticket None", "")) == []
    stamps = [stamp.get("datetime", "") for stamp in main.iter("time")]
    assert [stamp for stamp in stamps if not re.fullmatch(r"20\d\d-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?", stamp)] == []
    assert not [stamp for stamp in stamps if stamp.startswith("2000")]


@pytest.mark.parametrize("model", [Incident, Cause, Service, Organisation])
def test_former_slugs_redirect_for_good(client: Client, model: Any) -> None:
    row = model.objects.order_by("pk").first()
    first = row.get_absolute_url()
    for slug in ("second-name", "third-name"):
        row.slug = slug
        row.save()
    for former in (first, first.replace(first.split("/")[2], "second-name")):
        response = client.get(former)
        assert (response.status_code, response.headers["Location"]) == (301, row.get_absolute_url())


REFERENCES = {
    **dict.fromkeys(["/INC-3", "/INC-3/", "/incidents/INC-3", "/incidents/INC-3/"], LABS),
    **dict.fromkeys(["/ACT-7", "/ACT-7/"], "/actionables/ACT-7/"),
}


@pytest.mark.parametrize("address", REFERENCES)
def test_references_lead_to_what_they_name(client: Client, address: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.headers["Location"]) == (302, REFERENCES[address])
