"""What somebody typed or pasted, understood as words, phrases, exclusions and qualifiers. No input is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from .models import Detection, Severity, Status
from .search_documents import HAS, minute_of, owner_values
from .search_expression import Either, Expression, Phrase, Token, either, together
from .search_index import key_at
from .search_tokens import CHUNK, STOP_WORDS, Chunk, chunks

LONGEST_TEXT = 10_000
MANY_WORDS = 14  # more than a person types; it was pasted, and some of it may be nowhere
NAMES = {
    "org": "organisation", "organisation": "organisation", "service": "service", "cause": "cause",
    "severity": "severity", "sev": "severity", "year": "year", "status": "status", "detection": "detection",
    "owner": "owner", "has": "has", "before": "before", "after": "after",
}  # fmt: skip
PLACES = ("organisation", "service", "cause")
CHOICES = {"severity": Severity.values, "status": Status.values, "detection": Detection.values, "has": list(HAS)}
_PIECE = re.compile(r'(?P<minus>(?<!\S)-(?=[\w"]))?(?:(?P<name>[A-Za-z]{2,20}):)?(?P<value>"[^"]*"|[^\s"]+|")')
_DATE = re.compile(r"([1-9]\d{3})(?:-(\d{1,2}))?(?:-(\d{1,2}))?\Z")


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


@dataclass(slots=True)
class Query:
    """What was understood; `notices` say in words what was not."""

    text: str = ""
    terms: list[Term] = field(default_factory=list)
    phrases: list[tuple[str, ...]] = field(default_factory=list)
    excluded: list[Expression] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)
    after: int | None = None
    before: int | None = None
    notices: list[str] = field(default_factory=list)
    pasted: bool = False
    unfinished: bool = False  # its last word may go on
    spans: list[tuple[int, int]] = field(default_factory=list)  # where qualifiers stand in the text

    @property
    def has_words(self) -> bool:
        """Whether there is anything to find beside qualifiers."""
        return bool(self.terms or self.phrases)


def parse(text: str) -> Query:
    """Understand a text of any kind; only its first 10,000 characters are looked at."""
    text = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text[:LONGEST_TEXT])
    query = Query(text.strip())
    if _is_pasted(query.text):
        query.pasted = True
        _add_words(query, query.text)
    else:
        for piece in _PIECE.finditer(query.text):
            _add(query, piece)
        last = query.text[-1:]
        query.unfinished = last.isalnum() or last == "*"
    _settle(query)
    return query


def _is_pasted(text: str) -> bool:
    """Several lines, or more words than anybody types by hand."""
    if "\n" in text:
        return True
    return sum(chunk.parts[0] not in STOP_WORDS for chunk in chunks(text)) > MANY_WORDS


def _add(query: Query, piece: re.Match[str]) -> None:
    """One piece: a qualifier, a phrase, an exclusion or words."""
    minus, name, value = piece.group("minus"), piece.group("name") or "", piece.group("value")
    known = NAMES.get(name.lower())
    plain = value.strip('"').strip()
    if known and plain and not minus:
        query.spans.append(piece.span())
        _qualify(query, known, name, plain)
    elif name and not known:
        if name.islower() and re.match(r"[\w-]+\Z", plain) and not plain.isdigit():
            query.notices.append(f"There is no qualifier “{name}:”; its words were searched for.")
        _add_found(query, f"{name}:{value}", quoted=False, minus=bool(minus))
    elif plain:
        _add_found(query, value, quoted=value.startswith('"') and len(value) > 1, minus=bool(minus))


def _add_found(query: Query, text: str, *, quoted: bool, minus: bool) -> None:
    if not quoted and not minus:
        _add_words(query, text)
        return
    parts = tuple(part for chunk in chunks(text) for part in chunk.parts)
    if not parts:
        return
    if minus:
        terms = [_term(found, chunk) for found, chunk in _runs(text)]
        query.excluded.append(Phrase(parts) if quoted else together([term.expression() for term in terms]))
    else:
        query.phrases.append(parts)


def _runs(text: str) -> Iterator[tuple[str, Chunk]]:
    for found in CHUNK.findall(text):
        for chunk in chunks(found):
            yield found, chunk


def _add_words(query: Query, text: str) -> None:
    known = {term.parts for term in query.terms}
    for found, chunk in _runs(text):
        if chunk.parts not in known:
            known.add(chunk.parts)
            query.terms.append(_term(found, chunk))


def _term(text: str, chunk: Chunk) -> Term:
    exact = not chunk.stems
    return Term(text, chunk.parts, chunk.parts if exact else chunk.needed, chunk.stems or chunk.parts, exact)


def _settle(query: Query) -> None:
    """Stop words count only where there is nothing else; qualifiers given twice count once."""
    telling = [term for term in query.terms if not term.exact]
    if telling or query.phrases:
        query.terms = telling
    query.filters = {name: list(dict.fromkeys(values)) for name, values in query.filters.items()}
    query.notices = list(dict.fromkeys(query.notices))[:5]


def _qualify(query: Query, known: str, name: str, value: str) -> None:
    if known in ("before", "after"):
        _bound(query, known, value)
        return
    for one in [value] if known in ("owner", *PLACES) else value.split(","):
        understood = _value(known, one.strip())
        if understood:
            query.filters.setdefault(known, []).append(understood)
        else:
            query.notices.append(f"“{one.strip()[:40]}” is not something {name}: can be; it is ignored.")


def _value(known: str, value: str) -> str:
    """The value as filters have it; empty when it cannot be one."""
    if known in PLACES:
        return value
    if known == "owner":
        return next(iter(owner_values(value)), "")
    if known == "year":
        return value.lower() if re.fullmatch(r"[1-9]\d{3}|(?i:unknown)", value) else ""
    wanted = f"SEV{value}" if known == "severity" and value in "1234" else value
    return next((choice for choice in CHOICES[known] if choice.lower() == wanted.lower()), "")


def _bound(query: Query, known: str, value: str) -> None:
    """before:2015-08 is earlier than that month, after:2015-08 from its first day on."""
    try:
        match = _DATE.match(value)
        year, month, day = (int(part or 1) for part in match.groups()) if match else (0, 0, 0)
        minute = minute_of(datetime(year, month, day, tzinfo=UTC))
    except ValueError:
        query.notices.append(f"“{value[:40]}” is not a date as in 2015-08-12; {known}: is ignored.")
        return
    assert minute is not None
    setattr(query, known, key_at(minute))


def chosen_expression(kind: str, values: list[str]) -> Expression:
    """Has one of these values of a facet."""
    return either([Token(f"@{kind}:{value}".lower()) for value in values])
