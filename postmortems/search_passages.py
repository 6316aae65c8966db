"""The passages that show why an incident was found, its words marked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from markupsafe import Markup, escape

from .models import SearchDocument
from .prepared import Prepared
from .search_documents import Passage as Source
from .search_documents import actionables_at, causes_at, entries_at, passages_of, sections_at
from .search_query import Query, Term
from .search_tokens import CHUNK, chunk, stem

SHOWN = 3
AROUND = 220  # characters of a passage
LOOKED_THROUGH = 6_000
TIER_WORTH = {"a": 0.0, "b": 1.0, "c": 1.2, "d": 0.9}
_STREAMS = Prepared(lambda ids: SearchDocument.objects.filter(incident__in=ids).values_list("incident_id", "stream"))
BEGIN, END = "\x02", "\x03"  # stand for marks until a text is escaped; texts have none of their own
_LINK = re.compile(r"!?\[([^\]\n]{1,300})\]\((?:[^()\s]|\([^()\s]*\))*\)")
_MARKUP = re.compile(r"^[ \t]*(?:[-+>]|#{1,6}|\d{1,3}[.)])[ \t]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an incident's text as a result quotes it; `html` is safe, and its `<mark>`s are the words found."""

    label: str
    anchor: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a query, for marking."""

    exact: frozenset[str]
    stems: frozenset[str]
    pairs: frozenset[str]
    begins: tuple[str, ...]
    pattern: re.Pattern[str]
    judged: dict[str, bool] = field(default_factory=dict, compare=False)

    def mean(self, raw: str) -> bool:
        """Whether a run of text is, or has in it, one of them; found out once for each run, as a page repeats them."""
        known = self.judged.get(raw)
        if known is None:
            known = self.judged[raw] = self._mean(raw)
        return known

    def _mean(self, raw: str) -> bool:
        run = chunk(raw)
        if not self.pairs.isdisjoint(run.pairs) or not self.stems.isdisjoint(run.pieces):
            return True
        return any(part in self.exact or stem(part) in self.stems for part in run.parts)


def words_of(query: Query) -> Words:
    """What to mark: every form of the words, phrases as they stand."""
    whole = [term for term in query.terms if "·" in "".join(term.needed)]
    single = [term for term in query.terms if term not in whole]
    stems = {stem for term in single for stem in (term.completed or (() if term.exact else term.stems))}
    exact = {part for term in single if not term.completed for part in term.parts}
    exact |= {part for phrase in query.phrases for part in phrase}
    begins = sorted(f" {stem}" for stem in stems) + sorted(f" {part} " for part in exact if stem(part) not in stems)
    begins += [f" {' '.join(term.parts)} " for term in whole]
    pairs = frozenset(pair for term in whole for pair in term.needed)
    return Words(frozenset(exact), frozenset(stems), pairs, tuple(begins), _pattern(stems | exact, whole))


def _pattern(words: set[str], whole: list[Term]) -> re.Pattern[str]:
    """Finds what may be one of the words: a run of letters and digits with one in it, or parts in their order."""
    single = "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
    runs = [r"[\W_]{1,3}".join(map(re.escape, term.parts)) + r"(?![^\W_])" for term in whole]
    ways = [rf"(?<![^\W_])(?:{single})[^\W_]*"] if words else []
    return re.compile("|".join([*runs, *ways]) or r"(?!)", re.IGNORECASE)


def marked(text: str, words: Words) -> Markup:
    """A short plain text with the words marked."""
    text = _plain(text)
    return _html(text, _hits(text, words))


def passages(
    ids: Sequence[int], words: Words, streams: Mapping[int, str] | None = None, *, zone: tzinfo = UTC
) -> dict[int, list[Passage]]:
    """One to three passages of each of these incidents; none for a query without words (one to eight queries).

    `streams`: what is known of their streams already. zone: the reader's, for the times in labels.
    """
    if not words.begins:
        return {}
    known = {pk: streams[pk] for pk in ids if pk in streams} if streams else {}
    rows = _STREAMS.rows([pk for pk in ids if pk not in known])
    heads = {pk: _best_heads(stream, words) for pk, stream in (*known.items(), *rows)}
    texts = _texts(heads, zone)
    return {
        pk: [_quoted(texts[pk, head], words) for head in found if (pk, head) in texts] for pk, found in heads.items()
    }


def _best_heads(stream: str, words: Words) -> list[str]:
    """Where most different words stand; the title is shown anyway."""
    best: list[tuple[float, int, str]] = []
    for place, line in enumerate(stream.split("\n")):
        found = 0
        for begin in words.begins:
            if begin in line:
                found += 1
        if found and line[1] != "a":
            best.append((-found * TIER_WORTH[line[1]], place, line))
    best.sort()
    heads = [line.split(" ", 1)[0] for _, _, line in best[: 8 * SHOWN]]
    kinds = {head[2]: head for head in reversed(heads)}  # the best of each kind
    places = {head.partition("@")[0].rsplit("-", 1)[0]: head for head in reversed(heads)}
    chosen = sorted(kinds.values(), key=heads.index)
    chosen += [head for head in heads if head in places.values() and head not in chosen]
    return sorted(chosen[:SHOWN], key=heads.index)


def _texts(heads: dict[int, list[str]], zone: tzinfo) -> dict[tuple[int, str], Source]:
    """The passages that stand at these heads, a query for each kind of them and little more read than they are."""
    wanted: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for pk, found in heads.items():
        for head in found:
            kind = "t" if head[2] == "x" else "c" if head[3:].startswith(":cause-") else head[2]
            wanted[kind][pk].add(head[4:])
    return {(pk, passage.head): passage for kind, places in wanted.items() for pk, passage in _read(kind, places, zone)}


def _read(kind: str, places: dict[int, set[str]], zone: tzinfo) -> Iterable[tuple[int, Source]]:
    """The passages of one kind at or near these places."""
    every = set().union(*places.values())
    if kind == "t":
        wanted = {(pk, int(one.split("-")[0])): one.partition("@")[2] for pk in places for one in places[pk]}
        return entries_at(wanted, zone=zone)
    if kind == "s":
        return sections_at(places, {pk: {one.rsplit("-", 1)[0] for one in places[pk]} for pk in places})
    if kind == "a":
        return actionables_at(places, list({int(one.split("-")[1]) for one in every}))
    if kind == "c":
        return causes_at(places, list({int(one.split("-")[1]) for one in every}))
    return ((pk, passage) for pk, found in passages_of(sorted(places), kind).items() for passage in found)


def _quoted(source: Source, words: Words) -> Passage:
    text = source.text[:LOOKED_THROUGH]
    if source.kind != "x":
        text = _LINK.sub(r"\1", text) if "](" in text else text
        text = _MARKUP.sub("", text).replace("*", "").replace("`", "")
    text = " ".join(_plain(text).split())
    hits = _hits(text, words)
    start, end = _window(text, hits)
    inside = [(max(one, start) - start, min(two, end) - start) for one, two in hits if one < end and two > start]
    html = _html(text[start:end], inside)
    return Passage(source.label, source.anchor, Markup(f"{'… ' * bool(start)}{html}{' …' * (end < len(text))}"))  # noqa: S704


def _plain(text: str) -> str:
    return text.replace(BEGIN, " ").replace(END, " ") if BEGIN in text or END in text else text


def _hits(text: str, words: Words) -> list[tuple[int, int]]:
    """Where the words stand, each whole; the pattern finds where to look, and the tokens say whether it is meant."""
    hits: list[tuple[int, int]] = []
    for found in words.pattern.finditer(text) if text.isascii() else CHUNK.finditer(text):
        if words.mean(found.group()):
            hits.append(found.span())
    return hits


def _window(text: str, hits: list[tuple[int, int]]) -> tuple[int, int]:
    """The stretch with most different words in it, cut at spaces."""
    if len(text) <= AROUND + 40 or not hits:
        return 0, len(text) if len(text) <= AROUND + 40 else _cut(text, AROUND)
    best = max(
        hits, key=lambda hit: (len({text[a:b].lower() for a, b in hits if hit[0] <= a < hit[0] + AROUND - 60}), -hit[0])
    )
    start = max(best[0] - 60, 0)
    if start:
        start = text.find(" ", start, best[0]) + 1 or best[0]
    return start, _cut(text, start + AROUND)


def _cut(text: str, end: int) -> int:
    if end >= len(text) - 10:
        return len(text)
    space = text.rfind(" ", end - 40, end)
    return space if space > 0 else end


def _html(text: str, hits: Iterable[tuple[int, int]]) -> Markup:
    """Escaped in one piece, with `<mark>` around these stretches."""
    parts: list[str] = []
    at = 0
    for start, end in hits:
        parts += [text[at:start], BEGIN, text[start:end], END]
        at = end
    whole = str(escape("".join([*parts, text[at:]])))
    return Markup(whole.replace(BEGIN, "<mark>").replace(END, "</mark>"))  # noqa: S704 - the text is escaped
