"""A row that is removed from a postmortem comes back whole, with all that hung on it, where it stood."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from actionables.models import Actionable, Watch
from postmortems.document import document_of
from postmortems.models import Cause, Incident, IncidentCause, RemovedRow
from postmortems.ordering import renumber
from postmortems.taxonomy import merge
from tests.factories import make_actionable, make_cause, make_entry, make_incident, make_incident_cause, make_link
from tests.filing import address
from tests.test_bin import everything
from tests.test_history import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(alice: User) -> Incident:
    """A draft of hers with three rows of each kind, and actionables with a history."""
    causes = tuple(make_cause(f"Cause {number}") for number in range(3))
    row = make_incident("Quokka overload", status="draft", causes=causes, readers=(alice,))
    row.named_readers.update(is_author=True)
    renumber(row.incident_causes, list(row.incident_causes.all()))
    for number in range(3):
        make_entry(row, text=f"Entry {number}.", excerpt="a\nb", excerpt_label="log")
        make_link(row, position=number + 1)
        act = make_actionable(row, title=f"Work {number}", causes=causes[:2], position=number + 1)
        act.change({"status": "in progress"}, by="Alice")
        act.comments.create(by="Alice", text="Soon.")
    return row


KINDS = {"timeline": "timeline", "causes": "incident_causes", "actionables": "actionables", "links": "links"}


def stored(incident: Incident) -> dict[str, Any]:
    """All that hangs on it beside its revisions, and the histories of its actionables."""
    found = everything(Incident.objects.get(pk=incident.pk))
    found = {name: rows for name, rows in found.items() if "Revision" not in name and name != "version"}
    for act in Actionable.objects.filter(incident=incident):
        found[act.reference] = [
            set(act.causes.values_list("pk", flat=True)),
            *(list(getattr(act, part).order_by("pk").values()) for part in ("changes", "field_changes", "comments")),
        ]
    return found


@pytest.mark.parametrize("section", list(KINDS))
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_row_comes_back_whole_where_it_stood(author: Client, incident: Incident, section: str, place: int) -> None:
    before, rows = stored(incident), getattr(incident, KINDS[section])
    row = rows.all()[place]
    answer = author.post(f"{address(incident, section, row.pk)}remove/")
    removed = RemovedRow.objects.get()
    assert not rows.filter(pk=row.pk).exists()
    shown = author.get(answer.headers["Location"]).content.decode()
    assert f"/edit/{section}/{removed.pk}/put-back/" in shown
    assert "It stands below, under removed." in shown
    assert removed.title.startswith(
        {"timeline": "Entry", "causes": "Cause", "actionables": f"ACT-{place + 1} Work", "links": "Change"}[section]
    )
    author.post(f"{address(incident, section, removed.pk)}put-back/")
    assert stored(incident) == before
    assert not RemovedRow.objects.exists()


def test_a_row_comes_back_without_what_was_deleted_since(author: Client, incident: Incident) -> None:
    """An account or a cause that is gone keeps back what belonged to it alone, not the whole actionable."""
    erin = User.objects.create_user("erin")
    work = incident.actionables.all()[1]
    work.change({"owner": "Erin", "person": erin}, by="Alice")
    work.alternatives.create(incident=incident, title="Or this", kind="prevent", person=erin).comments.create(text="?")
    Watch.objects.create(person=erin, incident=incident, actionable=work)
    causes = list(work.causes.order_by("pk"))
    author.post(f"{address(incident, 'actionables', work.pk)}remove/")
    erin.delete()
    IncidentCause.objects.filter(cause=causes[0]).delete()
    causes[0].delete()
    author.post(f"{address(incident, 'actionables', RemovedRow.objects.get().pk)}put-back/")
    work = Actionable.objects.get(pk=work.pk)
    assert (work.owner, work.person, list(work.causes.all())) == ("Erin", None, causes[1:])
    assert [each.comments.count() for each in (work, work.alternatives.get())] == [1, 1]
    assert not Watch.objects.exists()


def test_a_cause_that_was_merged_since_comes_back_as_what_it_became(author: Client, incident: Incident) -> None:
    link, work = incident.incident_causes.all()[0], incident.actionables.all()[0]
    merged, other = link.cause, make_cause("Another")
    for section, row in (("causes", link), ("actionables", work)):
        author.post(f"{address(incident, section, row.pk)}remove/")
    merge(merged, other)
    for removed in RemovedRow.objects.all():
        author.post(f"{address(incident, removed.section, removed.pk)}put-back/")
    assert not RemovedRow.objects.exists()
    assert incident.incident_causes.get(pk=link.pk).cause == other
    assert other in Actionable.objects.get(pk=work.pk).causes.all()
    assert merged not in Actionable.objects.get(pk=work.pk).causes.all()


def test_the_bin_has_what_one_removed_oneself(author: Client, incident: Incident, bob: User, carol: User) -> None:
    row = incident.timeline.all()[0]
    author.post(f"{address(incident, 'timeline', row.pk)}remove/")
    where = f"/INC-{incident.number}/edit/timeline/{RemovedRow.objects.get().pk}/put-back/"
    assert where in author.get("/bin/").content.decode()
    assert where in signed_in(carol).get("/bin/").content.decode()
    assert where not in signed_in(bob).get("/bin/").content.decode()
    assert signed_in(bob).post(where).status_code == 404  # a draft that bob does not see
    assert RemovedRow.objects.exists()


def test_what_has_no_place_any_more_stays_in_the_bin(author: Client, incident: Incident) -> None:
    """Its cause is gone; or the same stands there again."""
    first, second, _ = incident.incident_causes.all()
    for link in (first, second):
        author.post(f"{address(incident, 'causes', link.pk)}remove/")
    make_incident_cause(incident, second.cause, role=second.role, position=9)
    for act in incident.actionables.all():
        act.causes.clear()
    Cause.objects.filter(pk=first.cause_id).delete()
    before = document_of(Incident.objects.get(pk=incident.pk))
    for removed in RemovedRow.objects.all():
        answer = author.post(f"{address(incident, 'causes', removed.pk)}put-back/", follow=True)
        assert "cannot be put back" in answer.content.decode()
    assert RemovedRow.objects.count() == 2
    assert document_of(Incident.objects.get(pk=incident.pk)) == before


def test_putting_back_twice_makes_one(author: Client, incident: Incident) -> None:
    row = incident.links.all()[0]
    author.post(f"{address(incident, 'links', row.pk)}remove/")
    where = f"{address(incident, 'links', RemovedRow.objects.get().pk)}put-back/"
    assert [author.post(where).status_code for _ in range(2)] == [302, 302]
    assert incident.links.count() == 3
