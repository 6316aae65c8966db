"""What happened to an actionable, in order, and how long it stood where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from postmortems.durations import Duration
from postmortems.moments import Moment, Precision

from .models import UNFINISHED, Actionable, Priority, Status, StatusChange

WORDS = {
    "owner": "Owner", "due_on": "Due date", "priority": "Priority", "ticket_url": "Ticket", "causes": "Aimed at",
    "ticket_label": "Short name of the ticket", "alternative": "A way of doing",
    "opened": "Opened", "closed": "Finished",
}  # fmt: skip
LONG = ("description", "passage")


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the history: when, what in words, by whom, why; `comment` holds the key of a comment."""

    when: Moment
    what: str
    by: str
    why: str
    comment: int = 0


def happened(actionable: Actionable, changes: Sequence[StatusChange]) -> list[Happened]:
    """The whole history, oldest first (two queries). Changes of status keep their order, whatever their dates.

    What has an exact time is put between them by that time.
    """
    status = [Happened(row.when, _status_words(row), row.by, row.why) for row in changes]
    dated = [
        Happened(_exactly(row.at), _field_words(row.what, row.before, row.after), row.by, row.why)
        for row in actionable.field_changes.all()
        if row.what != "outcome"
    ]
    dated += [Happened(_exactly(row.at), "", row.by, row.text, row.pk) for row in actionable.comments.all()]
    return _merged(status, sorted(dated, key=lambda one: one.when.sort_key()))


def _merged(status: list[Happened], dated: list[Happened]) -> list[Happened]:
    """Each dated line comes before the first change of status that is surely later."""
    merged: list[Happened] = []
    for line in status:
        while dated and dated[0].when.surely_before(line.when):
            merged.append(dated.pop(0))
        merged.append(line)
    return merged + dated


def _exactly(at: datetime) -> Moment:
    return Moment(at, None, Precision.SECOND)


def _status_words(change: StatusChange) -> str:
    to = Status(change.to_status).label
    return f"{Status(change.from_status).label} to {to.lower()}" if change.from_status else f"Recorded as {to.lower()}"


def _field_words(what: str, before: str, after: str) -> str:
    if what == "chosen":
        return "Chosen of the alternatives"
    if what in LONG:
        return f"{what.capitalize()} {'changed' if before and after else 'added' if after else 'removed'}"
    name, before, after = WORDS.get(what, what.capitalize()), _value(what, before), _value(what, after)
    if not after:
        return f"{name} removed, was {before}"
    return f"{name}: {after}, was {before}" if before else f"{name}: {after}"


def _value(what: str, kept: str) -> str:
    if what == "due_on" and kept:
        return date.fromisoformat(kept).strftime("%-d %B %Y")
    if what == "priority":
        return "" if kept == Priority.UNKNOWN else kept
    return kept


@dataclass(frozen=True, slots=True)
class Stay:
    """How long an actionable stood at a status; `still` when it does so now."""

    status: str
    lasted: Duration
    still: bool

    def text(self) -> str:
        """In words."""
        return self.lasted.text()


def spent(changes: Sequence[StatusChange], now: datetime | None = None) -> list[Stay]:
    """The time at each status, in order; an end has no length, and what is not dated says so."""
    ends = [change.when for change in changes[1:]] + [Moment(now or timezone.now(), None, Precision.MINUTE)]
    stood = [(change, end) for change, end in zip(changes, ends, strict=False) if change.to_status in UNFINISHED]
    return [
        Stay(Status(change.to_status).label, change.when.until(end), change is changes[-1]) for change, end in stood
    ]
