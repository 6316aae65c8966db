"""Who is named on an incident reads it, finds it and counts it; nobody else does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from actionables.models import Actionable
from postmortems.access import audience, sees_more
from postmortems.matrix import counted
from postmortems.models import CauseYear, Edition, Incident, IncidentReader, SearchDocument
from postmortems.refresh import audiences_of, refresh_incident
from postmortems.search import search, suggest
from postmortems.tallies import counted_beside, years_of
from tests.factories import make_actionable, make_cause, make_incident, make_incident_cause, moment
from tests.leaking import make_people
from tests.test_pages import page, words
from tests.test_urls import SWIFT

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()


def fresh(user: User) -> User:
    """The person as the next request gets them."""
    return User.objects.get(pk=user.pk)


def numbers(user: User | AnonymousUser) -> set[int]:
    return set(Incident.objects.visible_to(user).values_list("number", flat=True))


STATES = [
    {"status": "draft"}, {"status": "review"}, {"visibility": "restricted"},
    {"status": "draft", "visibility": "restricted"},
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=str)
def test_named_people_and_admins_read_what_is_not_open(
    alice: User, bob: User, carol: User, state: dict[str, str]
) -> None:
    public = make_incident()
    hidden = make_incident(readers=(alice,), **state)  # type: ignore[arg-type]
    both = {public.number, hidden.number}
    assert [numbers(person) for person in (NOBODY, bob, alice, carol)] == [{public.number}, {public.number}, both, both]
    work = make_actionable(hidden)
    assert not Actionable.objects.visible_to(bob).filter(pk=work.pk).exists()
    assert Actionable.objects.visible_to(alice).filter(pk=work.pk).exists()


def test_whoever_may_not_sign_in_any_more_sees_what_everybody_sees(alice: User, carol: User) -> None:
    make_incident(visibility="restricted", readers=(alice,))
    for person in (alice, carol):
        person.is_active = False
        assert audience(person) == "open"
        assert numbers(person) == set()


def test_to_be_named_on_open_incidents_alone_changes_nothing(alice: User) -> None:
    make_incident(readers=(alice,))
    assert not sees_more(alice)
    assert str(Incident.objects.visible_to(alice).query) == str(Incident.objects.visible_to(NOBODY).query)


def test_a_row_is_seen_once_however_many_are_named(alice: User, bob: User, carol: User) -> None:
    incident = make_incident(visibility="restricted", readers=(alice, bob, carol))
    assert list(Incident.objects.visible_to(alice).values_list("pk", flat=True)) == [incident.pk]


def test_the_audience_is_asked_for_once_a_request(alice: User) -> None:
    make_incident(visibility="restricted", readers=(alice,))
    with CaptureQueriesContext(connection) as captured:
        assert {audience(alice), audience(alice)} == {f"reader:{alice.pk}"}
        assert audience(NOBODY) == "open"
    assert len(captured) == 1
    Edition.bump()
    person = fresh(alice)
    with CaptureQueriesContext(connection) as captured:
        assert Edition.of(person).startswith("reader:")
        assert sees_more(person)
    assert len(captured) == 1


def test_search_finds_for_whom_it_names(alice: User, bob: User, carol: User) -> None:
    incident = make_incident("Quokka overload", visibility="restricted", readers=(alice,))
    refresh_incident(incident)
    assert "@open" not in SearchDocument.objects.get().facets.split()
    found = [search("quokka", person).ids for person in (NOBODY, bob, alice, carol)]
    assert found == [[], [], [incident.pk], [incident.pk]]
    offered = [len(suggest("quokka", person)) for person in (NOBODY, bob, alice, carol)]
    assert offered == [0, 0, 1, 1]


def test_who_is_named_no_more_finds_it_no_more(alice: User) -> None:
    incident = make_incident("Quokka overload", visibility="restricted", readers=(alice,))
    refresh_incident(incident)
    assert audiences_of([incident.pk]) == {f"reader:{alice.pk}"}
    before = Edition.of(fresh(alice))
    incident.readers.clear()
    refresh_incident(incident)
    assert search("quokka", fresh(alice)).ids == []
    assert Edition.of(fresh(alice)) != before  # also where nothing was ever open
    assert audience(fresh(alice)) == "open"


def test_causes_are_counted_for_each_reader(alice: User, bob: User, carol: User) -> None:
    cause, year = make_cause(), moment("2015-08-12 22:05")
    make_incident(causes=(cause,), started=year)
    make_incident(causes=(cause,), started=year, visibility="restricted", readers=(alice,))
    draft = make_incident(started=moment("2021-01-01"), status="draft")
    make_incident_cause(draft, cause, certainty="suspected")
    undated = make_incident(causes=(cause,), visibility="restricted", readers=(alice, bob))
    for incident in Incident.objects.all():
        refresh_incident(incident)
    assert list(CauseYear.objects.values_list("year", "incidents")) == [(2015, 1)]
    told = {
        person: [(row.year, row.incidents, row.suspected) for row in years_of([cause.pk], person)[cause.pk]]
        for person in (NOBODY, bob, alice, carol)
    }
    assert told == {
        NOBODY: [(2015, 1, 0)],
        bob: [(2015, 1, 0), (None, 1, 0)],
        alice: [(2015, 2, 0), (None, 1, 0)],
        carol: [(2015, 2, 0), (2021, 1, 1), (None, 1, 0)],
    }
    lines = {person: counted(person)[0] for person in told}
    assert [line.incidents for line in lines.values()] == [1, 2, 3, 4]
    assert [line.last_year for line in lines.values()] == [2015, 2015, 2015, 2021]
    assert [line.suspected for line in lines.values()] == [0, 0, 0, 1]
    assert [counted_beside(person)[cause.pk] for person in told] == [0, 1, 2, 3]
    assert undated.is_open == 0


def test_a_page_says_who_else_may_read_it(client: Client, alice: User, bob: User, carol: User) -> None:
    incident = make_incident(visibility="restricted", readers=(bob,))
    IncidentReader.objects.create(incident=incident, user=alice, is_author=True)
    refresh_incident(incident)
    client.force_login(carol)
    assert "Read by Alice (author), Bob and admins" in words(page(client, incident.get_absolute_url()))
    incident.readers.clear()
    refresh_incident(incident)
    assert "Read by Admins only" in words(page(client, incident.get_absolute_url()))


def test_a_named_reader_costs_no_query_more(client: Client, alice: User, bob: User) -> None:
    """On a page that needs no count; the audience comes with the edition."""
    incident = make_incident(visibility="restricted", readers=(alice,))
    refresh_incident(incident)
    spent = []
    for person in (alice, bob):
        client.force_login(person)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/keyboard/").status_code == 200
        spent.append(len(captured))
    assert spent == [3, 3]


def test_a_change_reaches_those_who_saw_it_and_those_who_see_it(alice: User, bob: User, carol: User) -> None:
    def marks() -> list[str]:
        return [Edition.of(fresh(person)) if isinstance(person, User) else Edition.of(person) for person in people]

    people = (NOBODY, bob, alice, carol)
    incident = make_incident(visibility="restricted", readers=(alice,))
    Edition.bump()
    before = marks()

    def changed() -> list[bool]:
        nonlocal before
        refresh_incident(incident)
        now = marks()
        different = [one != two for one, two in zip(before, now, strict=True)]
        before = now
        return different

    assert changed() == [False, False, True, True]
    incident.visibility = "open"
    incident.save()
    assert changed() == [True, True, True, True]
    incident.visibility = "restricted"
    incident.save()
    assert changed() == [True, True, True, True]
    incident.readers.set([bob])
    assert changed() == [False, True, True, True]


def test_the_admin_names_people(client: Client, carol: User, bob: User) -> None:
    make_people()
    incident = make_incident("Quokka overload", visibility="restricted")
    refresh_incident(incident)
    client.force_login(carol)
    address = f"/admin/postmortems/incident/{incident.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields} | {"visibility": "restricted", "services": []}
    for part, rows in (("named_readers", 1), ("incident_causes", 0), ("links", 0)):
        data |= {f"{part}-TOTAL_FORMS": rows, f"{part}-INITIAL_FORMS": 0}
    answer = client.post(address, data | {"named_readers-0-user": bob.pk, "named_readers-0-is_author": "on"})
    assert answer.status_code == 302, answer.context["errors"]
    assert list(incident.named_readers.values_list("user", "is_author")) == [(bob.pk, True)]
    assert search("quokka", fresh(bob)).ids == [incident.pk]


@pytest.mark.usefixtures("five")
def test_search_passages_and_texts_refer_to_it_in_plain_words(client: Client, alice: User) -> None:
    hidden = make_incident("Zebra", number=77, visibility="restricted", readers=(alice,))
    swift = Incident.objects.get(number=1)
    swift.summary += " A wallaby, compare INC-77."
    swift.save()
    for incident in (swift, hidden):
        refresh_incident(incident)
    for address in (SWIFT, "/incidents/?q=wallaby", "/incidents/?q=INC-77"):
        assert 'href="/INC-77"' not in client.get(address).content.decode()
    client.force_login(alice)
    assert 'href="/INC-77"' in client.get(SWIFT).content.decode()
