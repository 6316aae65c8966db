"""What is typed in the list's boxes is the same as what is clicked there."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree.ElementTree import Element

import pytest
from django.contrib.auth.models import User
from django.test import Client

from postmortems import facets, search
from postmortems.forms_sections import named
from postmortems.models import Edition, Service
from postmortems.search_query import parse
from tests.factories import make_actionable, make_incident, moment
from tests.test_pages import numbers, page, words

pytestmark = pytest.mark.usefixtures("five")

LOG = (
    "Aug 12 23:14:05 mw1017 rsyslogd-2177: imuxsock begins to drop messages from pid 1234 due to rate-limiting, "
    "error: see https://example.org/x LP:1094230 at port 514 again and again"
)


def led(client: Client, **asked: Any) -> list[tuple[str, str]]:
    """The parameters of the address that one leads to."""
    response = client.get("/incidents/", asked)
    return parse_qsl(response.headers.get("Location", "").partition("?")[2])


def checked(main: Element) -> set[tuple[str | None, str | None]]:
    """What is checked in the form."""
    boxes = [*main.findall(".//label[@class='opt']/input[@checked]")]
    return {(box.get("name"), box.get("value")) for box in boxes}


def chips(main: Element) -> dict[str, str]:
    """What is chosen, with where removing it leads."""
    return {words(chip): chip.find("a").get("href") for chip in main.findall(".//span[@class='filter']")}  # type: ignore[union-attr,misc]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("org:wikimedia puppet", {("q", "puppet"), ("organisation", "wikimedia")}),
        (
            "puppet org:Wikimedia,bitbucket",
            {("q", "puppet"), ("organisation", "wikimedia"), ("organisation", "bitbucket")},
        ),
        ("severity:1,unknown detected:users", {("severity", "SEV1"), ("severity", "unknown"), ("detection", "users")}),
        ("year:2012..2013", {("year", "2012"), ("year", "2013")}),
        ("has:timeline,links", {("has", "timeline"), ("has", "links")}),
        ("before:2013-05 after:2012", {("before", "2013-05-01"), ("after", "2012-01-01")}),
        ("date:2015-08", {("after", "2015-08-01"), ("before", "2015-09-01")}),
        ('owner:"Chase and Andrew"', {("owner", "Chase and Andrew")}),
        (f"org:wikimedia {LOG}", {("q", LOG), ("organisation", "wikimedia")}),
    ],
)
def test_typed_qualifiers_become_what_is_clicked(client: Client, typed: str, wanted: set[tuple[str, str]]) -> None:
    found = led(client, q=typed)
    assert set(found) == wanted
    assert led(client, **dict(found)) == []  # which leads nowhere else
    address = f"/incidents/?{urlencode(found)}"
    boxes = {pair for pair in wanted if pair[0] not in ("q", "after", "before")}
    main = page(client, address)
    assert boxes <= checked(main)
    assert search.search(typed, User()).ids == search.search(dict(found).get("q", ""), User(), filters=lists(found)).ids
    clicked = chips(main)
    assert len(clicked) == len(found)
    for words_of, left in clicked.items():
        rest = set(parse_qsl(left.partition("?")[2]))
        assert len(rest) == len(found) - 1, words_of
        assert rest < set(found)


def lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Pairs as filters."""
    return {name: [value for other, value in pairs if other == name] for name, _ in pairs if name != "q"}


@pytest.mark.parametrize(
    "typed",
    ["org:nobody", "severity:bad puppet", "-org:wikimedia", "before:soon", "service:", LOG, f"{LOG} org:nobody"],
)
def test_what_is_no_choice_stays_as_it_was_typed(client: Client, typed: str) -> None:
    assert led(client, q=typed) == []
    assert typed in client.get("/incidents/", {"q": typed}).content.decode().replace("&quot;", '"')


def test_what_stays_in_the_text_can_be_removed_by_itself(client: Client) -> None:
    main = page(client, "/incidents/?q=puppet+-service:swift+org:nobody+-upgrade&severity=unknown")
    assert chips(main) == {
        "Text puppet": "?q=-service%3Aswift+org%3Anobody+-upgrade&severity=unknown",
        "Severity Not rated": "?q=puppet+-service%3Aswift+org%3Anobody+-upgrade",
        "Not service swift": "?q=puppet+org%3Anobody+-upgrade&severity=unknown",
        "Organisation nobody": "?q=puppet+-service%3Aswift+-upgrade&severity=unknown",
        "Without upgrade": "?q=puppet+-service%3Aswift+org%3Anobody&severity=unknown",
    }


@pytest.mark.parametrize(
    ("text", "kind", "notice"),
    [
        (f"{LOG} severity:bad", "", "“severity:bad” is not something a search can be narrowed to"),
        (f"{LOG} org:wikimedia and more", "", "“org:wikimedia” inside what was pasted was looked for as words"),
        (f"-severity:1 {LOG} has:timeline", "has", ""),
        (f"org:wikimedia\n{LOG}\nmore", "organisation", ""),
        (f"error: {LOG}", "", ""),
        (f"https://example.org/ {LOG}", "", ""),
        (f"LP:1094230 {LOG} LP:1", "", ""),
    ],
)
def test_a_pasted_text_is_narrowed_down_at_its_ends_alone(text: str, kind: str, notice: str) -> None:
    query = parse(text)
    assert query.pasted
    assert list(query.filters) == [kind] * bool(kind)
    assert [told for told in query.notices if notice not in told] == []
    assert len(query.notices) == bool(notice)
    assert ("rsyslogd-2177" in " ".join(term.text for term in query.terms)) is True


