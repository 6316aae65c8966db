"""Hypothesis strategies for what nobody types in good faith: in the search box, and in the address."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

LONGEST = 10_000
INJECTED = "<x-injected onclick=alert(1)>"  # must never stand in a page as it is

WORDS = ["rsyslog", "rabbitmq", "nova-compute", "timeout", "the", "a", "restart", "INC-3", "ACT-7", "10.0.1", "v1.2.3"]
FTS5 = [
    "AND", "OR", "NOT", "NEAR(", "NEAR(a b, 5)", "stream:", "{stream bag}:", "-stream:", "bag : ", "^", "*", "a*",
    '"a"*', "+", '""', '"', "(", ")", "((", "))", "~a", "@all", "@open", "@severity:sev1", "rank MATCH", "§am:title",
    "a·b", "·",
]  # fmt: skip
TSQUERY = [
    "&", "|", "!", "!!", "<->", "<2>", ":*", ":A", "a:*AB", "'a'", "''", "\\'", "\\", "\\\\", "$$", "$1", "%s", "%(a)s",
]  # fmt: skip
SQL = [
    "'; DROP TABLE postmortems_searchdocument; --", "' OR '1'='1", '" OR 1=1 --', "UNION SELECT 1,2,3", "/*", "*/",
    "x') UNION SELECT key, incident_id, 1, stream FROM postmortems_searchdocument --", "%", "_", "LIKE '%'", "\\x00",
    "E'\\\\'", "--", ";", "::tsquery", "pg_sleep(9)", "randomblob(1e9)",
]  # fmt: skip
MARKUP = [
    INJECTED, "</mark>", "&lt;", "&#0;", "{{ 7*7 }}", "{% raw %}", "<!--", "]]>", "javascript:alert(1)", "](x)",
    "[a](b)",
]  # fmt: skip
QUALIFIERS = [
    "year:99999999999999", "year:0", "year:-1", "year:٢٠١٥", "year:2015..2014", "year:1000..9999", "year:,,,",
    "before:0000-00-00", "after:2015-13-45", "after:9999-12-31", "date:9999", "date:..", "date:2015..", "until:9999-12",
    "before:10000", "after:2015-02-30", "before:0001-01-01", "after:1000", "before:", "after:-", "-before:2016",
    "severity:", "severity:9", "sev:sev1,sev2,,sev9", "severity:" + "1," * 200, 'cause:"', 'cause:""', "cause:%",
    "cause:_", "cause:\\", "cause:a", "has:%00", "has:timeline,links", "org:'", 'org:"a b', "service:*",
    "service:" + "x" * 300, "owner:\u202e", "owner:'", "owner:a-b/c", "status:draft", "status:restricted",
    "-status:published", "-org:wikimedia", "foo:bar", "title:x", "-foo:bar", ":", "a:", "::", ":a", "org:org:org:",
    "INC-99999999999999999999", "ACT-0", "before:2016 after:2017",
]  # fmt: skip
UNICODE = [
    "\0", "\x01", "\x1b[31m", "\x7f", "\x85", "\ud800", "\udfff\ud800", "\ufeff", "\u200b", "\u200d", "\u202e",
    "\u2066", "\u0301", "e\u0301" * 3, "Z\u0351\u036b\u0343\u036a\u0302", "שלום", "مرحبا",
    "\u202eabc\u202c", "事故", "障害 復旧", "한국어", "ไทย", "🔥", "👩\u200d👩\u200d👧", "🇩🇪", "ﬁ", "ß", "İ",
    "ı", "Σς", "ǅ", "㎒", "½", "²", "Ⅷ", "𝔘𝔫𝔦",
    "\U0010ffff", "\u0378", "ﷺ", "\u2028", "\u2029", "\u00a0", "\u3000", "ａｂｃ", "“quoted”", "’s", "…", "—", "０１２",
]  # fmt: skip
ALL = [*WORDS, *FTS5, *TSQUERY, *SQL, *MARKUP, *QUALIFIERS, *UNICODE]
ANY_CHARACTER = st.characters()  # surrogates among them

PIECES = st.sampled_from(ALL)
JOINED = st.builds(
    lambda pieces, between: between.join(pieces),
    st.lists(PIECES, min_size=1, max_size=25),
    st.sampled_from([" ", "", "\n", "\t", ".", "-", ":", "/", '"', "\0"]),
)
LONG = st.builds(
    lambda piece, end: (piece * (LONGEST // len(piece) + 1))[: LONGEST - len(end)] + end,
    st.one_of(
        PIECES,
        st.text(ANY_CHARACTER, min_size=1, max_size=8),
        st.lists(PIECES, min_size=1, max_size=8).map(" ".join),
        st.lists(PIECES, min_size=1, max_size=8).map("".join),
    ),
    st.one_of(st.just(""), PIECES),
)


def varied(seed: int, alphabet: str, length: int) -> str:
    """Ten thousand characters that hardly repeat, in words so long; in one when it is 0."""
    several = len(alphabet)
    told = (alphabet[(seed * (n + 1) * (n + 7) // 3 + n % 13) % several] for n in range(LONGEST))
    return "".join(" " if length and not n % length else char for n, char in enumerate(told))


ALPHABETS = ["abcdefghijklmnopqrstuvwxyz0123456789", "aB1_-./:", "é사事ש🔥z", 'ab" -:*', "xyz\n'"]
VARIED = st.builds(varied, st.integers(1, 10_000), st.sampled_from(ALPHABETS), st.sampled_from([0, 3, 6, 9, 40]))
TEXTS = st.one_of(
    JOINED, st.text(ANY_CHARACTER, max_size=200), st.text(ANY_CHARACTER, max_size=2_000), LONG, VARIED, JOINED
)


def encoded(text: str) -> str:
    """For an address; lone surrogates as the bytes a careless program sends for them."""
    return quote(text.encode("utf-8", "surrogatepass"))


NAMES = [
    "organisation", "service", "cause", "severity", "year", "detection", "status", "sort", "page", "q", "nosuch", "%00",
]  # fmt: skip
VALUES = st.one_of(
    PIECES.map(encoded),
    st.text(ANY_CHARACTER, max_size=150).map(encoded),
    st.sampled_from(
        [
            "%ff",
            "%00",
            "%",
            "%zz",
            "+",
            "wikimedia",
            "SEV1",
            "2015",
            "unknown",
            "-1",
            "500",
            "9" * 30,
            "newest",
            "longest",
        ]
    ),
)
# The query string of an address: what is searched for, and filters beside it.
ADDRESSES = st.builds(
    lambda text, pairs: "&".join([f"q={encoded(text)}", *(f"{name}={value}" for name, value in pairs)]),
    TEXTS,
    st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6),
)
