"""Shapes of text on which Markdown parsers raise or take quadratic time, by name.

Each takes the wanted length in characters; fit() gives one that is at most as long as that, end included.
"""

from __future__ import annotations

from collections.abc import Callable

Shape = Callable[[int], str]

SHAPES: dict[str, Shape] = {
    "nested strong": lambda n: "*a **a " * (n // 7) + "b" + " a** a*" * (n // 7),
    "emph closers": lambda n: "a_ " * (n // 3),
    "emph openers": lambda n: "_a " * (n // 3),
    "strong openers": lambda n: "**a " * (n // 4),
    "stars": lambda n: "*" * n,
    "a* mix": lambda n: "a**b*" * (n // 5),
    "underscores": lambda n: "_" * n,
    "x_y_z": lambda n: "x_y" * (n // 3),
    "link closers": lambda n: "a]" * (n // 2),
    "link openers": lambda n: "[a" * (n // 2),
    "nested brackets": lambda n: "[" * (n // 2) + "a" + "]" * (n // 2),
    "nested images": lambda n: "![" * (n // 2) + "a" + "](x)" * (n // 8),
    "unclosed link <": lambda n: "[a](<b" * (n // 6),
    "unclosed link (": lambda n: "[a](b" * (n // 5),
    "parens": lambda n: "[a](" + "(" * n,
    "link title quotes": lambda n: '[a](b "' + '"' * n,
    "[a](b spaces": lambda n: "[a](" + " " * n + "b",
    "ref collisions": lambda n: "".join(f"[{i}]: x\n" for i in range(n // 8)) + "[1]",
    "many refs same": lambda n: "[a]: u\n" * (n // 7),
    "ref use": lambda n: "[a]: x\n\n" + "[a] " * (n // 4),
    "backticks": lambda n: "".join("e" + "`" * i for i in range(1, int((2 * n) ** 0.5))),
    "backtick run": lambda n: "`" * n,
    "backtick pairs odd": lambda n: "` " * (n // 2) + "`` ",
    "blockquotes": lambda n: ">" * n + "a",
    "blockquotes sp": lambda n: "> " * (n // 2) + "a",
    "bq 100": lambda n: ("> " * 100 + "a\n") * (n // 200 + 1),
    "nested lists": lambda n: "".join("    " * i + "- a\n" for i in range(int((n / 2) ** 0.5))),
    "inline lists": lambda n: "- " * (n // 2) + "a",
    "1. 1. 1.": lambda n: "1. " * (n // 3) + "a",
    "many list items": lambda n: "- a\n" * (n // 4),
    "loose list": lambda n: "- a\n\n" * (n // 5),
    "headings": lambda n: "# a\n" * (n // 4),
    "same headings toc": lambda n: "# a\n\n" * (n // 5),
    "hashes": lambda n: "#" * n,
    "setext": lambda n: "a\n=" * (n // 3),
    "= run": lambda n: "a\n" + "=" * n,
    "hr dashes": lambda n: "- " * (n // 2) + "x",
    "hr stars": lambda n: "* " * (n // 2) + "x",
    "underscore hr": lambda n: "_ " * (n // 2) + "x",
    "table wide": lambda n: "|" + "a|" * (n // 4) + "\n|" + "-|" * (n // 4) + "\n|" + "b|" * (n // 8),
    "table tall": lambda n: "|a|b|\n|-|-|\n" + "|c|d|\n" * (n // 6),
    "table escapes": lambda n: "|a|\n|-|\n|" + "\\|" * (n // 2) + "|",
    "table pipes": lambda n: "|" * n + "\n" + "|-" * (n // 2),
    "table backtick": lambda n: "|a|b|\n|-|-|\n|" + "`|" * (n // 2),
    "html <": lambda n: "<" * n,
    "html <a": lambda n: "<a " * (n // 3),
    "html <!--": lambda n: "<!--" * (n // 4),
    "html <![CDATA[": lambda n: "<![CDATA[" * (n // 9),
    "html <?": lambda n: "<?" * (n // 2),
    "html <!A": lambda n: "<!A" * (n // 3),
    "html </": lambda n: "</" * (n // 2),
    "html <div>": lambda n: "<div>" * (n // 5),
    "html <div>nl": lambda n: "<div>\n\n" * (n // 7),
    "html <b>": lambda n: "<b>" * (n // 3),
    "html &": lambda n: "&" * n,
    "html &a": lambda n: "&a" * (n // 2),
    "html attr": lambda n: "<a " + "b=c " * (n // 4),
    "html quote": lambda n: '<a b="' + "x" * n,
    "<p>text</p> lines": lambda n: "<p>x</p>\n" * (n // 9),
    "html <p> + blank": lambda n: "<p>\n\n" * (n // 5),
    "autolink": lambda n: "<http:" + "a" * n,
    "automail": lambda n: "<a@" + "a." * (n // 2),
    "automail2": lambda n: "<" + "a" * n + "@b",
    "www": lambda n: "http://a" * (n // 8),
    "email": lambda n: "a@" * (n // 2),
    "footnote refs": lambda n: "[^1] " * (n // 5) + "\n\n[^1]: x",
    "footnote defs": lambda n: "".join(f"[^{i}]\n\n[^{i}]: x\n\n" for i in range(n // 20)),
    "footnote nested": lambda n: "".join(f"[^{i}]: [^{i + 1}]\n" for i in range(n // 12)) + "\n[^0]",
    "fence unclosed": lambda n: "```\n" * (n // 4) + "x",
    "fence pairs": lambda n: "```\na\n```\n" * (n // 10),
    "tildes": lambda n: "~" * n,
    "fence info": lambda n: "```" + "a" * n,
    "fence {": lambda n: "``` {" + ".a " * (n // 3) + "\n",
    "spaces": lambda n: " " * n,
    "spaces a": lambda n: "a" + " " * n + "b",
    "tabs": lambda n: "\t" * n + "a",
    "newlines": lambda n: "\n" * n + "a",
    "crlf": lambda n: "a\r\n" * (n // 3),
    "backslash": lambda n: "\\" * n,
    "backslash *": lambda n: "\\*" * (n // 2),
    "words": lambda n: "word " * (n // 5),
    "one para lines": lambda n: "word word\n" * (n // 10),
    "long line": lambda n: "a" * n,
    "line + 2sp": lambda n: "a  \n" * (n // 4),
    "trailing sp lines": lambda n: ("a" + " " * 50 + "\n") * (n // 52),
    "mixed indent": lambda n: "".join(" " * (i % 40) + "- a\n" for i in range(n // 23)),
    "digits.": lambda n: "1" * n + ". a",
    "abbr": lambda n: "*[a]: b\n" * (n // 8) + "a " * (n // 8),
    "attr_list": lambda n: "a {: " + "x " * (n // 2),
    "stx": lambda n: "\x02" * n,
    "unicode": lambda n: "é" * n,
    "rtl": lambda n: "\u202e" * n,
    "zalgo": lambda n: "a" + "́" * n,
}


def fit(shape: Shape, limit: int) -> str:
    """As much of the shape as fits into limit characters, end included: the end is often the point."""
    size = limit
    text = shape(size)
    while len(text) > limit:
        size = size * limit // len(text) - 1
        text = shape(size)
    return text
