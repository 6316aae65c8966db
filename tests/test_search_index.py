"""The index: changed with the text in one transaction, rebuilt while others read, checked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from postmortems import search, search_words
from postmortems.models import Incident, SearchDocument, Word
from postmortems.refresh import refresh_incident
from postmortems.search_documents import documents_of
from tests.factories import make_cause, make_entry, make_incident, moment

pytestmark = pytest.mark.usefixtures("five")
NOBODY = AnonymousUser()


def found(text: str) -> set[int]:
    """The numbers of what is found."""
    return set(Incident.objects.filter(pk__in=search.search(text, NOBODY).ids).values_list("number", flat=True))


def raw(statement: str) -> None:
    """A change behind the product's back."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_refresh_leaves_a_sound_index():
    assert search.check() == []
    assert SearchDocument.objects.count() == 5


def test_text_and_index_change_together():
    incident = Incident.objects.get(number=5)
    incident.summary = "A grimalkin sat on the switch."
    incident.save()
    refresh_incident(incident)
    assert found("grimalkin") == {5}
    assert found("zombie") == {5}
    entry = make_entry(incident, when=moment("2015-01-01 10:00"), text="A jabberwock.")
    refresh_incident(incident)
    assert found("jabberwock") == {5}
    entry.delete()
    refresh_incident(incident)
    assert found("jabberwock") == set()
    assert search.check() == []


def test_a_rollback_leaves_no_trace():
    incident = Incident.objects.get(number=5)
    with transaction.atomic():
        incident.summary = "A grimalkin."
        incident.save()
        refresh_incident(incident)
        assert found("grimalkin") == {5}
        transaction.set_rollback(True)
    assert found("grimalkin") == set()
    assert not Word.objects.filter(word="grimalkin").exists()
    assert search.check() == []


def test_another_date_moves_it():
    incident = Incident.objects.get(number=5)
    incident.started = moment("2030-01-01 10:00")
    incident.save()
    refresh_incident(incident)
    assert search.search("", NOBODY).ids[0] == incident.pk
    assert found("year:2030") == {5}
    assert search.check() == []


def test_a_deleted_incident_is_gone_however_it_was_deleted():
    Incident.objects.get(number=1).delete()
    assert found("ENOTCONN") == set()
    Incident.objects.filter(number=3).delete()
    assert found("labcontrol1001") == set()
    assert search.check() == []


def test_forgetting_takes_its_words_along():
    before = Word.objects.get(word="rsyslog").documents
    search.forget(Incident.objects.get(number=1).pk)
    assert found("ENOTCONN") == set()
    assert Word.objects.get(word="rsyslog").documents == before - 1
    assert Word.objects.get(word="enotconn").documents == 0


def test_words_are_counted_as_often_as_they_occur():
    counted = dict(Word.objects.filter(documents__gt=0).values_list("word", "documents"))
    search_words.recount()
    assert dict(Word.objects.values_list("word", "documents")) == counted
    assert counted["@open"] == 5


def test_restricting_takes_its_words_out_of_the_vocabulary():
    incident = Incident.objects.get(number=1)
    incident.visibility = "restricted"
    incident.save()
    refresh_incident(incident)
    assert Word.objects.get(word="enotconn").documents == 0
    assert search.check() == []


@pytest.mark.parametrize("column", ["facets", "stream", "bag", "lasted", "minute"])
def test_check_finds_a_row_that_was_changed(column: str) -> None:
    value = "7" if column in ("lasted", "minute") else "'@open x'"
    newest = "(SELECT max(key) FROM postmortems_searchdocument)"
    raw(f"UPDATE postmortems_searchdocument SET {column} = {value} WHERE key = {newest}")
    assert any(line.startswith("INC-3: ") for line in search.check())
    with pytest.raises(CommandError):
        call_command("reindex", check=True, verbosity=0)
    call_command("reindex", verbosity=0)
    assert search.check() == []


def test_check_finds_what_is_not_indexed():
    SearchDocument.objects.filter(incident__number=3).delete()
    assert search.check() == ["INC-3: not indexed"]
    search.rebuild()
    assert found("labcontrol1001") == {3}


@pytest.mark.sqlite
def test_check_finds_a_broken_full_text_index():
    raw("DELETE FROM postmortems_searchindex_data WHERE id > 10")
    assert search.check()
    call_command("reindex", verbosity=0)
    assert search.check() == []
    assert found("labcontrol1001") == {3}


def test_check_finds_words_that_are_not_counted():
    Word.objects.filter(word="zombie").delete()
    assert search.check() == ["1 words are not counted, as zombie"]


def test_reindex_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("reindex")
    assert "0 incidents indexed anew" in capsys.readouterr().out
    call_command("reindex", force=True)
    assert "5 incidents indexed anew" in capsys.readouterr().out
    call_command("reindex", check=True)
    assert "The search index is sound." in capsys.readouterr().out


def test_an_interrupted_rebuild_can_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postmortems.search_index.BATCH", 1)
    SearchDocument.objects.all().delete()

    def stop(done: int, of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search.rebuild(stop)
    assert SearchDocument.objects.count() == 3
    assert search.rebuild() == 2
    assert search.check() == []


def test_incidents_of_one_minute_all_have_a_place():
    for _ in range(20):
        refresh_incident(make_incident("Frumious", started=moment("2016-01-01 10:00")))
    assert search.search("frumious", NOBODY).count == 20
    assert search.check() == []


def test_a_renamed_cause_is_indexed_anew():
    cause = make_cause("Mimsy borogoves")
    search.index_name(cause)
    incident = make_incident(causes=(cause,))
    refresh_incident(incident)
    assert found("borogoves") == {incident.number}
    cause.name = "Slithy toves"
    cause.save()
    search.index_name(cause)
    assert found("borogoves") == set()
    assert found("toves") == {incident.number}


def test_a_cause_is_indexed_anew_that_was_never_noted_before_it_was_renamed():
    cause = make_cause("Mimsy borogoves")
    incident = make_incident(causes=(cause,))
    refresh_incident(incident)
    cause.name, cause.aliases = "Slithy toves", "Gimble wabe"
    cause.save()
    search.index_name(cause)
    assert found("borogoves") == set()
    assert found("toves") == found("wabe") == found('cause:"gimble wabe"') == {incident.number}
    assert search.check() == []


def test_a_rename_that_is_undone_leaves_the_index_as_it_was():
    cause = make_cause("Mimsy borogoves")
    search.index_name(cause)
    incident = make_incident(causes=(cause,))
    refresh_incident(incident)
    with transaction.atomic():
        cause.name = "Slithy toves"
        cause.save()
        search.index_name(cause)
        assert found("toves") == {incident.number}
        transaction.set_rollback(True)
    assert found("borogoves") == {incident.number}
    assert search.check() == []


def test_a_monstrous_text_is_indexed_as_far_as_it_goes():
    words = " ".join(f"{'é' * 30}w{n}x{n * 7}" for n in range(40_000))
    incident = make_incident(
        summary=f"first {words} {'x' * 5_000}", impact=f"A/{'/'.join('ß' * 50 for _ in range(900))}"
    )
    refresh_incident(incident)
    assert found("INC-" + str(incident.number)) == {incident.number}
    assert search.check() == []


def test_every_text_of_an_incident_is_in_its_document():
    (document,) = documents_of([Incident.objects.get(number=4).pk])
    for head in (
        "§am:title",
        "§bs:summary-0",
        "§cs:went_wrong-0",
        "§ct:2-0@t-2346",
        "§ba:ACT-",
        "§dl:",
        "§do:",
        "§bn:cause-",
    ):
        assert head in document.stream, head
