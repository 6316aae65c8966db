"""Managers keep the taxonomy: edit, merge and undo, split, retire; people watch causes."""

from __future__ import annotations

from io import StringIO
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems.document import apply_document, document_of
from postmortems.models import AuditEntry, Cause, CauseWatch, Incident, IncidentCause
from postmortems.refresh import refresh_incident
from postmortems.revising import record, record_change, restore, revising
from postmortems.suggest_learning import check
from postmortems.suggest_taxonomy import current
from postmortems.taxonomy import merge, retire
from postmortems.watching import watch
from tests.factories import make_actionable, make_cause, make_incident, make_incident_cause, make_service

pytestmark = pytest.mark.usefixtures("five")


@pytest.fixture
def manager(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


def fields_of(cause: Cause, **changed: Any) -> dict[str, Any]:
    names = ("name", "slug", "nature", "definition", "aliases", "recognise", "mitigations", "hazards", "phrases",
             "unless", "examples")  # fmt: skip
    return {**{name: getattr(cause, name) for name in names}, "group": cause.group_id, **changed}


def pair() -> tuple[Cause, Cause, list[Incident]]:
    """Two causes: one incident has the first, one the second, one both in the same role."""
    one, two = make_cause("Old name", slug="old-name", aliases="former"), make_cause("New name", slug="new-name")
    rows = [make_incident(causes=causes) for causes in ((one,), (two,), (one, two))]
    IncidentCause.objects.filter(cause=one, incident=rows[2]).update(evidence="Something broke.")
    make_actionable(rows[0], causes=(one,))
    make_actionable(rows[2], causes=(one, two))
    for row in rows:
        refresh_incident(row)
    return one, two, rows


def state() -> list[Any]:
    """What causes are tied to, without the keys of the ties."""
    links = IncidentCause.objects.order_by("incident", "cause", "role")
    ties = Cause.objects.order_by("pk", "actionables").values_list("pk", "actionables")
    names = Cause.objects.order_by("pk").values_list("name", "slug", "aliases", "merged_into", "retired_at")
    years = Cause.objects.order_by("pk", "years__year").values_list("pk", "years__year", "years__incidents")
    return [*links.values_list("incident", "cause", "role", "certainty", "evidence"), *ties, *names, *years]


def test_merging_moves_everything_and_the_address_and_undoing_puts_it_back(manager: Client) -> None:
    _, two, rows = pair()
    before = state()
    answer = manager.post("/causes/old-name/merge/", {"into": "new-name"})
    assert answer.headers["Location"] == "/causes/new-name/edit/"
    assert manager.get("/causes/old-name/").headers["Location"] == "/causes/new-name/"
    links = IncidentCause.objects.filter(incident__in=rows).values_list("incident", "cause")
    assert sorted(links) == [(row.pk, two.pk) for row in rows]
    assert {actionable.causes.get() for row in rows for actionable in row.actionables.all()} == {two}
    two.refresh_from_db()
    assert two.alias_list == ["Old name", "former"]
    assert two.years.get().incidents == 3
    assert not check()
    assert "Old name" not in [row.name for row in Cause.objects.offered()]
    assert "Old name was merged into this." in manager.get("/causes/new-name/edit/").content.decode()
    manager.post("/causes/old-name/unmerge/")
    assert state() == before
    assert manager.get("/causes/old-name/").status_code == 200
    assert not check()


def test_every_incident_that_named_it_has_a_version_that_says_who_merged_it(manager: Client, bob: User) -> None:
    """So that the next save by somebody shows what they changed, and nothing else."""
    one, _, rows = pair()
    aimed = make_actionable(make_incident(), causes=(one,)).incident
    for row in (*rows[:2], aimed):
        record(row, None)
    manager.post("/causes/old-name/merge/", {"into": "new-name"})
    note = "The cause Old name was merged into New name"
    last = rows[0].revisions.latest("number")
    assert (last.number, last.by, last.note) == (2, bob, note)
    assert last.changed == "Causes (1 changed), Actionables (1 changed)"
    assert rows[1].revisions.count() == 1  # it names the other one, as before
    assert rows[2].revisions.count() == 0  # nothing of it was ever kept
    assert aimed.revisions.latest("number").changed == "Actionables (1 changed)"
    assert Incident.objects.get(pk=rows[0].pk).version == 2
    with revising(rows[0].pk, None, bob) as held:
        held.summary = "Mine."
        held.save()
    assert rows[0].revisions.latest("number").changed == "Summary"
    manager.post("/causes/old-name/unmerge/")
    said = rows[0].revisions.latest("number")
    assert (said.number, said.note[:35]) == (4, "Old name is a cause by itself again")
    shown = manager.get(f"{rows[0].get_absolute_url()}diff/?from=1&to=2").content.decode()
    assert "<del>old</del>" in shown
    assert "<ins>new</ins>" in shown


def test_a_new_address_is_no_change_of_an_incident(manager: Client, bob: User) -> None:
    """Documents name causes and services by their addresses; whoever saves next did not change them."""
    one, _, rows = pair()
    service = make_service("Fans")
    rows[0].services.add(service)
    record(rows[0], None)
    manager.post("/causes/old-name/edit/", fields_of(one, slug="newer-name"))
    service.slug = "cooling-fans"
    service.save()
    with revising(rows[0].pk, None, bob):
        pass
    assert rows[0].revisions.count() == 1
    with revising(rows[0].pk, None, bob) as held:
        held.summary = "Mine."
        held.save()
    assert rows[0].revisions.latest("number").changed == "Summary"
    shown = manager.get(f"{rows[0].get_absolute_url()}diff/?from=1&to=2").content.decode()
    assert "Mine." in shown
    assert "newer-name" not in shown
    assert "cooling-fans" not in shown
    page = manager.get(f"{rows[0].get_absolute_url()}diff/?from=1&to=2&as=source").content.decode()
    assert "newer" in page
    restore(Incident.objects.get(pk=rows[0].pk), 1, bob)
    assert (Incident.objects.get(pk=rows[0].pk).summary, rows[0].incident_causes.get().cause) == (rows[0].summary, one)


def test_versions_of_many_incidents_take_as_few_questions_as_those_of_one() -> None:
    def asked(count: int) -> int:
        cause = make_cause()
        rows = [make_actionable(make_incident(causes=(cause,)), causes=(cause,)).incident for _ in range(count)]
        for row in rows:
            record(row, None)
        IncidentCause.objects.filter(cause=cause).update(cause=make_cause())
        with CaptureQueriesContext(connection) as queries:
            record_change([row.pk for row in rows], None, "Merged")
        assert {row.revisions.latest("number").changed for row in rows} == {"Causes (1 changed)"}
        return len(queries)

    assert asked(2) == asked(5) <= 16  # a savepoint, the rows, their parts, what is called otherwise now, the versions


def test_undoing_a_merge_copes_with_what_went_meanwhile(manager: Client) -> None:
    one, _, rows = pair()
    manager.post("/causes/old-name/merge/", {"into": "new-name"})
    rows[2].delete()
    manager.post("/causes/old-name/unmerge/")
    assert [link.incident for link in one.incident_causes.all()] == [rows[0]]


@pytest.mark.parametrize("into", ["", "old-name", "nothing", "\x00", "retired-one"])
def test_what_cannot_be_merged_is_refused_with_a_word(manager: Client, into: str) -> None:
    pair()
    make_cause("Retired", slug="retired-one")
    manager.post("/causes/retired-one/retire/", {"retired": "yes"})
    before = state()
    manager.post("/causes/old-name/merge/", {"into": into})
    assert (
        "Nothing was changed. Choose another cause that is in use."
        in manager.get("/causes/old-name/edit/").content.decode()
    )
    assert state() == before


def test_very_many_incidents_are_merged_by_a_command(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, _ = pair()
    monkeypatch.setattr("postmortems.taxonomy.MOST", 1)
    manager.post("/causes/old-name/merge/", {"into": "new-name"})
    assert "merge_causes" in manager.get("/causes/old-name/edit/").content.decode()
    call_command("merge_causes", "old-name", "new-name", stdout=StringIO())
    one.refresh_from_db()
    assert one.merged_into == two
    with pytest.raises(CommandError):
        call_command("merge_causes", "old-name", "new-name")


def test_a_new_name_and_address_keep_the_former_one_leading_here(manager: Client) -> None:
    one, _, _ = pair()
    answer = manager.post(
        "/causes/old-name/edit/", fields_of(one, name="Renamed", slug="renamed", phrases="gizmo wobbled")
    )
    assert answer.headers["Location"] == "/causes/renamed/edit/"
    assert manager.get("/causes/old-name/").headers["Location"] == "/causes/renamed/"
    assert "Renamed" in manager.get("/causes/renamed/").content.decode()
    assert one.pk in current().words["gizmo"]
    one.refresh_from_db()
    assert one.alias_list == ["former", "Old name"]  # people go on calling it so
    assert Cause.objects.called("old name") == one


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "New name"}, "already exists"),
        ({"slug": "new"}, "leads to something"),
    ],
)
def test_what_is_wrong_with_a_cause_stands_beside_its_field(
    manager: Client, changed: dict[str, str], said: str
) -> None:
    one, _, _ = pair()
    answer = manager.post("/causes/old-name/edit/", fields_of(one, definition="Kept words.", **changed))
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert said in shown
    assert "Kept words." in shown
    assert Cause.objects.get(pk=one.pk).definition == "Something that recurs."


