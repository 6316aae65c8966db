"""How many incidents show a cause, by year: counted ahead for everybody, with what one reader sees beside that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import ExtractQuarter, ExtractYear

from .access import readable_by, sees_more
from .conditional import remembered
from .models import MILESTONES, CauseYear, IncidentCause
from .moments import Precision

if TYPE_CHECKING:
    from .access import Reader


class Year(NamedTuple):
    """How many incidents of one year (None: date unknown) show a cause, and in how many of them it is suspected."""

    cause_id: int
    year: int | None
    incidents: int
    suspected: int


class Quarter(NamedTuple):
    """How many incidents of one quarter show a cause; `quarter` is None where only the year is known, or nothing."""

    cause_id: int
    year: int | None
    quarter: int | None
    incidents: int
    suspected: int


def by_quarter(links: QuerySet[IncidentCause]) -> list[Quarter]:
    """These occurrences counted by cause and quarter (one query)."""
    day = "incident__occurred_at"
    stated = Case(
        *(When(**{f"incident__{name}_at__isnull": False}, then=f"incident__{name}_precision") for name in MILESTONES),
        default=Value(Precision.UNKNOWN),
    )
    known = Case(When(Q(stated=Precision.YEAR), then=None), default=ExtractQuarter(day, tzinfo=UTC))
    confirmed = Count("incident", filter=Q(certainty="confirmed"), distinct=True)
    dated = links.order_by().annotate(stated=stated)
    counted = dated.values("cause_id", year=ExtractYear(day, tzinfo=UTC), quarter=known)
    rows = counted.annotate(all=Count("incident", distinct=True), confirmed=confirmed)
    return [
        Quarter(row["cause_id"], row["year"], row["quarter"], row["all"], row["all"] - row["confirmed"])
        for row in rows.order_by("cause_id", "year", "quarter")
    ]


def by_year(links: QuerySet[IncidentCause]) -> list[Year]:
    """These occurrences counted by cause and year (one query)."""
    return years_in(by_quarter(links))


def years_in(quarters: Iterable[Quarter]) -> list[Year]:
    """The same by year alone."""
    return merged(Year(one.cause_id, one.year, one.incidents, one.suspected) for one in quarters)


def beside(user: Reader) -> list[Year]:
    """The incidents this reader sees beside those that everybody sees (one query; none for who sees no others)."""
    if not sees_more(user):
        return []
    hidden = IncidentCause.objects.filter(readable_by(user, "incident__"), incident__is_open=0)
    return remembered(("beside",), lambda: by_year(hidden))


def years_of(causes: Iterable[int], user: Reader) -> dict[int, list[Year]]:
    """The years of these causes as this reader sees them, in order, the unknown one last (one query, or two)."""
    wanted = set(causes)
    rows = CauseYear.objects.filter(cause__in=wanted).values_list("cause_id", "year", "incidents", "suspected")
    years = merged([*(Year(*row) for row in rows), *(year for year in beside(user) if year.cause_id in wanted)])
    found: dict[int, list[Year]] = {pk: [] for pk in wanted}
    for year in sorted(years, key=lambda year: (year.year is None, year.year or 0)):
        found[year.cause_id].append(year)
    return found


def merged(years: Iterable[Year]) -> list[Year]:
    """One row for each cause and year, with the sums."""
    sums: dict[tuple[int, int | None], list[int]] = defaultdict(lambda: [0, 0])
    for year in years:
        counts = sums[year.cause_id, year.year]
        counts[0] += year.incidents
        counts[1] += year.suspected
    return [Year(*key, *counts) for key, counts in sums.items()]


def counted_beside(user: Reader) -> Counter[int]:
    """In how many more incidents than everybody does this reader see each cause, by its id (at most one query)."""
    counts: Counter[int] = Counter()
    for year in beside(user):
        counts[year.cause_id] += year.incidents
    return counts
