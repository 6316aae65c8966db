"""Two to four timelines side by side, from the same moment of each on."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from postmortems.models import Incident
from postmortems.moments import MINUTE, Moment
from postmortems.rows import IncidentRow, rows_of

from .models import Kind, TimelineEntry

if TYPE_CHECKING:
    from postmortems.access import Reader

MOST = 4
ALIGNED = {"started": "Start", "detected": "Detection", "mitigated": "Mitigation"}
_REFERENCE = re.compile(r"(?:INC-)?([1-9][0-9]{0,8})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Offset:
    """How long after (before: negative) the moment of comparison, in minutes; None when that cannot be known."""

    minutes: int | None = None
    approximate: bool = False

    def text(self) -> str:
        """As in "+25 min", "about −10 min", "no time known"."""
        if self.minutes is None:
            return "no time known"
        sign = "+" if self.minutes > 0 else "−" if self.minutes < 0 else "±"
        return f"{'about ' if self.approximate else ''}{sign}{abs(self.minutes):,} min"


@dataclass(slots=True)
class Column:
    """One incident: its letter, its row, the moment it is compared from, and how its entries lie around that."""

    letter: str
    row: IncidentRow
    origin: Moment
    entries: list[tuple[Offset, TimelineEntry]] = field(default_factory=list)


@dataclass(slots=True)
class Line:
    """What happened the same number of minutes after the moment of comparison, by column."""

    offset: str
    cells: list[list[tuple[Offset, TimelineEntry]]]


@dataclass(slots=True)
class Comparison:
    """Columns, lines in order of time, what all or some have in common, and what was asked for in vain.

    kinds: how many entries of each kind there are, also of those that were not asked for, which `hidden` counts.
    """

    columns: list[Column]
    lines: list[Line]
    causes: list[tuple[str, str, str]]
    services: list[tuple[str, str, str]]
    missing: list[str]
    left_out: int
    kinds: dict[str, int] = field(default_factory=dict)
    hidden: int = 0


def asked(values: Iterable[str]) -> tuple[list[int], list[str]]:
    """The numbers of the incidents that are asked for, each once, and what is no reference."""
    numbers: dict[int, None] = {}
    odd = []
    for value in filter(None, (value.strip() for value in values)):
        found = _REFERENCE.match(value)
        if found:
            numbers[int(found[1])] = None
        else:
            odd.append(value[:40])
    return list(numbers), odd


def kinds_asked(values: Iterable[str]) -> tuple[list[str], list[str]]:
    """The kinds of entries that are asked for, in their order, and what is none; several may stand in one value."""
    given = [kind for value in values for kind in value.split(",") if kind]
    return [kind for kind in Kind.values if kind in given], [kind[:40] for kind in given if kind not in Kind.values]


def compared(values: Iterable[str], align: str, user: Reader, kinds: Sequence[str] = ()) -> Comparison:
    """The incidents that this reader may see of those asked for, at most `MOST`, with the entries of these kinds; of
    all when there are none (five queries).
    """
    numbers, missing = asked(values)
    visible = Incident.objects.visible_to(user).filter(number__in=numbers[: 3 * MOST])
    by_number = {incident.number: incident for incident in visible.only("pk", "number", *_columns())}
    missing += [f"INC-{number}" for number in numbers if number not in by_number]
    found = [by_number[number] for number in numbers if number in by_number]
    incidents = found[:MOST]
    rows = {row.pk: row for row in rows_of([one.pk for one in incidents], causes=True, services=True)}
    columns = [
        Column(letter, rows[one.pk], getattr(one, align)) for letter, one in zip("ABCD", incidents, strict=False)
    ]
    _add_entries(columns)
    every = Counter(entry.kind for column in columns for _, entry in column.entries)
    for column in columns:
        column.entries = [row for row in column.entries if not kinds or row[1].kind in kinds]
    return Comparison(
        columns, _lines(columns), _shared(columns, "causes"), _shared(columns, "services"), missing,
        len(found) - len(incidents), {kind: every[kind] for kind in Kind.values if every[kind]},
        every.total() - sum(len(column.entries) for column in columns),
    )  # fmt: skip


def _columns() -> list[str]:
    return [f"{name}_{part}" for name in ALIGNED for part in ("at", "clock", "precision")]


def _add_entries(columns: list[Column]) -> None:
    by_incident: dict[int, list[TimelineEntry]] = defaultdict(list)
    for entry in TimelineEntry.objects.filter(incident__in=[column.row.pk for column in columns]).order_by("position"):
        by_incident[entry.incident_id].append(entry)
    for column in columns:
        column.entries = [(offset(column.origin, entry.when), entry) for entry in by_incident[column.row.pk]]


def offset(origin: Moment, moment: Moment) -> Offset:
    """From one moment to another, which may be earlier; by the clock where the day of both is unknown.

    Not known unless both say a time of day.
    """
    if not (origin.has_clock_time and moment.has_clock_time):
        return Offset()
    if origin.at is not None and moment.at is not None:
        apart = moment.at - origin.at
    elif origin.clock is not None and moment.clock is not None:
        apart = moment.clock - origin.clock
    else:
        return Offset()
    return Offset(round(apart / MINUTE), not (origin.is_exact and moment.is_exact))


def _lines(columns: list[Column]) -> list[Line]:
    """In order of time; entries without a known time last, in the order of their source."""
    known: dict[int, Line] = {}
    unknown: list[Line] = []
    for place, column in enumerate(columns):
        late = 0
        for found, entry in column.entries:
            if found.minutes is not None:
                line = known.setdefault(found.minutes, Line(Offset(found.minutes).text(), [[] for _ in columns]))
            else:
                if late == len(unknown):
                    unknown.append(Line(found.text(), [[] for _ in columns]))
                line, late = unknown[late], late + 1
            line.cells[place].append((found, entry))
    return [*(known[minutes] for minutes in sorted(known)), *unknown]


def _shared(columns: list[Column], what: str) -> list[tuple[str, str, str]]:
    """Causes or services that at least two have, as (name, slug, letters), those of most first."""
    letters: dict[tuple[str, str], str] = defaultdict(str)
    for column in columns:
        pairs = [(tag.name, tag.slug) for tag in column.row.causes] if what == "causes" else column.row.services
        for pair in pairs:
            letters[pair] += column.letter
    shared = [(*pair, held) for pair, held in letters.items() if len(held) > 1]
    return sorted(shared, key=lambda row: (-len(row[2]), row[0]))
