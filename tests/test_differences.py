"""Comparing texts: nothing of either is lost, what is marked is what changed, and long texts stay cheap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.differences import MOST_LINES, MOST_WORDS, Line, Piece, lines_of, merged, parts_of, words_of, woven_of

pytestmark = pytest.mark.sqlite  # no database is asked
TEXTS = st.lists(st.sampled_from(["a b c", "a b d", "", "x", "y z", "Swift hung at 18:55."])).map("\n".join) | st.text()


def sides(lines: list[Line]) -> tuple[str, str]:
    """The old and the new text of a comparison."""
    old = [line.text for line in lines if line.sign != "+"]
    new = [line.text for line in lines if line.sign != "-"]
    return "\n".join(old), "\n".join(new)


@given(TEXTS, TEXTS)
def test_both_texts_are_in_the_comparison(old: str, new: str) -> None:
    lines = lines_of(old, new)
    assert sides(lines) == (old, new)
    assert [line.old for line in lines if line.old] == list(range(1, old.count("\n") + 2))
    assert [line.new for line in lines if line.new] == list(range(1, new.count("\n") + 2))
    assert any(line.sign for line in lines) == (old != new)


@given(TEXTS, TEXTS)
def test_parts_hide_only_what_is_the_same(old: str, new: str) -> None:
    lines, parts = lines_of(old, new), parts_of(old, new)
    assert sum(len(part.lines) + part.hidden for part in parts) == len(lines)
    assert [line for part in parts for line in part.lines if line.sign] == [line for line in lines if line.sign]
    assert all(bool(part.lines) != bool(part.hidden) for part in parts)


@given(st.text(), st.text())
def test_words_put_together_are_the_lines(old: str, new: str) -> None:
    was, now = words_of(old, new)
    assert ("".join(piece.text for piece in was), "".join(piece.text for piece in now)) == (old, new)
    same = ["".join(piece.text for piece in side if not piece.sign) for side in (was, now)]
    assert same[0] == same[1]


def test_a_changed_word_is_marked_within_its_line() -> None:
    assert lines_of("one\nSwift hung at 18:55.", "one\nSwift stopped at 18:55.") == [
        Line("", 1, 1, (Piece("", "one"),)),
        Line("-", 2, 0, (Piece("", "Swift "), Piece("-", "hung"), Piece("", " at 18:55."))),
        Line("+", 0, 2, (Piece("", "Swift "), Piece("+", "stopped"), Piece("", " at 18:55."))),
    ]


def test_a_line_that_has_nothing_in_common_is_marked_whole() -> None:
    assert lines_of("abc def", "xyz") == [
        Line("-", 1, 0, (Piece("", "abc def"),)),
        Line("+", 0, 1, (Piece("", "xyz"),)),
    ]


def test_what_is_too_long_to_compare_is_told_as_replaced() -> None:
    old = [*(f"old {number}" for number in range(MOST_LINES)), "the same", "old end"]
    new = [*(f"new {number}" for number in range(MOST_LINES)), "the same", "new end"]
    lines = lines_of("\n".join(old), "\n".join(new))
    assert [line.sign for line in lines] == [*["-"] * len(old), *["+"] * len(new)]
    shorter = lines_of("\n".join(old[5:]), "\n".join(new[5:]))
    assert [line.text for line in shorter if not line.sign] == ["the same"]
    words, others = " ".join(["ab"] * MOST_WORDS), " ".join(["ba"] * MOST_WORDS)
    assert words_of(words, others) == ([Piece("-", words)], [Piece("+", others)])


def test_a_changed_line_stands_once_with_the_pieces_of_both() -> None:
    (line,) = woven_of("The proxies hung for long.", "The proxies stopped for long.")
    assert (line.sign, line.old, line.new) == ("±", 1, 1)
    assert [piece for piece in line.pieces if piece.sign] == [Piece("-", "hung"), Piece("+", "stopped")]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_the_woven_lines(old: str, new: str) -> None:
    lines = woven_of(old, new)
    was, now = ([line for line in lines if line.sign != sign] for sign in "+-")
    assert "\n".join("".join(p.text for p in line.pieces if p.sign != "+") for line in was) == old
    assert "\n".join("".join(p.text for p in line.pieces if p.sign != "-") for line in now) == new


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ("a\nb\nc\nD", "A\nb\nc\nd", "A\nb\nc\nD"),
        ("a\nb\nc\nd\ne", "A\nb\nc\nd", "A\nb\nc\nd\ne"),
        ("b\nc\nd", "a\nb\nc", "b\nc"),
        ("a\nb\nX\nd", "a\nb\nX\nd", "a\nb\nX\nd"),
        ("a\nb\nX\nd", "a\nb\nY\nd", None),
        ("a\nX\nc\nd", "a\nb\nY\nd", None),
        ("a\nb\nc\nd\nmine", "a\nb\nc\nd\ntheirs", None),
    ],
)
def test_changes_in_different_places_are_put_together(mine: str, theirs: str, both: str | None) -> None:
    assert merged("a\nb\nc\nd", mine, theirs) == both
    assert merged("a\nb\nc\nd", theirs, mine) == both


@given(TEXTS, TEXTS, TEXTS)
def test_putting_together_does_not_depend_on_who_comes_first(base: str, mine: str, theirs: str) -> None:
    assert merged(base, mine, theirs) == (merged(base, theirs, mine))
    assert (merged(base, mine, base), merged(base, base, theirs)) == (mine, theirs)
