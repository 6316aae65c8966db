"""What somebody typed or pasted, understood as words, phrases, exclusions and qualifiers. No input is an error.

A word after a minus is excluded unless it looks like part of a command, because those are pasted: -tv, -rw-------.
A qualifier is a known name, a colon and a value without a space between them. Other names are looked for as text, as
in LP:1094230, nova:compute or http://example.org; one of small letters before a word, as in title:cache, is doubtful:
unless some incident has it as it stands, the reader is told that there is no such qualifier (`search_scope`).

What is long was pasted, and names and colons in it are part of it: only what stands before or behind it is taken for
qualifiers, if it is one by its usual name with a value that it can have, as in `org:wikimedia <log line>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .search_expression import Either, Expression, Phrase, Token, either, together
from .search_index import key_at
from .search_qualifiers import BOUNDS, CHOICES, PLACES, SHOWN, kind_of, minutes_of, values_of
from .search_tokens import CHUNK, Chunk, chunks

LONGEST_TEXT = 10_000
MANY_WORDS = 14  # more than a person types; it was pasted, and some of it may be nowhere
# More than a person types of each; what is beyond is said to be left out. Databases limit how much one can ask.
MOST_TERMS, MOST_PHRASES, MOST_EXCLUDED = 40, 8, 16
LONGEST_TERM = 12  # parts of an identifier that must stand together; longer ones are looked for in pieces
LONGEST_PHRASE = 60  # words
_FLAG = re.compile(r"\w{1,2}(?!\w)|\w+[-=]+(?!\w)|\w+=")
_SMART_QUOTES = str.maketrans("“”„‟«»", '""""""')
_PIECE = re.compile(
    r'(?P<minus>(?<!\S)-(?=[\w"]))?(?:(?P<name>[A-Za-z]{2,20}(?:[-_][A-Za-z]{1,20})?):)?(?P<value>"[^"]*"|[^\s"]+|"|(?<=:))'
)
# What may stand at the ends of a pasted text as a qualifier: names as they are documented, names of things as values.
_USUAL = {*SHOWN, "organisation"}
_NAME = re.compile(r"\w[\w.&+-]*(?:,\w[\w.&+-]*)*")


@dataclass(frozen=True, slots=True)
class Typed:
    """A qualifier as it stands in a text, with its values, or an exclusion (then its kind may be empty)."""

    kind: str
    values: tuple[str, ...]
    minus: bool
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """One word or identifier to find.

    `needed` are the tokens that must all be there, `parts` its words as they stand, `stems` theirs.
    """

    text: str
    parts: tuple[str, ...]
    needed: tuple[str, ...]
    stems: tuple[str, ...]
    exact: bool = False  # stop words, which are in the stream alone
    completed: tuple[str, ...] = ()  # stems any of which will do, for a word that is not typed to its end

    def expression(self, mark: str = "~") -> Expression:
        """What an incident must have, in the bag with this mark."""
        if self.exact:
            return together([Token(part) for part in self.parts])
        if self.completed:
            return Either(tuple(Token(mark + stem) for stem in self.completed))
        return together([Token(mark + token) for token in self.needed])

    def loosened(self) -> Term:
        """The same with its parts anywhere."""
        return replace(self, needed=self.stems)

    @property
    def is_number(self) -> bool:
        """Whether it has no letters, as what differs from one line of a log to the next: times, ids of processes."""
        return all(map(str.isdigit, self.parts))


@dataclass(slots=True)
class Query:
    """What was understood; `notices` say in words what was not.

    filters: kinds to values that are alternatives; without: the same, of what must not be. after, before: keys, from
    the first on and below the second.
    """

    text: str = ""
    terms: list[Term] = field(default_factory=list)
    phrases: list[tuple[str, ...]] = field(default_factory=list)
    excluded: list[Expression] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)
    without: dict[str, list[str]] = field(default_factory=dict)
    after: int | None = None
    before: int | None = None
    notices: list[str] = field(default_factory=list)
    doubtful: dict[str, Expression] = field(default_factory=dict)  # names that may be meant as qualifiers, as text
    pasted: bool = False
    unfinished: bool = False  # its last word may go on

    @property
    def has_words(self) -> bool:
        """Whether there is anything to find beside qualifiers."""
        return bool(self.terms or self.phrases)

    def say(self, notice: str) -> None:
        """Tell the reader, once."""
        if notice not in self.notices and len(self.notices) < 5:
            self.notices.append(notice)


def parse(text: str) -> Query:
    """Understand a text of any kind; only its first 10,000 characters are looked at."""
    query = Query(cleaned(text))
    pieces, rest, query.pasted = _read(query.text)
    for piece in pieces:
        _add(query, piece)
    if query.pasted:
        _add_words(query, rest)
        _say_taken_as_words(query, rest)
    else:
        last = query.text[-1:]
        query.unfinished = last.isalnum() or last == "*"
    _settle(query)
    return query


def cleaned(text: str) -> str:
    """Its first 10,000 characters, those that cannot be seen as spaces."""
    text = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text[:LONGEST_TEXT])
    return text.translate(_SMART_QUOTES).strip()


def typed(text: str) -> list[Typed]:
    """The qualifiers and exclusions that `parse` finds in a text that was `cleaned`, in their order."""
    found = []
    for piece in _read(text)[0]:
        minus, name, value = bool(piece.group("minus")), piece.group("name") or "", piece.group("value")
        kind, plain, quoted = kind_of(name), value.strip('"').strip(), value.startswith('"')
        excluded = minus and (name.islower() if name else not _FLAG.match(value))
        if plain and (kind or excluded):
            values = [plain] if quoted or kind in BOUNDS or not kind else plain.split(",")
            wanted = tuple(filter(None, map(str.strip, values)))
            found.append(Typed(kind, wanted, minus, piece.group(), piece.start(), piece.end()))
    return found


def _read(text: str) -> tuple[list[re.Match[str]], str, bool]:
    """The pieces of what was typed; of what was pasted those at its ends that narrow it down, and the rest as it is."""
    pieces = list(_PIECE.finditer(text))
    first = next((place for place, piece in enumerate(pieces) if not _narrows(piece)), len(pieces))
    last = next((place for place in range(len(pieces), first, -1) if not _narrows(pieces[place - 1])), first)
    rest = text[pieces[first].start() : pieces[last - 1].end()] if last > first else ""
    pasted = _is_pasted(rest)
    return (pieces[:first] + pieces[last:] if pasted else pieces), rest, pasted


def _is_pasted(text: str) -> bool:
    """Several lines, or more words than anybody types by hand."""
    if "\n" in text:
        return True
    return sum(bool(chunk.stems) for chunk in chunks(text)) > MANY_WORDS


def _narrows(piece: re.Match[str]) -> bool:
    """Whether it can only be meant as a qualifier; see the top of this file."""
    name, value = piece.group("name"), piece.group("value")
    plain = value.strip('"').strip()
    if name not in _USUAL or not plain:
        return False
    kind, quoted = kind_of(name), value.startswith('"')
    if kind in BOUNDS:
        return not piece.group("minus") and minutes_of(kind, plain) is not None
    if kind in (*PLACES, "owner"):
        return quoted or bool(_NAME.fullmatch(plain))
    return all(values_of(kind, one.strip()) for one in plain.split(","))


def _say_taken_as_words(query: Query, rest: str) -> None:
    """Tell of qualifiers inside of what was pasted, and of those at its ends that cannot have this value."""
    pieces = [piece for piece in _PIECE.finditer(rest) if piece.group("name") in _USUAL and piece.group("value") != ""]
    for piece in pieces:
        shown = piece.group()[:60]
        if _narrows(piece):
            query.say(f"“{shown}” inside what was pasted was looked for as words; put it first to narrow down.")
        elif piece.start() == 0 or piece.end() == len(rest):
            query.say(f"“{shown}” is not something a search can be narrowed to, so it was looked for as words.")


def _add(query: Query, piece: re.Match[str]) -> None:
    """One piece: a qualifier, a phrase, an exclusion or words."""
    minus, name, value = bool(piece.group("minus")), piece.group("name") or "", piece.group("value")
    kind, plain = kind_of(name), value.strip('"').strip()
    quoted = value.startswith('"') and len(value) > 1
    if kind and plain:
        _qualify(query, kind, name, [plain] if quoted or kind in BOUNDS else plain.split(","), minus=minus)
    elif kind:
        query.say(f"{name}: needs a value right behind it; it was looked for as a word.")
        _add_found(query, name, quoted=False, minus=minus)
    elif name:
        _add_found(query, f"{name}:{value}", quoted=False, minus=minus and name.islower())
        _doubt(query, name, plain)
    elif plain:
        _add_found(query, value, quoted=quoted, minus=minus and not _is_flag(query, value))


def _is_flag(query: Query, value: str) -> bool:
    """Whether it belongs to a command or a listing, as in -tv, -rw------- or -Xmx=4g, and is said to be a word."""
    found = bool(_FLAG.match(value))
    if found:
        query.say(f'-{value[:40]} was taken for part of a command; to leave a word out, write -"word".')
    return found


def _doubt(query: Query, name: str, value: str) -> None:
    """Note a name that may be meant as a qualifier; see the top of this file."""
    if name.islower() and value[:1].isalpha() and len(query.doubtful) < 5:
        pair = next(chunks(f"{name.rpartition('-')[2]}:{value}")).pairs[:1]
        query.doubtful[name] = together([Token(f"~{token}") for token in pair]) if pair else Token(value)


def _add_found(query: Query, text: str, *, quoted: bool, minus: bool) -> None:
    if not quoted and not minus:
        _add_words(query, text)
        return
    parts = tuple(part for chunk in chunks(text) for part in chunk.parts)[:LONGEST_PHRASE]
    if not parts:
        return
    if minus:
        query.excluded.append(Phrase(parts) if quoted else together([term.expression() for term in _terms(text)]))
    else:
        query.phrases.append(parts)


def _terms(text: str) -> Iterator[Term]:
    for found in CHUNK.findall(text):
        for chunk in chunks(found):
            yield from _pieces(found, chunk)


def _pieces(text: str, chunk: Chunk) -> Iterator[Term]:
    """The term of a chunk, or several when it is very long."""
    if len(chunk.parts) <= LONGEST_TERM:
        yield _term(text, chunk)
        return
    for start in range(0, len(chunk.parts), LONGEST_TERM):
        text = "/".join(chunk.parts[start : start + LONGEST_TERM])
        yield from (_term(text, piece) for piece in chunks(text))


def _add_words(query: Query, text: str) -> None:
    known = {term.parts for term in query.terms}
    for term in _terms(text):
        if term.parts not in known:
            known.add(term.parts)
            query.terms.append(term)


def _term(text: str, chunk: Chunk) -> Term:
    exact = not chunk.stems
    needed = tuple(dict.fromkeys(chunk.parts if exact else chunk.needed))
    return Term(text, chunk.parts, needed, chunk.stems or chunk.parts, exact)


def _settle(query: Query) -> None:
    """Stop words count only where there is nothing else; what is given twice counts once; more than enough is cut."""
    telling = [term for term in query.terms if not term.exact]
    if telling or query.phrases:
        query.terms = telling
    asked = len(query.terms), len(query.phrases), len(query.excluded)
    if not query.pasted:
        query.terms = query.terms[:MOST_TERMS]
    query.phrases = list(dict.fromkeys(query.phrases))
    query.excluded = list(dict.fromkeys(query.excluded))
    for values in (*query.filters.values(), *query.without.values()):
        values[:] = dict.fromkeys(values)
    if query.before is not None and query.after is None:
        query.after = key_at(0)  # what has no date is not known to be before one
    if len(query.phrases) > MOST_PHRASES or len(query.excluded) > MOST_EXCLUDED or len(query.terms) < asked[0]:
        query.say("This is more than can be looked for at once; what comes last was left out.")
    query.phrases, query.excluded = query.phrases[:MOST_PHRASES], query.excluded[:MOST_EXCLUDED]
    if query.text and not any(map(str.isalnum, query.text)):
        query.say(f"There is no letter or digit in “{query.text[:40]}”, so there is nothing to look for.")


def _qualify(query: Query, kind: str, name: str, values: list[str], *, minus: bool) -> None:
    if kind in BOUNDS:
        _bound(query, kind, name, values[0], minus=minus)
        return
    chosen = (query.without if minus else query.filters).setdefault(kind, [])
    for value in filter(None, map(str.strip, values)):
        understood = values_of(kind, value)
        chosen += understood
        if not understood:
            can_be = f" It can be {', '.join(CHOICES[kind])}." if kind in CHOICES else ""
            query.say(f"“{value[:40]}” is not something {name}: can be; it is ignored.{can_be}")
    if not chosen:
        (query.without if minus else query.filters).pop(kind)


def _bound(query: Query, kind: str, name: str, value: str, *, minus: bool) -> None:
    minutes = None if minus else minutes_of(kind, value)
    if minutes is None:
        told = f"“-{name}:” cannot be excluded" if minus else f"“{value[:40]}” is not a date as in 2015-08-12"
        query.say(f"{told}; {name}: is ignored.")
        return
    first, last = (None if minute is None else key_at(minute) for minute in minutes)
    query.after = max((key for key in (query.after, first) if key is not None), default=None)
    query.before = min((key for key in (query.before, last) if key is not None), default=None)


def chosen_expression(kind: str, values: list[str]) -> Expression:
    """Has one of these values of a facet."""
    return either([Token(f"@{kind}:{value}".lower()) for value in values])
