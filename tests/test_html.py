"""What the HTML of every page keeps to, whatever it shows; templates; and the pages shown when something fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.template import engines
from django.test import Client
from jinja2 import StrictUndefined, meta
from pytest_django.plugin import DjangoDbBlocker

from tests.test_urls import PAGES

# How pages are written does not depend on the database.
pytestmark = [pytest.mark.usefixtures("five"), pytest.mark.sqlite]

TEMPLATES = settings.BASE_DIR / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
REFERRING = ("for", "form", "aria-labelledby", "aria-describedby", "aria-controls")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
Site = dict[str, Element]
LIMIT = 2_000  # a page that links to ever new addresses of itself would be crawled for ever


def parse(html: str) -> Element:
    """The document, which must be without a single parse error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)


def tag(element: Element) -> str:
    """Its name without a namespace."""
    return str(element.tag).rpartition("}")[2]


def internal(document: Element, address: str) -> Iterator[str]:
    """Every address of ours that the page links to, complete with query and fragment; not what crawlers shall leave:
    one list in other orders and with every set of filters.
    """
    for link in document.iter("a"):
        if link.get("rel") == "nofollow":
            continue
        target = urlsplit(urljoin(f"http://testserver{address}", link.get("href", "")))
        if target.netloc == "testserver":
            yield target._replace(scheme="", netloc="").geturl()


@pytest.fixture(scope="module")
def site(_five: None, django_db_blocker: DjangoDbBlocker) -> Site:
    """Every page that can be reached by links from any other, by address; a page that breaks fails here."""
    found: Site = {}
    files: set[str] = set()
    client, waiting = Client(), [*PAGES, "/nothing/"]
    with django_db_blocker.unblock():
        while waiting:
            address = waiting.pop().partition("#")[0]
            if address in found or address in files:
                continue
            assert len(found) < LIMIT, f"links without end, one of them {address}"
            response = client.get(address, follow=True)
            assert response.status_code == (404 if address == "/nothing/" else 200), address
            if not response.headers["Content-Type"].startswith("text/html"):
                files.add(address)  # and feeds, see test_exports.py
                continue
            try:
                found[address] = parse(response.content.decode())
            except html5lib.html5parser.ParseError as error:
                raise AssertionError(f"{address}: {error}") from error
            waiting.extend(internal(found[address], address))
    return found


def faults(site: Site, find: Callable[[Element], Any]) -> dict[str, Any]:
    """What `find` finds, by page, for the pages where it finds anything."""
    return {address: found for address, document in site.items() if (found := find(document))}


def ids(document: Element) -> list[str]:
    """Every id in the document."""
    return [element.attrib["id"] for element in document.iter() if "id" in element.attrib]


def test_every_page_of_the_site_is_reached_and_parses_strictly(site: Site) -> None:
    assert site.keys() >= set(PAGES)
    assert len([address for address in site if address.startswith("/causes/")]) > 70


def test_no_id_stands_twice(site: Site) -> None:
    assert faults(site, lambda page: [name for name, count in Counter(ids(page)).items() if count > 1]) == {}


def test_what_refers_to_an_id_finds_it(site: Site) -> None:
    def dangling(page: Element) -> list[str]:
        known = set(ids(page))
        named = [(tag(found), name, found.get(name)) for found in page.iter() for name in REFERRING if found.get(name)]
        return [f"{element} {name}={value}" for element, name, value in named if not set(str(value).split()) <= known]

    assert faults(site, dangling) == {}


def test_every_link_to_a_place_on_a_page_finds_that_place(site: Site) -> None:
    known = {address: set(ids(document)) for address, document in site.items()}
    lost = [
        (address, target)
        for address, document in site.items()
        for target in internal(document, address)
        if "#" in target and target.partition("#")[2] not in known[target.partition("#")[0]]
    ]
    assert lost == []


def test_nothing_is_inline(site: Site) -> None:
    def inline(page: Element) -> list[str]:
        attributes = [
            name for found in page.iter() for name in found.attrib if name == "style" or name.startswith("on")
        ]
        elements = [tag(found) for found in page.iter() if tag(found) == "style"]
        scripts = [script.text or "no src" for script in page.iter("script") if script.text or not script.get("src")]
        return attributes + elements + scripts

    assert faults(site, inline) == {}


def test_headings_form_one_tree(site: Site) -> None:
    def levels(page: Element) -> list[int]:
        found = [HEADINGS.index(tag(element)) for element in page.iter() if tag(element) in HEADINGS]
        skipped = [after for before, after in pairwise(found) if after > before + 1]
        return [] if found.count(0) == 1 and found[0] == 0 and not skipped else found

    assert faults(site, levels) == {}


def test_images_are_named_or_hidden(site: Site) -> None:
    def nameless(page: Element) -> list[str]:
        drawings = [found for found in page.iter() if tag(found) == "svg" and found.get("aria-hidden") != "true"]
        wrong = [str(found.attrib) for found in drawings if found.get("role") != "img" or not found.get("aria-label")]
        return wrong + [image.get("src", "") for image in page.iter("img") if not image.get("alt")]

    assert faults(site, nameless) == {}


