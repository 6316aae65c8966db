"""What a list of actionables is asked for: the shortest address that asks the same, and that in words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from .boards import GROUPS
from .filters import AGES, DUE, SORTS, STATUSES, TIMELY, ActionableFilter
from .models import Actionable, Kind, Priority
from .verdicts import HELD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict

TITLES = {
    "status": "Status", "kind": "Kind", "priority": "Priority", "owner": "Owner", "due": "Due", "age": "Open for",
    "cause": "Cause", "service": "Service", "incident": "Incident", "opened": "Opened in", "closed": "Finished in",
    "timely": "In time", "held": "Held", "view": "As", "group": "Columns by", "sort": "Order",
}  # fmt: skip
LABELS: dict[str, dict[str, str]] = {
    "status": STATUSES, "kind": dict(Kind.choices), "priority": dict(Priority.choices), "due": DUE, "age": AGES,
    "timely": TIMELY, "held": HELD, "sort": SORTS, "group": GROUPS, "view": {"board": "board"},
}  # fmt: skip


def normalised(given: QueryDict) -> str:
    """The query string that lists the same on its first page: only what is understood, each once, in one order."""
    chosen = ActionableFilter(given, Actionable.objects.none())
    wrong = set(chosen.errors)
    wanted = {name: dict.fromkeys(filter(None, given.getlist(name))) for name in TITLES if name not in wrong}
    if given.get("view") != "board":
        wanted = wanted | {"view": {}, "group": {}}
    elif given.get("group") not in GROUPS:
        wanted["group"] = {}
    return urlencode([(name, value) for name, values in wanted.items() for value in values])


def chips(pairs: list[tuple[str, str]], names: dict[str, dict[str, str]]) -> list[tuple[tuple[str, str], str, str]]:
    """(parameter, what it is of, its value in words) for each that narrows a list and is understood by its name.

    `names` are what is chosen from beside what is always there: the names of causes by their slugs.
    """
    labels = LABELS | names
    known = (pair for pair in pairs if pair[0] in TITLES)
    return [((name, value), TITLES[name], labels.get(name, {}).get(value, value)) for name, value in known]


def in_words(chosen: list[tuple[tuple[str, str], str, str]], order: str) -> list[str]:
    """What chips and an order say, for paper: "Status: Open or Blocked", "newest first"."""
    words = SORTS[order]
    return [*_told((title, value) for _, title, value in chosen), words[0].lower() + words[1:]]


def described(query: str) -> str:
    """What a normalised query string asks for, in words."""
    pairs = ((TITLES[name], LABELS.get(name, {}).get(value, value)) for name, value in parse_qsl(query))
    return ", ".join(_told(pairs)) or "All actionables"


def _told(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The values of each title together."""
    told: dict[str, list[str]] = {}
    for title, value in pairs:
        told.setdefault(title, []).append(value)
    return [f"{title}: {' or '.join(values)}" for title, values in told.items()]
