"""Which row of one version became which of another: by reference, by what it says, by its place; and what moved."""

from __future__ import annotations

from random import Random

import pytest

from postmortems.compared import changes, in_words
from postmortems.document import SHAPE
from postmortems.document_text import Block, written
from postmortems.paired import paired, said

pytestmark = pytest.mark.sqlite  # no database is asked


def entry(when: str, text: str) -> Block:
    return Block(when, {"kind": "action"}, text)


def work(reference: str, title: str, text: str = "") -> Block:
    return Block(title, {"reference": reference, "kind": "prevent"}, text)


def cause(slug: str, role: str, text: str = "") -> Block:
    return Block(slug, {"role": role, "certainty": "confirmed"}, text)


def told(kind: str, old: list[Block], new: list[Block]) -> list[tuple[str, str]]:
    """What is shown of each row that is not as it was: its heading and the sign, with "moved" where it did."""
    one, two = (written({"hindsight": 1}, [Block(kind, within=rows)], SHAPE) for rows in (old, new))
    return [(change.title, change.sign + ("moved" if change.moved else "")) for change in changes(one, two)]


TIMELINE = [entry(f"22:0{minute}", f"Rack {minute} lost its fans.") for minute in range(6)]


@pytest.mark.parametrize(
    ("kind", "rows", "first"),
    [
        ("Timeline", TIMELINE, entry("21:50", "Dust gathered.")),
        ("Actionables", [work(f"ACT-{n}", f"Clean {n}") for n in range(1, 5)], work("ACT-9", "Buy filters")),
        ("Causes", [cause("dust", "root"), cause("dust", "trigger"), cause("heat", "root")], cause("wear", "root")),
    ],
)
def test_a_row_put_first_changes_no_other(kind: str, rows: list[Block], first: Block) -> None:
    assert told(kind, rows, [first, *rows]) == [(first.heading, "+")]
    assert told(kind, [first, *rows], rows) == [(first.heading, "-")]


def test_a_row_that_went_elsewhere_is_said_to_have_moved_and_no_other() -> None:
    moved = [*TIMELINE[1:5], TIMELINE[0], TIMELINE[5]]
    assert told("Timeline", TIMELINE, moved) == [("22:00", "moved")]
    one, two = (written({"hindsight": 1}, [Block("Timeline", within=rows)], SHAPE) for rows in (TIMELINE, moved))
    assert in_words(one, two) == "Timeline (1 moved)"
    changed = [*TIMELINE[1:], entry("22:00", "Rack 0 lost its fans and its lamp.")]
    assert told("Timeline", TIMELINE, changed) == [("22:00", "±moved")]


def test_an_actionable_is_known_by_its_reference_whatever_else_changed() -> None:
    old = [work("ACT-1", "Clean the fans", "With air."), work("ACT-2", "Buy filters")]
    new = [work("ACT-3", "Clean the fans", "With air."), work("ACT-1", "Write a runbook", "For nights.")]
    assert told("Actionables", old, new) == [
        ("Clean the fans", "+"), ("Write a runbook", "±"), ("Buy filters", "-"),
    ]  # fmt: skip


def test_a_cause_in_two_roles_is_two_rows_and_another_cause_in_its_place_a_change() -> None:
    both = [cause("dust", "root", "It clogged."), cause("dust", "trigger", "It shorted.")]
    assert told("Causes", both, both[1:]) == [("dust", "-")]
    assert told("Causes", both, [cause("grime", "root", "It clogged."), both[1]]) == [("grime", "±")]
    assert told("Causes", both[:1], [cause("heat", "trigger", "It melted.")]) == [("heat", "+"), ("dust", "-")]


def test_an_entry_is_known_by_what_it_says_then_by_its_time_then_by_its_place() -> None:
    corrected = [entry("23:30", "Rack 0 lost all its fans."), *TIMELINE[1:]]
    assert told("Timeline", TIMELINE, corrected) == [("23:30", "±")]
    rewritten = [*TIMELINE[:2], entry("22:02", "Quiet."), *TIMELINE[3:]]
    assert told("Timeline", TIMELINE, rewritten) == [("22:02", "±")]
    replaced = [*TIMELINE[:2], entry("22:20", "Quiet."), *TIMELINE[3:]]
    assert told("Timeline", TIMELINE, replaced) == [("22:20", "±")]
    unknown = [entry("not known", "Somebody rang."), entry("not known", "The lamp was red.")]
    assert told("Timeline", unknown, unknown[1:]) == [("not known", "-")]


def test_every_row_is_told_once_in_the_order_of_the_newer_one() -> None:
    random = Random(5)
    for _ in range(300):
        old, new = (
            [entry(f"22:0{random.randrange(4)}", random.choice(["Dust.", "Heat.", "Fans stopped."])) for _ in range(n)]
            for n in (random.randrange(7), random.randrange(7))
        )
        met = paired("Timeline", old, new)
        assert [each.new for each in met if each.new is not None] == new
        assert sorted(id(each.old) for each in met if each.old is not None) == sorted(map(id, old))
        staying = [old.index(each.old) for each in met if each.old and each.new and not each.moved]
        assert len(staying) == sum(each.old is not None and each.new is not None and not each.moved for each in met)
        if sorted(map(said, old)) == sorted(map(said, new)):
            assert all(each.old and each.new and said(each.old) == said(each.new) for each in met)


def test_many_rows_that_have_nothing_in_common_stay_cheap() -> None:
    """Of so many only those in the same place are looked at word by word."""
    old = [entry(f"about {n // 60:02}:{n % 60:02}", f"old{n}") for n in range(400)]
    new = [entry(f"{n // 60:02}:{n % 60:02}", f"new{n}") for n in range(400)]
    assert len(paired("Timeline", old, new)) == 800
