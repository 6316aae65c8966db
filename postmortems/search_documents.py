"""Everything of an incident that search knows, read through related names, as passages and as one document."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from django.db.models import QuerySet

from .models import MILESTONES, SECTIONS, Incident, IncidentCause, IncidentLink
from .momentfields import columns
from .moments import Moment
from .prepared import Prepared
from .search_facets import facet_tokens, kept_tokens
from .search_tokens import chunks

EPOCH = datetime(1, 1, 1, tzinfo=UTC)
HEADINGS = dict(SECTIONS)
MOST_WORDS = 30_000  # of one incident
MOST_BYTES = 700_000  # of its tokens; PostgreSQL takes a megabyte of different ones
LONGEST_PASSAGE = 50_000  # characters
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t])")


class Passage(NamedTuple):
    """A piece of text that a result can quote: tier a (what it is called) to d (excerpts and links), kind, place."""

    tier: str
    kind: str  # m: facts, s: section, t: timeline, x: excerpt, c: cause, n: its name, a: actionable, l: link, o: source
    place: str  # which of its kind
    anchor: str  # an id on the incident's page; empty for what stands at its top
    label: str
    text: str

    @property
    def head(self) -> str:
        """Stands before its words in the stream."""
        return f"§{self.tier}{self.kind}:{self.place}" + (f"@{self.anchor}" if self.kind in "tx" else "")


@dataclass(slots=True)
class Document:
    """A `SearchDocument` before it has a key."""

    incident_id: int
    number: int
    minute: int | None
    lasted: int | None
    facets: str
    stream: str
    bag: str


Found = Iterator[tuple[int, Passage]]


def minute_of(at: datetime | None) -> int | None:
    """Whole minutes since the year 1."""
    return None if at is None else (at - EPOCH) // timedelta(minutes=1)


def _pieces(text: str) -> list[str]:
    """Paragraphs, list items and, where those are long, lines."""
    found: list[str] = []
    for piece in _PARAGRAPH.split(text):
        found += piece.split("\n") if len(piece) > 1_000 else [piece]
    return [piece.strip() for piece in found if piece.strip()]


_FACTS = Prepared(
    lambda ids: Incident.objects.filter(pk__in=ids).values_list(
        "pk", "number", "title", "short_name", "organisation__name", "responders", *columns(*MILESTONES)
    )
)


def _facts(ids: list[int]) -> Found:
    """Title, short name, reference, organisation and responders."""
    for pk, number, title, short, organisation, responders, *moments in _FACTS.rows(ids):
        yield pk, Passage("a", "m", "title", "", "Title", title)
        yield pk, Passage("a", "m", "name", "", "Title", f"INC-{number}\n{short}")
        if organisation:
            yield pk, Passage("b", "n", "organisation", "organisation", "Organisation", organisation)
        if responders:
            yield pk, Passage("c", "m", "responders", "responders", "Responders", responders)
        days = {moment.iso()[:10]: moment.day_text() for moment in _moments(moments) if moment.is_dated}
        for place, (iso, words) in enumerate(days.items()):
            yield pk, Passage("c", "m", f"day-{place}", "when", "Date", f"{iso} {words}")


def _moments(values: list[Any]) -> list[Moment]:
    return [Moment(*values[start : start + 3]) for start in range(0, len(values), 3)]


_SERVICES = Prepared(
    lambda ids: (
        Incident.services.through.objects.filter(incident__in=ids)
        .order_by("service__name")
        .values_list("incident_id", "service_id", "service__name")
    )
)


def _services(ids: list[int]) -> Found:
    for pk, service, name in _SERVICES.rows(ids):
        yield pk, Passage("b", "n", f"service-{service}", "services", "Service", name)


_SECTIONS = Prepared(lambda ids, *fields: Incident.objects.filter(pk__in=ids).values_list("pk", *fields))


def sections_at(ids: Iterable[int], wanted: Mapping[int, Iterable[str]] | None = None) -> Found:
    """The passages of all sections, or of those wanted of each incident (one query)."""
    fields = HEADINGS if wanted is None else sorted(set().union(*wanted.values()))
    for pk, *texts in _SECTIONS.rows(list(ids), *fields):
        for field, text in zip(fields, texts, strict=True):
            if text and (wanted is None or field in wanted[pk]):
                for place, piece in enumerate(_pieces(text)):
                    tier = "b" if field == "summary" else "c"
                    yield pk, Passage(tier, "s", f"{field}-{place}", field, HEADINGS[field], piece)


def _timeline(ids: list[int]) -> Found:
    """Entries and their excerpts line by line; anchors as the incident's page has them."""
    taken: dict[int, set[str]] = defaultdict(set)
    for pk, position, moment, *texts in _entries(ids):
        yield from (
            (pk, passage) for passage in _entry(moment, position, entry_anchor(moment, position, taken[pk]), texts)
        )


