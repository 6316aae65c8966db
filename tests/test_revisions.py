"""Every save is kept, nobody overwrites another unknowingly, and any version can come back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from postmortems.document import document_of
from postmortems.models import Incident, Revision, SearchDocument
from postmortems.revising import EARLIER, Overtaken, restore, revising

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
