"""Markdown: what people wrote is shown as they meant it, safely, in bounded time."""

from __future__ import annotations

import html
import logging
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import nh3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortems import markdown_dialect, markdown_guards
from postmortems.markdown import (
    ATTRIBUTES,
    CLASSES,
    CLEANER,
    MAX_CHARS,
    TAGS,
    as_read,
    found,
    plain,
    references,
    render,
    unlink,
)
from tests.security.patho import SHAPES, fit

pytestmark = pytest.mark.sqlite  # no database is asked
REL = ' rel="nofollow ugc noopener noreferrer"'
CONTROL = """\
# Failover *took* 43 minutes

Impact (see INC-12):
- `db-1` failed, https://status.example.test/a
  - twice
1. [x] ~~done~~

| a | b |
|:--|--:|
| 1 | <x> |

```python
print(1)
```

> quoted[^1]

[^1]: A note.
"""

# name: (source, HTML)
GOLDEN: dict[str, tuple[str, str]] = {
    "paragraph, soft newline": ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>"),
    "hard break": ("one  \ntwo", "<p>one<br>\ntwo</p>"),
    "emphasis": (
        "*a* **b** _c_ ***d***",
        "<p><em>a</em> <strong>b</strong> <em>c</em> <strong><em>d</em></strong></p>",
    ),
    "snake case": ("max_open_files and a__b__c", "<p>max_open_files and a__b__c</p>"),
    "strikethrough": ("~~old~~ new ~5", "<p><del>old</del> new ~5</p>"),
    "inline code": ("`a < b`, ``x`y``", "<p><code>a &lt; b</code>, <code>x`y</code></p>"),
    "escapes": (r"\*not\* \`code\`", "<p>*not* `code`</p>"),
    "entities": ("a &amp; b & c &copy;", "<p>a &amp; b &amp; c ©</p>"),
    "generics": (
        "Map<String, List<Foo>> <service-name>",
        "<p>Map&lt;String, List&lt;Foo&gt;&gt; &lt;service-name&gt;</p>",
    ),
    "raw HTML": ("<b>x</b> <!-- y --> <br>", "<p>&lt;b&gt;x&lt;/b&gt; &lt;!-- y --&gt; &lt;br&gt;</p>"),
    "raw HTML block": ("<div>\n\n*x*\n\n</div>", "<p>&lt;div&gt;</p>\n<p><em>x</em></p>\n<p>&lt;/div&gt;</p>"),
    "heading": ("# A b", '<h3 id="user-content-a-b">A b</h3>'),
    "heading, closed": ("## A ##", '<h4 id="user-content-a">A</h4>'),
    "heading, deepest": ("###### A", '<h6 id="user-content-a">A</h6>'),
    "heading, underlined": ("A\n---\nb", '<h4 id="user-content-a">A</h4>\n<p>b</p>'),
    "heading without words": ("# ?", '<h3 id="user-content-section">?</h3>'),
    "heading with code": ("# `a<b>` &amp; c", '<h3 id="user-content-ab-c"><code>a&lt;b&gt;</code> &amp; c</h3>'),
    "equal headings": (
        "# A\n# A",
        '<h3 id="user-content-a">A</h3>\n<h3 id="user-content-a.2">A</h3>',
    ),
    "no heading": ("#channel\n\n#12 failed", "<p>#channel</p>\n<p>#12 failed</p>"),
    "rule": ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
    "quote": ("> a\n> b\n\nc", "<blockquote>\n<p>a\nb</p>\n</blockquote>\n<p>c</p>"),
    "list right below text": ("Impact:\n- a\n- b", "<p>Impact:</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    "list, two spaces": ("- a\n  - b\n- c", "<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>"),
    "list, four spaces": ("- a\n    - b\n- c", "<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>"),
    "numbers, three spaces": ("1. a\n   - b", "<ol>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ol>"),
    "numbers with brackets": ("1) a\n2) b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
    "numbers from 3": ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
    "two kinds of list": ("- a\n1. b", "<ul>\n<li>a</li>\n</ul>\n<ol>\n<li>b</li>\n</ol>"),
    "text, not a list": ("in\n2019. Then", "<p>in\n2019. Then</p>"),
    "item with lazy line": ("- a\nb", "<ul>\n<li>a\nb</li>\n</ul>"),
    "item with paragraphs": ("- a\n\n  b\n\nc", "<ul>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n</ul>\n<p>c</p>"),
    "list, then heading": ("- a\n## B", '<ul>\n<li>a</li>\n</ul>\n<h4 id="user-content-b">B</h4>'),
    "list, then rule": ("- a\n---", "<ul>\n<li>a</li>\n</ul>\n<hr>"),
    "task list": (
        "- [ ] a\n- [x] b",
        '<ul>\n<li class="task-list-item"><span class="task-box">☐</span> a</li>\n'
        '<li class="task-list-item task-done"><span class="task-box">☑</span> b</li>\n</ul>',
    ),
    "fence": (
        "a\n```Python\nx = '<b>'\n\n\ty\n```\nb",
        "<p>a</p>\n<pre><code class=\"language-python\">x = '&lt;b&gt;'\n\n\ty\n</code></pre>\n<p>b</p>",
    ),
    "fence, unknown language": ("~~~ whitespace\nx\n~~~", "<pre><code>x\n</code></pre>"),
    "fence inside fence": ("````\n```\nx\n```\n````", "<pre><code>```\nx\n```\n</code></pre>"),
    "fence, never closed": ("```\n# x", "<pre><code># x\n</code></pre>"),
    "fence in an item": (
        "1. a\n   ```sh\n   b\n     c\n   ```\n2. d",
        '<ol>\n<li>\n<p>a</p>\n<pre><code class="language-sh">b\n  c\n</code></pre>\n</li>\n'
        "<li>\n<p>d</p>\n</li>\n</ol>",
    ),
    "fence at the start of an item": (
        "- ```\n  a\n  ```\n",
        "<ul>\n<li><pre><code>a\n</code></pre></li>\n</ul>",
    ),
    "fence in a quote": (
        "> a\n> ```\n> b\n> ```",
        "<blockquote>\n<p>a</p>\n<pre><code>b\n</code></pre>\n</blockquote>",
    ),
    "indented code": ("    a <b>\n    c", "<pre><code>a &lt;b&gt;\nc\n</code></pre>"),
    "table": (
        "Text\n| a | b | c |\n|:--|:-:|--:|\n| 1 | `x|y` | *z* |",
        '<p>Text</p>\n<div class="table-wrap"><table>\n<thead>\n<tr>\n<th class="ta-left">a</th>\n'
        '<th class="ta-center">b</th>\n<th class="ta-right">c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n'
        '<td class="ta-left">1</td>\n<td class="ta-center"><code>x|y</code></td>\n'
        '<td class="ta-right"><em>z</em></td>\n</tr>\n</tbody>\n</table></div>',
    ),
    "link": ('[a](https://a.test/x "t")', f'<p><a href="https://a.test/x" title="t"{REL}>a</a></p>'),
    "link by definition": ("[a][r]\n\n[r]: https://a.test", f'<p><a href="https://a.test"{REL}>a</a></p>'),
    "link in the page": ("[a](#b-c)", f'<p><a href="#user-content-b-c"{REL}>a</a></p>'),
    "link that is none": ("[a](javascript:alert(1))", f"<p><a{REL}>a</a></p>"),
    "link in brackets": (
        "<https://a.test/?b=1&c=2>",
        f'<p><a href="https://a.test/?b=1&amp;c=2"{REL}>https://a.test/?b=1&amp;c=2</a></p>',
    ),
    "mail in brackets": ("<a@b.test>", f'<p><a href="mailto:a@b.test"{REL}>a@b.test</a></p>'),
    "other scheme in brackets": ("<ssh://a.test>", "<p>&lt;ssh://a.test&gt;</p>"),
    "remote image": (
        "![a](https://a.test/x.png)",
        f'<p><a href="https://a.test/x.png"{REL}>a (external image)</a></p>',
    ),
    "linked remote image": (
        "[![a](https://b.test)](https://c.test)",
        f'<p><a href="https://c.test"{REL}><span>a (external image)</span></a></p>',
    ),
    "local image": ("![a](/media/x/y.png)", '<p><img alt="a" src="/media/x/y.png"></p>'),
    "image elsewhere": ("![a](/media/../logout)", f'<p><a href="/media/../logout"{REL}>a (external image)</a></p>'),
    "footnote": (
        "a[^n]\n\n[^n]: b",
        f'<p>a<sup id="user-content-fnref:n"><a class="footnote-ref" href="#user-content-fn:n"{REL}>1</a></sup></p>\n'
        '<div class="footnote">\n<hr>\n<ol>\n<li id="user-content-fn:n">\n<p>b&nbsp;<a class="footnote-backref" '
        f'href="#user-content-fnref:n" title="Jump back to footnote 1 in the text"{REL}>↩</a></p>\n</li>\n'
        "</ol>\n</div>",
    ),
    "control characters": ("a\x00b\x02\ud800", "<p>a\ufffdb\ufffd\ufffd</p>"),
    "nothing": ("  \n\n", ""),
}


def linked(url: str) -> str:
    return f'<a href="{html.escape(url)}"{REL}>{html.escape(url)}</a>'


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    source, wanted = GOLDEN[name]
    assert render(source) == wanted


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("see https://a.test/x.", "https://a.test/x"),
        ("(https://a.test/x),", "https://a.test/x"),
        ("https://a.test/x_(y)", "https://a.test/x_(y)"),
        ("(see https://a.test/x_(y)).", "https://a.test/x_(y)"),
        ("[https://a.test/]", "https://a.test/"),
        ("**https://a.test/x**", "https://a.test/x"),
        ("_https://a.test/a_b_c_", "https://a.test/a_b_c"),
        ("https://a.test/?b=1&c=2;", "https://a.test/?b=1&c=2"),
        ('"http://a.test:80/#d"', "http://a.test:80/#d"),
        ("| https://a.test/ |\n|---|", "https://a.test/"),
        ("https://a.test/INC-12", "https://a.test/INC-12"),
        (r"https://a.test/a\_b", "https://a.test/a_b"),
        ("https://a.test/`b`", "https://a.test/"),
    ],
)
def test_a_bare_url_is_linked_without_the_punctuation_around_it(source: str, url: str) -> None:
    rendered = render(source)
    assert linked(url) in rendered
    assert rendered.count("<a ") == 1


