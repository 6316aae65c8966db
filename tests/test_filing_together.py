"""All sections of a postmortem on one page: each saves on its own and leads back to its place."""

from __future__ import annotations

from collections import Counter

import html5lib
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.filing import SECTIONS
from postmortems.models import Incident
from postmortems.sections import Rows
from tests.factories import make_entry, make_incident
from tests.filing import address, sent_by

PAGE = "/INC-{}/edit/all/"
# Session, person, incident; each section's form and rows with what was typed there and not saved; what makes a guess of
# causes and of incidents like it; hints; kept HTML.
MOST_QUERIES = 79


@pytest.fixture
def incident(db: None) -> Incident:
    """An incident with an entry."""
    incident = make_incident(summary="As it was.")
    make_entry(incident, text="As it was.")
    return incident


def test_every_section_is_there_and_no_two_things_have_one_name(author: Client, five: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        html = author.get(PAGE.format(3)).content.decode()
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    assert [part.get("data-part") for part in page.iter("div") if part.get("data-part")] == list(SECTIONS)
    forms = [form for form in page.iter("form") if "filing" in form.get("class", "")]
    assert len(forms) == len(SECTIONS)
    ids = Counter(element.get("id") for element in page.iter() if element.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    named = {element.get(name) for element in page.iter() for name in ("for", "form", "aria-labelledby", "list")}
    assert named - {None} <= ids.keys()
    assert len(asked) <= MOST_QUERIES


def test_a_script_gets_the_one_section_it_asks_for(author: Client, incident: Incident) -> None:
    page = author.get(PAGE.format(incident.number), headers={"X-Part": "lessons"}).content.decode()
    assert page.count("data-part=") == 1
    assert 'name="got_lucky"' in page
    assert author.get(PAGE.format(incident.number), headers={"X-Part": "nothing"}).content.count(b"data-part=") == 10


def test_a_save_leads_back_to_its_place(author: Client, incident: Incident) -> None:
    where, back = PAGE.format(incident.number), {"back": "all"}
    typed = sent_by(author.get(f"{address(incident, 'impact')}?back=all").content.decode()) | {"summary": "New."}
    assert author.post(address(incident, "impact"), typed).headers["Location"] == f"{where}?saved=impact#impact"
    assert author.get(f"{where}?saved=impact").content.decode().count("<span>Saved.</span>") == 1
    row = incident.timeline.get()
    added = author.post(address(incident, "timeline"), {"text": "One more", "kind": "note", **back})
    new = incident.timeline.exclude(pk=row.pk).get()
    assert added.headers["Location"] == f"{where}?added={new.pk}&in=timeline#timeline-new"
    page = author.get(f"{where}?added={new.pk}&in=timeline").content.decode()
    assert page.count("Entry added.") == 1
    assert "Cause added." not in page
    for done, data in (("move", {"to": "up"}), ("remove", {})):
        answer = author.post(f"{address(incident, 'timeline', new.pk)}{done}/", data | back)
        assert answer.headers["Location"].startswith(f"{where}?{done}")
    incident.refresh_from_db()
    assert incident.summary == "New."
    assert list(incident.timeline.all()) == [row]


def test_what_is_refused_comes_back_and_leads_back(author: Client, incident: Incident) -> None:
    where = address(incident, "overview")
    typed = sent_by(author.get(f"{where}?back=all").content.decode())
    refused = author.post(where, typed | {"title": "", "short_name": "Fans"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert 'href="#overview-title"' in page
    assert 'id="overview-title"' in page
    again = sent_by(page)
    assert (again["short_name"], again["back"]) == ("Fans", "all")
    assert "/edit/all/" in author.post(where, again | {"title": "Fans"}).headers["Location"]


def test_what_was_typed_and_not_saved_stands_in_its_section(author: Client, incident: Incident) -> None:
    place = f"{incident.number}/impact"
    author.post("/writing/keep/", {"place": place, "summary": "Typed <b>here</b>", "impact": "", "back": "all"})
    page = author.get(PAGE.format(incident.number)).content.decode()
    assert "Typed &lt;b&gt;here" in page
    assert page.count("This is what you typed") == 1
    dropped = author.post("/writing/discard/", {"place": place, "back": "all"})
    assert dropped.headers["Location"] == f"{PAGE.format(incident.number)}#impact"
    assert "Typed" not in author.get(PAGE.format(incident.number)).content.decode()


def test_a_row_is_edited_in_its_place(author: Client, incident: Incident) -> None:
    row = incident.timeline.get()
    where = address(incident, "timeline", row.pk)
    assert f'href="{where}?back=all#timeline-row-{row.pk}"' in author.get(PAGE.format(incident.number)).content.decode()
    typed = sent_by(author.get(f"{where}?back=all").content.decode())
    done = author.post(where, typed | {"text": "New"}).headers["Location"]
    assert done == f"{PAGE.format(incident.number)}?changed={row.pk}&in=timeline#timeline-row-{row.pk}"


def test_no_section_is_called_as_the_page_is() -> None:
    assert "all" not in SECTIONS
    assert sum(isinstance(section, Rows) for section in SECTIONS.values()) == 4
