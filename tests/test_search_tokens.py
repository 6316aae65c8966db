"""Text to tokens: identifiers whole and in parts, English by its stems."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.search_tokens import LONGEST, Chunk, chunks, stem

pytestmark = pytest.mark.sqlite  # no database is asked
TOKEN = re.compile(r"[^\W_]+(?:·[^\W_]+)?\Z")


def only(text: str) -> Chunk:
    """The one run of a text."""
    (found,) = chunks(text)
    return found


@pytest.mark.parametrize(
    ("text", "parts", "pairs", "pieces"),
    [
        ("ENOTCONN", ["enotconn"], [], []),
        ("labcontrol1001", ["labcontrol1001"], [], ["1001", "labcontrol"]),
        ("2015-08-12", ["2015", "08", "12"], ["2015·08", "08·12"], []),
        ("api/v1", ["api", "v1"], ["api·v1"], []),
        ("LP:1094230", ["lp", "1094230"], ["lp·1094230"], []),
        ("NullPointerException", ["nullpointerexception"], [], ["except", "null", "pointer"]),
        ("network_host", ["network", "host"], ["network·host"], []),
        ("10.0.1", ["10", "0", "1"], ["10·0", "0·1"], []),
        ("/var/log/puppet.log", ["var", "log", "puppet", "log"], ["var·log", "log·puppet", "puppet·log"], []),
        ("https://a.example.org/x", ["https", "a", "example", "org", "x"], None, []),
        ("@@syslog.private", ["syslog", "private"], ["syslog·private"], []),
        ("b7e615f4909144e480f34f78d1dce791", ["b7e615f4909144e480f34f78d1dce791"], [], []),
        ("Bitbucket's", ["bitbucket"], [], []),
        ("Straße", ["strasse"], [], []),
        ("naïve", ["naive"], [], []),
    ],
)
def test_identifiers(text: str, parts: list[str], pairs: list[str] | None, pieces: list[str]) -> None:
    found = only(text)
    assert list(found.parts) == parts
    assert pairs is None or list(found.pairs) == pairs
    assert list(found.pieces) == pieces


def test_words_with_plain_hyphens_may_stand_apart():
    assert not only("log-rotation").strict
    assert only("log-4").strict
    assert only("log.rotation").strict


def test_operators_are_no_words():
    assert [found.parts for found in chunks("`ensure => latest` *.* ??? \0 \ud800")] == [("ensure",), ("latest",)]


@pytest.mark.parametrize(
    "forms",
    [
        "retry retries retried retrying", "restart restarts restarted restarting", "cache caches cached caching",
        "configure configured configuration configurations", "replicate replicated replication", "fail failed failure",
        "migrate migrated migration", "deploy deploys deployed deployment", "query queries querying", "drop dropped",
        "log logs logged logging", "zombie zombies", "service services", "automatic automatically",
    ],
)  # fmt: skip
def test_forms_of_a_word_share_their_stem(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize("word", ["dns", "status", "string", "speed", "during", "e0412", "über", "process", "needs"])
def test_a_stem_is_the_beginning_of_its_word(word: str) -> None:
    assert word.startswith(stem(word))
    assert len(stem(word)) >= 3


@given(st.text(max_size=300))
def test_no_token_can_be_syntax(text: str) -> None:
    for found in chunks(text):
        for token in (*found.parts, *found.bag, *found.needed):
            assert TOKEN.match(token), token
            assert len(token) <= 2 * LONGEST + 1


def test_characters_that_stand_for_whole_sentences_do_not_make_a_run_long() -> None:
    (found,) = chunks("\ufdfa" * 10_000)
    assert 4 <= len(found.parts) <= 16 * LONGEST
    (plain,) = chunks("x" * 10_000)
    assert plain.parts == ("x" * LONGEST,)


@given(st.from_regex(r"[a-z]{1,20}", fullmatch=True))
def test_every_stem_is_a_beginning(word: str) -> None:
    assert word.startswith(stem(word))
    assert stem(word)