def test_tables_have_header_cells_that_say_what_they_head(site: Site) -> None:
    def headless(page: Element) -> list[str]:
        return [
            "".join(table.itertext())[:60]
            for table in page.iter("table")
            if not table.findall("thead/tr/th")
            or any(cell.get("scope") not in ("col", "row") for cell in table.iter("th"))
        ]

    assert faults(site, headless) == {}


def test_every_control_has_a_name(site: Site) -> None:
    def nameless(page: Element) -> list[str]:
        named = {label.get("for") for label in page.iter("label")}
        within = {id(found) for label in page.iter("label") for found in label.iter()}
        fields = [found for kind in ("input", "select", "textarea") for found in page.iter(kind)]
        wrong = [found for found in fields if found.get("id") not in named and id(found) not in within]
        empty = [
            found for kind in ("a", "button") for found in page.iter(kind) if not "".join(found.itertext()).strip()
        ]
        return [
            str(found.attrib)
            for found in wrong + empty
            if found.get("type") != "hidden" and not found.get("aria-label")
        ]

    assert faults(site, nameless) == {}


def test_pages_have_a_language_and_a_title_of_their_own(site: Site) -> None:
    assert {document.get("lang") for document in site.values()} == {"en"}
    titles = Counter(document.findtext("head/title") for address, document in site.items() if "?" not in address)
    references = [address for address in site if re.match(r"/(INC|ACT)-", address)]
    assert sum(titles.values()) - len(references) <= len(titles)


def test_links_to_elsewhere_do_not_hand_over_the_window(site: Site) -> None:
    def bare(page: Element) -> list[str]:
        outside = [link for link in page.iter("a") if link.get("href", "").startswith(("http:", "https:", "//"))]
        return [link.get("href", "") for link in outside if "noopener" not in link.get("rel", "")]

    assert faults(site, bare) == {}


def jinja() -> Any:
    """Our environment."""
    return engines["jinja2"].env  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles_and_begins_with_its_contract(name: str) -> None:
    source = (TEMPLATES / name).read_text("utf-8")
    contract = re.match(r"\{#(.+?)#\}", source, re.DOTALL)
    assert contract, "It does not begin with a comment that says what it is and needs."
    jinja().get_template(name)


def test_names_that_do_not_exist_are_errors() -> None:
    assert jinja().undefined is StrictUndefined
    assert jinja().autoescape is True


@pytest.mark.parametrize("name", [name for name in NAMES if "/_" in name])
def test_a_part_names_in_its_contract_what_it_needs(name: str) -> None:
    source = (TEMPLATES / name).read_text("utf-8")
    shared = vars(jinja().get_template("components/shared.html").module).keys() | jinja().globals.keys() | {"request"}
    used = meta.find_undeclared_variables(jinja().parse(source)) - shared - set(re.findall(r"\{% set (\w+)", source))
    assert used <= set(re.findall(r"\w+", source.partition("#}")[0]))


def is_a_page_with_a_search_box(response: Any, heading: str) -> bool:
    """Whether it is whole, strict HTML with this heading, the policy and a box that searches incidents."""
    document = parse(response.content.decode())
    (form,) = [form for form in document.iter("form") if form.get("role") == "search"]
    assert form.get("action") == "/incidents/"
    assert form.find(".//input[@name='q']") is not None
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    return heading in (document.findtext(".//h1") or "")


def failing(error: Exception) -> Callable[..., Any]:
    """Something that always raises."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise error

    return fail


@pytest.fixture
def quiet() -> Client:
    """A client that answers as a browser would be answered, instead of raising."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def test_404_400_and_403_are_pages(quiet: Client) -> None:
    assert is_a_page_with_a_search_box(quiet.get("/nothing/"), "There is nothing here")
    wrong_host = quiet.get("/", headers={"host": "evil.example"})
    assert wrong_host.status_code == 400
    assert is_a_page_with_a_search_box(wrong_host, "This request made no sense")
    stale = quiet.post("/preferences/", {"theme": "dark"})
    assert stale.status_code == 403
    assert is_a_page_with_a_search_box(stale, "This form has gone stale")


def test_500_is_a_page(quiet: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postmortems.views.causes.lines_in", failing(RuntimeError("a fault of ours")))
    response = quiet.get("/causes/")
    assert response.status_code == 500
    assert is_a_page_with_a_search_box(response, "Something broke here")
    assert "a fault of ours" not in response.content.decode()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_503_is_a_page_when_the_database_is_away(quiet: Client, error: type[Exception]) -> None:
    with connection.execute_wrapper(failing(error("a secret host is away"))):
        response = quiet.get("/incidents/")
        lost = quiet.get("/nothing/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert is_a_page_with_a_search_box(response, "The database is not answering")
    assert "secret" not in response.content.decode()
    assert lost.status_code == 404


def test_health_says_whether_the_database_answers(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_health_says_that_the_database_is_away(quiet: Client, error: type[Exception]) -> None:
    with connection.execute_wrapper(failing(error("a secret host is away"))):
        response = quiet.get("/healthz")
    assert (response.status_code, response.headers["Content-Type"]) == (503, "application/json")
    assert response.json()["status"] == "database unavailable"
    assert b"secret" not in response.content