@pytest.mark.parametrize(
    "source",
    [
        "`https://a.test`",
        "```\nhttps://a.test\n```",
        "    https://a.test",
        "xhttps://a",
        "ftp://a.test",
        "https://",
        "https://`a`",
    ],
)
def test_what_is_no_bare_url(source: str) -> None:
    assert "<a " not in render(source)


def test_long_log_lines_stay_text() -> None:
    line = (
        "2024-05-14T09:12:01Z ERROR [pool-1] c.e.Orders$Map<K,V> user_id=42 x=[1, [2]] at <init> *** retry #3 'a' " * 40
    )
    log = "\n".join([line] * 20)
    assert plain(render(log)) == " ".join(log.split())
    assert html.unescape(render(f"```\n{log}\n```")) == f"<pre><code>{log}\n</code></pre>"


@pytest.mark.parametrize(
    "source",
    [
        "INC-12",
        "see INC-12.",
        "(INC-12)",
        "_INC-12_",
        "**INC-12**",
        "[INC-12]",
        "- [ ] INC-12",
        "# INC-12",
        "| INC-12 |\n|---|",
        "INC-12's",
        "INC-12-related",
    ],
)
def test_a_reference_is_linked(source: str) -> None:
    assert f'<a href="/INC-12"{REL}>INC-12</a>' in render(source)
    assert references(source) == [("INC", 12)]


