"""Causes against incidents: what keeps happening, as a table of dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Max, Sum
from django.db.models.functions import Coalesce

from .conditional import remembered
from .models import Cause, CauseGroup
from .models.incidents import IncidentQuerySet
from .rows import IncidentRow, incident_rows
from .tallies import beside, years_of

if TYPE_CHECKING:
    from .access import Reader


ROWS = 40


@dataclass(slots=True)
class CauseLine:
    """One cause with its count and its dots, in the order of the matrix's incidents."""

    pk: int
    name: str
    slug: str
    definition: str
    group: str
    nature: str
    incidents: int
    suspected: int
    last_year: int | None
    dots: list[str] = field(default_factory=list)
    years: list[tuple[int | None, int]] = field(default_factory=list)

    @property
    def lead(self) -> str:
        """The first sentence of its definition, without Markdown's marks; empty without one."""
        lead = self.definition.replace("`", "").replace("*", "").strip().split(". ")[0].rstrip(".")
        return f"{lead}." if lead else ""


@dataclass(slots=True)
class Matrix:
    """Causes in rows, incidents in columns (oldest first, undated ones last). left_out: causes it has no row for."""

    incidents: list[IncidentRow]
    causes: list[CauseLine]
    left_out: int = 0


def counted(user: Reader) -> list[CauseLine]:
    """All causes as this reader sees them: most incidents first, then most recent, then by name (at most two queries).

    The counts are those kept by year, and on top of them what only some may see.
    """
    lines = [CauseLine(*row) for row in remembered(("counted",), _counted)]
    by_pk = {line.pk: line for line in lines}
    for year in beside(user):
        if line := by_pk.get(year.cause_id):
            line.incidents += year.incidents
            line.suspected += year.suspected
            line.last_year = max(line.last_year or 0, year.year or 0) or None
    return sorted(lines, key=lambda line: (-line.incidents, -(line.last_year or 0)))


def _counted() -> list[tuple[Any, ...]]:
    causes = Cause.objects.filter(merged_into=None).annotate(
        total=Coalesce(Sum("years__incidents"), 0), unsure=Coalesce(Sum("years__suspected"), 0), last=Max("years__year")
    )
    values = causes.values_list("pk", "name", "slug", "definition", "group__name", "nature", "total", "unsure", "last")
    return list(values.order_by("name"))


def recurring(user: Reader, visible: IncidentQuerySet, *, causes: int, incidents: int) -> Matrix:
    """The causes seen more than once, most frequent first, against the newest incidents (four queries)."""
    lines = [line for line in counted(user) if line.incidents > 1][:causes]
    return matrix_of(lines, visible, incidents)


def matrix_of(lines: list[CauseLine], visible: IncidentQuerySet, incidents: int) -> Matrix:
    """These causes against the newest incidents that this reader may see: the first `ROWS`, and those with a dot."""
    columns = in_time(incident_rows(visible.newest_first(), limit=incidents, causes=True))
    add_dots(lines, columns)
    rows = [line for place, line in enumerate(lines) if place < ROWS or any(line.dots)]
    return Matrix(columns, rows, len(lines) - len(rows))


def in_time(rows: Sequence[IncidentRow]) -> list[IncidentRow]:
    """Oldest first, undated ones last."""
    return sorted(rows, key=lambda row: (row.when.sort_key()[0] > 0, row.when.sort_key()[1], row.number))


def add_dots(lines: list[CauseLine], columns: list[IncidentRow]) -> None:
    """Fill in whether each cause is confirmed, suspected or absent ("") in each incident (no query)."""
    seen = {(row.pk, tag.slug): tag.certainty for row in columns for tag in row.causes}
    for line in lines:
        line.dots = [seen.get((row.pk, line.slug), "") for row in columns]


def add_years(lines: list[CauseLine], user: Reader) -> None:
    """Fill in the counts by year (at most two queries)."""
    years = years_of([line.pk for line in lines], user)
    for line in lines:
        line.years = [(year.year, year.incidents) for year in years[line.pk]]


def groups() -> list[tuple[str, str, str]]:
    """The upper level of the taxonomy as (name, slug, question)."""
    return list(CauseGroup.objects.values_list("name", "slug", "question"))
