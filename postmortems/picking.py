"""What may be chosen by its name while somebody types into a form: causes of the taxonomy, services, organisations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from markupsafe import Markup, escape

from . import markdown
from .conditional import remembered
from .document_text import UNSTORABLE
from .models import Cause, Incident
from .search_tokens import fold

if TYPE_CHECKING:
    from .access import Reader

LONGEST = 120  # characters; no name is longer
MOST = 8
KEPT = 1_000  # causes that are looked through in memory; of more the database picks those that may be meant
NAMES = 200  # names looked at, each of which has what was typed in it somewhere
PLAIN = Markup()
ABOUT = 160  # characters of what tells a cause
WORD = re.compile(r"[^\W_]+")
_CAUSE = ("name", "aliases", "group__name", "recognise", "definition")


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be chosen: what goes into the field, and how it is shown, what was typed marked; `note` tells
    where it belongs or what else it is called, `about` how to recognise it.
    """

    name: str
    html: Markup
    note: Markup = PLAIN
    about: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices for what was typed; `new` is what would be made of it, empty where something is called so already."""

    choices: list[Choice]
    new: str = ""


def typed_name(text: str) -> str:
    """What was typed, with single spaces; empty for what no name can be."""
    name = " ".join(text.split())
    return "" if len(name) > LONGEST or UNSTORABLE.search(name) else name


def causes_for(text: str) -> Offer:
    """Causes that are offered, by their name, another name they go by, or their group (two queries, three of very many
    causes; one where the taxonomy is remembered).
    """
    words = WORD.findall(fold(text))
    if not words:
        return Offer([])
    rows = remembered(("offered causes",), lambda: _causes(Q(), KEPT + 1))
    if len(rows) > KEPT:
        rows = _causes(_having(text, "name", "aliases", "group__name"), NAMES)
    ranked = sorted((rank, row) for row in rows if (rank := _rank(words, fold(text), *row[:3])) is not None)
    found = [_cause(words, *row) for _, row in ranked[:MOST]]
    return Offer(found, "" if Cause.objects.called(text) else text)


def _causes(condition: Q, most: int) -> list[tuple[str, ...]]:
    return list(Cause.objects.offered().filter(condition).order_by("name").values_list(*_CAUSE)[:most])


def _cause(words: list[str], name: str, aliases: str, group: str, recognise: str, definition: str) -> Choice:
    alias = "" if _begin(words, name) else next((line for line in aliases.splitlines() if _begin(words, line)), "")
    note = Markup("%s, also called %s") % (group, _marked(words, alias.strip())) if alias else _marked(words, group)
    about = markdown.as_read(recognise or definition).partition("\n")[0]
    return Choice(name, _marked(words, name), note, about if len(about) <= ABOUT else f"{about[: ABOUT - 1]}…")


def places_for(rows: Any, relation: str, text: str, user: Reader) -> Offer:
    """Services or organisations: those with an incident that this reader may see, and those that have none (one query).

    rows: all of them; relation: what an incident calls them.
    """
    words = WORD.findall(fold(text))
    if not words:
        return Offer([])
    hit = Incident.objects.filter(**{relation: OuterRef("pk")})
    seen = Exists(hit.visible_to(user)) | ~Exists(hit)
    names = rows.filter(_having(text, "name"), seen).order_by("name").values_list("name", flat=True)[:NAMES]
    ranked = sorted((rank, name) for name in names if (rank := _rank(words, fold(text), name)) is not None)
    same = any(name.casefold() == text.casefold() for name in names)
    return Offer([Choice(name, _marked(words, name)) for _, name in ranked[:MOST]], "" if same else text)


def _having(text: str, *fields: str) -> Q:
    """The letters of every word stand somewhere; an accent as it is typed finds itself."""
    ways = [{word, fold(word)} for word in WORD.findall(text)]
    return reduce(and_, (Q(*_any(fields, way), _connector=Q.OR) for way in ways), Q())


def _any(fields: Iterable[str], ways: Iterable[str]) -> list[tuple[str, str]]:
    return [(f"{field}__icontains", way) for field in fields for way in ways]


def _rank(words: list[str], text: str, name: str, aliases: str = "", group: str = "") -> int | None:
    """How near a name is to what was typed, 0 nearest; None when it is not meant."""
    if fold(name).startswith(text):
        return int(len(name) > len(text))
    if _begin(words, name):
        return 2
    if any(_begin(words, line) for line in aliases.splitlines()):
        return 3
    return 4 if _begin(words, f"{name} {group} {aliases}") else None


def _begin(words: list[str], text: str) -> bool:
    """Whether each word that was typed is how a word of the text begins."""
    there = WORD.findall(fold(text))
    return all(any(one.startswith(word) for one in there) for word in words)


def _marked(words: list[str], text: str) -> Markup:
    """The text as HTML, what was typed of its words marked."""
    parts: list[str] = []
    at = 0
    for found in WORD.finditer(text):
        folded = fold(found.group())
        begun = max((len(word) for word in words if folded.startswith(word)), default=0)
        if begun and len(folded) == len(found.group()):
            end = found.start() + begun
            parts += [escape(text[at : found.start()]), Markup("<mark>%s</mark>") % text[found.start() : end]]
            at = end
    return Markup("").join([*parts, text[at:]])
