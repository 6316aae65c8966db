"""Limits on text before Python-Markdown parses it, so that no text makes it raise or run for seconds.

Each limit is far above what people write: text that passes is parsed untouched, text that does not is refused
as a whole. The estimates are linear in the length of the text and mirror loops of Python-Markdown that are
not.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from markdown.treeprocessors import Treeprocessor

# Block quotes and list items inside each other. Python-Markdown recurses about six frames a level.
MAX_NESTING = 16
# Square brackets inside each other within one paragraph, cell or item.
MAX_BRACKETS = 40
# Runs of * _ or ~ that may open or close emphasis, in one paragraph, cell or item.
MAX_EMPHASIS = 6_000
# Cells of one table: rows are padded to the width of the header, so a few characters a row make hundreds.
MAX_CELLS = 40_000
# Bars times runs of backticks in one row.
MAX_ROW_STEPS = 20_000
MAX_FOOTNOTES = 400
MAX_FOOTNOTE_MARKS = 800
# Characters that matching brackets, parentheses and backticks may step over in one document: 0.2 us each.
MAX_STEPS = 4_000_000

# Python-Markdown keeps its place holders between U+0002 and U+0003, and nh3 cannot encode a lone surrogate.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTAINER = re.compile(r"(?:[*+-]|[0-9]{1,9}[.)])[ ]+|>[ ]?")
_CONTAINERS = re.compile(rf"(?:{_CONTAINER.pattern})*")
_BRACKET = re.compile(r"[\[\]]")
_DESTINATION = re.compile(r"\]\(")
_BACKTICKS = re.compile(r"`+")
_EMPHASIS = re.compile(r"\*+|~~+|(?<!\w)_+|_+(?!\w)")
_FOOTNOTE = re.compile(r"^[ ]*\[\^[^\]\n]*\]:", re.MULTILINE)


class TooComplex(Exception):
    """The text passes a limit above; the message names which."""


def without_controls(text: str) -> str:
    """The text with line feeds only, and U+FFFD for control characters and lone surrogates."""
    return _FORBIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def check_footnotes(text: str) -> None:
    """Raises TooComplex: numbering footnotes looks through all earlier ones each time."""
    if "[^" not in text:
        return
    if text.count("[^") > MAX_FOOTNOTE_MARKS or len(_FOOTNOTE.findall(text)) > MAX_FOOTNOTES:
        raise TooComplex("footnotes")


def check_line(body: str, depth: int) -> None:
    """Raises TooComplex when a line (without its indent) inside depth containers opens too many more."""
    prefix = _CONTAINERS.match(body)
    opened = len(_CONTAINER.findall(prefix[0])) if prefix else 0
    if depth + opened > MAX_NESTING:
        raise TooComplex("nesting")
    if "|" in body and "`" in body and body.count("|") * len(_BACKTICKS.findall(body)) > MAX_ROW_STEPS:
        raise TooComplex("code in a table row")


class InlineGuard(Treeprocessor):
    """Before the inline stage: refuses a document whose inline markup would cost more than MAX_STEPS."""

    def run(self, root: ElementTree.Element) -> None:
        """Raises TooComplex."""
        steps = 0
        for element in root.iter():
            for text in (element.text, element.tail):
                steps += inline_steps(text) if text and len(text) > 1 else 0
        if steps > MAX_STEPS:
            raise TooComplex("inline markup")


def inline_steps(text: str) -> int:
    """Characters that matching would step over in one paragraph; raises TooComplex at a limit of its own."""
    if sum(1 for _ in _EMPHASIS.finditer(text)) > MAX_EMPHASIS:
        raise TooComplex("emphasis")
    return _bracket_steps(text) + _destination_steps(text) + _backtick_steps(text)


def _bracket_steps(text: str) -> int:
    """An opening bracket is followed to the one that closes it, or to the end."""
    steps, opened = 0, []
    for bracket in _BRACKET.finditer(text):
        if bracket[0] == "[":
            opened.append(bracket.start())
            continue
        if len(opened) > MAX_BRACKETS:
            raise TooComplex("brackets")
        if opened:
            steps += bracket.start() - opened.pop()
    return steps + sum(len(text) - position for position in opened)


def _destination_steps(text: str) -> int:
    """`](` is followed to the next `)`, or to the end when a quote or another parenthesis comes first."""
    steps, last = 0, text.rfind(")")
    for start in _DESTINATION.finditer(text):
        end = text.find(")", start.end()) if start.end() <= last else -1
        plain = end >= 0 and not set(text[start.end() : end]) & set("('\"")
        steps += (end if plain else len(text)) - start.end()
        if steps > MAX_STEPS:
            break
    return steps


def _backtick_steps(text: str) -> int:
    """A run of backticks is followed to the next of the same length, or to the end."""
    steps = 0
    following: dict[int, int] = {}
    for run in reversed(list(_BACKTICKS.finditer(text))):
        steps += following.get(len(run[0]), len(text)) - run.start()
        following[len(run[0])] = run.start()
    return steps
