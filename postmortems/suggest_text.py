"""An incident or a draft as numbered sentences, each with the place it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import markdown
from .models import SECTIONS, Incident
from .suggest_words import MOST_SENTENCES, Sentence, sentences

KIND_OF_SECTION = {"analysis": "cause", "went_wrong": "cause", "went_well": "well"}


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of an incident. place: a section's field, "timeline-4" for the entry at position 4, "" for a text."""

    place: str
    source: str
    kind: str = ""


@dataclass(slots=True)
class Placed:
    """The sentences of some texts in one row, and which text each stands in."""

    texts: list[Text]
    sentences: list[Sentence]
    of: list[int]

    def text(self, number: int) -> Text:
        """Where the sentence of this number stands."""
        return self.texts[self.of[number]]

    def showing(self, passage: str) -> list[Sentence]:
        """The sentences that a passage, as a reader sees it, is made of."""
        wanted = _bare(passage)
        return [one for one in self.sentences if wanted and _overlap(_bare(one.text), wanted)]


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _overlap(one: str, other: str) -> bool:
    small, large = sorted((one, other), key=len)
    return len(small) > 8 and small in large


def texts_of(incident: Incident) -> list[Text]:
    """The sections and the timeline, in reading order (queries the timeline)."""
    found = [Text(name, getattr(incident, name), KIND_OF_SECTION.get(name, "")) for name, _ in SECTIONS]
    entries = incident.timeline.order_by("position").values_list("position", "text") if incident.pk else []
    return [*found, *(Text(f"timeline-{position}", text) for position, text in entries)]


def placed(texts: Iterable[Text]) -> Placed:
    """The sentences of these texts, at most `MOST_SENTENCES` of them."""
    kept = [text for text in texts if text.source]
    rows = list(_numbered(kept))[:MOST_SENTENCES]
    return Placed(kept, [sentence for _, sentence in rows], [number for number, _ in rows])


def _numbered(texts: list[Text]) -> Iterator[tuple[int, Sentence]]:
    for number, text in enumerate(texts):
        for sentence in sentences(text.source, text.kind):
            yield number, sentence


def as_read(source: str, passage: str) -> str:
    """A passage of a Markdown source as a reader sees it, "" when it does not read in one piece (renders both)."""
    plain = markdown.plain(markdown.render(passage))
    return plain if plain and markdown.found(source, plain) else ""