@pytest.mark.parametrize(
    "source",
    [
        "inc-12", "XINC-12", "INC-12x", "INC-012", "INC-0", "INC-", "INC-1234567890", "FOO-INC-12", "INC-12-3",
        "/INC-12",         "`INC-12`", "```\nINC-12\n```", "    INC-12", "[INC-12](https://a.test)", "[*INC-12*](https://a.test)",
        "https://a.test/INC-12", "a.test/INC-12", "<https://a.test/INC-12>", "![INC-12](/media/a.png)",
        "[INC-12]\n\n[INC-12]: https://a.test", r"INC\-12", "INC–12",
    ],
)  # fmt: skip
def test_what_is_no_reference(source: str) -> None:
    assert '"/INC-' not in render(source)
    assert references(source) == []


def test_references_come_in_order_once_each() -> None:
    text = "ACT-7, INC-3/INC-4 `INC-9`[^1] INC-3\n\n[^1]: INC-999999999"
    assert references(text) == [("ACT", 7), ("INC", 3), ("INC", 4), ("INC", 999999999)]


def test_unlink_leaves_no_trace_of_what_is_absent() -> None:
    rendered = render("INC-1 **INC-12** ACT-1 [INC-1](https://a.test)")
    assert unlink(rendered, []) == rendered
    without = unlink(rendered, ["INC-1", "ACT-9"])
    assert without == rendered.replace(f'<a href="/INC-1"{REL}>INC-1</a>', "INC-1")
    assert references("INC-1 INC-12") == [("INC", 1), ("INC", 12)]
    assert '"/INC-12"' in without
    assert '"/INC-1"' not in without