def _entry_rows(ids: list[int], *positions: list[int]) -> QuerySet[Any, Any]:
    names = ("position", "when_at", "when_clock", "when_precision", "text", "excerpt", "excerpt_label")
    rows = Incident.objects.filter(pk__in=ids, timeline__isnull=False, **_at("timeline__position", positions))
    return rows.order_by("pk", "timeline__position").values_list("pk", *(f"timeline__{name}" for name in names))


def _at(column: str, values: tuple[list[int], ...]) -> dict[str, list[int]]:
    """A condition on a column where values are given."""
    return {f"{column}__in": given for given in values}


_ENTRIES = Prepared(_entry_rows)


def _entries(ids: list[int]) -> Iterator[tuple[Any, ...]]:
    for pk, position, at, clock, precision, *texts in _ENTRIES.rows(ids):
        yield pk, position, Moment(at, clock, precision), *texts


def _entry(moment: Moment, position: int, anchor: str, texts: list[str], zone: tzinfo = UTC) -> Iterator[Passage]:
    text, excerpt, label = texts
    told = f"Timeline {moment.clock_text(zone)}".strip()
    for place, piece in enumerate(_pieces(text)):
        yield Passage("c", "t", f"{position}-{place}", anchor, told, piece)
    for place, line in enumerate([label, *excerpt.splitlines()] if excerpt else []):
        if line.strip():
            yield Passage("d", "x", f"{position}-{place}", anchor, f"{told}, excerpt", line.strip())


def entries_at(wanted: dict[tuple[int, int], str], *, zone: tzinfo = UTC) -> Found:
    """The passages of these timeline entries: (incident, position) to anchor, labelled in a zone (one query)."""
    ids, positions = {pk for pk, _ in wanted}, {position for _, position in wanted}
    rows = _ENTRIES.rows(list(ids), list(positions), keep=lambda row: row[:2] in wanted)
    for pk, position, at, clock, precision, *texts in rows:
        moment = Moment(at, clock, precision)
        yield from ((pk, passage) for passage in _entry(moment, position, wanted[pk, position], texts, zone))


def entry_anchor(moment: Moment, position: int, taken: set[str]) -> str:
    """t-2323 for an entry at 23:23, t-2323-2 for the second one; t-p4 for the fourth when it has no time."""
    stem = f"t-{_clock(moment)}" if moment.has_clock_time else f"t-p{position}"
    anchor, number = stem, 1
    while anchor in taken:
        number += 1
        anchor = f"{stem}-{number}"
    taken.add(anchor)
    return anchor


def _clock(moment: Moment) -> str:
    if moment.clock is not None:
        minutes = moment.clock // timedelta(minutes=1) % 1440
        return f"{minutes // 60:02d}{minutes % 60:02d}"
    return moment.at.strftime("%H%M") if moment.at else ""


def _cause_rows(ids: list[int], *causes: list[int]) -> QuerySet[Any, Any]:
    rows = IncidentCause.objects.filter(incident__in=ids, **_at("cause", causes)).order_by("position", "pk")
    return rows.values_list("incident_id", "cause_id", "role", "cause__name", "cause__aliases", "explanation")


_CAUSES = Prepared(_cause_rows)


def causes_at(ids: Iterable[int], *causes: list[int]) -> Found:
    """The passages of the causes of these incidents, of all or of some (one query)."""
    for pk, cause, role, name, aliases, explanation in _CAUSES.rows(list(ids), *causes):
        anchor = f"cause-{cause}-{role}"
        yield pk, Passage("b", "n", anchor, anchor, "Cause", name)
        if aliases:
            yield pk, Passage("d", "c", f"{anchor}-names", anchor, "Cause, also called", aliases)
        for place, piece in enumerate(_pieces(explanation)):
            yield pk, Passage("c", "c", f"{anchor}-{place}", anchor, "Cause", piece)


def _actionable_rows(ids: list[int], *numbers: list[int]) -> QuerySet[Any, Any]:
    names = ("number", "title", "description", "outcome", "owner", "ticket_label", "ticket_url")
    rows = Incident.objects.filter(pk__in=ids, actionables__isnull=False, **_at("actionables__number", numbers))
    return rows.order_by("pk", "actionables__position").values_list("pk", *(f"actionables__{name}" for name in names))


