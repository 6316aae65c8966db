"""Suggestions: the causes a text shows, each with the passage that shows it, and incidents like it, with reasons.

The one door to `postmortems/suggest_*.py` and `similar*.py`. How it is done: phrases of the taxonomy and words learned
from confirmed passages are weighed sentence by sentence (`suggest_rank`); what a near incident showed in like words is
carried over. Everything is counters in this database: deterministic, without training, and nothing leaves the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import transaction

from . import similar, suggest_learning
from .models import Cause, Certainty, Incident, IncidentCause, Rejection
from .relations import MENTION
from .search_words import OPEN, frequencies
from .similar_terms import rarity
from .suggest_counts import Counts
from .suggest_rank import Ranking, Shown
from .suggest_taxonomy import Taxonomy, current
from .suggest_text import Placed, Text, as_read, placed, texts_of
from .suggest_weights import tells
from .suggest_words import Sentence, read

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from .access import Reader

MOST = 5
# How often a suggestion of each band is acceptable, measured with bench/causes.py: 9 of 10, 7 of 10, 2 of 5.
BANDS = ((0.85, "shows"), (0.5, "likely"), (0.25, "maybe"))
NEAR, NEAR_ENOUGH = 3, 0.12  # incidents whose causes are carried over, and how like they must be
CARRIED, LIKE_WORDS, SHARED_WORDS = 0.6, 0.4, 3
STANDS_ALONE = 0.5  # a suggestion as likely as this keeps its own passage when the cause is carried over too
MOST_KNOWN, SHOWN_AS_KNOWN = 8, 0.3  # so many suggestions as likely as this are used to find similar incidents


@dataclass(slots=True)
class Suggested:
    """A cause that a text shows.

    band: "shows", "likely" or "maybe". place: the section's field, "timeline-4" for the entry at position 4, "" for a
    bare text. passage: that text from `start` to `end`, as it was written; marks: (start, end) in it of what matched.
    words: what matched, as written. source: "phrases", "words", or the incident it was carried from, as in "INC-7".
    """

    cause: Cause
    score: float
    band: str
    place: str
    start: int
    end: int
    passage: str
    marks: list[tuple[int, int]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    phrase: str = ""
    source: str = "words"


@dataclass(frozen=True, slots=True)
class _Carried:
    """A cause of a near incident that this text shows in like words."""

    cause: int
    score: float
    sentence: int
    words: tuple[str, ...]
    reference: str


def band_of(score: float) -> str:
    """In words; "" below what is worth showing."""
    return next((name for least, name in BANDS if score >= least), "")


def causes_for(what: str | Incident, user: Reader, *, limit: int = MOST) -> list[Suggested]:
    """The causes a text or an incident shows, the likeliest first; for any text whatever.

    Of an incident, those it has already and those rejected for it are left out. Some fifteen queries.
    """
    text = _read(what)
    return _causes(what, text, _ranked(text, current()), _known(what, {}), user, limit)


def similar_to(what: str | Incident, user: Reader, *, limit: int = MOST) -> list[similar.Similar]:
    """Incidents like a text or an incident that this reader may see, the likest first. Some twenty queries."""
    known, taxonomy = _known(what, {}), current()
    shown = [] if known.causes else _ranked(_read(what), taxonomy)
    return _similar(known, shown, taxonomy, user, limit)


def both_for(what: str | Incident, user: Reader, *, limit: int = MOST) -> tuple[list[Suggested], list[similar.Similar]]:
    """`causes_for` and `similar_to` of the same text, which is read only once."""
    text, known, taxonomy = _read(what), _known(what, {}), current()
    shown = _ranked(text, taxonomy)
    similar.by_text(known, user)  # before it is copied: this is what takes longest
    found = _similar(replace(known, causes=dict(known.causes)), shown, taxonomy, user, limit)
    return _causes(what, text, shown, known, user, limit), found


def _causes(
    what: str | Incident, text: Placed, shown: list[Shown], known: similar.Known, user: Reader, limit: int
) -> list[Suggested]:
    both = _with_carried(shown, _carried(text, known, user), text)
    left_out = _left_out(what)
    kept = [(one, source) for one, source in both if one.cause not in left_out and band_of(one.score)][:limit]
    causes = Cause.objects.in_bulk([one.cause for one, _ in kept])
    return [_suggested(causes[one.cause], one, source, text) for one, source in kept]


def _similar(
    known: similar.Known, shown: list[Shown], taxonomy: Taxonomy, user: Reader, limit: int
) -> list[similar.Similar]:
    if not known.causes:
        known.causes = {one.cause: one.score for one in shown[:MOST_KNOWN] if one.score >= SHOWN_AS_KNOWN}
    return similar.described(similar.nearest(known, user, limit), known, taxonomy.names)


def similar_kept(
    incident: Incident, causes: list[IncidentCause], services: set[int], user: Reader, limit: int = MOST
) -> list[similar.Similar]:
    """The incidents most like one that is kept as it is shown: by its causes and its kept terms (ten queries)."""
    known = similar.kept_known(incident, causes, services)
    names = {link.cause_id: link.cause.name for link in causes}
    return similar.described(similar.nearest(known, user, limit), known, names)


@transaction.atomic
def reject(incident: Incident, cause: Cause, by: User | None = None) -> None:
    """Remember that an incident does not show a cause: not suggested there again, and its phrases count for less."""
    Rejection.objects.get_or_create(incident=incident, cause=cause, defaults={"by": by})
    suggest_learning.learn(incident)


@transaction.atomic
def take_back(incident: Incident, cause: Cause) -> None:
    """Forget a rejection, and what was learned from it."""
    taken, _ = Rejection.objects.filter(incident=incident, cause=cause).delete()
    if taken:
        suggest_learning.learn(incident)


def evidence_of(incident: Incident, suggestion: Suggested) -> str:
    """The passage as a reader sees it, for `IncidentCause.evidence`; "" when it does not read in one piece."""
    source = next((text.source for text in texts_of(incident) if text.place == suggestion.place), "")
    return as_read(source, suggestion.passage)


def _read(what: str | Incident) -> Placed:
    return placed(texts_of(what) if isinstance(what, Incident) else [Text("", what)])


def _ranked(text: Placed, taxonomy: Taxonomy) -> list[Shown]:
    words = sorted({word for sentence in text.sentences for word in sentence.words})
    known = frequencies(words) if words else {}
    documents = known.get(OPEN, 0)
    telling = [word for word in words if tells(known.get(word, 0), documents)]
    counts = suggest_learning.learned(telling, taxonomy) if words else Counts()
    return Ranking(taxonomy, counts, known, documents).ranked(text.sentences)


def _left_out(what: str | Incident) -> set[int]:
    if not isinstance(what, Incident) or not what.pk:
        return set()
    return {
        *what.incident_causes.values_list("cause_id", flat=True),
        *what.rejections.values_list("cause_id", flat=True),
    }


def _known(what: str | Incident, causes: dict[int, float]) -> similar.Known:
    """What similar incidents are looked for by; `causes` when it has none of its own."""
    if not isinstance(what, Incident):
        return similar.Known(similar.known_terms([what]), causes, mentions=_mentions([what]))
    texts = similar.incident_texts(what)
    known = similar.Known(similar.known_terms(texts), dict(causes), mentions=_mentions(texts) - {what.number})
    known.incident, known.title, known.source = what.pk, what.title, what.source_url
    if what.pk:
        known.services = set(what.services.values_list("pk", flat=True))
        similar.add_causes(known, what.incident_causes.only("incident_id", "cause_id", "role", "certainty"))
    return known


def _mentions(texts: list[str]) -> set[int]:
    return {int(number) for text in texts for number in MENTION.findall(text)}


def _carried(text: Placed, known: similar.Known, user: Reader) -> list[_Carried]:
    """The causes of the nearest incidents that this text shows in like words (four queries, five at most)."""
    near = [one.incident for one in similar.nearest_by_text(known, user, NEAR) if one.text >= NEAR_ENOUGH]
    links = IncidentCause.objects.filter(incident__in=near, certainty=Certainty.CONFIRMED).exclude(evidence="")
    rows = list(links.order_by("incident", "position").values_list("cause_id", "evidence", "incident__number"))
    evidence = [(cause, read(passage), number) for cause, passage, number in rows]
    known_words = frequencies(sorted({word for _, passage, _ in evidence for word in passage.words})) if rows else {}
    found: dict[int, _Carried] = {}
    for cause, passage, number in evidence:
        one = _likest(cause, passage, f"INC-{number}", text.sentences, known_words)
        if one and (cause not in found or one.score > found[cause].score):
            found[cause] = one
    return [found[cause] for cause in sorted(found)]


def _likest(
    cause: int, passage: Sentence, reference: str, sentences: list[Sentence], known: Mapping[str, int]
) -> _Carried | None:
    """The sentence that says most of what a passage says; None when none says enough of it."""
    rare = {word: rarity(known.get(word, 0), known.get(OPEN, 0)) for word in passage.words}
    whole = sum(rare.values())
    best: _Carried | None = None
    for number, sentence in enumerate(sentences):
        shared = [word for word in passage.words if word in sentence.at]
        share = sum(rare[word] for word in shared) / whole if whole else 0.0
        if len(shared) >= SHARED_WORDS and share >= LIKE_WORDS and (best is None or share > best.score):
            best = _Carried(cause, share, number, tuple(shared), reference)
    return best


def _with_carried(shown: list[Shown], carried: list[_Carried], text: Placed) -> list[tuple[Shown, str]]:
    """Both together, the likeliest first; what is carried over adds to what the text shows by itself."""
    rows = {one.cause: (one, "phrases" if one.phrase else "words") for one in shown}
    for one in carried:
        own = rows.get(one.cause)
        chance = 1 - (1 - (own[0].score if own else 0.0)) * (1 - CARRIED * min(one.score, 1.0))
        if own is None or own[0].score < STANDS_ALONE:
            sentence = text.sentences[one.sentence]
            tokens = sorted({number for word in one.words for number in sentence.at[word]})
            rows[one.cause] = Shown(one.cause, round(chance, 6), one.sentence, "", tokens), one.reference
        else:
            own[0].score = round(chance, 6)
    return sorted(rows.values(), key=lambda row: (-row[0].score, row[0].cause))


def _suggested(cause: Cause, one: Shown, source: str, text: Placed) -> Suggested:
    sentence = text.sentences[one.sentence]
    tokens = one.tokens or sorted({sentence.at[word][0] for word in one.counted if word in sentence.at})
    marks = [(sentence.tokens[number].start, sentence.tokens[number].end) for number in sorted(set(tokens))]
    return Suggested(
        cause, one.score, band_of(one.score), text.text(one.sentence).place, sentence.start,
        sentence.start + len(sentence.text), sentence.text, marks,
        list(dict.fromkeys(sentence.text[start:end] for start, end in marks)), one.phrase, source,
    )  # fmt: skip
