"""Keeps the tallies of follow-through: each change of an incident's actionables takes off what they were counted as.

What an incident added is kept beside the tallies (`Counted`), so counting it again is safe at any time, and changes
nothing when it adds the same. Only open, published incidents are counted; what else a reader sees is counted for them
alone (`reporting`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from postmortems.access import ADMINS
from postmortems.models import Edition, Incident
from postmortems.momentfields import columns
from postmortems.moments import COARSE, Moment, Precision

from .models import COUNTED, UNFINISHED, Actionable, Counted, Status, Tally

BATCH = 500
One = TypeVar("One")
# (way, month, name, what is counted): how many.
Cells = Counter[tuple[str, str, str, str]]


class Fact(NamedTuple):
    """What one actionable counts as. `ended` is one of `COUNTED`, or empty while it is unfinished; the rest are months,
    empty for not known or none.
    """

    owner: str
    opened: str
    ended: str
    closed: str
    due: str
    since: str


def fact_of(owner: str, status: str, due_on: date | None, opened: Moment, closed: Moment) -> Fact:
    """An actionable's columns as what it counts as. `filters.timely` says the same to the database."""
    began = "" if opened.precision == Precision.YEAR else month_of(opened.at)
    if status in UNFINISHED:
        return Fact(owner, began, "", "", month_of(due_on), month_of(opened.at))
    ended = "declined" if status == Status.DECLINED else _kept(due_on, closed)
    return Fact(owner, began, ended, "" if closed.precision == Precision.YEAR else month_of(closed.at), "", "")


def _kept(due_on: date | None, closed: Moment) -> str:
    if due_on is None or closed.at is None or (closed.precision in COARSE and closed.precision != Precision.DAY):
        return "untold"
    return "in_time" if closed.at.astimezone(UTC).date() <= due_on else "late"


def month_of(when: datetime | date | None) -> str:
    """As in 2015-08 (UTC); empty for none."""
    if when is None:
        return ""
    return f"{(when.astimezone(UTC) if isinstance(when, datetime) else when).isoformat():.7}"


def cells_of(facts: Iterable[Fact], services: Iterable[str]) -> Cells:
    """What the actionables of one incident add: to its owner, to every service of the incident, and to all."""
    cells: Cells = Counter()
    places = [("all", ""), *(("service", name) for name in services or [""])]
    for fact in facts:
        for way, name in (*places, ("owner", fact.owner)):
            for month, what in _told(fact):
                cells[way, month, name, what] += 1
    return cells


def _told(fact: Fact) -> Iterator[tuple[str, str]]:
    if fact.opened:
        yield fact.opened, "opened"
    if fact.closed:
        yield fact.closed, fact.ended
    if not fact.ended:
        yield from (("", "unfinished"), (fact.due, "due"), (fact.since, "since"))


def facts_of(actionables: QuerySet[Actionable]) -> dict[int, dict[str, Any]]:
    """For each incident with any of these: {"work": its facts, "services": the keys of its services} (two queries)."""
    fields = ("incident_id", "owner", "status", "due_on", *columns("opened", "closed"))
    found: dict[int, dict[str, Any]] = defaultdict(lambda: {"work": [], "services": []})
    for incident, owner, status, due_on, *when in actionables.order_by("number").values_list(*fields):
        fact = fact_of(owner, status, due_on, Moment(*when[:3]), Moment(*when[3:]))
        found[incident]["work"].append(list(fact))
    hit = Incident.services.through.objects.filter(incident__in=actionables.order_by().values("incident"))
    for incident, service in hit.order_by("service_id").values_list("incident_id", "service_id"):
        if incident in found:
            found[incident]["services"].append(str(service))
    return dict(found)


def cells_in(facts: Iterable[dict[str, Any]]) -> Cells:
    """The sum of what incidents add, from facts as they are kept."""
    cells: Cells = Counter()
    for one in facts:
        if one:
            cells.update(cells_of((Fact(*row) for row in one["work"]), one["services"]))
    return cells


