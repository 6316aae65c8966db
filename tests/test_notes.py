"""The note for the history that goes with a save: kept with its version, shown beside it, and never lost on the way."""

from __future__ import annotations

import pytest
from django.test import Client

from postmortems.models import Incident, Revision
from tests.factories import make_entry, make_incident
from tests.filing import address, sent_by
from tests.test_pages import page, words

NOTE = "history_note"


@pytest.fixture
def incident(db: None) -> Incident:
    """An incident with an entry."""
    incident = make_incident("Kettle", summary="As it was.", went_well="Much.")
    make_entry(incident, text="As it was.")
    return incident


def opened(author: Client, incident: Incident, section: str, row: object = "") -> dict[str, str]:
    """What the form holds when it is opened."""
    return sent_by(author.get(address(incident, section, row)).content.decode())


def last(incident: Incident) -> tuple[str, str]:
    newest = Revision.objects.filter(incident=incident).latest("number")
    return newest.note, newest.why


def test_a_note_stands_in_the_history_beside_what_was_done(author: Client, incident: Incident) -> None:
    typed = opened(author, incident, "impact") | {"summary": "New.", NOTE: " The vendor <b>answered</b>. "}
    assert author.post(address(incident, "impact"), typed).status_code == 302
    assert last(incident) == ("Summary and impact", "The vendor <b>answered</b>.")
    history = author.get(f"/incidents/{incident.slug}/history/").content.decode()
    assert "<bdi>Summary and impact</bdi>: " in history
    assert "<bdi>The vendor &lt;b&gt;answered&lt;/b&gt;.</bdi>" in history
    assert "answered" in words(page(author, f"/incidents/{incident.slug}/versions/2/"))
    assert opened(author, incident, "impact")[NOTE] == ""


def test_rows_are_added_and_changed_with_a_note(author: Client, incident: Incident) -> None:
    entry = {"when": "", "kind": "note", "text": "One more.", "excerpt": "", "excerpt_label": ""}
    author.post(address(incident, "timeline"), entry | {NOTE: "From the chat."})
    assert last(incident) == ("Timeline: entry added", "From the chat.")
    pk = incident.timeline.earliest("pk").pk
    typed = opened(author, incident, "timeline", pk) | {"text": "Changed.", NOTE: "Misread."}
    assert author.post(address(incident, "timeline", pk), typed).status_code == 302
    assert last(incident) == ("Timeline: entry changed", "Misread.")


@pytest.mark.parametrize(("note", "said"), [("x" * 201, "at most 200"), ("a\0b", "Null characters")])
def test_a_note_that_cannot_be_kept_is_said_beside_it_and_nothing_is_saved(
    author: Client, incident: Incident, note: str, said: str
) -> None:
    typed = opened(author, incident, "impact") | {"summary": "New.", NOTE: note}
    refused = author.post(address(incident, "impact"), typed)
    shown = refused.content.decode()
    assert refused.status_code == 422
    assert said in shown
    assert 'href="#id_history_note"' in shown
    assert '<details class="noting" open>' in shown
    incident.refresh_from_db()
    assert incident.summary == "As it was."


def test_previews_faults_conflicts_and_what_was_not_saved_keep_it(author: Client, incident: Incident) -> None:
    where, typed = address(incident, "overview"), opened(author, incident, "overview") | {NOTE: "Kanari"}
    shown = [author.post(where, typed | {"preview": "1"}), author.post(where, typed | {"title": ""})]
    Incident.objects.filter(pk=incident.pk).update(title="Theirs")
    shown.append(author.post(where, typed | {"title": "Mine"}))
    place = {"place": f"{incident.number}/overview"}
    author.post("/writing/keep/", typed | {"title": "Mine"} | place)
    shown.append(author.get(where))
    assert [answer.status_code for answer in shown] == [200, 422, 409, 200]
    assert [answer.content.decode().count('value="Kanari"') for answer in shown] == [1, 1, 1, 1]
    assert author.post(where, sent_by(shown[2].content.decode())).status_code == 302
    assert last(incident) == ("Overview", "Kanari")


def test_a_note_alone_is_no_unsaved_text(author: Client, incident: Incident) -> None:
    """As when what is kept while somebody types arrives after the save."""
    typed = opened(author, incident, "impact") | {NOTE: "Kanari", "place": f"{incident.number}/impact"}
    author.post("/writing/keep/", typed)
    shown = author.get(address(incident, "impact")).content.decode()
    assert "Kanari" not in shown
    assert "It is not saved yet." not in shown


def test_a_save_that_changes_nothing_keeps_no_note(author: Client, incident: Incident) -> None:
    author.post(address(incident, "impact"), opened(author, incident, "impact") | {NOTE: "For nothing"})
    assert not Revision.objects.exclude(why="").exists()


def test_a_version_comes_back_with_a_note(author: Client, incident: Incident) -> None:
    author.post(address(incident, "impact"), opened(author, incident, "impact") | {"summary": "New."})
    where = f"/incidents/{incident.slug}/versions/1/restore/"
    refused = author.post(where, {"seen": "2", NOTE: "x" * 201})
    assert refused.status_code == 422
    assert f'value="{"x" * 201}"' in refused.content.decode()
    late = author.post(where, {"seen": "1", NOTE: "Kanari"})
    assert (late.status_code, 'value="Kanari"' in late.content.decode()) == (409, True)
    assert author.post(where, {"seen": "2", NOTE: "Kanari"}).status_code == 302
    assert last(incident) == ("Version 1 restored.", "Kanari")


def test_the_note_is_no_part_of_what_is_filled(author: Client, incident: Incident) -> None:
    shown = words(page(author, f"/INC-{incident.number}/edit/"))
    assert "1 of 3" in shown  # what was learned: three texts, and the note is none of them
