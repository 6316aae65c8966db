"""What is typed is understood; what is not is said; nothing is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.search_query import Query, parse


def words(query: Query) -> list[str]:
    """The words it looks for, as typed."""
    return [term.text for term in query.terms]


def test_words_phrases_and_exclusions():
    query = parse('rabbitmq "message broker" -kafka -"dead letter" timeout')
    assert words(query) == ["rabbitmq", "timeout"]
    assert query.phrases == [("message", "broker")]
    assert len(query.excluded) == 2
    assert not query.notices


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("org:wikimedia", "organisation", ["wikimedia"]),
        ('service:"OpenStack Nova"', "service", ["OpenStack Nova"]),
        ("cause:out-of-memory", "cause", ["out-of-memory"]),
        ("severity:sev1,2", "severity", ["SEV1", "SEV2"]),
        ("sev:unknown", "severity", ["unknown"]),
        ("year:2015 year:unknown", "year", ["2015", "unknown"]),
        ("status:draft", "status", ["draft"]),
        ('owner:"Chase and Andrew"', "owner", ["chase-and-andrew"]),
        ("has:timeline", "has", ["timeline"]),
        ("ORG:x org:x", "organisation", ["x"]),
    ],
)
def test_qualifiers(text: str, kind: str, values: list[str]) -> None:
    query = parse(text)
    assert query.filters == {kind: values}
    assert not query.has_words
    assert not query.notices


def test_dates_bound_a_search():
    query = parse("after:2015-08-12 before:2016")
    assert query.after is not None
    assert query.before is not None
    assert query.after < query.before
    assert parse("after:2015").after == parse("after:2015-01-01").after


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("severity:bad", "“bad” is not something severity: can be"),
        ("before:2015-13-99", "is not a date"),
        ("after:soon", "is not a date"),
        ("has:everything", "“everything” is not something has: can be"),
    ],
)
def test_what_is_not_understood_is_said(text: str, said: str) -> None:
    assert any(said in notice for notice in parse(text).notices)


@pytest.mark.parametrize("text", ["LP:1094230", "http://example.org/x", "22:44:42", "rsyslogd: stopped", "C:\\temp"])
def test_what_only_looks_like_a_qualifier_is_words(text: str) -> None:
    query = parse(text)
    assert query.terms
    assert not query.notices


def test_stop_words_count_only_alone():
    assert words(parse("the cache of the site")) == ["cache", "site"]
    assert words(parse("to be or not to be")) == ["to", "be", "or", "not"]


@pytest.mark.parametrize("text", ["", " ", "???", '"', '""', '" "', "-", '-"', "*", "::", "\0", "()", "NEAR(", "'; --"])
def test_punctuation_asks_for_nothing(text: str) -> None:
    query = parse(text)
    assert not [term for term in query.terms if term.parts != ("near",)]
    assert not query.phrases


def test_what_is_pasted_has_no_qualifiers_and_no_exclusions():
    query = parse("ERROR status:500 -x\n  at org:apache.Foo(Bar.java:12)")
    assert query.pasted
    assert not query.filters
    assert not query.excluded
    assert parse(" ".join(f"word{n}" for n in range(15))).pasted


@given(st.text(max_size=2_000))
def test_no_text_is_an_error(text: str) -> None:
    parse(text)


@given(st.lists(st.sampled_from(['"', "-", ":", "(", ")", "*", "AND", "NOT", "org:", "after:", "x", "'", "\0", " "])))
def test_no_syntax_is_an_error(pieces: list[str]) -> None:
    parse("".join(pieces))


def test_a_long_text_is_cut():
    assert len(parse("x" * 100_000).text) == 10_000