@transaction.atomic
def recount(incidents: Iterable[int]) -> int:
    """Bring the tallies up to date with what is stored of these incidents; says how many count otherwise than before.

    Call it in the transaction of the change, after `Edition.bump`: whoever counts has then waited for every other.
    Three queries when nothing changed, six when something did.
    """
    keys = sorted(set(incidents))
    Counted.objects.bulk_create([Counted(incident=key) for key in keys], ignore_conflicts=True)
    held = {row.pk: row.facts for row in Counted.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    now = facts_of(Actionable.objects.main().filter(incident__in=keys, incident__is_open=1))
    other = [key for key in keys if held[key] != now.get(key, {})]
    if other:
        change = cells_in(now.get(key, {}) for key in other)
        change.subtract(cells_in(held[key] for key in other))
        rows = [Counted(incident=key, facts=now.get(key, {})) for key in other]
        Counted.objects.bulk_update(rows, ["facts"])
        _add(change)
    return len(other)


def _add(change: Cells) -> None:
    """Add to the tallies, rows in the same order in every transaction (one query for each few dozen)."""
    rows: dict[tuple[str, ...], list[int]] = {}
    for (*key, what), count in change.items():
        if count:
            rows.setdefault(tuple(key), [0] * len(COUNTED))[COUNTED.index(what)] = count
    with connection.cursor() as cursor:
        for some in _parts(sorted(rows.items()), 50):
            values: list[Any] = [one for key, row in some for one in (*key, *row)]
            cursor.execute(f"{_INSERT} VALUES {', '.join([_ROW] * len(some))} {_SUM}", values)


_INSERT = f"INSERT INTO actionables_tally (way, month, name, {', '.join(COUNTED)})"
_ROW = "(" + ", ".join(["%s"] * (3 + len(COUNTED))) + ")"
_SUM = "ON CONFLICT (way, month, name) DO UPDATE SET " + ", ".join(
    f"{name} = actionables_tally.{name} + excluded.{name}" for name in COUNTED
)


def rebuild() -> int:
    """Count everything anew while the site is used; says how many incidents were counted wrongly or not at all.

    A few hundred incidents in one transaction, then the tallies themselves in another.
    """
    wrong = 0
    for keys in _parts(sorted({*_worth_counting(), *Counted.objects.values_list("pk", flat=True)}), BATCH):
        with transaction.atomic():
            Edition.bump(ADMINS)
            wrong += recount(keys)
    with transaction.atomic():
        Edition.renew()
        Counted.objects.filter(facts={}).delete()
        Tally.objects.all().delete()
        _add(cells_in(Counted.objects.values_list("facts", flat=True).iterator()))
    return wrong


def _parts(values: Sequence[One], size: int) -> Iterator[Sequence[One]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _worth_counting() -> QuerySet[Any, int]:
    every = Actionable.objects.main().filter(incident__is_open=1).order_by()
    return every.values_list("incident_id", flat=True).distinct()


def differences() -> list[str]:
    """What is counted otherwise than it is: each tally in words, as it stands and as it should (nothing is changed)."""
    with transaction.atomic():
        stored: Cells = Counter()
        for way, month, name, *counts in Tally.objects.values_list("way", "month", "name", *COUNTED):
            stored.update({(way, month, name, what): n for what, n in zip(COUNTED, counts, strict=True) if n})
        right: Cells = Counter()
        for keys in _parts(sorted(_worth_counting()), BATCH):
            facts = facts_of(Actionable.objects.main().filter(incident__in=keys))
            right.update(cells_in(facts.values()))
    return [
        f"{way} {name or 'none'}, {month or 'no month'}, {what}: {stored[key]} instead of {right[key]}"
        for key in sorted(stored.keys() | right.keys())
        for way, month, name, what in [key]
        if stored[key] != right[key]
    ]
