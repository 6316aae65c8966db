"""docs/permissions.md as the tests read it: the address of every page, and what each role gets from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import get_resolver
from django.utils import timezone

from actionables.models import Actionable, CalendarLink, Comment, FieldChange, Reminder, ReminderChoice, Snooze, Watch
from kb.models import Token
from postmortems.models import (
    Action,
    Attachment,
    AuditEntry,
    Cause,
    CauseWatch,
    Deletion,
    Incident,
    Mailing,
    Numbering,
    OldSlug,
    Rejection,
    Relation,
    Remark,
    RemovedRow,
    Reviewer,
    ReviewStep,
    Revision,
    SavedSearch,
    Taken,
    Unsaved,
    record,
)

DOCUMENT = (settings.BASE_DIR / "docs" / "permissions.md").read_text("utf-8")
ROLES = ("Nobody", "Reader", "Author", "Manager", "Admin")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Entry(NamedTuple):
    """An example address, the status of GET for each role, and the methods it takes (none said: Django's business)."""

    address: str
    answers: dict[str, int]
    takes: tuple[str, ...] = ()


class Hidden(NamedTuple):
    """An address of a restricted incident and its status for everybody else, for those it names, for admins."""

    name: str
    address: str
    others: int
    named: int
    admin: int


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of each row of the table whose first two headings these are."""
    inside = False
    for line in DOCUMENT.splitlines():
        inside = line.startswith("|") and (inside or line.startswith(heading))
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if inside and not line.startswith((heading, "|---")):
            yield cells


def _entry(cells: list[str]) -> Entry:
    answers = dict(zip(ROLES, map(int, cells[2:7]), strict=True))
    return Entry(cells[1], answers, tuple(" ".join(cells[7:]).split()))


def _kinds() -> dict[str, list[str]]:
    """The kinds of rows that the admin shows, with their models."""
    found = re.findall(r"^- \*(.+?)\*: (.+(?:\n  .+)*)$", DOCUMENT, re.MULTILINE)
    return {kind: [name.strip() for name in names.split(",")] for kind, names in found}


ACTIONS = {
    "changelist": "",
    "add": "add/",
    "change": "{pk}/change/",
    "history": "{pk}/history/",
    "delete": "{pk}/delete/",
}


def _of_models() -> Iterator[tuple[str, Entry]]:
    """The pages of every model in the admin."""
    kinds, apps = _kinds(), {str(model._meta.model_name): model._meta.app_label for model in admin.site._registry}
    for kind, pages, *answers in rows("| Rows | Page |"):
        for name in kinds[kind]:
            place = f"/admin/{apps[name]}/{name}/"
            for page in pages.split(", "):
                status = dict(zip(ROLES, map(int, answers), strict=True))
                yield f"admin:{apps[name]}_{name}_{page}", Entry(place + ACTIONS[page], status)
    for name, app in apps.items():
        yield f"admin/{app}/{name}/<path:object_id>/", Entry(f"/admin/{app}/{name}/{{pk}}/", dict.fromkeys(ROLES, 302))


ADDRESSES = {cells[0]: _entry(cells) for cells in rows("| Name | Example | Nobody |")} | dict(_of_models())
OPEN = {name: entry for name, entry in ADDRESSES.items() if entry.takes}
HIDDEN = [
    Hidden(name, address, *map(int, answers)) for name, address, *answers in rows("| Name | Example | Everybody else |")
]


def walk(resolver: Any = None, route: str = "", space: str = "") -> Iterator[str]:
    """The name of every address of the site, or its route when it has none."""
    patterns: list[Any] = (resolver or get_resolver()).url_patterns
    for pattern in patterns:
        here = route + str(pattern.pattern).removeprefix("^")
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern, here, f"{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name}" if pattern.name else here


def address_of(entry: Entry) -> str:
    """The address with the key of a row of its model."""
    if "{pk}" not in entry.address:
        return entry.address
    app, name = entry.address.split("/")[2:4]
    model = next(model for model in admin.site._registry if model._meta.label_lower == f"{app}.{name}")
    row = model._default_manager.order_by("pk").first()
    assert row is not None, f"The admin shows {name}, of which there is no row to try."
    return entry.address.format(pk=row.pk)


_KEPT: dict[Any, dict[str, Any]] = {
    Comment: {"text": "Yes."},
    Snooze: {"until": date(2030, 1, 1), "why": "Holidays."},
    FieldChange: {"what": "owner", "after": "Alice"},
}


def _of_review(incident: Incident, owner: User) -> None:
    if not Remark.objects.exists():
        Remark.objects.create(incident=incident, text="A remark.", version=1)
        ReviewStep.objects.create(incident=incident, kind="approved", version=1)
        Reviewer.objects.create(incident=incident, user=owner)
        Deletion.objects.create(incident=incident, status="published")
        RemovedRow.objects.create(incident=incident, section="timeline", title="Gone.", content="[]")
        Attachment.objects.create(incident=incident, key="0" * 32, name="graph.png", kind="image/png", size=1)
    Mailing.objects.get_or_create(user=owner)


def one_of_each() -> None:
    """A row of each model that the five incidents leave empty."""
    Group.objects.get_or_create(name="Writers")
    OldSlug.objects.get_or_create(kind="incident", slug="former", defaults={"object_id": 1})
    Numbering.objects.get_or_create(prefix="INC")
    if not Revision.objects.exists():
        Revision.objects.create(incident=Incident.objects.earliest("pk"), number=1, at=timezone.now(), was_open=True)
    owner = User.objects.earliest("pk")
    _of_review(Incident.objects.earliest("pk"), owner)
    if not AuditEntry.objects.exists():
        record(Action.EXPORTED, "everything")
    if not Token.objects.exists():
        Token.objects.make(owner, "Nightly export", "read", None)
    work = Actionable.objects.earliest("pk")
    for kept in (work.comments, work.snoozes, work.field_changes):
        if not kept.exists():
            kept.create(**{"by": "Alice", **_KEPT[kept.model]})
    if not CalendarLink.objects.exists():
        CalendarLink.renew(owner)
    Watch.objects.get_or_create(person=owner, incident=work.incident)
    for model in (ReminderChoice, Reminder):
        model.objects.get_or_create(person=owner)
    Unsaved.objects.get_or_create(user=owner, place="new", defaults={"at": timezone.now()})
    Taken.objects.get_or_create(incident=work.incident, row=1, defaults={"key": uuid4()})
    SavedSearch.objects.get_or_create(owner=owner, name="Restarts", defaults={"query": "q=restart"})
    _of_causes(owner)


def _of_causes(owner: User) -> None:
    """What people decided on causes and between incidents."""
    first, last = Incident.objects.earliest("pk"), Incident.objects.latest("pk")
    cause = Cause.objects.earliest("pk")
    Rejection.objects.get_or_create(incident=first, cause=cause)
    Relation.objects.get_or_create(incident=last, other=first, defaults={"kind": "none"})
    seen = {"last_link": 0, "last_at": timezone.now()}
    CauseWatch.objects.get_or_create(user=owner, cause=cause, defaults=seen)
