"""Source lines rewritten so that Python-Markdown reads blocks as people write them today.

Python-Markdown wants lists indented by four, a blank line before a list or table and fences at the margin.
People write as they do elsewhere (two or three spaces, "Impact:" and the list right below, code inside a list
item), so lists are indented anew, missing blank lines added and fenced code taken out. One pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape

from markdown.preprocessors import Preprocessor

from postmortems.markdown_guards import MAX_NESTING, TooComplex, check_line

# Names that a fence may give its code, and the class of that code.
LANGUAGES = (  # noqa: SIM905 - many words read best as words
    "bash c console cpp css diff dockerfile go hcl html http ini java javascript js json log lua makefile "
    "nginx php plaintext promql python rb ruby rust sh shell sql text toml ts typescript xml yaml yml"
).split()
_ITEM = re.compile(r"([*+-]|[0-9]{1,9}[.)])([ ]+)(?=\S)")
_FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)$")
_LANGUAGE = re.compile(r"\{?[ ]*\.?([\w+#-]{1,20})")
_HEADING = re.compile(r"#{1,6}[ ]")
_DEFINITION = re.compile(r"\[[^\[\]]*\]:")
_UNDERLINE = re.compile(r"(?:=+|-+)[ ]*$")
_QUOTED = re.compile(r"[ ]{0,3}>[ ]?")


@dataclass
class _Item:
    """An open list item: the column where its content starts, and "o" (numbered) or "u"."""

    column: int
    kind: str


@dataclass
class _Fence:
    """Open fenced code: its marker, columns to take off each line, what stands before its place holder."""

    marker: str
    indent: int
    prefix: str
    language: str
    lines: list[str] = field(default_factory=list)


class Rewriter:
    """Rewrites lines; put_aside takes the HTML of a code block and returns the place holder for it."""

    def __init__(self, put_aside: Callable[[str], str], depth: int = 0) -> None:
        self.put_aside = put_aside
        self.depth = depth
        self.written: list[str] = []
        self.items: list[_Item] = []
        self.quote: list[str] = []
        self.fence: _Fence | None = None

    def rewrite(self, lines: Iterable[str]) -> list[str]:
        """Raises TooComplex when containers are nested too deeply."""
        for line in lines:
            self._take(line)
        self._end_quote()
        self._end_fence()
        return self.written

    def _take(self, raw: str) -> None:
        if self.fence:
            self._take_code(raw)
            return
        line = raw.expandtabs(4)
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if _QUOTED.match(line) and not (self.items and indent >= self.items[0].column):
            self.quote.append(line)
            return
        self._end_quote()
        if not body.strip():
            self._blank(keep=2)
            return
        if not _is_rule(body):
            check_line(body, self.depth + len(self.items))
        self._take_text(indent, body)

    def _take_text(self, indent: int, body: str) -> None:
        item = None if _is_rule(body) else _ITEM.match(body)
        if item and self._starts_item(indent, item):
            self._write_item(indent, body, item)
            return
        fence = _FENCE.match(body)
        ends = self._after_blank() or fence or _interrupts(body)
        if ends and self._close(indent):
            self._blank()
        if fence and indent - self._column() < 4:
            self._blank()
            self._open_fence(indent, fence, "    " * len(self.items))
        else:
            self._write_text(indent, body)

    def _starts_item(self, indent: int, item: re.Match[str]) -> bool:
        """As in CommonMark: only bullets and a 1 may interrupt a paragraph; four columns more are code."""
        column = max((open_.column for open_ in self.items if open_.column <= indent), default=0)
        if indent - column >= 4:
            return False
        continues = self.items or self._after_blank()
        return bool(continues or not item[1][0].isdigit() or item[1][:-1] == "1")

    def _write_item(self, indent: int, body: str, item: re.Match[str]) -> None:
        sibling = self._close(indent)
        kind = "o" if item[1][0].isdigit() else "u"
        level = len(self.items)
        if sibling.kind != kind if sibling else not level:
            self._blank()
        spaces = len(item[2]) if len(item[2]) <= 4 else 1
        self.items.append(_Item(indent + len(item[1]) + spaces, kind))
        marker = "    " * level + (item[1][:-1] + ". " if kind == "o" else item[1] + " ")
        rest = body[item.end() :]
        fence = _FENCE.match(rest)
        if fence:
            self._open_fence(self.items[-1].column, fence, marker)
        else:
            self.written.append(marker + rest)

    def _write_text(self, indent: int, body: str) -> None:
        """Headings and rules get blank lines around them: Python-Markdown is quadratic in them otherwise."""
        after_blank = self._after_blank()
        underline = not after_blank and _UNDERLINE.match(body)
        alone = not underline and indent - self._column() < 4 and (_HEADING.match(body) or _is_rule(body))
        if alone or (_DEFINITION.match(body) and not _DEFINITION.match(self._last().lstrip())):
            self._blank()
        if not (after_blank or self.items) and set(body) <= set("|:- ") and "|" in body:
            self._part_table()
        margin = self._margin(indent)
        self.written.append(" " * (margin - margin % 4 if alone else margin) + body)
        if alone or underline:
            self._blank()

    def _margin(self, indent: int) -> int:
        """Columns before a line: four a level in an item, and for a new paragraph as many more as it had."""
        level = len(self.items)
        if level and not self._after_blank():
            return 4 * level - 4
        return 4 * level + max(0, indent - self._column())

    def _part_table(self) -> None:
        """The last line is the header of a table: a blank line before it, unless it is a row itself."""
        if len(self.written) > 1 and "|" in self.written[-1] and "|" not in self.written[-2]:
            self.written.insert(-1, "")

    def _open_fence(self, indent: int, fence: re.Match[str], prefix: str) -> None:
        word = _LANGUAGE.match(fence[2].strip())
        language = word[1].lower() if word and word[1].lower() in LANGUAGES else ""
        self.fence = _Fence(fence[1], indent, prefix, language)

    def _take_code(self, raw: str) -> None:
        """Fenced code ends at its closing fence, or with the document (or block quote) as in CommonMark."""
        if not self.fence:
            return
        closing = raw.strip()
        if closing.startswith(self.fence.marker) and not closing.strip(self.fence.marker[0]):
            self._end_fence()
            return
        margin = len(raw) - len(raw.lstrip(" "))
        self.fence.lines.append(raw[min(margin, self.fence.indent) :])

    def _end_fence(self) -> None:
        if not self.fence:
            return
        code = "".join(f"{line}\n" for line in self.fence.lines)
        language = f' class="language-{self.fence.language}"' if self.fence.language else ""
        place = self.put_aside(f"<pre><code{language}>{escape(code, quote=False)}</code></pre>")
        self.written += [self.fence.prefix + place, ""]
        self.fence = None

    def _end_quote(self) -> None:
        if not self.quote:
            return
        if self.depth >= MAX_NESTING:
            raise TooComplex("nesting")
        self.items.clear()
        self._blank()
        unquoted = (_QUOTED.sub("", line, count=1) for line in self.quote)
        inner = Rewriter(self.put_aside, self.depth + 1).rewrite(unquoted)
        self.written += [f"> {line}" if line else ">" for line in inner]
        self.quote = []

    def _close(self, indent: int) -> _Item | None:
        """Close the items that a line at this indent is outside of; the outermost of them."""
        closed = None
        while self.items and indent < self.items[-1].column:
            closed = self.items.pop()
        return closed

    def _column(self) -> int:
        return self.items[-1].column if self.items else 0

    def _last(self) -> str:
        return self.written[-1] if self.written else ""

    def _after_blank(self) -> bool:
        return not self._last()

    def _blank(self, keep: int = 1) -> None:
        """A blank line, unless there are `keep` of them (or nothing) before it."""
        if any(self.written[-keep:]):
            self.written.append("")


class LineRewriter(Preprocessor):
    """In place of Python-Markdown's own preprocessors; the text has no control characters and no CR."""

    def run(self, lines: list[str]) -> list[str]:
        """Raises TooComplex."""
        return [*Rewriter(self.md.htmlStash.store).rewrite(lines), "", ""]


def _is_rule(body: str) -> bool:
    """`---`, `* * *`, `___`: three or more of one character and nothing else."""
    return body[0] in "-*_" and body.count(body[0]) >= 3 and not body.strip(body[0] + " ")


def _interrupts(body: str) -> bool:
    """Whether the line ends a list that it is not indented under, without a blank line between."""
    return bool(_HEADING.match(body) or _is_rule(body) or body.startswith(">"))
