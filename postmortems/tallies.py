"""How many incidents show a cause, by year: counted ahead for everybody, with what one reader sees beside that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import ExtractQuarter, ExtractYear

from .access import readable_by, sees_more
from .conditional import remembered
from .models import MILESTONES, CauseYear, Certainty, IncidentCause
from .moments import Precision

if TYPE_CHECKING:
    from .access import Reader


class Year(NamedTuple):
    """How many incidents of one year (None: date unknown) show a cause, and in how many of them it is suspected."""

    cause_id: int
    year: int | None
    incidents: int
    suspected: int


def by_year(links: QuerySet[IncidentCause]) -> list[Year]:
    """These occurrences counted by cause and year (one query)."""
    counted = links.order_by().values("cause_id", year=_YEAR)
    rows = counted.annotate(
        all=Count("incident", distinct=True), confirmed=Count("incident", filter=_CONFIRMED, distinct=True)
    )
    return [Year(row["cause_id"], row["year"], row["all"], row["all"] - row["confirmed"]) for row in rows]


def by_incident(links: QuerySet[IncidentCause]) -> Iterator[tuple[int, int, int | None, int | None, int]]:
    """These occurrences one by one, in order, as (incident, cause, year, quarter, suspected) (one query).

    The quarter, 1 to 4, is None where only the year is known, or nothing; `suspected` is 1 or 0.
    """
    stated = Case(
        *(When(**{f"incident__{name}_at__isnull": False}, then=f"incident__{name}_precision") for name in MILESTONES),
        default=Value(Precision.UNKNOWN),
    )
    known = Case(When(Q(stated=Precision.YEAR), then=None), default=ExtractQuarter(_DAY, tzinfo=UTC))
    each = links.order_by().annotate(stated=stated).values("incident_id", "cause_id", year=_YEAR, quarter=known)
    for row in each.annotate(confirmed=Count("pk", filter=_CONFIRMED)).order_by("incident_id", "cause_id"):
        yield row["incident_id"], row["cause_id"], row["year"], row["quarter"], int(not row["confirmed"])


_DAY = "incident__occurred_at"
_YEAR = ExtractYear(_DAY, tzinfo=UTC)
_CONFIRMED = Q(certainty=Certainty.CONFIRMED)


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
