"""What an incident's text says of other incidents: "a repeat of INC-3", "the same as INC-3"; and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from .models import Incident, Relation, RelationKind
from .refresh import announce

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from .access import Reader

# What is said before a reference within one sentence, the nearest to it first.
_SAID = (
    (RelationKind.SAME, r"same (incident|outage|problem|event) as|duplicate of|identical to|same as"),
    (RelationKind.REPEAT, r"repeat(ed)? of|repetition of|recurrence of|reoccurrence of|again as in|(came|comes?) back "
                          r"after|as (it )?(happened|occurred) in|same (cause|bug|fault|failure|root cause|trigger) as"
                          r"|regression of|re-?run of"),
    (RelationKind.RELATED, r"similar to|related to|caused by|follow-?up (of|to)|as in|like|compare|see( also)?"
                           r"|in the wake of"),
)  # fmt: skip
_PATTERNS = {kind: re.compile(rf"\b({said})\b", re.IGNORECASE) for kind, said in _SAID}
_ORDER = list(_PATTERNS)
FORTH: dict[str, str] = {"repeat": "Repeat of", "same": "Same incident as", "related": "Related to"}
BACK = {**FORTH, "repeat": "Repeated by"}
MENTION = re.compile(r"\bINC-([1-9][0-9]{0,8})\b")
_BEFORE, _AFTER = 90, 60
_END = re.compile(r"[.!?;]\s")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A relation that the text speaks of. passage: as it stands there; said: the words that say so, "" for none."""

    number: int
    kind: RelationKind
    passage: str
    said: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the incident it leads to."""

    proposal: Proposal
    title: str
    slug: str


def proposals(texts: list[str]) -> list[Proposal]:
    """One for each incident that the texts name, by what is said most plainly of it, in the order of the text."""
    found: dict[int, Proposal] = {}
    for text in texts:
        for mention in MENTION.finditer(text):
            one = _read(text, mention)
            if one.number not in found or _plainer(one, found[one.number]):
                found[one.number] = one
    return list(found.values())


def _read(text: str, mention: re.Match[str]) -> Proposal:
    start = max(mention.start() - _BEFORE, 0)
    ends = [end.end() for end in _END.finditer(text, start, mention.start())]
    before = text[ends[-1] if ends else start : mention.start()]
    stop = _END.search(text, mention.end())
    end = min(stop.start() + 1 if stop else len(text), mention.end() + _AFTER)
    passage = " ".join(f"{before}{text[mention.start() : end]}".split())
    for kind, pattern in _PATTERNS.items():
        said = pattern.search(before)
        if said:
            return Proposal(int(mention[1]), kind, passage, said[0])
    return Proposal(int(mention[1]), RelationKind.RELATED, passage, "")


def _plainer(one: Proposal, other: Proposal) -> bool:
    """Whether one says more than another of the same incident."""
    return bool(one.said) and (not other.said or _ORDER.index(one.kind) < _ORDER.index(other.kind))


def open_proposals(incident: Incident, user: Reader) -> list[Proposed]:
    """Those nobody has decided on yet, about incidents that this reader may see (two queries)."""
    said = {one.number: one for one in proposals(incident.texts()) if one.number != incident.number}
    if not said:
        return []
    decided = Relation.objects.filter(incident=incident).values("other")
    seen = Incident.objects.visible_to(user).filter(number__in=said).exclude(pk__in=decided)
    rows = {number: (title, slug) for number, title, slug in seen.values_list("number", "title", "slug")}
    return [Proposed(one, *rows[one.number]) for one in said.values() if one.number in rows]


@transaction.atomic
def relate(incident: Incident, other: Incident, kind: str, by: User | None) -> Relation:
    """Note how one incident stands to another, or that it does not; what was noted before is replaced."""
    relation, _ = Relation.objects.update_or_create(incident=incident, other=other, defaults={"kind": kind, "by": by})
    announce(incident.pk, other.pk)
    return relation


def related(incident: Incident, user: Reader) -> list[tuple[str, int, str, str]]:
    """What stands to this incident, as (words, number, title, slug), from either side (two queries)."""
    kept = Relation.objects.filter(Q(incident=incident) | Q(other=incident)).exclude(kind=RelationKind.NONE)
    said = {
        other if own == incident.pk else own: FORTH[kind] if own == incident.pk else BACK[kind]
        for own, other, kind in kept.order_by("pk").values_list("incident", "other", "kind")
    }
    seen = Incident.objects.visible_to(user).filter(pk__in=said).order_by("number")
    return [
        (said[pk], number, title, slug) for pk, number, title, slug in seen.values_list("pk", "number", "title", "slug")
    ]