def test_splitting_takes_the_chosen_incidents_along(manager: Client) -> None:
    one, _, rows = pair()
    wanted = {"name": "Half of it", "definition": "A part.", "incident": [rows[0].number, 999]}
    answer = manager.post("/causes/old-name/split/", wanted)
    assert answer.headers["Location"] == "/causes/half-of-it/edit/"
    new = Cause.objects.get(slug="half-of-it")
    assert [link.incident for link in new.incident_causes.all()] == [rows[0]]
    assert [link.incident for link in one.incident_causes.all()] == [rows[2]]
    assert (new.years.get().incidents, one.years.get().incidents, new.group) == (1, 1, one.group)


@pytest.mark.parametrize("wrong", [{"incident": []}, {"name": ""}, {"name": "New name"}, {"definition": "\x00"}])
def test_a_split_that_makes_no_sense_changes_nothing(manager: Client, wrong: dict[str, Any]) -> None:
    _, _, rows = pair()
    before = state()
    values = {"name": "Half", "definition": "A part.", "incident": [rows[0].number], **wrong}
    answer = manager.post("/causes/old-name/split/", values)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was changed." in page
    assert f'name="name" maxlength="120" required value="{values["name"]}"' in page
    assert f'rows="3" required>\n{values["definition"].strip(chr(0))}</textarea>' in page
    assert (f'value="{rows[0].number}" checked>' in page) is bool(values["incident"])
    assert state() == before


