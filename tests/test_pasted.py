"""What is found in a pasted text: pure functions, no database."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.moments_typed import NotATime, moment_typed
from postmortems.pasted import ENTRY, LINK, MARK, TEXT, TITLE, WORK, Found, read_paste
from postmortems.pasted_headings import heading_of, section_called
from postmortems.pasted_stamps import day_of, mentions, stamp_of
from postmortems.pasted_words import address, shortened, work_of

pytestmark = pytest.mark.sqlite  # no database is asked

WRITEUP = """\
Kettle outage

Summary
The kettle fell at 22:05 on 3 May 2031, and tea stopped until 23:40.

Timeline (UTC)
Times are those of the kitchen clock.
- [22:05] Ida pulls the plug, see https://gerrit.example.org/r/9001.
- [22:30] Alerts arrive:
2031-05-03 22:31:07.250 kettle ERROR dry
  and more of that
- Somebody opens a window.
- [00:10] Tea again.

== Root cause ==
A worn plug.
What else is known: nothing.

Went well?
----------
The biscuits held.

Action items
- [ ] Replace the plug (owner: Ida) T4711
- [x] Buy tea
  - the green kind
- UPDATE: it came. Ida 15:16, 14 May 2031 (UTC)

## Appendix
Left over.
"""


def told(found: Found, what: str) -> list[tuple[Any, ...]]:
    """The pieces of one sort as (lines, words)."""
    return [(piece.lines, piece.words) for piece in found.of(what)]


def times(found: Found, day: date | None = None, zone: str = "UTC") -> list[str]:
    """Every time as it is understood."""
    return [moment_typed(piece.when, ZoneInfo(zone), day).text(ZoneInfo(zone)) for piece in found.of(ENTRY)]


def test_a_writeup_is_taken_apart() -> None:
    found = read_paste(WRITEUP)
    assert told(found, TITLE) == [((1,), "Kettle outage")]
    assert [(piece.into, piece.lines, piece.words) for piece in found.of(TEXT)] == [
        ("summary", (4,), "The kettle fell at 22:05 on 3 May 2031, and tea stopped until 23:40."),
        ("source_note", (7,), "Times are those of the kitchen clock."),
        ("analysis", (16, 17), "A worn plug.\nWhat else is known: nothing."),
        ("went_well", (21,), "The biscuits held."),
        ("analysis", (29, 30), "## Appendix\n\nLeft over."),
    ]
    assert told(found, MARK) == [
        ((3,), "Summary"), ((6,), "Timeline (UTC)"), ((15,), "Root cause"), ((19, 20), "Went well?"),
        ((23,), "Action items"),
    ]  # fmt: skip
    assert told(found, LINK) == [((8,), "https://gerrit.example.org/r/9001")]
    assert found.of(LINK)[0].into == "change"


def test_entries_have_their_times_their_days_and_what_belongs_to_them() -> None:
    found = read_paste(WRITEUP)
    assert (found.zone, found.zone_stated, found.day) == (("UTC", 6, "UTC"), True, ("2031-05-03", 4, "3 May 2031"))
    assert [(piece.lines, piece.when, piece.also) for piece in found.of(ENTRY)] == [
        ((8,), "22:05", False), ((9, 10, 11), "22:30", False), ((12,), "", False), ((13,), "00:10 next day", False),
        ((27,), "2031-05-14 15:16", True),
    ]  # fmt: skip
    assert times(found, date(2031, 5, 3))[-2:] == ["4 May 2031, 00:10", "14 May 2031, 15:16"]
    _, logged, *_ = found.of(ENTRY)
    assert (logged.words, logged.excerpt) == (
        "Alerts arrive:\n  and more of that", "2031-05-03 22:31:07.250 kettle ERROR dry",
    )  # fmt: skip
    assert "earlier than line 9" in found.of(ENTRY)[3].note


def test_work_has_its_owner_its_ticket_and_what_became_of_it() -> None:
    plug, tea = (piece for piece in read_paste(WRITEUP).of(WORK))
    assert plug.work
    assert (plug.words, plug.work.owner, plug.work.ticket, plug.work.status) == (
        "Replace the plug T4711", "Ida", "T4711", "open",
    )  # fmt: skip
    assert tea.work
    assert (tea.lines, tea.work.status, tea.work.outcome) == ((25, 26, 27), "done", "[x]")
    assert tea.work.more.splitlines()[:2] == ["Buy tea", "- the green kind"]


@pytest.mark.parametrize(
    ("line", "when", "zone", "words"),
    [
        ("22:05 it fell", "22:05", "", "it fell"),
        ("[22:05] <ida> it fell", "22:05", "", "ida: it fell"),
        ("22:05:09 <@ida> it fell", "22:05:09", "", "ida: it fell"),
        ("2031-05-03T22:05Z it fell", "2031-05-03 22:05", "Z", "it fell"),
        ("2031-05-03 22:05:07,123 it fell", "2031-05-03 22:05:07", "", "it fell"),
        ("- 22:05 UTC: it fell", "22:05", "UTC", "it fell"),
        ("* **22:05** - it fell", "22:05", "", "it fell"),
        ("1. (22:05) it fell", "22:05", "", "it fell"),
        ("| 22:05 | it fell | Ida |", "22:05", "", "it fell | Ida"),
        ("| 22:05 | it fell |  |", "22:05", "", "it fell"),
        ("2031-05-03\t22:05\tit fell", "2031-05-03 22:05", "", "it fell"),
        ("22:05–22:30: it fell", "22:05", "", "Until 22:30: it fell"),
        ("~22:05 CET it fell", "about 22:05", "CET", "it fell"),
        ("10:05 PM it fell", "10:05 pm", "", "it fell"),
        ("2205Z it fell", "22:05", "Z", "it fell"),
        ("Sat May  3 22:05:04 2031 it fell", "2031-05-03 22:05:04", "", "it fell"),
        ("May 3 22:05:04 kettle it fell", "May 3 22:05:04", "", "kettle it fell"),
        ("[03/May/2031:22:05:04 +0200] it fell", "2031-05-03 22:05:04", "+0200", "it fell"),
        ("22:05, 3 May 2031 (UTC): it fell", "2031-05-03 22:05", "UTC", "it fell"),
        ("3/5/2031 22:05 it fell", "3/5/2031 22:05", "", "it fell"),
        ("At about 22:05 UTC, it fell", "about 22:05", "UTC", "It fell"),
        ("On 3 May 2031 at 22:05 it fell", "2031-05-03 22:05", "", "It fell"),
        ("2031-05-03: it fell", "2031-05-03", "", "it fell"),
    ],
)
def test_a_line_of_a_timeline_may_begin_with_a_time_in_many_ways(line: str, when: str, zone: str, words: str) -> None:
    (piece,) = read_paste(f"Timeline:\n{line}").of(ENTRY)
    assert (piece.when, piece.zone, piece.words, piece.lines) == (when, zone, words, (2,))
    if "/5/" in when:
        with pytest.raises(NotATime, match="read in two ways"):
            moment_typed(piece.when)
    else:
        assert moment_typed(f"{piece.when}", day=date(2031, 5, 3)).is_known


@pytest.mark.parametrize(
    "line",
    ["2:30 hours of tea", "16:9 pictures", "10:20:30:40 aa", "4.6.2 came", "25:10 x", "22:05", "[22:05 open", "22:05-x",
     "-rw-r--r-- 1 May 3 22:05 x", "release 22:05"],
)  # fmt: skip
def test_other_figures_are_no_times(line: str) -> None:
    assert not read_paste(f"{line}\n").of(ENTRY)


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("3 May 2031", "3 May 2031"), ("== 3rd of May 2031 ==", "3rd May 2031"), ("**2031-05-03**", "2031-05-03"),
        ("Saturday, May 3, 2031:", "May 3, 2031"), ("--- Day changed Sat May 03 2031", "May 03 2031"),
        ("Date: 2031-05-03", "2031-05-03"), ("3 May 2031 was wet", ""), ("May", ""), ("4711", ""),
    ],
)  # fmt: skip
def test_days_that_stand_alone(line: str, day: str) -> None:
    assert day_of(line) == day


def test_a_day_holds_for_the_times_below_it() -> None:
    found = read_paste("Timeline\n3 May 2031\n23:50 a\n00:20 b\n23:55 c\n7 May\n08:00 d\n12.5.2031 09:00 e")
    assert times(found, date(2031, 5, 3)) == [
        "3 May 2031, 23:50", "4 May 2031, 00:20", "4 May 2031, 23:55", "7 May 2031, 08:00", "12 May 2031, 09:00",
    ]  # fmt: skip
    assert "take “next day” away" not in found.of(ENTRY)[0].note
    assert "day before" in found.of(ENTRY)[2].note


@pytest.mark.parametrize(
    ("clocks", "whens", "asked"),
    [
        ("22:00 21:30", ["22:00", "21:30"], False), ("22:00 20:00", ["22:00", "20:00"], True),
        ("22:00 16:00", ["22:00", "16:00 next day"], True), ("22:00 01:00 23:00 02:00", ["22:00", "01:00 next day",
         "23:00 next day", "02:00 2 days later"], True),
    ],
)  # fmt: skip
def test_clocks_that_go_back_by_much_are_of_the_next_day(clocks: str, whens: list[str], *, asked: bool) -> None:
    found = read_paste("Timeline\n" + "\n".join(f"{clock} x" for clock in clocks.split()))
    assert [piece.when for piece in found.of(ENTRY)] == whens
    assert any(piece.note for piece in found.of(ENTRY)) is asked


def test_a_channel_is_one_long_timeline() -> None:
    irc = read_paste("22:05 < ida> hot\n22:06 <bo> cold\nand wet\n\nstill wet\n22:07 -!- bo left\n00:01 <ida> tea")
    assert told(irc, ENTRY) == [
        ((1,), "ida: hot"), ((2, 3, 5), "bo: cold\nand wet\n\nstill wet"), ((6,), "-!- bo left"), ((7,), "ida: tea"),
    ]  # fmt: skip
    assert [piece.when for piece in irc.of(ENTRY)][-1] == "00:01 next day"
    headed = read_paste(
        "Ida Berg  10:05 PM\nhot\n\nvery\nbo [10:06 PM]\ncold\nUna Holm 10:07 PM\nIt ended at 22:07\nso"
    )
    assert [words for _, words in told(headed, ENTRY)] == [
        "Ida Berg: hot\n\nvery",
        "bo: cold",
        "Una Holm: It ended at 22:07\nso",
    ]


def test_chats_put_who_and_when_on_lines_of_their_own() -> None:
    text = "#kettle\n\nida\n  10:05 PM\nhot\n10:06\nvery\nTea Bot\nAPP  10:08 PM\nready\nbo:tea:  12:03 AM\nsweet"
    found = read_paste(text)
    assert told(found, TITLE) == [((1,), "#kettle")]
    assert [(piece.lines, piece.when, piece.words) for piece in found.of(ENTRY)] == [
        ((3, 4, 5), "10:05 pm", "ida: hot"), ((6, 7), "10:06 pm", "very"), ((8, 9, 10), "10:08 pm", "Tea Bot: ready"),
        ((11, 12), "12:03 am next day", "bo: sweet"),
    ]  # fmt: skip
    assert found.of(ENTRY)[1].note == "Taken as pm, like line 3."


def test_the_head_of_a_mail_tells_about_the_source() -> None:
    text = "From: ida@x.org\nSubject: Kettle down\nDate: Sat, 3 May 2031 23:12:07 +0200\n\nHi all,\n\n"
    found = read_paste(text + "The kettle was down from 14:00 to 15:30, all of it.\n\n14:00 - plug pulled")
    assert [(piece.lines, piece.words, piece.also) for piece in found.of(TITLE)] == [((2,), "Kettle down", True)]
    assert [(piece.into, piece.lines) for piece in found.of(TEXT)] == [
        ("source_note", (1, 2, 3)), ("analysis", (5,)), ("summary", (7,)),
    ]  # fmt: skip
    assert [(piece.lines, piece.when) for piece in found.of(ENTRY)] == [
        ((7,), "14:00"),
        ((7,), "15:30"),
        ((9,), "14:00"),
    ]


@pytest.mark.parametrize("bars", [False, True])
def test_work_in_a_table_goes_by_the_heads_of_its_columns(*, bars: bool) -> None:
    rows = [
        ["Action", "Type", "Who", "Bug", "Due", "Status", "Notes"],
        ["Buy a plug", "Mitigate", "@ida", "OPS-12", "2031-06-01", "Done", "blue"],
        ["Monitor the plug", "", "", "see https://x.org/T1", "soon", "new", ""],
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows] if bars else ["\t".join(row) for row in rows]
    found = read_paste("\n".join(["Action items", *lines[:1], *(["|---|---|"] if bars else []), *lines[1:]]))
    plug, watch = (piece.work for piece in found.of(WORK))
    assert plug
    assert (plug.title, plug.kind, plug.owner, plug.ticket, plug.due, plug.status, plug.outcome, plug.more) == (
        "Buy a plug", "mitigate", "ida", "OPS-12", "2031-06-01", "done", "Done", "Notes: blue",
    )  # fmt: skip
    assert watch
    assert (watch.kind, watch.more) == ("detect", "Bug: see https://x.org/T1\n\nDue: soon\n\nStatus: new")
    assert len(found.of(MARK)) == 2 + bars


def test_what_ends_a_timeline_and_what_does_not() -> None:
    found = read_paste(
        "Timeline\n22:05 a\n**It ends here.**\n22:06 b\n\n5 WHYS\n1. Why?\n\nTimeline\n22:07 c\n\nMore about it:\nd"
    )
    assert told(found, ENTRY) == [((2, 3), "a\n**It ends here.**"), ((4,), "b"), ((10,), "c")]
    assert [words for _, words in told(found, TEXT)] == ["### 5 WHYS\n\n1. Why?", "### More about it\n\nd"]
    parts = read_paste("## Timeline\n### First\n22:05 a\n### Then\n22:06 b\n## Other\nc")
    assert [(piece.when, piece.words) for piece in parts.of(ENTRY)] == [
        ("", "First"), ("22:05", "a"), ("", "Then"), ("22:06", "b"),
    ]  # fmt: skip


def test_what_is_long_is_spread_over_sections_that_can_be_saved() -> None:
    found = read_paste("Kettle\n\n" + "\n".join(f"line {number} {'tea ' * 24}" for number in range(1_600)))
    held: dict[str, int] = {}
    for piece in found.of(TEXT):
        held[piece.into] = held.get(piece.into, 0) + len(piece.words) + 2
    assert sorted(held) == ["analysis", "summary"]
    assert max(held.values()) < 100_000
    assert sum(len(piece.lines) for piece in found.of(TEXT)) == 1_600


def test_a_form_of_the_most_there_can_be_has_no_more_fields_than_it_may() -> None:
    """Django takes 5,000 of one form; a text has 4, an entry 7, an actionable 11, a link 4."""
    text = "\n".join(
        [*(f"22:05 tea\n    log{number}\nhttps://x.org/{number}" for number in range(450)),
         *(f"# Head {number}\ntea" for number in range(90)), "# Tasks", *(f"- do {number}" for number in range(150))]
    )  # fmt: skip
    found = read_paste(f"# Kettle\n# Timeline\n{text}")
    many = [len(found.of(what)) for what in (TEXT, ENTRY, WORK, LINK)]
    assert many == [60, 400, 100, 150]
    assert sum(count * fields for count, fields in zip(many, (4, 7, 11, 4), strict=True)) < 4_900


def test_sentences_tell_times_where_there_is_no_timeline() -> None:
    text = "It broke at 22:05 UTC on May 3rd. It was back\nby ~01:10 UTC. Version 4:20 is out."
    found = read_paste(text)
    assert [(piece.lines, piece.when, piece.zone, piece.also) for piece in found.of(ENTRY)] == [
        ((1,), "May 3rd 22:05", "UTC", True), ((2,), "May 3rd about 01:10 next day", "UTC", True),
    ]  # fmt: skip
    assert [piece.words for piece in found.of(ENTRY)] == [
        "It broke at 22:05 UTC on May 3rd.",
        "It was back\nby ~01:10 UTC.",
    ]
    assert times(found, date(2031, 5, 3)) == ["3 May 2031, 22:05", "4 May 2031, about 01:10"]
    assert not read_paste(f"Summary\n{text}\n\nTimeline\n22:05 it broke").of(ENTRY)[0].also


@pytest.mark.parametrize(
    ("text", "zone", "stated"),
    [
        ("22:05 UTC a\n22:06 UTC b", ("UTC", 1), True), ("22:05 a\n22:06 UTC b\n22:07 c", ("UTC", 2), False),
        ("All times are in GMT.\n22:05 a", ("UTC", 1), True), ("Timeline (CET)\n22:05 a", ("Europe/Berlin", 1), False),
        ("Time zone: america/new_york\n22:05 a", ("America/New_York", 1), True), ("22:05 a", None, False),
        ("22:05 BST a\n22:06 BST b", None, False),
    ],
)  # fmt: skip
def test_the_zone_is_what_the_text_says(text: str, zone: Any, *, stated: bool) -> None:
    found = read_paste(text)
    assert (found.zone and found.zone[:2], found.zone_stated) == (zone, stated)
    assert not found.zone or found.zone.said in text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("a\nOn 2031-05-03 it", ("2031-05-03", 2)), ("May 3 it\nsince 2031-04-01", ("2031-04-01", 2)),
        ("May 3 it\nsigned 15:16, 14 May 2031 (UTC)", ("2031-05-03", 1)), ("it\nIda 15:16, 14 May 2031 (UTC)", None),
        ("Incidents/20310503-Kettle\n\nit", ("2031-05-03", 1)), ("May 3\nmessages-20310503.gz", ("2031-05-03", 1)),
        ("see https://example.org/2031/05/03/x", None), ("3/5/2031", None), ("May 3", None), ("30 February 2031", None),
    ],
)  # fmt: skip
def test_the_first_day_is_guessed_where_the_text_is_clear(text: str, day: Any) -> None:
    found = read_paste(text).day
    assert (found and found[:2]) == day
    assert not found or found.said in text


@pytest.mark.parametrize(
    ("lines", "name", "field"),
    [
        (["## Root causes ##"], "Root causes", "analysis"), (["= Impact ="], "Impact", "impact"),
        (["TIMELINE"], "TIMELINE", "timeline"), (["What happened:"], "What happened", "summary"),
        (["**Follow-ups**"], "Follow-ups", "work"), (["2. What went wrong", "---"], "2. What went wrong", "went_wrong"),
        (["h2. Where we got lucky"], "Where we got lucky", "got_lucky"), (["### Bees"], "Bees", ""),
        (["The bees", "", "They came."], "The bees", ""), (["Resolution: we left."], "Resolution", "recovery"),
    ],
)  # fmt: skip
def test_headings_in_many_ways(lines: list[str], name: str, field: str) -> None:
    found = heading_of(lines, 0)
    assert found
    assert (found.name, found.field) == (name, field)


@pytest.mark.parametrize(
    "line", ["They came.", "fix: it", "$ModLoad x", "A sentence, which goes on for long and then ends"]
)
def test_other_lines_are_no_headings(line: str) -> None:
    assert heading_of([line, "", ""], 0) is None


def test_bullets_are_work_where_the_text_says_so() -> None:
    found = read_paste(
        "We've made these changes so that it does not happen again:\n\n- Plug\n- Tea\n\nSorry.\n- a bee\n"
    )
    assert [(piece.words, piece.work and piece.work.status) for piece in found.of(WORK)] == [
        ("Plug", "done"),
        ("Tea", "done"),
    ]
    assert found.of(TEXT)[-1].words.endswith("Sorry.\n- a bee")
    marked = read_paste("x.\n- bee\n\n- ALT1: a plug\n- DONE: tea\n- Status: Done - cups\n- milk\n- Status: Declined")
    assert [(piece.words, piece.work and piece.work.status) for piece in marked.of(WORK)] == [
        ("ALT1: a plug", "open"), ("tea", "done"), ("cups", "done"), ("milk", "declined"),
    ]  # fmt: skip
    plain = read_paste("Actionables\nBuying a plug is a good idea.\nWatch the bees, which\ncome and go.\nMonitor tea.")
    assert told(plain, WORK)[1] == ((3, 4), "Watch the bees, which come and go.") or plain.of(WORK)[1].work
    assert [piece.lines for piece in plain.of(WORK)] == [(2,), (3, 4), (5,)]
    assert [piece.into for piece in plain.of(WORK)] == ["prevent", "prevent", "detect"]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Do it @ida", "owner", "ida"), ("Do it, assigned to Ida Berg", "owner", "Ida Berg"),
        ("Mail a@b.org", "owner", ""), ("Do it, due 2031-06-01", "due", "2031-06-01"), ("due 2031-13-01", "due", ""),
        ("LP:1094230 it", "ticket", "LP:1094230"),
        ("in OPS-12 it", "ticket", "OPS-12"), ("in UTF-16", "ticket", ""), ("see https://x.org/T12.", "url", "https://x.org/T12"),
        ("x" * 300, "title", "x" * 199 + "…"), ("x" * 300, "more", "x" * 300), ("[ ] Do", "title", "Do"),
    ],
)  # fmt: skip
def test_what_a_bullet_says(text: str, name: str, value: str) -> None:
    assert getattr(work_of(text), name) == value


def test_small_readers() -> None:
    assert section_called("What we did well") == "went_well"
    assert shortened("One is. Two are.", 50) == "One is."
    assert shortened("one two three", 8) == "one two…"
    assert address("https://x.org/a_(b)).") == "https://x.org/a_(b)"
    assert [stamp.clock for _, stamp in mentions("between 22:00 and 22:30, at 4:20 hours")] == ["22:00", "22:30"]
    assert stamp_of("") is None


WORDS = st.sampled_from(
    [*"-*#|=`~[](){}<>:.", "\n", "\n\n", " ", "\t", "    ", "22:05", "00:10 ", "[22:30] ", "2031-05-03 ", "3 May",
     "UTC",
     "- ", "## ", "== ", "---", "```", "Timeline", "Actionables\n", "Summary:", "Impact\n", "DONE: ", "Status: Done",
     "(owner: Ida)", "<ida>", "https://x.org/1)", "at ", "about ", "tea", "Ärger", "UPDATE", "15:16, 14 May 2031 (UTC)",
     "| ", "Ida Berg 10:05 PM\n", "Title: ", "\u2028", "\x00", "\ud800", "9" * 9]
)  # fmt: skip
SOMETHING = re.compile(r"[^\W_]+")


@given(st.one_of(st.lists(WORDS, max_size=60).map("".join), st.text(max_size=300)))
def test_every_line_stands_somewhere_and_every_number_is_right(text: str) -> None:
    found = read_paste(text)
    assert list(found.lines) == text.split("\n")
    whole = {number for piece in found.pieces if not piece.also for number in piece.lines}
    assert whole == {number for number, line in enumerate(found.lines, start=1) if line.strip()} | (
        whole & empty(found)
    )
    taken = [number for piece in found.pieces if not piece.also for number in piece.lines]
    assert len(taken) == len(set(taken))
    for piece in found.pieces:
        source = SOMETHING.findall("\n".join(found.lines[number - 1] for number in piece.lines).casefold())
        if piece.also:  # the sentence may begin above the line that it is told on
            continue
        work = piece.work
        extra = (work.more, work.owner, work.outcome, work.due, work.ticket, work.url) if work else ()
        kept = " ".join((piece.words, piece.when, piece.zone, piece.excerpt, *extra)).casefold()
        missing = set(source) - set(SOMETHING.findall(kept))
        assert all(is_understood(word, piece.what) for word in missing), (piece, missing)
    assert len({piece.key for piece in found.pieces}) == len(found.pieces)


def empty(found: Found) -> set[int]:
    """The empty lines within a fence, which belong to what is around them."""
    return {number for number, line in enumerate(found.lines, start=1) if not line.strip()}


def is_understood(word: str, what: str) -> bool:
    """Whether a word may go because it was read: of a time, of a bullet, of the status of work, of its owner."""
    times_and_marks = r"\d{1,4}z?|[ap]m|may|utc|at|on|about|title|summary|timeline|until|h\d"
    return bool(re.fullmatch(times_and_marks, word)) or (what == WORK and word in ("owner", "done", "status", "update"))


def test_beyond_what_anybody_looks_through_it_stays_text() -> None:
    text = "Timeline\n" + "\n".join(f"22:05 line{number}" for number in range(450)) + "\nwords"
    found = read_paste(text)
    assert len(found.of(ENTRY)) == 400
    (rest,) = found.of(TEXT)
    assert (rest.lines[0], rest.lines[-1], rest.words.split("\n")[0]) == (402, 452, "22:05 line400")
