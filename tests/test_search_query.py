"""What is typed is understood; what is not is said; nothing is an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.search_documents import minute_of
from postmortems.search_index import key_at
from postmortems.search_query import Query, parse

pytestmark = pytest.mark.sqlite  # no database is asked


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


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("organization:x", "organisation", ["x"]),
        ("root-cause:x", "cause", ["x"]),
        ("severity:P1,sev-2", "severity", ["SEV1", "SEV2"]),
        ("is:draft", "status", ["draft"]),
        ("assignee:bob", "owner", ["bob"]),
        ("with:links", "has", ["links"]),
        ("year:2013..2015", "year", ["2013", "2014", "2015"]),
        ("year:2014-2015", "year", ["2014", "2015"]),
        ("service:nginx,rabbitmq", "service", ["nginx", "rabbitmq"]),
        ('service:"a, b"', "service", ["a, b"]),
        ("cause:“automatic change”", "cause", ["automatic change"]),
    ],
)
def test_qualifiers_as_people_know_them_from_elsewhere(text: str, kind: str, values: list[str]) -> None:
    query = parse(text)
    assert query.filters == {kind: values}
    assert not query.notices


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("after:2015-08", "2015-08-01", None),
        ("since:2015", "2015-01-01", None),
        ("until:2015-08-31", "0001-01-01", "2015-09-01"),
        ("before:2015", "0001-01-01", "2015-01-01"),
        ("date:2015-12", "2015-12-01", "2016-01-01"),
        ("on:2015/8/12", "2015-08-12", "2015-08-13"),
        ("date:2015-08..2015-10", "2015-08-01", "2015-11-01"),
        ("date:2015..", "2015-01-01", None),
        ("date:..2015", "0001-01-01", "2016-01-01"),
        ("after:2014 after:2015 before:2017 before:2016", "2015-01-01", "2016-01-01"),
        ("until:9999-12-31", None, None),
    ],
)
def test_dates_and_ranges(text: str, first: str | None, last: str | None) -> None:
    query = parse(text)
    bounds = [
        None if day is None else key_at(minute_of(datetime.fromisoformat(day).replace(tzinfo=UTC)) or 0)
        for day in (first, last)
    ]
    assert [query.after, query.before] == bounds
    assert not query.notices


@pytest.mark.parametrize("text", ["before:2015-02-30", "date:2015...2016", "date:..", "-before:2016", "after:10000"])
def test_what_is_no_date_is_said_and_ignored(text: str) -> None:
    query = parse(text)
    assert (query.after, query.before) == (None, None)
    assert len(query.notices) == 1


@pytest.mark.parametrize("text", ["%", "???", "🔥", "- -", "“”", "(*)"])
def test_nothing_to_look_for_is_said(text: str) -> None:
    assert parse(text).notices == [
        f"There is no letter or digit in “{parse(text).text}”, so there is nothing to look for."
    ]


@pytest.mark.parametrize("text", ["", "  ", "rsyslog ???", "🔥 rsyslog", "-puppet", "before:2016", "the", "org:x"])
def test_punctuation_beside_something_needs_no_word(text: str) -> None:
    assert parse(text).notices == []


@pytest.mark.parametrize("text", ["severity:", 'cause:"', 'cause:""', "org: wikimedia"])
def test_a_qualifier_without_a_value_is_said(text: str) -> None:
    assert "needs a value right behind it" in parse(text).notices[0]


@pytest.mark.parametrize("text", ["puppet agent -tv", "-rw------- 1 root", "ls -la", "java -Dfile=x"])
def test_parts_of_commands_are_words(text: str) -> None:
    query = parse(text)
    assert query.excluded == []
    assert "was taken for part of a command" in query.notices[0]


def test_qualifiers_can_be_excluded():
    query = parse("-org:wikimedia -severity:1 rsyslog")
    assert query.without == {"organisation": ["wikimedia"], "severity": ["SEV1"]}
    assert query.filters == {}
    assert words(query) == ["rsyslog"]


@pytest.mark.parametrize("text", ["title:foo", "foo:bar", "nova:compute", "-foo:bar"])
def test_names_of_small_letters_before_a_word_are_doubtful(text: str) -> None:
    assert list(parse(text).doubtful) == [text.lstrip("-").split(":")[0]]


@pytest.mark.parametrize(
    "text",
    [
        "LP:1094230",
        "http://example.org",
        "10:45",
        "ensure => latest",
        "C:\\temp",
        "std::vector",
        "port:514",
        "Foo:bar",
        "a: b",
    ],
)
def test_identifiers_are_not_doubtful(text: str) -> None:
    query = parse(text)
    assert query.doubtful == {}
    assert query.notices == []


def test_long_identifiers_are_looked_for_in_pieces():
    query = parse("/".join(f"part{number}" for number in range(30)))
    assert [len(term.parts) for term in query.terms] == [12, 12, 6]


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
