"""The overview of causes: as counted for everybody, or for the incidents of an organisation, a service or a year."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from .filters import UNKNOWN_YEAR, IncidentFilter, is_year
from .matrix import CauseLine, add_years, counted
from .models import CauseYear, Incident, IncidentCause, Organisation, Service
from .models.incidents import IncidentQuerySet
from .together import Change, Pair, changes, judged, kept_pairs, pairs_in, pairs_of

if TYPE_CHECKING:
    from .access import Reader

LOOKED_AT = 1_000  # of the incidents that are chosen, the newest
OFFERED = 300  # organisations and services to choose from
DRAWN, LISTED = 24, 40  # causes in the drawing, pairs in the table
ACROSS = 12  # services, and causes, in their table
KINDS = ("organisation", "service", "year")
PERIOD = ("from", "to")
# The orders of the list; how much work is open knows `actionables`.
SORTS = {"group": "In groups", "count": "Most incidents", "recency": "Latest", "open": "Most open work"}
ROW = 28  # the height of a row of the drawing, in CSS pixels
REACH = 112


@dataclass(slots=True)
class Scope:
    """The incidents that are looked at. `pks` is None for all there are, else the newest of those chosen.

    links: (incident, cause, certainty, year) of those.
    """

    chosen: list[tuple[str, str]]
    visible: IncidentQuerySet
    least: int = 0
    sort: str = "group"
    notices: list[str] = field(default_factory=list)
    pks: list[int] | None = None
    more: bool = False

    @classmethod
    def of(cls, given: QueryDict, visible: IncidentQuerySet) -> Scope:
        """What a query string asks for (no query, or three)."""
        asked = QueryDict(mutable=True)
        for name in KINDS:
            asked.setlist(name, [value for value in given.getlist(name) if value])
        years, odd = _period(given)
        if "unknown" in years:
            asked.appendlist("year", years.pop("unknown"))
        least, sort = _least(given, odd), given.get("sort", "")
        scope = cls([], visible, least, sort if sort in SORTS else "group", odd)
        scope.chosen = [(name, value) for name in KINDS for value in asked.getlist(name)] + list(years.items())
        if scope.chosen:
            scope._choose(asked, years)
        return scope

    def _choose(self, asked: QueryDict, years: dict[str, str]) -> None:
        """Look at the newest of the incidents that are chosen alone."""
        wanted = IncidentFilter(asked, self.visible)
        understood = wanted.understood()
        wanted.chosen = {
            "organisation": _keys(Organisation.objects.filter(slug__in=understood.get("organisation") or [])),
            "service": _keys(Service.objects.filter(slug__in=understood.get("service") or [])),
            "cause": [],
        }
        chosen: Any = wanted.qs
        if "from" in years:
            chosen = chosen.filter(occurred_at__gte=datetime(int(years["from"]), 1, 1, tzinfo=UTC))
        if "to" in years:
            chosen = chosen.filter(occurred_at__lt=datetime(int(years["to"]) + 1, 1, 1, tzinfo=UTC))
        pks = list(chosen.newest_first().values_list("pk", flat=True)[: LOOKED_AT + 1])
        self.pks, self.more = pks[:LOOKED_AT], len(pks) > LOOKED_AT
        self.visible = self.visible.filter(pk__in=self.pks)
        self.notices += wanted.notices()

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """All that is chosen, for links to other views of the same."""
        least = [("min", str(self.least))] if self.least else []
        return [*self.chosen, *least, *([("sort", self.sort)] if self.sort != "group" else [])]

    def untold(self) -> str:
        """Why it cannot be told of these incidents what comes more often than before; empty where it can."""
        if any(name in ("year", *PERIOD) for name, _ in self.chosen):
            return "What comes more often is told for all years only: it compares this quarter with the five before."
        if self.more:
            return (
                f"What comes more often is not told: more than {LOOKED_AT:,} incidents are chosen, not all are counted."
            )
        return ""

    def newest(self) -> list[int]:
        """The keys of what is looked at, the newest where it is everything (one query, or none)."""
        if self.pks is None:
            return list(self.visible.newest_first().values_list("pk", flat=True)[:LOOKED_AT])
        return self.pks


def _period(given: QueryDict) -> tuple[dict[str, str], list[str]]:
    """The years from which and to which, or "unknown" for what has no date; and what is none of these, in words."""
    years: dict[str, str] = {}
    odd: list[str] = []
    for name in PERIOD:
        value = given.get(name, "")
        if name == "from" and value == UNKNOWN_YEAR:
            return {"unknown": UNKNOWN_YEAR}, odd
        if is_year(value):
            years[name] = value
        elif value:
            odd.append(f"The value given for {name} is not a year; it is ignored.")
    return years, odd


def _least(given: QueryDict, odd: list[str]) -> int:
    """Of how many incidents a cause must be to be shown; adds to `odd` what is no number."""
    value = given.get("min", "")
    if value and not (value.isascii() and value.isdigit() and len(value) < 7):
        odd.append("The value given for min is not a number of incidents; it is ignored.")
        return 0
    return int(value or 0)


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def lines_in(scope: Scope, user: Reader) -> list[CauseLine]:
    """Every cause with its counts, most incidents first, with years (two or three queries)."""
    lines = counted(user)
    if scope.pks is None:
        add_years([line for line in lines if line.incidents], user)
        return lines
    seen: dict[int, dict[int, tuple[bool, int | None]]] = defaultdict(dict)
    rows = IncidentCause.objects.filter(incident__in=scope.pks)
    for cause, pk, certainty, at in rows.values_list("cause", "incident", "certainty", "incident__occurred_at"):
        sure = certainty == "confirmed" or seen[cause].get(pk, (False, None))[0]
        seen[cause][pk] = sure, at.year if at else None
    found = [_line(line, seen.get(line.pk, {})) for line in lines]
    return sorted(found, key=lambda line: (-line.incidents, -(line.last_year or 0)))


def in_order(lines: list[CauseLine], sort: str) -> list[CauseLine]:
    """Most incidents first, or those that were seen last."""
    if sort == "recency":
        return sorted(lines, key=lambda line: -(line.last_year or 0))
    return lines


def _line(line: CauseLine, seen: dict[int, tuple[bool, int | None]]) -> CauseLine:
    years = Counter(year for _, year in seen.values())
    ordered = sorted(years.items(), key=lambda row: (row[0] is None, row[0] or 0))
    return replace(
        line, incidents=len(seen), suspected=sum(not sure for sure, _ in seen.values()),
        last_year=max((year for year in years if year), default=None), years=ordered, dots=[],
    )  # fmt: skip


def choices() -> dict[str, list[tuple[str, str]]]:
    """What can be chosen, as (value, words), by kind (three queries)."""
    years = CauseYear.objects.exclude(year=None).order_by("-year").values_list("year", flat=True).distinct()
    return {
        "organisation": list(Organisation.objects.order_by("name").values_list("slug", "name")[:OFFERED]),
        "service": list(Service.objects.order_by("name").values_list("slug", "name")[:OFFERED]),
        "year": [*((str(year), str(year)) for year in years), ("unknown", "Date unknown")],
    }


def coming_more_often(scope: Scope, lines: list[CauseLine]) -> list[tuple[CauseLine, Change]]:
    """What came more often this quarter than in the five before, of what everybody may read (at most one query)."""
    by_pk = {line.pk: line for line in lines}
    found = [] if scope.untold() else changes(timezone.now().date(), scope.pks)
    return [(by_pk[change.cause], change) for change in found if change.cause in by_pk]


@dataclass(frozen=True, slots=True)
class Arc:
    """A pair in the drawing, from the middle of one row to that of another; `reach` is how far it goes out."""

    pair: Pair
    above: float
    below: float
    reach: float
    width: float


@dataclass(slots=True)
class Graph:
    """Causes in rows, those that stand together joined; and every pair that is listed."""

    rows: list[CauseLine]
    arcs: list[Arc]
    pairs: list[tuple[CauseLine, CauseLine, Pair]]
    whole: int

    @property
    def height(self) -> int:
        return ROW * len(self.rows)


def graph_of(scope: Scope, lines: list[CauseLine]) -> Graph:
    """The pairs that stand together oftener than chance has it (two queries)."""
    by_pk = {line.pk: line for line in lines}
    totals = {line.pk: line.incidents for line in lines}
    if scope.pks is None:
        both, whole = kept_pairs(), judged()
    else:
        causes = _causes_of(scope.pks)
        both, whole = dict(pairs_in(causes.values())), len(causes)
    pairs = [pair for pair in pairs_of(both, totals, whole, LISTED) if pair.one in by_pk and pair.two in by_pk]
    drawn: dict[int, None] = {}
    for pair in pairs:
        if len(drawn | {pair.one: None, pair.two: None}) <= DRAWN:
            drawn |= {pair.one: None, pair.two: None}
    rows = sorted((by_pk[pk] for pk in drawn), key=lambda line: (line.group, line.name))
    return Graph(rows, _arcs(pairs, rows), [(by_pk[pair.one], by_pk[pair.two], pair) for pair in pairs], whole)


def _causes_of(pks: list[int]) -> dict[int, set[int]]:
    causes: dict[int, set[int]] = defaultdict(set)
    for pk, cause in IncidentCause.objects.filter(incident__in=pks).values_list("incident", "cause"):
        causes[pk].add(cause)
    return causes


def _arcs(pairs: list[Pair], rows: list[CauseLine]) -> list[Arc]:
    place = {line.pk: ROW * (number + 0.5) for number, line in enumerate(rows)}
    most = max((pair.both for pair in pairs), default=1)
    found = []
    for pair in pairs:
        if pair.one in place and pair.two in place:
            above, below = sorted((place[pair.one], place[pair.two]))
            found.append(Arc(pair, above, below, min((below - above) / 2, REACH), round(1 + 4 * pair.both / most, 1)))
    return sorted(found, key=lambda arc: arc.pair.told)


@dataclass(slots=True)
class Across:
    """How often each cause hit each service: services in rows as (name, slug, counts), causes in columns."""

    causes: list[CauseLine]
    services: list[tuple[str, str, list[int]]]
    looked_at: int


def by_service(scope: Scope, lines: list[CauseLine]) -> Across:
    """The services and causes that were met most often in what is looked at (two or three queries)."""
    newest = scope.newest()
    causes = _causes_of(newest)
    hit = Incident.services.through.objects.filter(incident__in=newest)
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for pk, name, slug in hit.values_list("incident", "service__name", "service__slug"):
        counts[name, slug].update(causes.get(pk, ()))
    totals = Counter(cause for own in causes.values() for cause in own)
    by_pk = {line.pk: line for line in lines}
    columns = [by_pk[pk] for pk, _ in sorted(totals.items(), key=lambda row: (-row[1], row[0])) if pk in by_pk][:ACROSS]
    ordered = sorted(counts.items(), key=lambda row: (-row[1].total(), row[0]))[:ACROSS]
    services = [(*place, [own[line.pk] for line in columns]) for place, own in ordered]
    return Across(columns, services, len(newest))