def test_a_pasted_text_is_not_narrowed_down_to_what_there_is_not() -> None:
    found = search.search(f"service:nowhere {LOG} org:wiki", User())
    assert found.ids == search.search(LOG, User()).ids != []
    assert "There is no service “nowhere”, so that narrows nothing down." in found.query.notices
    assert "There is no organisation “wiki”, so that narrows nothing down." in found.query.notices


def test_owner_parts_and_days_are_chosen_as_they_are_typed(client: Client) -> None:
    incident = make_incident(started=moment("2019-03-04 10:00"))
    make_actionable(incident, owner="Zed")
    search.index_incident(incident)
    for query in ("owner=zed", "after=2019-03-04&before=2019-03-05", "has=actionables&after=2019", "q=owner:zed"):
        assert numbers(page(client, f"/incidents/?{query}", follow=True)) == [incident.number], query
        main = page(client, f"/incidents/?{query}&q=nothingofthekind", follow=True)
        assert numbers(main) == []
    assert numbers(page(client, "/incidents/?owner=zed&before=2019-03-04")) == []
    main = page(client, "/incidents/?after=2019&has=actionables")
    assert main.find(".//input[@name='after']").get("value") == date(2019, 1, 1).isoformat()  # type: ignore[union-attr]
    assert set(chips(main)) == {"From 2019-01-01", "Has Actionables"}
    assert client.get("/incidents/export.csv?owner=zed").getvalue().count(b"INC-") == 1


def test_a_place_beyond_those_listed_is_reached_by_its_name(client: Client) -> None:
    for number in range(60):
        make_incident(services=(Service.objects.create(name=f"Depot {number:02d}", slug=f"depot-{number:02d}"),))
    for incident in Service.objects.get(slug="depot-07").incidents.all():
        search.index_incident(incident)
    main = page(client, "/incidents/")
    offered = {box.get("value") for box in main.findall(".//input[@name='service']")}
    names = {option.get("value") for option in main.findall(".//datalist[@id='names-service']/option")}
    assert names
    assert all(service.slug in offered or service.name in names for service in Service.objects.all())
    assert led(client, **{"service-named": " depot 33 "}) == [("service", "depot-33")]
    wrong = page(client, "/incidents/?service-named=depot&organisation-named=nowhere")
    assert wrong.find(".//input[@name='service-named']").get("value") == "depot"  # type: ignore[union-attr]
    assert words(wrong.find(".//p[@id='wrong-service']")) == "More than a few go by that name; type more of it."
    assert words(wrong.find(".//p[@id='wrong-organisation']")) == "There is no organisation of this name."


def test_which_filter_to_drop_is_a_link_that_drops_it(client: Client) -> None:
    main = page(client, "/incidents/?organisation=bitbucket&year=2015")
    links = drops(main)
    assert len(links) == 2
    for said, address in links.items():
        count = int(said.split()[0])
        assert len(numbers(page(client, f"/incidents/{address}"))) == count > 0, said
    assert drops(page(client, "/incidents/?q=rsyslog&before=2000")) == {"2 without the dates": "?q=rsyslog"}
    assert drops(page(client, "/incidents/?q=rsyslog+-rsyslog")) == {"2 without the exclusions": "?q=rsyslog"}


def drops(main: Element) -> dict[str, str | None]:
    """What can be dropped, with where that leads."""
    links = {words(link): link.get("href") for link in main.findall(".//div[@class='callout']/p/a")}
    return {said: address for said, address in links.items() if " without " in said}


def test_what_is_left_empty_narrows_nothing_down(client: Client) -> None:
    """As the form of filters sends it."""
    empty = "q=&organisation=wikimedia&cause-named=&after=&before=&owner=&sort=newest"
    assert client.get(f"/incidents/?{empty}").content.count(b'class="hit"') == 3


def test_words_typed_beside_the_usual_order_are_put_in_theirs(client: Client) -> None:
    order = page(client, "/incidents/").find(".//select[@name='sort']")
    assert order is not None
    assert [one.get("value") for one in order if one.get("selected") is not None] == [""]
    plain = numbers(page(client, "/incidents/?q=restart+service"))
    assert numbers(page(client, "/incidents/?q=restart+service&sort=")) == plain
    assert numbers(page(client, "/incidents/?q=restart+service&sort=newest")) != plain


def test_a_name_that_filing_made_is_on_the_next_list() -> None:
    before = Edition.current()  # what can be chosen is remembered for as long as it stays
    service = named(Service, "Brand new")
    made = Edition.current()
    assert (before != made, named(Service, "brand NEW"), Edition.current()) == (True, service, made)


def test_what_is_not_in_the_remembered_list_yet_leads_nowhere(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "_known", lambda name: {})
    shown = client.get("/incidents/?service=puppet")
    assert (shown.status_code, "There is no service “puppet”" in shown.content.decode()) == (200, True)
