"""Causes that a text shows, on a page of their own: linked, turned down, taken back; how incidents stand together."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from postmortems.models import Cause, Incident, IncidentCause, Rejection, Relation, Revision
from postmortems.refresh import refresh_incident
from postmortems.relations import proposals
from tests.factories import make_incident, make_incident_cause

pytestmark = pytest.mark.usefixtures("five")
TOLD = "The TLS certificate of the proxy expired at noon. Nobody was paged, because no alert watched it."
EXPIRED, GAP = "certificate-expired", "monitoring-or-paging-gap"


@pytest.fixture
def incident(db: None) -> Incident:
    row = make_incident("Proxy refused connections", slug="proxy", analysis=TOLD)
    refresh_incident(row)
    return row


@pytest.fixture
def author(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def expired() -> Cause:
    """The cause that the text shows most plainly, until somebody turns it down."""
    return Cause.objects.get(slug="something-expired")


def page(client: Client) -> str:
    return client.get("/incidents/proxy/causes/").content.decode()


def link(client: Client, **fields: str) -> Any:
    values = {"cause": expired().slug, "role": "trigger", "certainty": "confirmed", "evidence": "", **fields}
    return client.post("/incidents/proxy/causes/link/", values)


def test_each_suggestion_shows_its_passage_with_the_words_that_matched(author: Client, incident: Incident) -> None:
    shown = page(author)
    assert f'id="s-{expired().slug}"' in shown
    assert "<mark>certificate</mark>" in shown
    assert "<mark>expired</mark>" in shown
    assert "The TLS certificate of the proxy expired at noon.</textarea>" in shown


def test_linking_a_suggestion_keeps_role_certainty_passage_and_a_version(author: Client, incident: Incident) -> None:
    cause = expired()
    answer = link(author, role="root", certainty="suspected", evidence="The TLS certificate of the  proxy\nexpired")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/incidents/proxy/causes/")
    row = IncidentCause.objects.get(incident=incident)
    assert (row.cause, row.role, row.certainty) == (cause, "root", "suspected")
    assert row.evidence == "The TLS certificate of the proxy expired"
    assert [revision.by_name for revision in incident.revisions.order_by("number")][-1] == "Alice"
    shown = page(author)
    assert f'id="s-{cause.slug}"' not in shown
    assert "Root cause, suspected" in shown
    assert cause.name in author.get("/incidents/proxy/").content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"role": "cook"}, "Select a valid choice"),
        ({"certainty": ""}, "Choose how certain it is."),
        ({"cause": "nothing"}, "Choose a cause of the list."),
        ({"cause": "\x00"}, "Nothing is linked yet."),
        ({"evidence": "A hedgehog sat on the cable."}, "This passage is not in the postmortem"),
        ({"evidence": "a\x00b"}, "Null characters are not allowed."),
        ({"evidence": "x" * 5001}, "at most 5000 characters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    author: Client, incident: Incident, fields: dict[str, str], said: str
) -> None:
    answer = link(author, **{"evidence": "kept words", **fields, "from": "suggested"})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert said in shown
    assert fields.get("evidence", "kept words")[:1] in shown
    assert not IncidentCause.objects.filter(incident=incident).exists()
    assert not Revision.objects.filter(incident=incident).exists()


def test_the_same_cause_in_the_same_role_is_refused_with_a_word(author: Client, incident: Incident) -> None:
    link(author)
    answer = link(author)
    assert answer.status_code == 422
    assert "has this cause in this role already" in answer.content.decode()
    assert IncidentCause.objects.filter(incident=incident).count() == 1


def test_turning_down_is_remembered_with_who_did_it_and_can_be_taken_back(
    author: Client, incident: Incident, alice: User
) -> None:
    cause = expired()
    author.post("/incidents/proxy/causes/reject/", {"cause": cause.slug})
    assert Rejection.objects.get(incident=incident).by == alice
    shown = page(author)
    assert f'id="s-{cause.slug}"' not in shown
    assert f'Suggest it again<span class="visually-hidden">: {cause.name}' in shown
    author.post("/incidents/proxy/causes/take-back/", {"cause": cause.slug})
    assert f'id="s-{cause.slug}"' in page(author)


def test_linking_what_was_turned_down_takes_that_back(author: Client, incident: Incident) -> None:
    author.post("/incidents/proxy/causes/reject/", {"cause": expired().slug})
    link(author)
    assert not Rejection.objects.exists()


def test_a_link_is_taken_off_and_not_counted_any_more(author: Client, incident: Incident) -> None:
    link(author)
    row = IncidentCause.objects.get(incident=incident)
    assert row.cause.years.get(year=None).incidents == 1
    author.post("/incidents/proxy/causes/unlink/", {"link": row.pk})
    assert not IncidentCause.objects.filter(pk=row.pk).exists()
    assert not row.cause.years.exists()
    again = author.post("/incidents/proxy/causes/unlink/", {"link": row.pk})
    assert again.status_code == 302
    assert "was not linked any more" in page(author)


def test_a_link_of_another_incident_is_not_taken_off(author: Client, incident: Incident) -> None:
    row = make_incident_cause()
    author.post("/incidents/proxy/causes/unlink/", {"link": row.pk})
    assert IncidentCause.objects.filter(pk=row.pk).exists()


ACTS = {"link": {"cause": EXPIRED}, "unlink": {"link": "1"}, "reject": {"cause": EXPIRED}, "take-back": {"cause": GAP}}


@pytest.mark.parametrize("act", ACTS)
def test_readers_may_not_and_strangers_find_nothing(
    client: Client, incident: Incident, mallory: User, alice: User, act: str
) -> None:
    address = f"/incidents/proxy/causes/{act}/"
    assert client.post(address, ACTS[act]).headers["Location"].startswith("/sign-in/")
    client.force_login(mallory)
    assert client.post(address, ACTS[act]).status_code == 403
    Incident.objects.filter(pk=incident.pk).update(visibility="restricted")
    client.force_login(alice)
    assert client.post(address, ACTS[act]).status_code == 404
    assert not IncidentCause.objects.filter(incident=incident).exists()
    assert not Rejection.objects.exists()


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("This was a repeat of INC-1 in every respect.", "repeat", "repeat of"),
        ("It is the same incident as INC-1.", "same", "same incident as"),
        ("We saw the same root cause as in INC-1.", "repeat", "same root cause as"),
        ("Caused by INC-1.", "related", "Caused by"),
        ("INC-1 had ended by then.", "related", ""),
        ("A repeat of last year. INC-1 had ended.", "related", ""),
        ("See INC-1. It was a recurrence of INC-1!", "repeat", "recurrence of"),
    ],
)
def test_what_a_text_says_of_another_incident(text: str, kind: str, said: str) -> None:
    (found,) = proposals([text])
    assert (found.number, found.kind, found.said) == (1, kind, said)


def test_a_reference_proposes_a_relation_that_both_pages_then_show(author: Client, incident: Incident) -> None:
    Incident.objects.filter(pk=incident.pk).update(analysis=f"{TOLD} A repeat of INC-1.")
    refresh_incident(Incident.objects.get(pk=incident.pk))
    assert '<option value="repeat" selected>repeat of INC-1' in page(author)
    author.post("/incidents/proxy/relations/", {"other": "1", "kind": "repeat"})
    assert Relation.objects.get().kind == "repeat"
    assert "This incident is" not in page(author)
    assert "Repeat of INC-1" in author.get("/incidents/proxy/").content.decode()
    swift = Incident.objects.get(number=1)
    assert f"Repeated by {incident.reference}" in author.get(swift.get_absolute_url()).content.decode()
    author.post("/incidents/proxy/relations/", {"other": "1", "kind": "none"})
    assert "Repeated by" not in author.get(swift.get_absolute_url()).content.decode()


@pytest.mark.parametrize("values", [{}, {"other": "999", "kind": "same"}, {"other": "1", "kind": "x"}, {"other": "²"}])
def test_an_odd_relation_is_refused_with_a_word(author: Client, incident: Incident, values: dict[str, str]) -> None:
    author.post("/incidents/proxy/relations/", values)
    assert "nothing was noted" in page(author)
    assert not Relation.objects.exists()


def test_a_hidden_incident_is_neither_proposed_nor_shown_as_related(author: Client, incident: Incident) -> None:
    hidden = make_incident("Zebra", visibility="restricted")
    Incident.objects.filter(pk=incident.pk).update(analysis=f"{TOLD} A repeat of {hidden.reference}.")
    assert "Zebra" not in page(author)
    author.post("/incidents/proxy/relations/", {"other": str(hidden.number), "kind": "repeat"})
    assert not Relation.objects.exists()
    Relation.objects.create(incident=hidden, other=incident, kind="repeat")
    assert "Zebra" not in author.get("/incidents/proxy/").content.decode()
