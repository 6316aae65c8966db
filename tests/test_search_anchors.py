"""Every passage that a search can quote leads to a place on its incident's page, labelled as that page labels it."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from bench.loading import fill
from postmortems import search
from postmortems.models import Incident, Organisation
from postmortems.refresh import refresh_incident
from postmortems.search_documents import passages_of
from tests.factories import (
    make_actionable,
    make_entry,
    make_incident,
    make_incident_cause,
    make_link,
    make_organisation,
    make_service,
    moment,
)

pytestmark = pytest.mark.usefixtures("five")
NOBODY = AnonymousUser()
AT_THE_TOP = {"Title"}


def lost(client: Client, incident: Incident) -> list[tuple[str, str]]:
    """Label and anchor of the passages whose anchor is not on the page."""
    page = client.get(incident.get_absolute_url()).content.decode()
    places = re.findall(r'\bid="([^"]+)"', page)
    assert len(places) == len(set(places))
    shown = passages_of([incident.pk])[incident.pk]
    assert shown
    return [(one.label, one.anchor) for one in shown if one.anchor not in places and one.label not in AT_THE_TOP]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_every_anchor_of_the_five_is_on_their_page(client: Client, number: int) -> None:
    assert lost(client, Incident.objects.get(number=number)) == []


def test_every_anchor_of_a_full_incident_is_on_its_page(client: Client) -> None:
    names = ["summary", "impact", "analysis", "recovery", "contradictions", "went_well", "went_wrong", "got_lucky"]
    texts: dict[str, Any] = {name: f"# {name}\n\nA paragraph.\n\n- an item\n- another" for name in names}
    incident = make_incident(
        **texts,
        organisation=Organisation.objects.all()[0],
        services=(make_service("Snark store"),),
        responders="Alice",
        source_title="Report",
        source_url="https://example.org/r",
        source_note="A note.",
        started=moment("2015-08-12 22:05"),
        resolved=moment("2015-08-14"),
    )
    for role in ("trigger", "root", "contributing"):
        make_incident_cause(incident, role=role, explanation="Because.")
    for when in (moment("2015-08-12 22:05"), moment("2015-08-12 22:05"), moment("2015-08-13")):
        make_entry(incident, when=when, text="One.\n\nTwo.", excerpt="a line\nanother", excerpt_label="log")
    make_link(incident, note="Reverted.")
    first = make_actionable(
        incident, description="Do.", outcome="Done.", owner="Bob", ticket_url="https://example.org/t"
    )
    make_actionable(incident, alternative_to=first, position=1)
    assert lost(client, incident) == []


def test_every_anchor_of_generated_incidents_is_on_their_page(client: Client) -> None:
    fill(8, 3, lambda words: None, searchable=False)
    for incident in Incident.objects.visible_to(NOBODY).filter(number__gt=5):
        assert lost(client, incident) == []


def test_times_are_those_of_the_readers_zone_as_on_the_page(client: Client) -> None:
    results = search.search("labcontrol1001", NOBODY)
    kolkata = search.passages(results.ids, results.words, zone=ZoneInfo("Asia/Kolkata"))
    labels = {(one.label, one.anchor) for passages in kolkata.values() for one in passages}
    assert ("Timeline 04:53", "t-2323") in labels
    client.cookies["preferences"] = "theme=auto&zone=Asia/Kolkata&keys=on"
    found = client.get("/incidents/?q=labcontrol1001").content.decode()
    assert 'labs-outage-nova-and-rabbitmq/#t-2323">Timeline 04:53</a>' in found
    page = client.get(Incident.objects.get(number=3).get_absolute_url()).content.decode()
    assert re.search(r'id="t-2323".{0,200}04:53', page, re.DOTALL)


def test_a_name_leads_to_where_it_stands(client: Client) -> None:
    page = client.get('/incidents/?q="OpenStack Nova"').content.decode()
    assert 'labs-outage-nova-and-rabbitmq/#services">Service</a>' in page
    refresh_incident(make_incident(organisation=make_organisation("Quondam Works")))
    page = client.get("/incidents/?q=quondam").content.decode()
    assert '/#organisation">Organisation</a>' in page


def test_every_passage_can_be_read_by_its_kind() -> None:
    """A search reads the passages it quotes kind by kind."""
    pks = list(Incident.objects.values_list("pk", flat=True))
    for pk, passages in passages_of(pks).items():
        for kind in {one.kind for one in passages}:
            assert {one for one in passages if one.kind == kind} <= set(passages_of([pk], kind)[pk])
