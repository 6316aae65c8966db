"""Documents as text: exact both ways, for any text; what cannot be read says where."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from postmortems.document_text import Block, DocumentError, Shape, read, written

pytestmark = pytest.mark.sqlite  # no database is asked
PROSE = Shape()
ENTRY = Shape({"Excerpt": PROSE})
SHAPE = Shape({"Summary": PROSE, "Timeline": Shape(others=ENTRY)})

# What a database can hold, and what could be taken for a part of a document.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
LINES = st.sampled_from(
    ["---", "# Summary", "\\# Summary", "\\\\# Summary", "# Timeline", "## x", "### Excerpt", "#", "# ", "", " ", "\r",
     "title: x", "# Summary ", "```", "\u2028", "\x85"]
)  # fmt: skip
TEXTS = st.one_of(st.text(CHARACTERS), st.lists(st.one_of(LINES, st.text(CHARACTERS, max_size=5))).map("\n".join))
BOOLEANS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # to YAML, also as names
NAMES = st.from_regex(r"[a-z][a-z_ ]{0,8}", fullmatch=True).filter(
    lambda name: name not in BOOLEANS and name[-1] != " "
)
VALUES = st.one_of(TEXTS, st.integers(0, 10**9), st.booleans(), st.none(), st.lists(TEXTS, max_size=3))
FACTS = st.dictionaries(NAMES, VALUES, max_size=4)
HEADINGS = st.text(CHARACTERS, min_size=1).filter(lambda text: "\n" not in text)
EXCERPTS = st.builds(Block, st.just("Excerpt"), FACTS, TEXTS)
ENTRIES = st.builds(Block, HEADINGS, FACTS, TEXTS, st.lists(EXCERPTS, max_size=2))
BLOCKS = st.lists(
    st.one_of(
        st.builds(Block, st.just("Summary"), FACTS, TEXTS),
        st.builds(Block, st.just("Timeline"), FACTS, TEXTS, st.lists(ENTRIES, max_size=3)),
    ),
    max_size=3,
)


def without_lines(blocks: list[Block]) -> list[Block]:
    """The same blocks, not knowing where they stood."""
    return [Block(block.heading, block.facts, block.text, without_lines(block.within)) for block in blocks]


@given(FACTS, BLOCKS)
def test_what_is_written_is_read_back(facts: dict, blocks: list[Block]) -> None:
    text = written(facts, blocks, SHAPE)
    found, parts = read(text, SHAPE)
    assert (found, without_lines(parts)) == (facts, blocks)
    assert written(found, parts, SHAPE) == text


@given(FACTS)
def test_the_facts_are_yaml_to_others(facts: dict) -> None:
    text = written(facts, [], SHAPE)
    front = text[len("---\n") : -len("---\n")]
    assert (yaml.safe_load(front) or {}) == facts


def line_of_refusal(text: str) -> int:
    """Where a text is refused; 0 when it is read, and then what is written of it reads the same again."""
    try:
        facts, blocks = read(text, SHAPE)
    except DocumentError as error:
        return error.line
    again = written(facts, blocks, SHAPE)
    assert written(*read(again, SHAPE), SHAPE) == again
    return 0


@given(TEXTS)
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    for whole in (text, f"---\n{text}", f"---\n---\n{text}"):
        assert 0 <= line_of_refusal(whole) <= whole.count("\n") + 1


def test_it_reads_as_markdown() -> None:
    blocks = [
        Block("Summary", {}, "It hung.\n\n# Not a section\n\n# Summary"),
        Block("Timeline", {}, "", [Block("18:55", {"kind": "action"}, "Restart.", [Block("Excerpt", {}, "a\nb")])]),
    ]
    assert written({"title": "Swift: hung", "services": ["a", "b"], "rated": False}, blocks, SHAPE) == (
        '---\ntitle: "Swift: hung"\nservices: ["a", "b"]\nrated: false\n---\n'
        "\n# Summary\n\nIt hung.\n\n# Not a section\n\n\\# Summary\n"
        "\n# Timeline\n\n## 18:55\nkind: action\n\nRestart.\n\n### Excerpt\n\na\nb\n"
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: x", 1, "begins with"),
        ("---\ntitle: x", 2, "end with"),
        ("---\ntitle\n---\n", 2, "name: value"),
        ("---\na: 1\na: 2\n---\n", 3, "stands twice"),
        ('---\na: {"b": 1}\n---\n', 2, "a value is"),
        ("---\na: [1]\n---\n", 2, "a value is"),
        ("---\na: [\n---\n", 2, "JSON"),
        ("---\n---\n\nhello\n", 4, "no heading"),
        ("---\n---\n\n# Summary\nkind: x\ntext\n", 6, "an empty line"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, line: int, words: str) -> None:
    with pytest.raises(DocumentError, match=words) as caught:
        read(text, SHAPE)
    assert caught.value.line == line


def test_deep_values_are_refused() -> None:
    with pytest.raises(DocumentError):
        read("---\na: " + "[" * 100_000 + "\n---\n", SHAPE)
