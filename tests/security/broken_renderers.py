"""Renderers that are wrong in one way each: a checker that misses one of them proves nothing.

They let raw HTML through to the sanitiser, as a renderer would that lacks the wall before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import nh3
from markdown import Markdown

from postmortems.markdown import ATTRIBUTES, CLASSES, CLEANER, ID_PREFIX, REL, TAGS, keep_attribute
from postmortems.markdown_guards import without_controls

_SCRIPT = re.compile(r"(?is)<script.*?</script>")
_SCRIPT_OR_EVENT = re.compile(r"""(?is)<script.*?</script>|\son\w+\s*=\s*("[^"]*"|'[^']*')""")
_MENTION = re.compile(r"@(\S+)")


def _convert(text: str, raw_html: bool = True) -> str:
    extensions = ["tables", "fenced_code", "toc", "sane_lists", "footnotes"]
    parser = Markdown(extensions=extensions, output_format="html")
    if not raw_html:
        parser.preprocessors.deregister("html_block")
        parser.inlinePatterns.deregister("html")
    return parser.convert(without_controls(text))


def _sanitised(**changes: Any) -> Callable[[str], str]:
    options: dict[str, Any] = {
        "tags": set(TAGS),
        "attributes": ATTRIBUTES,
        "attribute_filter": keep_attribute,
        "allowed_classes": CLASSES,
        "url_schemes": {"http", "https", "mailto"},
        "link_rel": REL,
        "strip_comments": True,
        "id_prefix": ID_PREFIX,
    }
    cleaner = nh3.Cleaner(**(options | changes))
    return lambda text: cleaner.clean(_convert(text))


def _attributes(tag: str, *names: str) -> dict[str, set[str]]:
    return ATTRIBUTES | {tag: ATTRIBUTES.get(tag, set()) | set(names)}


def _linked_after(text: str) -> str:
    return _MENTION.sub(r'<a href="/u/\1">@\1</a>', CLEANER.clean(_convert(text)))


BROKEN: dict[str, Callable[[str], str]] = {
    "javascript_scheme_allowed": _sanitised(url_schemes={"http", "https", "mailto", "javascript"}),
    "data_scheme_allowed": _sanitised(url_schemes={"http", "https", "mailto", "data"}),
    "data_prefix_allowed_with_htmx": _sanitised(generic_attribute_prefixes={"data-"}),
    "hx_prefix_allowed": _sanitised(generic_attribute_prefixes={"hx-"}),
    "onclick_allowed": _sanitised(attributes=_attributes("*", "onclick")),
    "style_attr_allowed": _sanitised(attributes=_attributes("*", "style")),
    "iframe_allowed": _sanitised(tags=TAGS | {"iframe"}, attributes=_attributes("iframe", "src")),
    "svg_allowed": _sanitised(
        tags=TAGS | {"svg", "a", "animate", "set", "use", "image"}, attributes=_attributes("svg", "onload")
    ),
    "form_allowed": _sanitised(tags=TAGS | {"form", "input", "button"}, attributes=_attributes("form", "action")),
    "no_id_prefix": _sanitised(id_prefix=None),
    "any_class": _sanitised(allowed_classes=None, attributes=_attributes("*", "class")),
    "no_img_policy": _sanitised(attribute_filter=None),
    "no_rel": _sanitised(link_rel=None),
    "name_attr_allowed": _sanitised(attributes=_attributes("a", "name")),
    "regex_script_filter": lambda text: _SCRIPT.sub("", _convert(text)),
    "regex_event_filter": lambda text: _SCRIPT_OR_EVENT.sub("", _convert(text)),
    "sanitize_before_markdown": lambda text: _convert(CLEANER.clean(without_controls(text))),
    "postprocess_linkify_after_sanitize": _linked_after,
    "raw_html_escaped_no_nh3": lambda text: _convert(text, raw_html=False),
}

# Those that must be caught by script that really ran, not only by the audit of the DOM.
# The attributes alone are found without htmx, which the product does not ship; name one with --htmx to see them run.
RUN_BY_HTMX = {"hx_prefix_allowed"}
MUST_RUN = {
    "javascript_scheme_allowed",
    "hx_prefix_allowed",
    "onclick_allowed",
    "svg_allowed",
    "regex_script_filter",
    "regex_event_filter",
    "sanitize_before_markdown",
    "raw_html_escaped_no_nh3",
    "postprocess_linkify_after_sanitize",
}
