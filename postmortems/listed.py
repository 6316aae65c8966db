"""The list of incidents as a whole: what an address asks for, all that it lists, and how to say it in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlencode

from django.db.models import Model
from django.http import QueryDict

from . import search
from .facets import PLACES, TITLES, in_use, nothing_called
from .filters import BESIDE, PARTS, SORTS, UNKNOWN_YEAR, IncidentFilter
from .models import Detection, Incident, Severity, Status, slug_in_use
from .models.incidents import IncidentQuerySet

if TYPE_CHECKING:
    from .access import Reader

LIMIT = 10_000  # incidents that an export holds
CHOICES = {"severity": Severity, "detection": Detection, "status": Status}
Slugs = dict[str, dict[str, tuple[int, str]]]  # kind to slug to (id, name)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list holds on all its pages: ids in its order, at most `LIMIT`.

    cut: whether there are more. notices: what of the address was not understood and is ignored, in words.
    """

    ids: list[int]
    cut: bool
    notices: list[str]


def listed(given: QueryDict, user: Reader) -> Listed:
    """What the list shows for these parameters, whatever its page (one query; a search up to a dozen).

    Rows are still to be read through `visible_to`: a search knows its ids from an index.
    """
    chosen, unknown = _filter(given, user)
    text = _text(given)
    if text or chosen.needs_index():
        sort = str(given.get("sort", ""))
        ids, notices = search.every(text, user, filters=chosen.values(), sort=sort, most=LIMIT + 1)
    else:
        ids, notices = list(chosen.ordered().values_list("pk", flat=True)[: LIMIT + 1]), []
    return Listed(ids[:LIMIT], len(ids) > LIMIT, list(dict.fromkeys([*chosen.notices(), *unknown, *notices])))


def newest_published(given: QueryDict, user: Reader, most: int) -> list[int]:
    """The ids of the matches that were published last, newest first; those without that date come last."""
    (chosen, _), text = _filter(given, user), _text(given)
    if text or chosen.needs_index():
        ids, _ = search.every(text, user, filters=chosen.values(), sort="newest", most=LIMIT)
        matches = Incident.objects.visible_to(user).filter(pk__in=ids)
    else:
        matches = cast(IncidentQuerySet, chosen.qs)
    return list(matches.published().recently_published().values_list("pk", flat=True)[:most])


def _text(given: QueryDict) -> str:
    """What is searched for, as it was typed: a space at the end says that the last word is whole."""
    text = str(given.get("q", ""))
    return text if text.strip() else ""


def _filter(given: QueryDict, user: Reader) -> tuple[IncidentFilter, list[str]]:
    """The filter, ready to be asked, and what is chosen and not there, in words (one query for each of organisation,
    service and cause that is chosen).
    """
    chosen = IncidentFilter(given, Incident.objects.visible_to(user))
    values = chosen.values()
    found = _slugs(values)
    chosen.chosen = {kind: [pk for pk, _ in rows.values()] for kind, rows in found.items()}
    gone = [(kind, slug) for kind, rows in found.items() for slug in values.get(kind, []) if slug not in rows]
    return chosen, [nothing_called(kind, slug) for kind, slug in gone]


def _slugs(wanted: Mapping[str, Iterable[str]]) -> Slugs:
    """What the slugs of each kind of place stand for, former ones too (up to six queries for each of these)."""
    found: Slugs = {}
    for kind, model in PLACES.items():
        slugs = {slug for slug in wanted.get(kind, ()) if slug.isprintable()}  # PostgreSQL takes no NUL
        found[kind] = _by_slug(model, slugs)
        now = {slug: slug_in_use(model._default_manager.all(), slug) for slug in slugs - found[kind].keys()}
        there = _by_slug(model, set(now.values()))
        found[kind] |= {slug: there[current] for slug, current in now.items() if current in there}
    return found


def _by_slug(model: type[Model], slugs: set[str]) -> dict[str, tuple[int, str]]:
    """What bears these slugs and is not merged into another."""
    rows = model._default_manager.filter(slug__in=slugs, **in_use(model)) if slugs else model._default_manager.none()
    return {slug: (pk, name) for slug, pk, name in rows.values_list("slug", "pk", "name")}


def normalised(given: QueryDict, *, in_order: bool = True) -> str:
    """The query string that lists the same on its first page: only what is understood, each once, in one order.

    in_order=False leaves out how it is sorted.
    """
    text = _text(given)
    chosen = IncidentFilter(given, Incident.objects.none())
    pairs = [("q", text)] if text else []
    values = chosen.values()
    pairs += [(kind, value) for kind in (*TITLES, *BESIDE) for value in dict.fromkeys(values.get(kind, []))]
    usual = "relevance" if text else "newest"
    sort = str(given.get("sort", ""))
    return urlencode([*pairs, ("sort", sort)] if in_order and sort in SORTS and sort != usual else pairs)


def described(query: str) -> str:
    """What a normalised query string asks for, in words."""
    return descriptions([query])[0]


def descriptions(queries: Iterable[str]) -> list[str]:
    """What each of these normalised query strings asks for, in words (three queries at most)."""
    searches = [parse_qsl(query) for query in queries]
    wanted: dict[str, set[str]] = {kind: set() for kind in PLACES}
    for kind, value in (pair for pairs in searches for pair in pairs):
        wanted.get(kind, set()).add(value)
    names = {kind: {slug: name for slug, (_, name) in rows.items()} for kind, rows in _slugs(wanted).items()}
    return [_words(pairs, names) for pairs in searches]


def _words(pairs: list[tuple[str, str]], names: Mapping[str, Mapping[str, str]]) -> str:
    given: dict[str, list[str]] = {}
    for kind, value in pairs:
        given.setdefault(kind, []).append(_label(kind, value, names))
    text = [f"“{value}”" for value in given.pop("q", [])]
    sort = [value.lower() for value in given.pop("sort", [])]
    titles = {**TITLES, **BESIDE}
    chosen = [f"{titles.get(kind, kind)}: {' or '.join(labels)}" for kind, labels in given.items()]
    return ", ".join([*text, *chosen, *sort]) or "All incidents"


def _label(kind: str, value: str, names: Mapping[str, Mapping[str, str]]) -> str:
    if kind in CHOICES and value in CHOICES[kind].values:
        return str(CHOICES[kind](value).label)
    if kind == "year" and value == UNKNOWN_YEAR:
        return "date unknown"
    if kind == "has":
        return PARTS.get(value, value)
    return SORTS.get(value, value) if kind == "sort" else names.get(kind, {}).get(value, value)