def test_a_retired_cause_is_offered_nowhere_and_keeps_its_page(manager: Client) -> None:
    one, _, _ = pair()
    manager.post("/causes/old-name/retire/", {"retired": "yes"})
    assert one.pk not in current().names
    assert "Retired: it is not offered" in manager.get("/causes/old-name/").content.decode()
    manager.post("/causes/old-name/retire/", {"retired": "no"})
    assert one.pk in current().names


@pytest.mark.parametrize("act", ["edit", "merge", "unmerge", "split", "retire"])
def test_authors_keep_no_taxonomy(client: Client, alice: User, act: str) -> None:
    pair()
    client.force_login(alice)
    assert client.post(f"/causes/old-name/{act}/", {"into": "new-name", "retired": "yes"}).status_code == 403
    assert not Cause.objects.exclude(retired_at=None).exists()


def test_what_becomes_of_causes_stands_in_the_audit_log(manager: Client, carol: User) -> None:
    one, two, rows = pair()
    manager.post("/causes/old-name/edit/", fields_of(one))
    manager.post("/causes/old-name/edit/", fields_of(one, name="Older name", definition="Something else that recurs."))
    manager.post("/causes/old-name/merge/", {"into": "old-name"})
    manager.post("/causes/old-name/merge/", {"into": "new-name"})
    manager.post("/causes/old-name/unmerge/")
    manager.post("/causes/old-name/unmerge/")
    manager.post("/causes/old-name/split/", {"name": "Half", "definition": "A part.", "incident": [rows[0].number]})
    for retired in ("yes", "no"):
        manager.post("/causes/old-name/retire/", {"retired": retired})
    call_command("merge_causes", "old-name", "new-name", stdout=StringIO())
    two.refresh_from_db()
    manager.force_login(carol)
    manager.post(f"/admin/postmortems/cause/{two.pk}/change/", fields_of(two, name="Newer name"))
    half = Cause.objects.get(slug="half")
    half.incident_causes.all().delete()
    manager.post(f"/admin/postmortems/cause/{half.pk}/delete/", {"post": "yes"})
    entries = AuditEntry.objects.filter(action="taxonomy changed").order_by("pk")
    assert list(entries.values_list("actor", "object", "detail")) == [
        ("bob", "cause old-name", "renamed from Old name, definition"),
        ("bob", "cause old-name", "merged into new-name"),
        ("bob", "cause old-name", "merge undone"),
        ("bob", "cause half", "split off old-name"),
        ("bob", "cause old-name", "retired"),
        ("bob", "cause old-name", "offered again"),
        ("", "cause old-name", "merged into new-name, by the command line"),
        ("carol", "cause new-name", "renamed from New name, in the administration"),
        ("carol", "cause half", "deleted, in the administration"),
    ]


