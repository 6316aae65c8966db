"""What this product reads differently from plain Python-Markdown, as one extension of it.

Everything is done on tokens and on the tree, never on HTML; the sanitiser comes after.
"""

from __future__ import annotations

import html
import re
from typing import cast
from xml.etree import ElementTree

from markdown import Markdown
from markdown.blockprocessors import HashHeaderProcessor
from markdown.extensions import Extension
from markdown.extensions.tables import TableProcessor
from markdown.inlinepatterns import InlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor as InlineStage
from markdown.treeprocessors import Treeprocessor
from markdown.util import INLINE_PLACEHOLDER_RE, AtomicString, Registry

from postmortems.markdown_guards import MAX_CELLS, InlineGuard, TooComplex
from postmortems.markdown_lines import LineRewriter

_LOCAL_IMAGE = re.compile(r"/media/[A-Za-z0-9][A-Za-z0-9/_.\-]*\Z")
_NOT_ID = re.compile(r"[^\w:.\-]+")
_HEADING = re.compile(r"h[1-6]\Z")
_NOT_SLUG = re.compile(r"[^\w\s-]")
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_STASHED = re.compile("\x02[^\x03]*\x03")
_CLOSING_HASHES = re.compile(r"(?:^|[ ])#+$")
# Not after a letter, digit or slash; place holders (of an escaped character in it, say) are looked at later.
_URL = r"(?<![^\W_])(?<!/)https?://(?:[^\s<>\"`\x02]|\x02klzzwxh:)*[^\s<>\"`\x02.,;:!?'*_~\[(]"
_PUNCTUATION = ".,;:!?'*_~"
# A slash before a reference is a path, except between two of them (INC-1/INC-2), the first a place holder.
_REFERENCE = r"(?<![\w-])(?:(?<!/)|(?<=[0-9\x03]/))(?:INC|ACT)-[1-9][0-9]{0,8}(?!\w|-[0-9])"
# Text without any of these is the same before and after the inline stage.
_MARKUP = re.compile(r"[\\`*_\[<&~\x02]|[ ][ ]\n|https?://|(?:INC|ACT)-")
# Inline patterns that cannot match without a certain string in the text.
_NEEDED = {
    "footnote": "[^",
    "link": "](",
    "image_link": "![",
    "autolink": "<",
    "automail": "<",
    "linebreak": "  \n",
    "entity": "&",
    "bare_url": "://",
    "incident_reference": "-",
}
_BY_DEFINITION = {"reference", "short_reference", "image_reference", "short_image_ref"}


class Dialect(Extension):
    """scope: [a-z0-9-]*, put before every id of the document."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = f"{scope}-" if scope else ""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that Python-Markdown calls
        lines: Registry[Preprocessor] = Registry()
        lines.register(LineRewriter(md), "lines", 10)
        md.preprocessors = lines
        blocks = md.parser.blockprocessors
        blocks.register(_Heading(md.parser), "hashheader", 70)
        blocks.register(_Table(md.parser, {"use_align_attribute": False}), "table", 75)
        _bound_patterns(blocks)
        inline = md.inlinePatterns
        inline.deregister("html")
        inline["autolink"].compiled_re = re.compile(r"<(https?://[^\s<>]*)>")
        inline["automail"].compiled_re = re.compile(r"<([\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
        inline.register(_BareUrl(_URL, md), "bare_url", 105)
        inline.register(_Reference(_REFERENCE, md), "incident_reference", 50)
        assert md.delimiters
        md.delimiters.add("~", "del", double=True)
        md.treeprocessors.register(InlineGuard(md), "guard", 30)
        md.treeprocessors.register(_Shortcut(md), "shortcut", 25)
        md.treeprocessors.register(_Finish(self.scope), "finish", -1)


def _bound_patterns(blocks: Registry) -> None:
    """Definitions of links and footnotes, with patterns that cannot backtrack or run on over lines."""
    blocks["reference"].RE = re.compile(
        r"^[ ]{0,3}\[([^\[\]\n]*)\]:[ ]*+(?:\n[ ]*+)?([^\s]++)[ ]*+(?:\n[ ]*+)?((["
        r"\"'])(.*)\4[ ]*|\((.*)\)[ ]*)?$",
        re.MULTILINE,
    )
    blocks["footnote"].RE = re.compile(r"^[ ]{0,3}\[\^([^\]\n]*)\]:[ ]*(.*)$", re.MULTILINE)


class _Heading(HashHeaderProcessor):
    """A heading needs a blank after its hashes: `#channel` and `#12` are text."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})[ ](?P<header>[^\n]*)(?:\n|$)")

    def run(self, parent: ElementTree.Element, blocks: list[str]) -> None:
        super().run(parent, blocks)
        parent[-1].text = _CLOSING_HASHES.sub("", parent[-1].text or "").strip()


class _Table(TableProcessor):
    """Tables up to a size."""

    def run(self, parent: ElementTree.Element, blocks: list[str]) -> None:
        """Raises TooComplex."""
        if len(self.separator) * blocks[0].count("\n") > MAX_CELLS:
            raise TooComplex("table")
        super().run(parent, blocks)


class _Shortcut(Treeprocessor):
    """Spares the inline stage what cannot match: a third of the time of an ordinary text, same output."""

    def run(self, root: ElementTree.Element) -> None:
        marked = []
        for element in root.iter():
            for side in ("text", "tail"):
                text = getattr(element, side)
                if text and _MARKUP.search(text):
                    marked.append(text)
                elif text:
                    setattr(element, side, AtomicString(text))
        self._leave_out_patterns("\n".join(marked))

    def _leave_out_patterns(self, text: str) -> None:
        patterns = self.md.inlinePatterns
        for name, needle in _NEEDED.items():
            if needle not in text:
                patterns.deregister(name)
        if not self.md.references:
            for name in _BY_DEFINITION:
                patterns.deregister(name)


