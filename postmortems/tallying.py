"""Keeps the counts of causes per year and quarter: each change of an incident takes off what it was counted as.

What an incident added is kept beside the counts (`CountedIncident`), so that most saves, which change neither causes
nor dates, change none of them. Only open, published incidents are counted; what else a reader sees is counted for them
alone (`tallies.beside`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db import transaction

from .models import Cause, CauseQuarter, CauseYear, CountedIncident, Edition, Incident, IncidentCause
from .tallies import by_incident

BATCH = 500
# One occurrence: cause, year, quarter of the year (None where it is not known), and 1 where it is only suspected.
Fact = tuple[int, int | None, int | None, int]


def facts_of(incidents: Iterable[int]) -> dict[int, list[Fact]]:
    """What each of these incidents adds: one fact for each of its causes (one query)."""
    found: dict[int, list[Fact]] = defaultdict(list)
    links = IncidentCause.objects.filter(incident__in=incidents, incident__is_open=1)
    for incident, cause, year, quarter, suspected in by_incident(links):
        found[incident].append((cause, year, quarter, suspected))
    return found


@transaction.atomic(savepoint=False)
def recount(incidents: Iterable[int]) -> None:
    """Bring the counts up to date with what is stored of these incidents, also of those that were deleted.

    Call it in the transaction of the change, after the edition was bumped: who counts has then waited for every other.
    Two queries when nothing changed; else three more and about two for each year and quarter of a cause.
    """
    keys = sorted(set(incidents))
    kept = {
        row.pk: [(cause, year, quarter, suspected) for cause, year, quarter, suspected in row.facts]
        for row in CountedIncident.objects.filter(pk__in=keys)
    }
    now = facts_of(keys)
    other = [key for key in keys if now.get(key, []) != kept.get(key, [])]
    if not other:
        return
    change = Counter(fact for key in other for fact in now.get(key, []))
    change.subtract(fact for key in other for fact in kept.get(key, []))
    CountedIncident.objects.filter(pk__in=other).delete()
    CountedIncident.objects.bulk_create(CountedIncident(incident=key, facts=now[key]) for key in other if key in now)
    _add(change)


def _sums(change: Counter[Fact]) -> tuple[dict[tuple[int, int | None], list[int]], Counter[tuple[int, int]]]:
    """By cause and year: incidents, and those in which it is suspected; by cause and quarter: incidents.

    Without causes that were deleted meanwhile: they took their counts along.
    """
    known = set(Cause.objects.filter(pk__in={cause for cause, *_ in change}).values_list("pk", flat=True))
    years: dict[tuple[int, int | None], list[int]] = defaultdict(lambda: [0, 0])
    quarters: Counter[tuple[int, int]] = Counter()
    for (cause, year, quarter, suspected), count in change.items():
        if cause in known:
            sums = years[cause, year]
            sums[0] += count
            sums[1] += count * suspected
            if year and quarter:
                quarters[cause, 4 * year + quarter - 1] += count
    return years, quarters


def _add(change: Counter[Fact]) -> None:
    """Add to the counts."""
    years, quarters = _sums(change)
    for (cause, year), (incidents, suspected) in years.items():
        if incidents or suspected:
            by_year, _ = CauseYear.objects.get_or_create(cause_id=cause, year=year, defaults={"incidents": 0})
            by_year.incidents += incidents
            by_year.suspected += suspected
            by_year.save() if by_year.incidents else by_year.delete()
    for (cause, quarter), incidents in quarters.items():
        if incidents:
            one, _ = CauseQuarter.objects.get_or_create(cause_id=cause, quarter=quarter, defaults={"incidents": 0})
            one.incidents += incidents
            one.save() if one.incidents else one.delete()


@transaction.atomic
def rebuild() -> None:
    """Count everything anew; everybody's pages are new after it."""
    Edition.renew()
    for model in (CountedIncident, CauseYear, CauseQuarter):
        model._default_manager.all().delete()
    change: Counter[Fact] = Counter()
    keys = list(Incident.objects.filter(is_open=1).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        facts = facts_of(keys[start : start + BATCH])
        CountedIncident.objects.bulk_create(CountedIncident(incident=key, facts=facts[key]) for key in sorted(facts))
        change.update(fact for of_incident in facts.values() for fact in of_incident)
    years, quarters = _sums(change)
    CauseYear.objects.bulk_create(
        CauseYear(cause_id=cause, year=year, incidents=incidents, suspected=suspected)
        for (cause, year), (incidents, suspected) in years.items()
    )
    CauseQuarter.objects.bulk_create(
        CauseQuarter(cause_id=cause, quarter=quarter, incidents=incidents)
        for (cause, quarter), incidents in quarters.items()
    )
