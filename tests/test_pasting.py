"""A draft out of a pasted text: looked at, corrected, made."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from postmortems.document import document_of
from postmortems.models import Incident, Unsaved
from postmortems.pasted import read_paste
from tests.filing import sent_by
from tests.test_filing_hostile import send
from tests.test_html import parse
from tests.test_pasted import WRITEUP

ADDRESS = "/incidents/new/paste/"


def looked(client: Client, text: str, **typed: str) -> dict[str, Any]:
    """What a browser would send of the page that shows what was found."""
    answer = client.post(ADDRESS, {"text": text, **typed})
    assert answer.status_code == 200
    return sent_by(answer.content.decode())


def made(client: Client, sent: dict[str, Any]) -> Incident:
    """The draft that this makes."""
    answer = client.post(ADDRESS, sent | {"make": "1"})
    assert answer.status_code == 302, re.findall(r'class="error[^>]*>([^<]*)', answer.content.decode())
    number = re.fullmatch(r"/INC-(\d+)/edit/", answer.headers["Location"])
    assert number
    return Incident.objects.get(number=int(number[1]))


def key_of(text: str, words: str) -> str:
    """Names the piece that says this."""
    return next(piece.key for piece in read_paste(text).pieces if piece.words == words)


def test_two_posts_make_a_draft_of_all_that_was_found(author: Client, alice: User) -> None:
    draft = made(author, looked(author, WRITEUP))
    assert (draft.title, draft.status, draft.time_zone, draft.time_zone_assumed) == (
        "Kettle outage",
        "draft",
        "UTC",
        False,
    )
    assert draft.summary.startswith("The kettle fell")
    assert (draft.went_well, draft.source_note) == ("The biscuits held.", "Times are those of the kitchen clock.")
    assert draft.analysis == "A worn plug.\nWhat else is known: nothing.\n\n## Appendix\n\nLeft over."
    rows = [(row.when.text(), row.kind, row.text.split("\n")[0]) for row in draft.timeline.all()]
    assert rows[:4] == [
        ("3 May 2031, 22:05", "note", "Ida pulls the plug, see https://gerrit.example.org/r/9001."),
        ("3 May 2031, 22:30", "note", "Alerts arrive:"), ("not known", "note", "Somebody opens a window."),
        ("4 May 2031, 00:10", "note", "Tea again."),
    ]  # fmt: skip
    assert draft.timeline.all()[1].excerpt == "2031-05-03 22:31:07.250 kettle ERROR dry"
    work = [(row.title, row.owner, row.ticket_label, row.status, row.outcome) for row in draft.actionables.all()]
    assert work == [("Replace the plug T4711", "Ida", "T4711", "open", ""), ("Buy tea", "", "", "done", "[x]")]
    assert [(link.kind, link.label) for link in draft.links.all()] == [("change", "Gerrit 9001")]
    assert not draft.incident_causes.exists()
    assert list(draft.named_readers.values_list("user", "is_author")) == [(alice.pk, True)]
    assert draft.revisions.get().note == "From a pasted text"


def test_a_form_posted_many_times_makes_one_draft(author: Client) -> None:
    sent = looked(author, WRITEUP) | {"csrfmiddlewaretoken": "x"}
    first = made(author, sent)
    assert made(author, sent) == first
    assert made(author, sent | {"title": "Another"}) != first
    assert Incident.objects.count() == 2


def test_what_was_found_is_shown_beside_its_lines(author: Client) -> None:
    page = author.post(ADDRESS, {"text": WRITEUP}).content.decode()
    assert 'A guess: <a href="#L6">line 6</a> says “UTC”.' in page
    assert 'A guess: <a href="#L4">line 4</a> says “3 May 2031”.' in page
    window = key_of(WRITEUP, "Somebody opens a window.")
    assert f'<li id="L12" class="is"><a class="no" href="#p-{window}" title="Timeline">12</a>' in page
    assert re.search(
        rf'id="p-{re.escape(window)}".*?<b class="num">No time</b>.*?<a class="at" href="#L12">line 12</a>', page, re.S
    )
    assert "3 May 2031, 22:30" in page
    assert "Taken as the next day, as it is earlier than line 9." in page
    for number, line in enumerate(WRITEUP.split("\n"), start=1):
        assert re.search(rf'<li id="L{number}"[^>]*>.*?<span class="line">{re.escape(html.escape(line))}</span>', page)


def test_each_piece_can_be_left_out_corrected_or_taken_as_something_else(author: Client) -> None:
    sent = looked(author, WRITEUP)
    tea, window = key_of(WRITEUP, "Tea again."), key_of(WRITEUP, "Somebody opens a window.")
    plug, appendix = key_of(WRITEUP, "Replace the plug T4711"), key_of(WRITEUP, "## Appendix\n\nLeft over.")
    alerts = read_paste(WRITEUP).pieces[[piece.lines[0] for piece in read_paste(WRITEUP).pieces].index(9)].key
    sent[f"{tea}-words"], sent[f"{tea}-when"], sent[f"{tea}-as"] = (
        "Tea.\r\nHot.",
        "about 00:15 next day",
        "entry:recovery",
    )
    del sent[f"{window}-take"]
    sent[f"{plug}-as"], sent[f"{alerts}-as"] = "text:went_wrong", "text:impact"
    sent[f"{appendix}-as"] = "work:process"
    sent[f"{key_of(WRITEUP, 'Buy tea')}-status"] = "declined"
    draft = made(author, sent)
    assert [row.text for row in draft.timeline.all()][1:2] == ["Tea.\nHot."]
    tea_work = draft.actionables.get(title="Buy tea")
    assert (tea_work.status, tea_work.outcome) == ("declined", "Declined when this was filed.")
    last = draft.timeline.all()[1]
    assert (last.when.text(), last.kind) == ("4 May 2031, about 00:15", "recovery")
    assert draft.went_wrong == "- Replace the plug T4711"
    assert draft.impact.startswith("22:30: Alerts arrive:\n  and more of that\n\n```\n2031-05-03 22:31")
    assert [(row.title, row.kind, row.description) for row in draft.actionables.all()][1:] == [
        ("## Appendix Left over.", "process", "## Appendix\n\nLeft over."),
    ]  # fmt: skip


def test_the_zone_and_the_day_are_asked_once_and_what_was_not_touched_follows(author: Client) -> None:
    text = "Title: Kettle\n\nTimeline\n22:05 UTC it fell\n23:50 it was wet\n00:10 tea"
    sent = looked(author, text)
    assert (sent["time_zone"], sent["day"], sent.get("time_zone_assumed")) == ("UTC", "", "on")
    wet = key_of(text, "it was wet")
    sent |= {"time_zone": "europe/berlin", "day": "2031-05-03", f"{wet}-when": "23:55"}
    sent = looked(author, sent.pop("text"), **sent)
    assert sent[f"{key_of(text, 'it fell')}-when"] == "22:05 UTC"
    draft = made(author, sent)
    assert draft.time_zone == "Europe/Berlin"
    assert [row.when.iso() for row in draft.timeline.all()] == [
        "2031-05-03T22:05Z",
        "2031-05-03T21:55Z",
        "2031-05-03T22:10Z",
    ]


def test_without_a_day_times_stay_clock_times(author: Client) -> None:
    draft = made(author, looked(author, "Kettle\n\nTimeline\n22:05 it fell\n00:10 tea"))
    assert [row.when.text() for row in draft.timeline.all()] == ["22:05", "00:10 the next day"]
    assert draft.time_zone_assumed


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(author: Client) -> None:
    text = "Timeline\n22:30 BST tea\n3/5/2031 22:05 it fell\nMay 3 23:00 wet"
    sent = looked(author, text)
    tea = key_of(text, "tea")
    sent |= {f"{tea}-words": " ", "title": "", "make": "1"}
    answer = author.post(ADDRESS, sent)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Give it a title." in page
    assert "can be read in two ways" in page
    assert "Which year?" in page
    assert f'href="#{tea}-words">Say something, or leave it out.' in page
    assert "“22:30 BST” is not understood as a time" in page
    again = sent_by(answer.content.decode())
    assert {name: again.get(name) for name in sent if name != "make"} == {
        name: sent[name] for name in sent if name != "make"
    }
    assert not Incident.objects.exists()
    left_out = {name: value for name, value in sent.items() if not name.endswith("-take")} | {"title": "Kettle"}
    assert made(author, left_out).timeline.count() == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"text": ""}, "Paste a text first."), ({"text": " \n\t"}, "Paste a text first."),
        ({"text": "x" * 200_001}, "at most 200000"), ({"text": "a\x00b"}, "Null characters"),
        ({"text": "a", "time_zone": "Mars/Base"}, "no time zone of this name"),
        ({"text": "a", "day": "2031-02-30"}, "valid date"), ({"text": "a", "title": "x" * 201}, "at most 200"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_and_shown_again(author: Client, typed: dict[str, str], words: str) -> None:
    answer = send(author, ADDRESS, {"time_zone": "UTC", **typed})
    assert answer.status_code == 422
    assert words in html.unescape(answer.content.decode())


@pytest.mark.parametrize("name", ["words", "when", "as", "excerpt"])
@pytest.mark.parametrize("value", ["\x00", "\ud800", "x" * 100_001, "title:", "entry:nothing"])
def test_odd_values_of_a_piece_break_nothing(author: Client, name: str, value: str) -> None:
    text = "Kettle\n\nTimeline\n22:05 it fell"
    key = key_of(text, "it fell")
    sent = {
        "text": text,
        "title": "Kettle",
        "time_zone": "UTC",
        "day": "",
        f"{key}-take": "on",
        f"{key}-as": "entry:note",
    }
    answer = send(author, ADDRESS, sent | {f"{key}-{name}": value, "make": "1"})
    refused = name == "when" or (name != "as" and ":" not in value and value != "\ud800")  # which arrives as another
    assert answer.status_code == (422 if refused else 302)


def test_what_is_typed_is_kept_and_comes_back(author: Client, alice: User) -> None:
    sent = looked(author, WRITEUP)
    tea = key_of(WRITEUP, "Tea again.")
    kept = author.post("/writing/keep/", sent | {f"{tea}-words": "Tea, at last.", "place": "paste"})
    assert kept.status_code == 200
    page = author.get(ADDRESS).content.decode()
    assert "This is what you typed just now." in page
    again = sent_by(page)
    assert again[f"{tea}-words"] == "Tea, at last."
    assert author.get("/incidents/new/").content.decode().count("Kettle outage") == 0
    assert author.post("/writing/discard/", {"place": "paste"}).headers["Location"] == ADDRESS
    assert "Tea, at last." not in author.get(ADDRESS).content.decode()
    Unsaved.objects.create(user=alice, place="paste", fields="text=", at="2031-05-03T00:00Z")
    assert author.get(ADDRESS).status_code == 200
    made(author, sent)
    assert not Unsaved.objects.exists()


def test_a_text_sent_after_the_session_ended_is_there_after_the_sign_in(author: Client, alice: User) -> None:
    author.get(ADDRESS)
    author.cookies.pop("session")
    assert author.post(ADDRESS, {"text": WRITEUP}).headers["Location"].startswith("/sign-in/")
    author.force_login(alice)
    assert "Somebody opens a window." in author.get(ADDRESS).content.decode()


def test_corrections_of_lines_that_were_changed_are_shown(author: Client) -> None:
    text = "Kettle\n\nTimeline\n22:05 it fell\n22:30 tea"
    sent = looked(author, text)
    sent[f"{key_of(text, 'tea')}-words"] = "Tea, at last."
    sent["text"] = text.replace("tea", "coffee")
    page = author.post(ADDRESS, sent).content.decode()
    assert "<pre>Tea, at last.</pre>" in page
    assert page.count("<pre>") == 1


def test_what_is_hostile_is_shown_as_it_is(author: Client) -> None:
    text = "<script>alert(1)</script>\n\nTimeline\n22:05 <img src=x onerror=alert(1)> fell\n[22:06] <b> 'so' </li>"
    page = author.post(ADDRESS, {"text": text}).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "</li></span>" not in page
    ids = [element.get("id") for element in parse(page).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert made(author, looked(author, text)).title == "<script>alert(1)</script>"


def test_an_address_no_link_can_hold_stays_in_the_text(author: Client) -> None:
    draft = made(author, looked(author, "Kettle\n\nSee https://grafana/d/1 and https://example.org/a."))
    assert [link.url for link in draft.links.all()] == ["https://example.org/a"]
    assert "https://grafana/d/1" in draft.summary


def test_sections_hold_no_more_than_they_can_be_saved_with(author: Client) -> None:
    text = "Kettle\n\nSummary\n" + "\n".join(["word " * 20] * 600) + "\n\nImpact\n" + "\n".join(["word " * 20] * 600)
    sent = looked(author, text)
    piece = next(piece for piece in read_paste(text).pieces if piece.into == "impact")
    answer = author.post(ADDRESS, sent | {f"{piece.key}-as": "text:summary", "make": "1"})
    assert answer.status_code == 422
    assert "would hold more than 100,000 characters" in answer.content.decode()
    assert len(made(author, sent).summary) > 50_000


def test_as_many_characters_are_taken_as_are_told_whatever_ends_the_lines(author: Client) -> None:
    text = "Kettle\n\nTimeline\n" + "22:05 tea\n" * 19_998
    assert len(text) < 200_000 < len(text.replace("\n", "\r\n"))
    answer = author.post(ADDRESS, {"text": text.replace("\n", "\r\n")})
    assert answer.status_code == 200
    assert len(sent_by(answer.content.decode())) < 5_000  # as many fields as a form may have


def test_looking_costs_the_same_whatever_is_found(author: Client, django_assert_num_queries: Any) -> None:
    author.post(ADDRESS, {"text": "tea"})
    with django_assert_num_queries(6):  # the session, and who is signed in; what is kept of it (4)
        author.post(ADDRESS, {"text": WRITEUP})


@pytest.mark.parametrize(("name", "value"), [("time_zone", "Mars/Base"), ("day", "2031-02-30"), ("title", "x" * 201)])
def test_what_was_corrected_stays_whatever_else_is_wrong(author: Client, name: str, value: str) -> None:
    sent = looked(author, WRITEUP)
    sent |= {f"{key_of(WRITEUP, 'Tea again.')}-words": "Tea, at last.", name: value}
    for button in ({}, {"make": "1"}):
        answer = author.post(ADDRESS, sent | button)
        assert answer.status_code == 422
        again = sent_by(answer.content.decode())
        assert {field: again.get(field) for field in sent} == sent
    assert sent_by(author.get(ADDRESS).content.decode())[f"{key_of(WRITEUP, 'Tea again.')}-words"] == "Tea, at last."


def test_what_was_looked_at_is_there_when_the_page_is_opened_again(author: Client) -> None:
    sent = looked(author, WRITEUP)
    page = author.get(ADDRESS).content.decode()
    assert "This is what you typed just now." in page
    assert sent_by(page) == sent
    made(author, sent)
    assert "Look at it" in author.get(ADDRESS).content.decode()


def test_what_was_made_is_said_the_same_by_its_document(author: Client) -> None:
    draft = made(author, looked(author, WRITEUP))
    document = document_of(Incident.objects.get(pk=draft.pk))
    assert "## 2031-05-04 00:10 UTC" in document
    assert "# About the source" in document


def test_the_ways_to_begin_are_offered(author: Client) -> None:
    for address in ("/incidents/new/", ADDRESS):
        page = author.get(address).content.decode()
        assert f'<a href="{address}" aria-current="page">' in page
        for other in ("/incidents/new/", ADDRESS, "/incidents/new/file/"):
            assert f'<a href="{other}"' in page
