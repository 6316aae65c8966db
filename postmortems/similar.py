"""Incidents like this one, each with its reasons in words: by text, causes, services, trigger and mention.

Every incident keeps its forty rarest terms (`KeyTerm`), which is an ordinary table on both databases. A search reads
the rows of the rarest terms first and stops after `BUDGET` of them, so its cost stays flat as the collection grows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from math import log, sqrt
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction
from django.db.models import Q

from .access import kept_for
from .conditional import remembered
from .models import Incident, IncidentCause, KeyTerm, LearnedCause, Status, Visibility
from .neighbours import last_filed
from .prepared import Prepared
from .search_words import OPEN, frequencies
from .similar_terms import KEPT, THOUSANDTHS, Terms, cosine, counted, terms_of

if TYPE_CHECKING:
    from .access import Reader

LONGEST_WRITTEN = 120
BUDGET = 8_000  # rows of key terms read for one search
POOL = 60  # candidates by text, and as many by causes
BY_CAUSE, NEWEST = 8, 60  # the rarest causes that bring candidates of their own, and how many incidents of each
CAUSES, SERVICES, TRIGGER, MENTION = 2.5, 0.2, 0.1, 0.5  # what they count for beside the text, which counts for 1
TEXT_FLOOR = 0.2  # the likeness by text from which on it counts in full
DUPLICATE = 0.45  # likeness by text that hardly anything but the same incident told twice has
RETOLD = 4  # words that a text too short for that likeness must have in common, at such a share of its own
TELLING, SHORTEST = 4, 4  # words named as a reason, and letters a plain one needs
SURENESS = {"confirmed": 1.0, "suspected": 0.6}  # what a linked cause counts for
SURE = 0.85  # a suggested cause as likely as this brings candidates
_TERMS = Prepared(lambda ids: KeyTerm.objects.filter(incident__in=ids).values_list("incident_id", "term", "weight"))
_CAUSES = Prepared(
    lambda ids: (
        IncidentCause.objects.filter(incident__in=ids)
        .order_by()
        .values_list("incident_id", "cause_id", "role", "certainty")
    )
)
_SERVICES = Prepared(
    lambda ids, services: (
        Incident.services.through.objects.filter(incident__in=ids, service__in=services)
        .order_by("service__name")
        .values_list("incident_id", "service__name")
    )
)


class ByText(NamedTuple):
    """What shares the rarest terms. likeness: incident to how much of them, in millionths; best: the likest ones."""

    likeness: dict[int, int]
    best: list[int]


@dataclass(slots=True)
class Known:
    """What is known of the incident for which others are looked for.

    causes: id to how sure it is, from 0 to 1; services, triggers: ids; mentions: numbers of incidents its text names.
    """

    terms: Terms
    causes: dict[int, float] = field(default_factory=dict)
    services: set[int] = field(default_factory=set)
    triggers: set[int] = field(default_factory=set)
    mentions: set[int] = field(default_factory=set)
    incident: int | None = None
    title: str = ""
    source: str = ""
    by_text: ByText | None = None


@dataclass(slots=True)
class Likeness:
    """How one candidate is like it: by text from 0 to 1, and what both have.

    share: how much of a text too short to be all of an incident (a title, a summary) it has, from 0 to 1.
    """

    incident: int
    number: int = 0
    title: str = ""
    slug: str = ""
    text: float = 0.0
    terms: dict[str, int] = field(default_factory=dict)
    causes: dict[int, float] = field(default_factory=dict)
    suspected: set[int] = field(default_factory=set)
    cause_cosine: float = 0.0
    services: list[str] = field(default_factory=list)
    triggers: list[int] = field(default_factory=list)
    mentioned: bool = False
    same_source: bool = False
    score: float = 0.0
    share: float = 0.0

    @property
    def duplicate(self) -> bool:
        """Likely the same incident, told twice."""
        retold = self.share >= DUPLICATE and len(self.terms) >= RETOLD
        return self.text >= DUPLICATE or self.same_source or retold


@dataclass(frozen=True, slots=True)
class Similar:
    """An incident like the one asked about. reasons: what both have, as in ["syslog socket lost", "rsyslog"]."""

    pk: int
    number: int
    title: str
    slug: str
    score: float
    reasons: list[str]
    duplicate: bool

    @property
    def reference(self) -> str:
        return f"INC-{self.number}"

    @property
    def why(self) -> str:
        """The reasons in words."""
        both = f"both: {'; '.join(self.reasons)}" if self.reasons else "told in like words"
        return f"likely a duplicate; {both}" if self.duplicate else both


def known_terms(texts: Iterable[str]) -> Terms:
    """The terms of a text, weighed by how rare they are here (one query)."""
    found = counted(texts)
    known = frequencies(found[0])
    return terms_of(found, known, known.get(OPEN, 0))


@transaction.atomic
def index(incident: Incident) -> None:
    """Keep the terms of an incident; call it in the transaction that changed it, after search has counted its words."""
    terms = known_terms(incident_texts(incident))
    is_open = int(incident.status == Status.PUBLISHED and incident.visibility == Visibility.OPEN)
    rows = {(term, weight, terms.written[term][:LONGEST_WRITTEN], is_open) for term, weight in terms.weights.items()}
    if rows == set(incident.key_terms.values_list("term", "weight", "written", "is_open")):
        return
    incident.key_terms.all().delete()
    names = ("term", "weight", "written", "is_open")
    KeyTerm.objects.bulk_create(
        KeyTerm(incident=incident, **dict(zip(names, row, strict=True))) for row in sorted(rows)
    )


def kept_known(incident: Incident, causes: Iterable[IncidentCause], services: set[int]) -> Known:
    """What is known of an incident that was indexed, whose text need not be read again (three queries)."""
    rows = list(incident.key_terms.order_by("term").values_list("term", "weight", "written"))
    documents = frequencies(term for term, _, _ in rows) if rows else {}
    terms = Terms(
        {term: weight for term, weight, _ in rows},
        {term: written for term, _, written in rows},
        {term: documents.get(term, 0) for term, _, _ in rows},
    )
    mentions = incident.references_made.filter(prefix="INC").values_list("number", flat=True)
    known = Known(terms, {}, services, set(), set(mentions), incident.pk, incident.title, incident.source_url)
    add_causes(known, causes)
    return known


def add_causes(known: Known, causes: Iterable[IncidentCause]) -> None:
    """Note the causes that are linked already."""
    for link in causes:
        known.causes[link.cause_id] = max(known.causes.get(link.cause_id, 0.0), SURENESS[link.certainty])
        if link.role == "trigger":
            known.triggers.add(link.cause_id)


def incident_texts(incident: Incident) -> list[str]:
    """Title, sections and timeline with its excerpts (one query)."""
    entries = incident.timeline.order_by("position").values_list("text", "excerpt") if incident.pk else []
    return [incident.title, *incident.texts_of_sections(), *(text for row in entries for text in row if text)]


def nearest(known: Known, user: Reader, limit: int) -> list[Likeness]:
    """The likest incidents this reader may see, by all that is known (eight queries)."""
    counts = learned_counts()
    likeness, best_by_text = by_text(known, user)
    kept = {*best_by_text, *_best(_by_cause(known, user, counts))}
    wanted = Q(pk__in=kept) | Q(number__in=known.mentions) if known.mentions else Q(pk__in=kept)
    rows = Incident.objects.visible_to(user).filter(wanted).exclude(pk=known.incident or 0)
    found = []
    for pk, number, title, slug, source in rows.values_list("pk", "number", "title", "slug", "source_url"):
        one = Likeness(pk, number, title, slug, likeness.get(pk, 0) / THOUSANDTHS**2)
        one.mentioned = number in known.mentions
        one.same_source = bool(known.source and source == known.source and title == known.title)
        found.append(one)
    _compare(found, known, counts)
    best = sorted(found, key=lambda one: (-one.score, one.incident))[:limit]
    _compare_in_full(best, known.terms)
    return best


def nearest_by_text(known: Known, user: Reader, limit: int) -> list[Likeness]:
    """The likest incidents this reader may see, by text alone (three queries, or two)."""
    likeness, best = by_text(known, user)
    readable = Incident.objects.visible_to(user).filter(pk__in=best).exclude(pk=known.incident or 0).order_by()
    seen = set(readable.values_list("pk", flat=True))
    found = [Likeness(pk, text=likeness[pk] / THOUSANDTHS**2) for pk in best if pk in seen][:limit]
    _compare_in_full(found, known.terms)
    return found


def learned_counts() -> dict[int, int]:
    """In how many open incidents each cause is, in tenths (one query, asked once an edition on pages)."""
    return remembered(("learned counts",), lambda: dict(LearnedCause.objects.values_list("pk", "incidents")))


def _best(scores: Mapping[int, float]) -> list[int]:
    """The keys of the highest ones."""
    return nsmallest(POOL, scores, key=lambda pk: (-scores[pk], pk))


def by_text(known: Known, user: Reader) -> ByText:
    """Whatever shares the rarest terms (one query, asked once of each `known`)."""
    if known.by_text is None:
        likeness: dict[int, int] = defaultdict(int)
        weights = known.terms.weights
        for pk, term, weight in postings(known.terms, user):
            likeness[pk] += weight * weights[term]
        known.by_text = ByText(likeness, _best(likeness))
    return known.by_text


def postings(terms: Terms, user: Reader) -> list[tuple[int, str, int]]:
    """(incident, term, weight) for the rarest terms, as far as the budget goes.

    What this reader may not see takes no part of the budget, or it would show in what is left out.
    """
    wanted: list[str] = []
    budget = BUDGET
    for term in sorted(terms.weights, key=lambda term: (terms.known.get(term, 0), term)):
        budget -= terms.known.get(term, 0)
        if budget < 0 and wanted:
            break
        wanted.append(term)
    if not wanted:
        return []
    rows = KeyTerm.objects.filter(kept_for(user), term__in=wanted).order_by("term", "-incident")
    sql, values = rows.values_list("incident_id", "term", "weight")[:BUDGET].query.sql_with_params()
    with connection.cursor() as cursor:  # thousands of rows, which Django would take one by one
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _compare_in_full(found: list[Likeness], terms: Terms) -> None:
    """Set the likeness by text of a few by all of their terms, where the budget let some out (one query)."""
    kept: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, term, weight in _TERMS.rows([one.incident for one in found]):
        kept[pk][term] = weight
    whole = sum(weight**2 for weight in terms.weights.values())
    for one in found:
        mine = kept[one.incident]
        one.text = cosine(mine, terms.weights)
        one.terms = {term: mine[term] * weight for term, weight in terms.weights.items() if term in mine}
        if len(terms.weights) < KEPT:
            one.share = sum(terms.weights[term] ** 2 for term in one.terms) / max(whole, 1)


def _by_cause(known: Known, user: Reader, counts: Mapping[int, int]) -> dict[int, float]:
    """The newest incidents of its rarest causes, with how rare those are together (one query)."""
    sure = [cause for cause, weight in known.causes.items() if weight >= SURE]
    rarest = sorted(sure, key=lambda cause: (counts.get(cause, 0), cause))[:BY_CAUSE]
    found: dict[int, float] = defaultdict(float)
    for cause, pk in last_filed(rarest, Incident.objects.visible_to(user), NEWEST):
        found[pk] += known.causes[cause] / (1 + counts.get(cause, 0))
    return found


def _compare(found: list[Likeness], known: Known, counts: Mapping[int, int]) -> None:
    """Fill in what each has in common with it, and the scores (two queries)."""
    ids = [one.incident for one in found]
    links: dict[int, dict[int, float]] = defaultdict(dict)
    triggers: dict[int, set[int]] = defaultdict(set)
    for pk, cause, role, certainty in _CAUSES.rows(ids):
        links[pk][cause] = max(links[pk].get(cause, 0.0), SURENESS[certainty])
        if role == "trigger":
            triggers[pk].add(cause)
    services: dict[int, list[str]] = defaultdict(list)
    for pk, service in _SERVICES.rows(ids, sorted(known.services)):
        services[pk].append(service)
    total = max(sum(counts.values()) / 40, 1)
    rare = {cause: log(1 + total / (1 + counts.get(cause, 0) / 10)) for cause in counts.keys() | known.causes.keys()}
    for one in found:
        there = links[one.incident]
        one.causes, one.cause_cosine = cause_cosine(known.causes, there, rare)
        one.suspected = {cause for cause in one.causes if there[cause] < SURENESS["confirmed"]}
        one.services = services[one.incident]
        one.triggers = sorted(triggers[one.incident] & known.triggers)
    weigh(found, len(known.services))


def cause_cosine(
    one: Mapping[int, float], other: Mapping[int, float], rare: Mapping[int, float]
) -> tuple[dict[int, float], float]:
    """What both have with its share, and how alike they are by causes, from 0 to 1; a rare cause counts for more."""
    mine = {cause: weight * rare.get(cause, 1.0) for cause, weight in one.items()}
    others = {cause: weight * rare.get(cause, 1.0) for cause, weight in other.items()}
    both = {cause: mine[cause] * others[cause] for cause in sorted(mine.keys() & others.keys())}
    size = sqrt(sum(weight**2 for weight in mine.values()) * sum(weight**2 for weight in others.values()))
    return both, sum(both.values()) / size if size else 0.0


def weigh(found: list[Likeness], services: int) -> None:
    """Give each its score; the text is compared with the likest one's."""
    top = max((one.text for one in found), default=0.0)
    for one in found:
        one.score = one.text / max(top, TEXT_FLOOR) + CAUSES * one.cause_cosine + MENTION * one.mentioned
        one.score += SERVICES * len(one.services) / max(services, 1) + TRIGGER * bool(one.triggers)
        one.score = round(one.score + one.same_source, 6)


def described(found: list[Likeness], known: Known, names: Mapping[int, str]) -> list[Similar]:
    """With their reasons, in the order given; `names` of the causes that are known."""
    return [
        Similar(one.incident, one.number, one.title, one.slug, one.score, _reasons(one, known, names), one.duplicate)
        for one in found
    ]


def _reasons(one: Likeness, known: Known, names: Mapping[int, str]) -> list[str]:
    """Shared causes first, then services, then the words that tell most, each named once."""
    causes = sorted(one.causes, key=lambda cause: (-one.causes[cause], cause))
    reasons = [names[cause] + (" (suspected there)" if cause in one.suspected else "") for cause in causes]
    reasons += one.services
    reasons += ["mentioned in the text"] if one.mentioned else []
    said = {reason.lower() for reason in reasons}
    words = dict.fromkeys(known.terms.written[term] for term in sorted(one.terms, key=lambda t: (-one.terms[t], t)))
    reasons += [word for word in words if word.lower() not in said and _tells(word)][:TELLING]
    return reasons


def _tells(word: str) -> bool:
    """Whether a word says anything by itself: short ones of small letters do not."""
    return len(word) >= SHORTEST or not word.islower()
