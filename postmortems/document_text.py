"""The text of a document: facts in front, then blocks under headings; read back exactly as it was written.

    ---
    title: Swift hung
    services: ["swift", "rsyslog"]
    ---

    # Summary

    Markdown as it was typed.

    # Timeline

    ## about 18:55
    kind: detection

    Markdown of this entry.

The facts are `name: value` lines of YAML, the value a bare string or what JSON writes on one line. They are read by
this module alone, so nothing in a file can refer, expand or construct. Headings mean something only where a `Shape`
allows them; a line of somebody's text that could be taken for one carries a backslash more than was typed. A heading
that is empty, has a line break or begins with a quote is what JSON writes. Lines end with a line feed; every other
character is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Value = str | int | bool | None | list[str]
Facts = dict[str, Value]

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
FENCE = "---"
INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # line ends to YAML, or not to be seen at all
FACT = re.compile(r"([a-z][a-z_ ]*): ?(.*)", re.DOTALL)
# What YAML would take for something other than the string it looks like, and what would end or comment a bare string.
NOT_BARE = re.compile(
    r"""[\s"'\[\]{}&*!|>%@`#,?~:=<.+0-9-]|(?:true|false|yes|no|on|off|null|y|n)$|.*(?::(?:\s|$)|\s\#|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\s$)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


class DocumentError(ValueError):
    """A document that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(f"Line {line}: {words}")
        self.line = line
        self.words = words


@dataclass(slots=True)
class Block:
    """A heading with the facts and the text below it; `line` is where it stood."""

    heading: str
    facts: Facts = field(default_factory=dict)
    text: str = ""
    within: list[Block] = field(default_factory=list)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """Which headings may stand directly within a block: those named, or any; and what may stand within these."""

    named: dict[str, Shape] = field(default_factory=dict)
    others: Shape | None = None

    def within(self, heading: str) -> Shape | None:
        """The shape of a block of this heading, None where the line is text."""
        return self.named.get(heading, self.others)


def written(facts: Facts, blocks: Iterable[Block], shape: Shape) -> str:
    """The document as text."""
    return "".join([FENCE, "\n", *_facts(facts), FENCE, "\n", *_blocks(blocks, shape, (shape,))])


def read(text: str, shape: Shape) -> tuple[Facts, list[Block]]:
    """The facts and blocks of a text; raises DocumentError."""
    lines = text.split("\n")
    if lines[0] != FENCE:
        raise DocumentError(1, f"a document begins with a line of {FENCE}")
    if FENCE not in lines[1:]:
        raise DocumentError(len(lines), f"the facts at the top end with a line of {FENCE}")
    end = lines.index(FENCE, 1)
    facts: Facts = {}
    for number in range(1, end):
        if lines[number].strip() and not lines[number].startswith("#"):
            _add(facts, lines[number], number + 1)
    return facts, _read_blocks(lines, end + 1, shape)


def _facts(facts: Facts) -> Iterator[str]:
    return (f"{name}: {_value(value)}\n" for name, value in facts.items())


def _value(value: Value) -> str:
    if isinstance(value, str) and value and not NOT_BARE.match(value):
        return value
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _blocks(blocks: Iterable[Block], shape: Shape, around: Sequence[Shape]) -> Iterator[str]:
    """Blocks at one depth; `around` are the shapes of every depth down to here, outermost first."""
    for block in blocks:
        inner = shape.within(block.heading)
        assert inner is not None, block.heading
        yield f"\n{'#' * len(around)} {_on_one_line(block.heading)}\n"
        yield from _facts(block.facts)
        if block.text:
            yield "\n" + "\n".join(_guarded(line, (*around, inner)) for line in block.text.split("\n")) + "\n"
        yield from _blocks(block.within, inner, (*around, inner))


def _on_one_line(heading: str) -> str:
    is_plain = heading and "\n" not in heading and not heading.startswith('"')
    return heading if is_plain else json.dumps(heading, ensure_ascii=False)


def _heading(line: str) -> str:
    """What `_on_one_line` was given."""
    try:
        heading = json.loads(line) if line.startswith('"') else line
    except ValueError:
        return line
    return heading if isinstance(heading, str) else line


def _guarded(line: str, around: Sequence[Shape]) -> str:
    """The line, with a backslash more where it would be taken for a heading."""
    return "\\" + line if _depth(line.lstrip("\\"), around) else line


def _depth(line: str, around: Sequence[Shape]) -> int:
    """How deep the heading lies that this line is; 0 when it is text."""
    marks, space, heading = line.partition(" ")
    depth = len(marks)
    if not space or not heading or marks.strip("#") or depth > len(around):
        return 0
    return depth if around[depth - 1].within(heading) is not None else 0


def _read_blocks(lines: list[str], start: int, shape: Shape) -> list[Block]:
    top = Block("", line=start)
    opened, around = [top], [shape]
    held: list[str] = []
    for number in range(start, len(lines)):
        depth = _depth(lines[number], around)
        if not depth:
            held.append(lines[number])
            continue
        _close(opened[-1], held, around)
        held = []
        del opened[depth:], around[depth:]
        block = Block(_heading(lines[number].partition(" ")[2]), line=number + 1)
        inner = around[-1].within(block.heading)
        assert inner is not None
        opened[-1].within.append(block)
        opened.append(block)
        around.append(inner)
    _close(opened[-1], held, around)
    return top.within


def _close(block: Block, held: list[str], around: Sequence[Shape]) -> None:
    """Give a block the facts and the text that stood below its heading."""
    if not block.heading:
        for number, line in enumerate(held, start=block.line + 1):
            if line.strip():
                raise DocumentError(number, f"“{line.strip()[:40]}” stands under no heading")
        return
    facts = 0
    while facts < len(held) and FACT.fullmatch(held[facts]):
        _add(block.facts, held[facts], block.line + facts + 1)
        facts += 1
    text = held[facts:]
    if text and text[0]:
        raise DocumentError(block.line + facts + 1, "an empty line parts the facts under a heading from the text")
    if len(text) > 1 and not text[-1]:
        text.pop()
    block.text = "\n".join(_unguarded(line, around) for line in text[1:])


def _unguarded(line: str, around: Sequence[Shape]) -> str:
    return line[1:] if line.startswith("\\") and _depth(line.lstrip("\\"), around) else line


def _add(facts: Facts, line: str, number: int) -> None:
    """Read one fact; raises DocumentError for what is none, and for a name that stands twice."""
    found = FACT.fullmatch(line)
    if not found:
        raise DocumentError(number, f"“{line[:40]}” is not of the form name: value")
    name, said = found[1], found[2].strip(" \t\r")
    if name in facts:
        raise DocumentError(number, f"“{name}” stands twice")
    value = _read_value(said, number)
    if any(UNSTORABLE.search(part) for part in (value if isinstance(value, list) else [str(value)])):
        raise DocumentError(number, f"{name} holds a character that no database keeps")
    facts[name] = value


def _read_value(said: str, number: int) -> Value:
    if said[:1] not in ('"', "[", "{") and said not in ("true", "false", "null") and not INTEGER.fullmatch(said):
        return said
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        raise DocumentError(number, f"“{said[:40]}” is not a JSON value; put text in straight quotes") from None
    if isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(each, str) for each in value)):
        raise DocumentError(number, "a value is text, a number, true, false, null or a list of texts")
    return value