def test_ids_carry_the_scope() -> None:
    rendered = render("# A\n\n[x](#a) [^1]\n\n[^1]: b", scope="impact")
    assert 'id="user-content-impact-a"' in rendered
    assert set(re.findall(r'href="#(.*?)"', rendered)) <= set(re.findall(r'id="(.*?)"', rendered))


def test_plain() -> None:
    assert plain(render("# A\n\nb `<c>` &amp;\nd\n- e\n- f")) == "A b <c> & d e f"
    assert plain("") == ""


# --- evidence


def marked(key: str, text: str) -> str:
    return f'<mark class="evidence" id="evidence-{key}">{text}</mark>'


@pytest.mark.parametrize(
    ("source", "passage", "wanted"),
    [
        ("a b c", "b", f"<p>a {marked('k', 'b')} c</p>"),
        ("b b", "b", f"<p>{marked('k', 'b')} b</p>"),
        ("a\nb", " a   b ", f"<p>{marked('k', 'a' + chr(10) + 'b')}</p>"),
        ("x & y < z", "& y <", f"<p>x {marked('k', '&amp; y &lt;')} z</p>"),
        (
            "the `db` failed",
            "the db failed",
            f'<p>{marked("k", "the ")}<code><mark class="evidence">db</mark></code>'
            '<mark class="evidence"> failed</mark></p>',
        ),
        ("one  \ntwo", "one two", f'<p>{marked("k", "one")}<br><mark class="evidence">\ntwo</mark></p>'),
        ("```\na  b\n\nc\n```", "a b c", f"<pre><code>{marked('k', 'a  b' + chr(10) + chr(10) + 'c')}\n</code></pre>"),
        ('[x](/y "a > b") c', "b) c", f'<p><a href="/y" title="a &gt; b"{REL}>x</a> c</p>'),
    ],
)
def test_evidence_is_marked(source: str, passage: str, wanted: str) -> None:
    assert render(source, [("k", passage)]) == wanted
    assert found(source, passage) == ("<mark" in wanted)


@pytest.mark.parametrize(
    ("source", "passage"),
    [("a\n\nb", "a b"), ("- a\n- b", "a b"), ("|a|b|\n|-|-|", "a b"), ("a", ""), ("a", " "), ("a", "A"), ("", "a")],
)
def test_evidence_that_is_not_there(source: str, passage: str) -> None:
    assert render(source, [("k", passage)]) == render(source)
    assert not found(source, passage)


def test_overlapping_evidence_keeps_every_id_and_never_nests() -> None:
    rendered = render("a b c d", [("one", "a b"), ("two", "b c"), ("three", "b"), ("four", "a b c d"), ("five", "a b")])
    assert rendered == (
        '<p><mark class="evidence" id="evidence-three"></mark><mark class="evidence" id="evidence-five"></mark>'
        f"{marked('one', 'a b')}{marked('two', ' c')}{marked('four', ' d')}</p>"
    )


