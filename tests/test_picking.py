"""What is offered while the name of a cause, a service or an organisation is typed."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postmortems import picking
from postmortems.models import Cause
from tests.factories import make_cause, make_group, make_incident, make_organisation, make_service
from tests.filing import address

pytestmark = pytest.mark.django_db


def offered(client: Client, kind: str, text: str) -> tuple[list[str], str]:
    """The names that are offered, and what could be made new."""
    page = client.get(f"/writing/{kind}/", {"q": text}).content.decode()
    values = re.findall(r'<div role="option" id="pick-\w+-(\d+|new)" data-value="([^"]*)"', page)
    return [name for place, name in values if place != "new"], next((name for at, name in values if at == "new"), "")


@pytest.fixture
def taxonomy(db: None) -> None:
    full = make_group("Exhausted resource")
    make_cause("Disk full", group=full, aliases="log partition full\nENOSPC", recognise="Writes **fail**.\n\nMore.")
    make_cause("Café closed", group=make_group("Catering"), definition="No <b>coffee</b>.")
    make_cause("Full moon", group=make_group("Sky"))
    make_cause("Retired disk", group=full, retired_at=timezone.now())


@pytest.mark.parametrize(
    ("text", "names", "new"),
    [
        ("full", ["Full moon", "Disk full"], "full"),
        ("fu di", ["Disk full"], "fu di"),
        ("disk full", ["Disk full"], ""),
        ("DISK  FULL", ["Disk full"], ""),
        ("enospc", ["Disk full"], ""),  # another name it goes by
        ("part log", ["Disk full"], "part log"),
        ("exhausted", ["Disk full"], "exhausted"),
        ("cafe", ["Café closed"], "cafe"),
        ("Retired disk", [], ""),  # not offered, but called so
        ("zebra", [], "zebra"),
        ("", [], ""), (" - ", [], ""), ("x" * 121, [], ""), ("a\0b", [], ""), ("%", [], ""),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("taxonomy")
def test_causes_by_name_other_name_and_group(author: Client, text: str, names: list[str], new: str) -> None:
    assert offered(author, "causes", text) == (names, new)


@pytest.mark.usefixtures("taxonomy")
def test_a_second_line_says_how_to_recognise_it(author: Client) -> None:
    page = author.get("/writing/causes/", {"q": "log"}).content.decode()
    assert '<span class="n">Disk full</span>' in page
    assert "Exhausted resource, also called <mark>log</mark> partition full" in page
    assert '<span class="about">Writes fail.</span>' in page
    assert "<b>" not in author.get("/writing/causes/", {"q": "closed"}).content.decode()


@pytest.mark.usefixtures("taxonomy")
def test_of_very_many_causes_the_database_chooses(author: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picking, "KEPT", 1)
    assert offered(author, "causes", "part log") == (["Disk full"], "part log")
    assert offered(author, "causes", "Café") == (["Café closed"], "Café")
    assert offered(author, "causes", "100% _") == ([], "100% _")


def test_places_by_name_but_none_that_only_hidden_incidents_have(author: Client, carol: User) -> None:
    open_one, hidden, fresh = (make_service(name) for name in ("Rack store", "Rack secret", "Rack new"))
    make_incident(services=(open_one,), organisation=make_organisation("Racks & Co"))
    make_incident(services=(hidden,), organisation=make_organisation("Rackets"), visibility="restricted")
    assert offered(author, "services", "rack") == (["Rack new", "Rack store"], "rack")
    assert offered(author, "services", "rack SECRET") == ([], "rack SECRET")
    assert offered(author, "services", "rack store") == (["Rack store"], "")
    assert offered(author, "organisations", "rack") == (["Racks &amp; Co"], "rack")
    assert fresh.incidents.count() == 0
    author.force_login(carol)
    assert offered(author, "services", "rack")[0] == ["Rack new", "Rack secret", "Rack store"]


def test_only_who_files_is_offered_anything(client: Client, mallory: User) -> None:
    assert client.get("/writing/causes/?q=a").status_code == 302
    client.force_login(mallory)
    assert client.get("/writing/causes/?q=a").status_code == 403


def test_the_number_of_questions_does_not_grow(author: Client) -> None:
    def asked(kind: str, text: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert offered(author, kind, text)[0]
        return len(queries)

    make_cause("Fans 0")
    make_service("Fans 0")
    before = [asked("causes", "fans"), asked("services", "fans")]
    for number in range(1, 6):
        make_cause(f"Fans {number}")
        make_service(f"Fans {number}")
    assert [asked("causes", "fans"), asked("services", "fans")] == before
    assert max(before) <= 8  # who is signed in, the edition, the names, whether one is called so


def test_without_script_the_browsers_own_list_stays(author: Client) -> None:
    draft = make_incident()
    make_cause("Disk full")
    page = author.get(address(draft, "causes")).content.decode()
    assert 'list="known-causes"' in page
    assert 'data-suggest="/writing/causes/"' in page
    assert '<option value="Disk full">' in page
    assert 'data-several=""' in author.get(address(draft, "overview")).content.decode()
    assert Cause.objects.count() == 1