def told() -> list[tuple[str, list[str]]]:
    mail.outbox.clear()
    call_command("tell_watchers", stdout=StringIO())
    return [
        (message.to[0], [line for line in message.body.splitlines() if line.startswith("INC-")])
        for message in mail.outbox
    ]


def test_whoever_watches_hears_once_of_each_new_incident(client: Client, mallory: User) -> None:
    cause = make_cause("Watched", slug="watched")
    make_incident(causes=(cause,))
    client.force_login(mallory)
    client.post("/causes/watched/watch/", {"watch": "yes"})
    assert "You watch this cause" in client.get("/causes/watched/watch/").content.decode()
    assert told() == []
    draft = make_incident("Later", causes=(cause,), status="draft")
    new = make_incident("New", causes=(cause,))
    assert told() == [(mallory.email, [f"{new.reference} New"])]
    assert told() == []
    draft.status = "published"
    draft.save()
    assert told() == [(mallory.email, [f"{draft.reference} Later"])]
    client.post("/causes/watched/watch/", {"watch": "no"})
    make_incident_cause(cause=cause)
    assert (told(), CauseWatch.objects.count()) == ([], 0)


def test_nobody_hears_of_what_they_may_not_see(mallory: User, carol: User) -> None:
    cause = make_cause("Watched")
    for person in (mallory, carol):
        watch(cause, person)
    hidden = make_incident("Secret", causes=(cause,), visibility="restricted")
    assert told() == [(carol.email, [hidden.reference])]  # mails leave the site


def test_a_merged_cause_is_not_linked_anew_by_any_of_its_names(manager: Client) -> None:
    one, two, _ = pair()
    merge(one, two)
    three = make_cause("Newest name", slug="newest-name")
    merge(Cause.objects.get(pk=two.pk), three)
    Cause.objects.filter(pk=three.pk).update(aliases="former")  # whatever becomes of the other names
    assert {Cause.objects.called(name) for name in ("Old name", "FORMER", "new name", "Newest name")} == {three}
    incident = make_incident()
    form = {"cause_name": "old name", "role": "root", "certainty": "confirmed"}
    offered = manager.get(f"/INC-{incident.number}/edit/causes/").content.decode()
    assert "Newest name" in offered
    assert "Old name" not in offered
    manager.post(f"/INC-{incident.number}/edit/causes/", form)
    assert [link.cause for link in incident.incident_causes.all()] == [three]


def test_an_older_version_brings_back_no_merged_cause(bob: User) -> None:
    one, two, rows = pair()
    text = {row.pk: document_of(row) for row in rows}
    merge(one, two)
    for row in rows:
        apply_document(text[row.pk], Incident.objects.get(pk=row.pk))
    links = IncidentCause.objects.filter(incident__in=rows).order_by("incident")
    assert list(links.values_list("incident", "cause")) == [(row.pk, two.pk) for row in rows]


def test_a_retired_cause_is_linked_by_its_own_name_alone(manager: Client) -> None:
    one, two, rows = pair()
    retire(one)
    assert Cause.objects.called("Old name") == one
    assert Cause.objects.called("former") is None
    two.aliases = "Old name"
    two.save()
    assert Cause.objects.called("OLD NAME") == two  # another name of one that is offered comes first
    shown = manager.get(f"/INC-{rows[0].number}/edit/causes/").content.decode()
    assert "Retired: not offered any more" in shown
    assert '<option value="Old name">' not in shown


@pytest.mark.parametrize("typed", [{"cause": "old-name"}, {"q": "cause:old-name"}, {"cause-named": "old-name"}])
def test_a_list_asked_for_with_a_merged_cause_leads_to_what_it_is_now(client: Client, typed: dict[str, str]) -> None:
    one, two, rows = pair()
    merge(one, two)
    response = client.get("/incidents/", {**typed, "sort": "oldest"})
    assert parse_qs(response.headers["Location"].partition("?")[2]) == {"cause": ["new-name"], "sort": ["oldest"]}
    shown = client.get(response.headers["Location"]).content.decode()
    assert all(row.reference in shown for row in rows)
    assert "Old name" not in shown  # neither as a choice
    two.slug = "newest-name"
    two.save()
    assert client.get("/incidents/?cause=old-name").headers["Location"] == "/incidents/?cause=newest-name"
    assert client.get("/incidents/?cause=new-name").headers["Location"] == "/incidents/?cause=newest-name"
    assert client.get("/incidents/?cause=neither").status_code == 200