@pytest.mark.parametrize("key", ["", "A", "a b", "a\n", 'a"', "a" * 41])
def test_a_key_of_evidence_is_checked(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        render("a", [(key, "a")])


# --- limits


def shown_as_source(text: str) -> str:
    return f"<pre>{html.escape(text, quote=False)}</pre>"


@pytest.fixture(scope="module")
def control() -> str:
    return render(CONTROL)


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_takes_long_raises_or_spoils_the_next_document(
    name: str, control: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = fit(SHAPES[name], MAX_CHARS)
    assert MAX_CHARS * 0.9 < len(text) <= MAX_CHARS
    started = time.process_time()
    render(text)
    seconds = time.process_time() - started
    assert seconds <= 2
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert render(CONTROL) == control


@pytest.mark.parametrize(
    "text",
    [
        "***\n" * 25_000,
        "a\n---\n" * 16_000,
        "[a]: x\ntext\n" * 8_000,
        "[^\n" * 33_000,
        "[a]:\n" + '"' * 99_000 + "z",
        "http://x" + ")." * 49_000,
        "- a\n\n" + "    # b\n" * 12_000,
        "- a\n\n" + "    ***\n" * 12_000,
        "- a\n\n" + "    [a]: x\n    y\n" * 5_800,
        "|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n" + "|b|\n" * 24_000,
        "*a " * 2_900 + "b* " * 2_900,
        "[^1] " * 799 + "\n\n[^1]: x",
        ("[" * 40 + "a" + "](x)" * 40 + " ") * 490,
        "> ```\n" * 16_000,
    ],
    ids=lambda text: text[:12] + text[-12:],
)  # fmt: skip
def test_more_shapes(text: str, control: str) -> None:
    started = time.process_time()
    render(text)
    assert time.process_time() - started <= 2
    assert render(CONTROL) == control


@pytest.mark.parametrize(
    "text",
    [
        "> " * 17 + "a",
        "- " * 17 + "a",
        "".join("  " * level + "- a\n" for level in range(17)),
        "[" * 42 + "]" * 42,
        "a" * (MAX_CHARS + 1),
        "[^1]: x\n" * 401,
    ],
    ids=["quotes", "items", "nested items", "brackets", "length", "footnotes"],
)
def test_text_over_a_limit_is_shown_as_its_source(text: str) -> None:
    assert render(text) == shown_as_source(text)
    assert references(f"{text} INC-12") == []


@pytest.mark.parametrize(
    "text",
    [
        "> " * 16 + "deep",
        "".join("  " * level + "- a\n" for level in range(16)),
        "- - - - - - - - - - - - - - - - - - -",
        "x [a " * 500,
        "a_b_c *x* " * 1000,
    ],
)
def test_text_within_the_limits_is_rendered(text: str) -> None:
    assert not render(text).startswith("<pre>")


def test_an_exception_is_logged_and_the_source_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(markdown_dialect._Finish, "run", lambda *_: 1 / 0)
    text = "a <b> \x00 & INC-1"
    assert render(text) == shown_as_source(text.replace("\x00", "\ufffd"))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "INC-1" not in caplog.records[0].getMessage()


def test_limits_do_not_grow_unnoticed() -> None:
    assert markdown_guards.MAX_NESTING <= 16
    assert MAX_CHARS == 100_000


def test_an_ordinary_text_of_a_hundred_thousand_characters_is_rendered() -> None:
    text = (
        CONTROL.replace("[^1]", "")
        + "\n"
        + "A sentence with **some** `code` and a [link](https://a.test). " * 30
        + "\n\n"
    ) * 44
    started = time.process_time()
    rendered = render(text[:MAX_CHARS])
    assert time.process_time() - started <= 2
    assert rendered.startswith("<h3")


# --- safety


MARKUP = st.sampled_from([
    "*", "**", "_", "~~", "`", "```\n", "~~~", "[", "]", "(", ")", "![", "](", "<", ">", "&", "&lt;", "\n",
    "\n\n", "- ", "1. ", "> ", "# ", "|", "|-|-|\n", "    ", "  \n", "\\", "[^1]", "[^1]: ", "[a]: ",
    "http://a.b/", "INC-12", "ACT-7", "<script>", "javascript:", '"', "'", "\x02", "\x03",
    "\x02klzzwxh:0001\x03", "wzxhzdk:0", "\x00", "\ud800", "\u202e", "/media/a.png", "a", "word ", "é",
    "[x] ", "---\n", "===\n", "\t",
])  # fmt: skip
TEXTS = st.lists(MARKUP | st.text(max_size=5), max_size=40).map("".join)
QUICK = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


class Audit(HTMLParser):
    """Collects what the allow-list does not allow, and tags that do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bad: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = ATTRIBUTES.get(tag, set()) | {"class"} | ({"rel"} if tag == "a" else set())
        self.bad += [f"{tag} {name}" for name, _ in attrs if name not in allowed]
        self.bad += [tag] if tag not in TAGS else []
        values = {name: value or "" for name, value in attrs}
        if not re.match(r"https?:|mailto:|/|#user-content-|[^:]*\Z|[^:/?#]*[/?#]", values.get("href", "")):
            self.bad.append(values["href"])
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.bad.append(f"/{tag}")


@QUICK
@given(TEXTS)
def test_any_text_renders_within_the_allow_list(text: str) -> None:
    logger = logging.getLogger("postmortems.markdown")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logger, "exception", lambda *_: pytest.fail("an exception was swallowed"))
        rendered = render(text)
    audit = Audit(rendered)
    assert not audit.bad
    assert not audit.open
    assert CLEANER.clean(rendered).count("<") == rendered.count("<")


@QUICK
@given(TEXTS)
def test_the_shortcut_changes_nothing(text: str) -> None:
    rendered = render(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown_dialect._Shortcut, "run", lambda *_: None)
        assert render(text) == rendered


@QUICK
@given(TEXTS, st.data())
def test_taking_the_marks_out_gives_the_same_html(text: str, data: st.DataObject) -> None:
    rendered = render(text)
    shown = plain(rendered)
    spots = data.draw(st.lists(st.tuples(st.integers(0, max(0, len(shown) - 1)), st.integers(1, 20)), max_size=4))
    evidence = [(f"k{number}", shown[at : at + length]) for number, (at, length) in enumerate(spots)]
    evidence.append(("own", data.draw(st.text(max_size=3))))
    marks = render(text, evidence)
    assert re.sub(r'<mark class="evidence"(?: id="evidence-[a-z0-9-]+")?>|</mark>', "", marks) == rendered
    assert "mark" not in re.findall(r"</?(\w+)", rendered)
    assert len(re.findall("<mark[^<>]*>[^<]*</mark>", marks)) == marks.count("<mark") == marks.count("</mark")
    for key, passage in evidence:
        assert marks.count(f'id="evidence-{key}"') == found(text, passage)


@QUICK
@given(TEXTS)
def test_references_are_those_linked(text: str) -> None:
    mentioned = references(text)
    rendered = render(text)
    names = [f"{kind}-{number}" for kind, number in mentioned]
    assert all(f'<a href="/{name}"{REL}>{name}</a>' in rendered for name in names)
    assert plain(unlink(rendered, names)) == plain(rendered)


NEVER = (  # noqa: SIM905
    "svg math style title textarea xmp iframe noembed noframes plaintext noscript script template form input button "
    "select option object embed base meta link frame video audio source"
).split()


def test_the_allow_list_has_no_element_that_runs_loads_or_hides() -> None:
    assert not TAGS & set(NEVER)


def test_the_allow_list_has_no_attribute_that_runs_or_styles() -> None:
    assert ATTRIBUTES["*"] == set()
    names = set().union(*ATTRIBUTES.values())
    assert names == {"id", "href", "title", "src", "alt", "start", "colspan", "rowspan"}
    assert not [name for name in names if name.startswith(("on", "data-", "hx-"))]
    assert set(ATTRIBUTES) - {"*"} <= TAGS


def test_classes_are_listed_one_by_one() -> None:
    assert set(CLASSES) == {"code", "div", "a", "li", "span", "th", "td"}
    assert all(re.fullmatch(r"[a-z-]+", name) for names in CLASSES.values() for name in names)
    assert CLEANER.clean('<p class="x">a</p><div class="modal toc">b</div>') == '<p>a</p><div class="">b</div>'


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("<p lang=x title=y style=z data-a=b hx-get=/c onclick=d>e</p>", "<p>e</p>"),
        ("<h2 id=main>a</h2>", '<h2 id="user-content-main">a</h2>'),
        ("<a href=javascript:x name=y target=_blank>a</a>", f"<a{REL}>a</a>"),
        ("<a href=data:x>a</a><a href=ftp://x>b</a>", f"<a{REL}>a</a><a{REL}>b</a>"),
        ("<img src=https://a.test/x><img src=//a.test/x><img src=/media/../x>", "<img><img><img>"),
        ("<!-- a --><script>b</script><svg><style>c</style></svg>", ""),
        ('<td colspan="9999" rowspan="2">a</td>', "a"),
    ],
)
def test_the_sanitiser_alone(source: str, wanted: str) -> None:
    assert CLEANER.clean(source) == wanted


def test_the_sanitiser_is_a_version_without_known_holes() -> None:
    """Advisories up to RUSTSEC-2026-0213 are fixed in ammonia 4.1.4; package audits do not look into the wheel."""
    library = next(path for path in Path(nh3.__file__).parent.iterdir() if path.suffix in (".so", ".pyd", ".dylib"))
    versions = re.findall(rb"ammonia-(\d+)\.(\d+)\.(\d+)", library.read_bytes())
    assert versions
    assert all(tuple(map(int, version)) >= (4, 1, 4) for version in versions)


def test_a_text_as_it_reads_has_a_line_for_each_block_and_no_markup() -> None:
    text = "A **bold** [word](https://example.org).\n\n- one `code`\n- two\n\n> said\n\n<b>raw</b>"
    assert as_read(text) == "A bold word.\none code\ntwo\nsaid\n<b>raw</b>"
    assert as_read("") == ""