class _BareUrl(InlineProcessor):
    """https://... in running text."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the name that Python-Markdown calls
        self, m: re.Match[str], data: str
    ) -> tuple[ElementTree.Element | None, int | None, int | None]:
        source = _balanced(self._until_markup(m[0]))
        if source.endswith("//"):
            return None, None, None
        url = self.unescape(source)
        return _link(url, url), m.start(), m.start() + len(source)

    def _until_markup(self, url: str) -> str:
        """The URL up to a place holder that is no escaped character (`\\_`, which exports of documents put in)."""
        stashed = cast(InlineStage, self.md.treeprocessors["inline"]).stashed_nodes
        for place in INLINE_PLACEHOLDER_RE.finditer(url):
            if not isinstance(stashed.get(place[1]), str):
                return url[: place.start()].rstrip(_PUNCTUATION)
        return url


class _Reference(InlineProcessor):
    """INC-12 and ACT-7."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the name that Python-Markdown calls
        self, m: re.Match[str], data: str
    ) -> tuple[ElementTree.Element, int, int]:
        return _link(f"/{m[0]}", m[0]), m.start(), m.end()


def _link(target: str, label: str) -> ElementTree.Element:
    link = ElementTree.Element("a", {"href": target})
    link.text = AtomicString(label)
    return link


def _balanced(url: str) -> str:
    """Without closing brackets at the end that belong to the sentence, and the punctuation before them."""
    for opening, closing in ("()", "[]"):
        surplus = url.count(closing) - url.count(opening)
        while surplus > 0 and url.endswith(closing):
            surplus -= 1
            url = url[:-1].rstrip(_PUNCTUATION)
    return url


class _Finish(Treeprocessor):
    """The last steps on the tree: headings, ids, tasks, tables and images."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope
        self.slugs: dict[str, int] = {}

    def run(self, root: ElementTree.Element) -> None:
        linked = {image for link in root.iter("a") for image in link.iter("img")}
        for element in list(root.iter()):
            if _HEADING.match(element.tag):
                self._heading(element)
            elif element.tag == "p" and not len(element):
                # A code block taken out is replaced together with its <p> only when nothing else is in it.
                element.text = (element.text or "").strip()
            elif element.tag == "li":
                _task(element)
            elif element.tag in ("th", "td"):
                _align(element)
            elif element.tag == "img":
                _image(element, element in linked)
            self._scoped(element)
            _wrap_tables(element)

    def _heading(self, heading: ElementTree.Element) -> None:
        """Texts stand under an h2 of the page, so their first level is h3. The id comes from the words."""
        heading.tag = f"h{min(6, int(heading.tag[1]) + 2)}"
        words = html.unescape(_STASHED.sub("", "".join(heading.itertext())))
        slug = "-".join(_NOT_SLUG.sub("", words).lower().replace("-", " ").split())[:60] or "section"
        number = self.slugs.get(slug, 0) + 1
        self.slugs[slug] = number
        heading.set("id", slug if number == 1 else f"{slug}.{number}")

    def _scoped(self, element: ElementTree.Element) -> None:
        name, href = element.get("id"), element.get("href") or ""
        if name:
            element.set("id", self.scope + _NOT_ID.sub("-", name)[:80])
        if href.startswith("#"):
            element.set("href", f"#{self.scope}{_NOT_ID.sub('-', href[1:])[:80]}")


def _task(item: ElementTree.Element) -> None:
    """`[ ] text` and `[x] text` at the start of an item: a box that is text, not a form control."""
    host = item[0] if not (item.text or "").strip() and len(item) and item[0].tag == "p" else item
    box = _TASK.match(host.text or "")
    if not box:
        return
    done = box[1] != " "
    item.set("class", "task-list-item task-done" if done else "task-list-item")
    span = ElementTree.Element("span", {"class": "task-box"})
    span.text = "\u2611" if done else "\u2610"
    span.tail = " " + (host.text or "")[box.end() :]
    host.text = None
    host.insert(0, span)


def _align(cell: ElementTree.Element) -> None:
    side = (cell.attrib.pop("style", "") or "").removeprefix("text-align: ").rstrip(";")
    if side:
        cell.set("class", f"ta-{side}")


def is_local_image(source: str) -> bool:
    """Whether an image may be loaded from there: files under /media/ only."""
    return bool(_LOCAL_IMAGE.match(source)) and ".." not in source


def _image(image: ElementTree.Element, linked: bool) -> None:
    """Only local images load; others become links (text, inside a link), so that no page calls elsewhere."""
    source, label = image.get("src", ""), image.get("alt") or "image"
    if is_local_image(source):
        return
    tail = image.tail
    image.clear()
    image.tail = tail
    image.tag = "span" if linked else "a"
    image.text = f"{label} (external image)"
    if not linked:
        image.set("href", source)


def _wrap_tables(parent: ElementTree.Element) -> None:
    for position, table in enumerate(parent):
        if table.tag == "table" and parent.get("class") != "table-wrap":
            wrapper = ElementTree.Element("div", {"class": "table-wrap"})
            wrapper.tail, table.tail = table.tail, None
            wrapper.append(table)
            parent[position] = wrapper
