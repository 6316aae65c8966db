"""The board: actionables in columns, by status or by what they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from postmortems.models import Incident
from postmortems.rows import CAP

from .filters import ORDERS, ActionableFilter
from .models import FINISHED, Actionable, Priority, Status
from .shown import rows

GROUPS = {
    "status": "Status", "owner": "Owner", "priority": "Priority", "service": "Service", "cause": "Cause",
    "incident": "Incident",
}  # fmt: skip
# Dropping a card on a column of these changes it.
MOVABLE = ("status", "owner", "priority")
CARDS = 20
LOOKED_AT = 300
MOST_COLUMNS = 12
NONE = "none"


@dataclass(slots=True)
class Column:
    """One column: its value in the address, its title, its first cards, and how many there are."""

    value: str
    title: str
    cards: list[Actionable] = field(default_factory=list)
    count: str = "0"
    more: bool = False


@dataclass(slots=True)
class Board:
    """The columns, what they stand for, and what is left out of them in words."""

    group: str
    columns: list[Column]
    movable: bool
    note: str = ""


def board_of(chosen: ActionableFilter, group: str) -> Board:
    """The board of what was asked for (six queries by status, three by anything else)."""
    group = group if group in GROUPS else "status"
    return _by_status(chosen) if group == "status" else _by(chosen, group)


def _by_status(chosen: ActionableFilter) -> Board:
    """Each status: the unfinished in the order of their due dates, the finished by when they were."""
    found = []
    for status, title in Status.choices:
        order = chosen.form.cleaned_data.get("sort") or ("closed" if status in FINISHED else "due")
        matching = chosen.qs.filter(status=status).order_by(*ORDERS[order])
        # As many as are counted, so that one query gives both the cards and their number.
        ids = list(matching.values_list("pk", flat=True)[: CAP + 1])
        found.append((Column(status, title, [], _number(len(ids)), len(ids) > CARDS), ids[:CARDS]))
    cards = {card.pk: card for card in rows([pk for _, ids in found for pk in ids])}
    for column, ids in found:
        column.cards = [cards[pk] for pk in ids if pk in cards]
    return Board("status", [column for column, _ in found], movable=True)


def _number(count: int) -> str:
    return f"{count:,}" if count <= CAP else f"{CAP:,}+"


def _by(chosen: ActionableFilter, group: str) -> Board:
    """The first few hundred in the chosen order, in columns by what they belong to; the fullest columns first."""
    some_status = bool(chosen.form.cleaned_data.get("status"))
    matching = chosen.ordered() if some_status else chosen.ordered().filter(unfinished=1)
    ids = list(matching.values_list("pk", flat=True)[: LOOKED_AT + 1])
    members: dict[tuple[str, str], list[int]] = {}
    for pk, value, title in _members(ids[:LOOKED_AT], group):
        members.setdefault((value, title), []).append(pk)
    fullest = sorted(members.items(), key=lambda item: (item[0][0] == NONE, -len(item[1]), item[0][1]))
    if group == "priority":
        fullest.sort(key=lambda item: item[0][0])
    shown = fullest[:MOST_COLUMNS]
    cards = {card.pk: card for card in rows(sorted({pk for _, some in shown for pk in some[:CARDS]}))}
    columns = [
        Column(value, title, [cards[pk] for pk in some[:CARDS]], f"{len(some):,}", len(some) > CARDS)
        for (value, title), some in shown
    ]
    return Board(group, columns, group in MOVABLE, _note(some_status, len(ids) > LOOKED_AT, len(fullest)))


def _note(some_status: bool, beyond: bool, columns: int) -> str:
    parts = [] if some_status else ["Unfinished ones; choose a status to see others."]
    parts += [f"The first {LOOKED_AT} in this order."] if beyond else []
    parts += [f"The {MOST_COLUMNS} fullest of {columns} columns."] if columns > MOST_COLUMNS else []
    return " ".join(parts)


def _members(ids: list[int], group: str) -> Iterable[tuple[int, str, str]]:
    """(actionable, value in the address, title) for each column each of them belongs to, in their order (one query)."""
    place = {pk: index for index, pk in enumerate(ids)}
    found = [(pk, value or NONE, title) for pk, value, title in _values(ids, group)]
    missing = {"service": "No service", "cause": "No cause named"}.get(group, "")
    met = {pk for pk, _, _ in found}
    found += [(pk, NONE, missing) for pk in ids if pk not in met] if missing else []
    return sorted(found, key=lambda one: place[one[0]])


def _values(ids: list[int], group: str) -> list[tuple[int, str, str]]:
    every: QuerySet[Any] = Actionable.objects.filter(pk__in=ids)
    if group == "owner":
        return [(pk, owner, owner or "Owner not known") for pk, owner in every.values_list("pk", "owner")]
    if group == "priority":
        return [(pk, value, Priority(value).label) for pk, value in every.values_list("pk", "priority")]
    if group == "incident":
        rows_of = every.values_list("pk", "incident__number", "incident__short_name", "incident__title")
        return [(pk, f"INC-{number}", short or title) for pk, number, short, title in rows_of]
    if group == "cause":
        aims = Actionable.causes.through.objects.filter(actionable__in=ids)
        return list(aims.values_list("actionable_id", "cause__slug", "cause__name"))
    hit = Incident.services.through.objects.filter(incident__actionables__in=ids)
    return list(hit.values_list("incident__actionables__pk", "service__slug", "service__name"))