_ACTIONABLES = Prepared(_actionable_rows)


def actionables_at(ids: Iterable[int], *numbers: list[int]) -> Found:
    """The passages of the actionables of these incidents, of all or of those with some numbers (one query)."""
    for pk, number, title, description, outcome, owner, label, url in _ACTIONABLES.rows(list(ids), *numbers):
        anchor = f"ACT-{number}"
        yield pk, Passage("b", "a", f"{anchor}-title", anchor, "Actionable", f"{anchor} {title}")
        pieces = [*_pieces(description), *_pieces(outcome), f"{owner} {label}".strip(), url]
        for place, piece in enumerate(pieces):
            if piece:
                yield pk, Passage("c", "a", f"{anchor}-{place}", anchor, "Actionable", piece)


_LINKS = Prepared(
    lambda ids: (
        IncidentLink.objects.filter(incident__in=ids)
        .order_by("position", "pk")
        .values_list("incident_id", "pk", "label", "note", "url")
    )
)


def _links(ids: list[int]) -> Found:
    for pk, link, label, note, url in _LINKS.rows(ids):
        yield pk, Passage("d", "l", str(link), f"link-{link}", "Link", f"{label} {note}".strip())
        yield pk, Passage("d", "l", f"{link}-url", f"link-{link}", "Link", url)


_SOURCE = Prepared(
    lambda ids: Incident.objects.filter(pk__in=ids).values_list("pk", "source_title", "source_url", "source_note")
)


def _source(ids: list[int]) -> Found:
    for pk, *texts in _SOURCE.rows(ids):
        pieces = [*texts[:2], *_pieces(texts[2])]
        for place, piece in enumerate(pieces):
            if piece:
                yield pk, Passage("d", "o", str(place), "source", "Source", piece)


READERS: tuple[tuple[str, Callable[[list[int]], Found]], ...] = (
    ("mn", _facts), ("n", _services), ("s", sections_at), ("tx", _timeline), ("nc", causes_at), ("a", actionables_at),
    ("l", _links), ("o", _source),
)  # fmt: skip


def passages_of(ids: list[int], kinds: str = "mnstxcalo") -> dict[int, list[Passage]]:
    """The passages of these incidents, those of the asked kinds at least (a query for each kind)."""
    found: dict[int, list[Passage]] = defaultdict(list)
    for reads, reader in READERS:
        if set(reads) & set(kinds):
            for pk, passage in reader(ids):
                found[pk].append(passage)
    return found


def documents_of(ids: list[int]) -> list[Document]:
    """These incidents as they should be indexed, in the order of their ids (about fifteen queries)."""
    passages = passages_of(ids)
    facets, kept, rows = facet_tokens(ids), kept_tokens(ids), Incident.objects.filter(pk__in=ids).order_by("pk")
    return [
        Document(pk, number, minute_of(at), lasted, " ".join(facets[pk]), *words_of(passages[pk], kept[pk]))
        for pk, number, at, lasted in rows.values_list("pk", "number", "occurred_at", "lasted")
    ]


def words_of(passages: Iterable[Passage], more: Iterable[str] = ()) -> tuple[str, str]:
    """The stream and the bag of an incident with more tokens in it; passages of the first tiers come first."""
    lines: list[str] = []
    bag = set(more)
    words, size = MOST_WORDS, MOST_BYTES
    for passage in sorted(passages, key=lambda passage: passage.tier):
        found = list(chunks(passage.text[:LONGEST_PASSAGE]))
        parts = " ".join(part for chunk in found for part in chunk.parts)
        tokens = {token for chunk in found for token in chunk.bag}
        new = {mark + token for mark in _marks(passage) for token in tokens} - bag
        words -= parts.count(" ") + 1
        size -= len(parts.encode()) + len(" ".join(new).encode())
        if words < 0 or size < 0:
            break
        bag |= new
        if parts:
            lines.append(f"{passage.head} {parts} ")
    return "\n".join(lines), " ".join(sorted(bag))


def _marks(passage: Passage) -> str:
    """Which bags its tokens go into: all (~), summary and names (+), names alone (^), actionables' titles (!)."""
    named = passage.tier == "a" or passage.kind == "n"
    return "~" + "^" * named + "+" * (passage.tier in "ab") + "!" * (passage.tier + passage.kind == "ba")
