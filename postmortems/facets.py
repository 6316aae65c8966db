"""What the incident list offers to narrow down by, with how many incidents each choice would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import F, Model, QuerySet, Subquery
from django.utils.html import format_html_join

from .conditional import remembered
from .filters import BESIDE, PARTS, UNKNOWN_YEAR
from .models import Cause, Detection, Edition, Organisation, Service, Severity, Status, slug_in_use
from .models.incidents import NEWEST, IncidentQuerySet
from .prepared import Prepared

SHOWN = 10
MORE = 10  # values that are folded away
BY_NAME = 100  # names that a browser offers while one is typed
KNOWN_UP_TO = 1_000  # places of a kind
PLACES: dict[str, type[Model]] = {"organisation": Organisation, "service": Service, "cause": Cause}
_NAMES = {
    name: Prepared(lambda ids, model=model: model._default_manager.filter(pk__in=ids).values_list("pk", "slug", "name"))
    for name, model in PLACES.items()
}
TITLES = {
    "organisation": "Organisation", "service": "Service", "cause": "Cause", "severity": "Severity",
    "year": "Year", "detection": "Detected by", "status": "Status",
}  # fmt: skip


Place = tuple[int, str, str]  # id, slug, name


@dataclass(slots=True)
class Option:
    """One value of a facet, and how many incidents have it."""

    value: str
    label: str
    chosen: bool
    count: int = 0


@dataclass(slots=True)
class Facet:
    """One kind of filter with its values and names to type, as HTML's options.

    shown: how many of the values are not folded away. partly: whether only the newest incidents were counted, so that
    others may have what has none. typed, problem: a name that was typed, and what is wrong with it.
    """

    name: str
    title: str
    options: list[Option]
    shown: int
    names: str | None = None  # None: there are no others
    partly: bool = False
    typed: str = ""
    problem: str = ""


class Facets:
    """The facets of one request: what is chosen, what can be (four queries; more where there are very many places)."""

    def __init__(self, given: Mapping[str, list[str]], visible: IncidentQuerySet, *, sees_more: bool) -> None:
        """`given`: the values of each kind that were understood.

        `sees_more`: whether `visible` are more incidents than those that everybody sees.
        """
        self.given = {name: given.get(name) or [] for name in (*TITLES, *BESIDE)}
        self.visible = visible
        self.sees_more = sees_more
        self.known = {name: _known(name) for name in PLACES}
        self.chosen_places = {name: self._chosen(name) for name in PLACES}
        self.chosen = {name: [pk for pk, _, _ in rows if pk] for name, rows in self.chosen_places.items()}
        self.options: dict[str, list[Option]] = {}
        for name, choices in (("severity", Severity), ("detection", Detection), ("status", Status)):
            self.options[name] = [self._option(name, value, str(label)) for value, label in choices.choices]
        self.options["year"] = [self._option("year", *year) for year in self._years()]
        self.partly: frozenset[str] = frozenset()

    def _option(self, name: str, value: str, label: str, count: int = 0) -> Option:
        return Option(value, label, value in self.given[name], count)

    def _chosen(self, name: str) -> list[Place]:
        """The places that are chosen; what there is not has the id 0."""
        wanted = [value for value in dict.fromkeys(self.given[name]) if value.isprintable()]
        if not wanted:
            return []
        known = self.known[name]
        rows = known.values() if known is not None else _by_slug(name, wanted)
        found = {slug: (pk, slug, label) for pk, slug, label in rows if slug in wanted}
        return [found.get(slug, (0, slug, slug)) for slug in wanted]

    def _years(self) -> list[tuple[str, str]]:
        """The newest years down to the oldest that has an incident, those asked for, and "date unknown"."""
        asked = {int(value) for value in self.given["year"] if value != UNKNOWN_YEAR}
        years = remembered(("years",), lambda: _years_of(self.visible))
        shown = sorted({*years, *asked}, reverse=True)
        return [*((str(year), str(year)) for year in shown), (UNKNOWN_YEAR, "Date unknown")]

    def moved(self) -> dict[tuple[str, str], str]:
        """What is chosen by a former slug, as (kind, slug), with the present one (queries for what is not there)."""
        gone = [(name, slug) for name, rows in self.chosen_places.items() for pk, slug, _ in rows if not pk]
        found = {(name, slug): slug_in_use(PLACES[name]._default_manager.all(), slug) for name, slug in gone}
        return {(name, slug): now for (name, slug), now in found.items() if now not in ("", slug)}

    def unknown(self) -> list[str]:
        """What is chosen and is not there, in words."""
        gone = [(name, slug) for name, rows in self.chosen_places.items() for pk, slug, _ in rows if not pk]
        return [nothing_called(name, slug) for name, slug in gone]

    def count(self, counts: Mapping[str, Mapping[str, int]], partly: frozenset[str]) -> None:
        """Take over what was counted, and offer what was found most often (a query for each kind of place at most).

        `counts` maps kinds to values to counts; organisations, services and causes by id. `partly`: the kinds of which
        only the newest incidents were counted.
        """
        self.partly = partly
        for name in PLACES:
            self.options[name] = self._counted_places(name, Counter({int(pk): n for pk, n in counts[name].items()}))
        for name in TITLES.keys() - PLACES.keys():
            for option in self.options[name]:
                option.count = counts[name].get(option.value, 0)

    def _counted_places(self, name: str, often: Counter[int]) -> list[Option]:
        """Those found most often, then others by name; all that are chosen among them."""
        known, chosen = self.known[name], self.chosen_places[name]
        ids = [pk for pk, _ in often.most_common(SHOWN + MORE)]
        rows = [known[pk] for pk in ids if pk in known] if known is not None else list(_NAMES[name].rows(ids))
        rows.sort(key=lambda row: (-often[row[0]], row[2]))
        others = (row for row in known.values() if not often[row[0]]) if known is not None else iter(())
        rows.extend(islice(others, max(SHOWN - len(rows), 0)))
        listed = {slug for _, slug, _ in rows}
        rows += [row for row in chosen if row[1] not in listed]
        return [self._option(name, slug, label, often[pk]) for pk, slug, label in rows]

    def shown(self, typed: Mapping[str, tuple[str, str]]) -> list[Facet]:
        """The facets with something to choose; status only for those who see more than published ones.

        typed: for each kind a name that stands for nothing, and what is wrong with it.
        """
        facets = [self._facet(name, title) for name, title in TITLES.items()]
        for facet in facets:
            facet.typed, facet.problem = typed.get(facet.name, ("", ""))
        return [facet for facet in facets if facet.options and (self.sees_more or facet.name != "status")]

    def _facet(self, name: str, title: str) -> Facet:
        options = self.options[name]
        first = [option for place, option in enumerate(options) if place < SHOWN or option.chosen or not _folds(option)]
        more = [option for option in options if option not in first]
        return Facet(name, title, first + more, len(first), self._names(name), name in self.partly)

    def _names(self, name: str) -> str | None:
        """The first names there are, as far as they are known; None where all places are listed."""
        if name not in PLACES:
            return None
        known = self.known[name]
        if known is None:
            return ""
        if len(known) <= len(self.options[name]):
            return None
        return remembered(("names to type", name), lambda: _options_of(label for _, _, label in known.values()))

    def chips(self) -> list[tuple[str, str, str, str]]:
        """What is chosen as (name, title, value, label)."""
        found = [
            (name, title, option.value, option.label)
            for name, title in TITLES.items()
            for option in self.options[name]
            if option.chosen
        ]
        beside = [(name, title, value) for name, title in BESIDE.items() for value in self.given[name]]
        return [*found, *((name, title, value, PARTS.get(value, value)) for name, title, value in beside)]


def _options_of(names: Iterable[str]) -> str:
    return format_html_join("", '<option value="{}"></option>', ((name,) for name in islice(names, BY_NAME)))


def _folds(option: Option) -> bool:
    return option.value != UNKNOWN_YEAR


def _known(name: str) -> dict[int, Place] | None:
    """The places of a kind by id, in the order of their names; None when there are too many of them."""
    rows = _offered(name).order_by("name").values_list("pk", "slug", "name")
    known = remembered(("places", name), lambda: {row[0]: row for row in rows[: KNOWN_UP_TO + 1]})
    return known if len(known) <= KNOWN_UP_TO else None


def _by_slug(name: str, wanted: Iterable[str]) -> Iterable[Any]:
    return _offered(name).filter(slug__in=list(wanted)[:50]).values_list("pk", "slug", "name")


def _offered(name: str) -> QuerySet[Any]:
    return PLACES[name]._default_manager.filter(**in_use(PLACES[name]))


def nothing_called(kind: str, name: str) -> str:
    """That something is chosen which is not there."""
    return f"There is no {kind} “{name[:60]}”."


def in_use(model: type[Model]) -> dict[str, None]:
    """The condition on what stands for itself: causes that were merged are what they were merged into."""
    return {"merged_into": None} if model is Cause else {}


def _years_of(visible: IncidentQuerySet) -> list[int]:
    """The newest years in which there may be an incident (one query)."""
    dated = visible.filter(occurred_at__isnull=False).values("occurred_at")
    newest, oldest = dated.order_by(*NEWEST)[:1], dated.order_by(F("occurred_at").asc(nulls_first=True))[:1]
    found = Edition.objects.annotate(newest=Subquery(newest), oldest=Subquery(oldest)).values_list("newest", "oldest")
    last, first = found.first() or (None, None)
    return list(range(last.year, first.year - 1, -1))[: SHOWN + MORE] if last and first else []
