"""Markdown that people wrote, as HTML that is safe in every reader's browser. Pure functions, no state.

Three walls: limits before parsing (markdown_guards), raw HTML shown as text, an allow-list sanitiser last.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterable, Sequence

import nh3
from markdown import Markdown
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension

from postmortems import markdown_evidence
from postmortems.markdown_dialect import Dialect, is_local_image
from postmortems.markdown_evidence import plain
from postmortems.markdown_guards import TooComplex, check_footnotes, without_controls
from postmortems.markdown_lines import LANGUAGES

__all__ = ["MAX_CHARS", "RENDERER_VERSION", "as_read", "found", "plain", "references", "render", "unlink"]

# Raise when the same text renders differently, so that stored HTML is rendered again.
RENDERER_VERSION = 1
MAX_CHARS = 100_000

ID_PREFIX = "user-content-"
REL = "nofollow ugc noopener noreferrer"
_TAGS = (  # noqa: SIM905 - many words read best as words
    "p br hr h1 h2 h3 h4 h5 h6 blockquote pre code kbd samp em strong b i s del ins sub sup mark abbr "
    "ul ol li dl dt dd table thead tbody tfoot tr th td caption a img span div details summary figure "
    "figcaption"
).split()
TAGS = frozenset(_TAGS)
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # without this key nh3 keeps "lang" and "title" on every tag
    **{f"h{level}": {"id"} for level in range(1, 7)},
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "li": {"id"},
    "sup": {"id"},
}
_ALIGNED = {"ta-left", "ta-center", "ta-right"}
CLASSES: dict[str, set[str]] = {
    "code": {f"language-{language}" for language in LANGUAGES},
    "div": {"footnote", "table-wrap"},
    "a": {"footnote-ref", "footnote-backref"},
    "li": {"task-list-item", "task-done"},
    "span": {"task-box"},
    "th": _ALIGNED,
    "td": _ALIGNED,
}

_ID = re.compile(r"[\w:.\-]{1,140}\Z")
_SMALL_NUMBER = re.compile(r"[0-9]{1,3}\Z")
_MENTION = re.compile(r"(?:INC|ACT)-[1-9]")
_ANCHOR = re.compile(rf'<a href="/(INC|ACT)-([1-9][0-9]{{0,8}})" rel="{REL}">\1-\2</a>')

_log = logging.getLogger(__name__)


def render(text: str, evidence: Sequence[tuple[str, str]] = (), *, scope: str = "") -> str:
    """Safe HTML, for any text: what is too long or too complex is shown as its source in `<pre>`.

    evidence: (key, passage as a reader sees it), see markdown_evidence.mark; ValueError for a malformed key.
    scope: [a-z0-9-]* put into every id, for pages that show several texts.
    """
    rendered = _render(without_controls(text), scope)
    return markdown_evidence.mark(rendered, evidence) if evidence else rendered


def found(text: str, passage: str) -> bool:
    """Whether render(text, [(key, passage)]) would mark the passage."""
    return markdown_evidence.contains(render(text), passage)


def as_read(text: str) -> str:
    """What a reader sees of a text, each paragraph or item on one line, without its markup."""
    return "\n".join(markdown_evidence.lines(render(text)))


def references(text: str) -> list[tuple[str, int]]:
    """What render() links, as ("INC" or "ACT", number), in the order of the page and without repeats."""
    if not _MENTION.search(text):
        return []
    mentions = ((kind, int(number)) for kind, number in _ANCHOR.findall(render(text)))
    return list(dict.fromkeys(mentions))


def unlink(html: str, absent: Iterable[str]) -> str:
    """Rendered HTML with the links to these targets ("INC-99") as plain text, as if nothing was there."""
    names = set(absent)
    return _ANCHOR.sub(lambda anchor: _unless(anchor, names), html) if names else html


def _unless(anchor: re.Match[str], absent: set[str]) -> str:
    name = f"{anchor[1]}-{anchor[2]}"
    return name if name in absent else anchor[0]


def _render(text: str, scope: str) -> str:
    try:
        if len(text) > MAX_CHARS:
            raise TooComplex("length")
        check_footnotes(text)
        # A new parser for each text: after an exception an old one would render other people's texts wrongly.
        # It costs about 0.1 ms.
        return CLEANER.clean(_parser(scope).convert(text))
    except TooComplex as limit:
        _log.info("Markdown of %d characters shown as source: %s", len(text), limit)
    except Exception:  # noqa: BLE001 - a page with one text as source is better than no page
        _log.exception("Markdown of %d characters shown as source", len(text))
    return f"<pre>{html.escape(text, quote=False)}</pre>"


def _parser(scope: str) -> Markdown:
    return Markdown(
        extensions=[TableExtension(), FootnoteExtension(), SaneListExtension(), Dialect(scope)],
        output_format="html",
    )


def keep_attribute(tag: str, name: str, value: str) -> str | None:
    """The value to keep, or None to drop the attribute; ids come with ID_PREFIX already."""
    if name == "src":
        return value if is_local_image(value) else None
    if name == "id":
        return value if _ID.match(value) else None
    if name == "href" and value.startswith("#"):
        return f"#{ID_PREFIX}{value[1:]}" if _ID.match(value[1:]) else None
    if name in ("colspan", "rowspan", "start"):
        return value if _SMALL_NUMBER.match(value) else None
    return value


CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    attribute_filter=keep_attribute,
    allowed_classes=CLASSES,
    url_schemes={"http", "https", "mailto"},
    link_rel=REL,
    strip_comments=True,
    id_prefix=ID_PREFIX,
)
