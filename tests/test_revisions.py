"""Every save is kept, nobody overwrites another unknowingly, and any version can come back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from actionables.telling import changed
from postmortems.binning import take_out
from postmortems.document import document_of
from postmortems.models import Incident, Revision, SearchDocument
from postmortems.revising import EARLIER, Overtaken, restore, revising
from tests.factories import make_actionable, make_entry, make_incident

pytestmark = pytest.mark.usefixtures("five")


@pytest.fixture
def swift() -> Incident:
    return Incident.objects.get(number=1)


def change(incident: Incident, summary: str, by: User, note: str = "") -> None:
    """One edit of the summary, from the version this copy has."""
    with revising(incident.pk, incident.version, by, note) as held:
        held.summary = summary
        held.save(update_fields=["summary"])


def test_every_save_is_kept_with_who_and_why(swift: Incident, alice: User) -> None:
    before = document_of(swift)
    change(swift, "It hung again.", alice, "Shorter.")
    kept = list(swift.revisions.values_list("number", "by_name", "note"))
    assert kept == [(1, "", EARLIER), (2, "Alice", "Shorter.")]
    assert swift.revisions.get(number=1).document == before
    swift.refresh_from_db()
    assert (swift.version, swift.summary) == (2, "It hung again.")
    assert swift.revisions.get(number=2).document == document_of(swift)


def test_the_search_index_follows_in_the_same_transaction(swift: Incident, alice: User) -> None:
    change(swift, "A zebra stood in the server room.", alice)
    assert "zebra" in SearchDocument.objects.get(incident=swift).stream


def test_an_older_version_is_not_written_over_a_newer_one(swift: Incident, alice: User, bob: User) -> None:
    mine = Incident.objects.get(pk=swift.pk)
    change(swift, "From alice.", alice)
    with pytest.raises(Overtaken) as caught:
        change(mine, "From bob.", bob)
    assert (caught.value.version, caught.value.current) == (1, 2)
    assert Incident.objects.get(pk=swift.pk).summary == "From alice."


def test_an_error_in_between_changes_nothing(swift: Incident, alice: User) -> None:
    def half() -> None:
        with revising(swift.pk, 1, alice) as held:
            held.summary = "Half done."
            held.save(update_fields=["summary"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert Incident.objects.get(pk=swift.pk).summary == swift.summary
    assert not Revision.objects.exists()


def test_a_save_that_changes_nothing_makes_no_version(swift: Incident, alice: User) -> None:
    change(swift, swift.summary, alice)
    assert list(swift.revisions.values_list("number", flat=True)) == [1]
    assert Incident.objects.get(pk=swift.pk).version == 1


def test_any_version_comes_back_whole(swift: Incident, alice: User, bob: User) -> None:
    before = document_of(swift)
    with revising(swift.pk, 1, alice) as held:
        held.timeline.all().delete()
        held.incident_causes.all().delete()
        held.links.all().delete()
        held.services.clear()
        held.title, held.summary = "Gone", ""
        held.save()
    swift.refresh_from_db()
    restore(swift, 1, bob)
    assert document_of(Incident.objects.get(pk=swift.pk)) == before
    assert list(swift.revisions.values_list("number", "note"))[-1] == (3, "Version 1 restored.")


def test_what_was_decided_stays_when_an_older_version_comes_back(swift: Incident, alice: User) -> None:
    with revising(swift.pk, 1, alice) as held:
        held.visibility, held.summary = "restricted", "Secret."
        held.save(update_fields=["visibility", "summary"])
    swift.refresh_from_db()
    restore(swift, 1, alice)
    assert Incident.objects.get(pk=swift.pk).visibility == "restricted"


def test_the_name_stays_when_the_account_goes(swift: Incident, alice: User) -> None:
    change(swift, "From alice.", alice)
    alice.delete()
    newest = swift.revisions.get(number=2)
    assert (newest.by, newest.by_name) == (None, "Alice")


def test_the_list_of_versions_does_not_read_their_texts(swift: Incident, alice: User) -> None:
    change(swift, "From alice.", alice)
    newest = swift.revisions.listed().first()
    assert newest is not None
    assert "document" in newest.get_deferred_fields()
    size: int = newest.size  # type: ignore[attr-defined]
    assert size == len(Revision.objects.get(number=2).document)


def test_the_row_is_held_while_it_is_changed(swift: Incident, alice: User) -> None:
    with revising(swift.pk, 1, alice):
        assert connection.in_atomic_block


def test_a_version_holds_actionables_and_who_changed_them(alice: User, bob: User) -> None:
    """Also what was changed where an actionable has a page of its own; nothing before anything was kept."""
    incident = make_incident("Quokka overload")
    work = make_actionable(incident, title="Count the quokkas")
    changed([incident], bob, texts=False)
    assert not incident.revisions.exists()
    with revising(incident.pk, None, alice) as held:
        held.summary = "More."
        held.save()
    work.change({"status": "in progress", "owner": "Bob"}, by="Bob")
    changed([incident], bob, texts=False)
    changed([incident], alice, texts=False)
    last = incident.revisions.latest("number")
    assert (last.number, last.by, last.note, last.changed) == (3, bob, "Actionables", "Actionables (1 changed)")
    assert "status: in progress\nowner: Bob\n" in last.document
    assert Incident.objects.get(pk=incident.pk).version == 3


def test_restoring_changes_words_and_brings_back_what_was_removed(alice: User) -> None:
    """What became of the work since then stays."""
    incident = make_incident("Quokka overload", status="draft")
    kept, gone = (make_actionable(incident, title=title, position=place) for place, title in enumerate("AB", start=1))
    gone.change({"status": "done"}, by="Alice", why="Counted.")
    with revising(incident.pk, None, alice) as held:
        held.summary = "More."
        held.save()
    with revising(incident.pk, None, alice) as held:
        take_out(held.actionables.get(pk=gone.pk), "actionables", str(gone), alice)
        held.actionables.get(pk=kept.pk).change({"title": "C", "status": "in progress"}, by="Alice")
    later = make_actionable(incident, title="Later", position=3)
    incident = Incident.objects.get(pk=incident.pk)
    restore(incident, 2, alice)
    rows = {row.pk: (row.title, row.status) for row in incident.actionables.all()}
    assert rows == {kept.pk: ("A", "in progress"), gone.pk: ("B", "done"), later.pk: ("Later", "open")}
    assert gone.changes.count() == 1
    assert not incident.removed_rows.exists()


def test_what_a_restored_version_has_again_leaves_the_bin(alice: User) -> None:
    incident = make_incident("Quokka overload", status="draft")
    entries = [make_entry(incident, text=text, excerpt="a") for text in ("One.", "Two.")]
    with revising(incident.pk, None, alice) as held:
        held.summary = "More."
        held.save()
    with revising(incident.pk, None, alice):
        take_out(entries[0], "timeline", "One.", alice)
    restore(Incident.objects.get(pk=incident.pk), 2, alice)
    assert [entry.text for entry in incident.timeline.all()] == ["One.", "Two."]
    assert not incident.removed_rows.exists()
