"""What a postmortem is filed by: its sections, each a form or a list of rows, and who may file it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from .access import may_edit
from .forms import NOTE
from .models import Incident
from .views.entrance import SAFE, note_reading

if TYPE_CHECKING:
    from .forms import RowForm, SectionForm


@dataclass(frozen=True, slots=True)
class Fields:
    """A section that is one form of the incident's own columns; `about` says in a line what belongs there."""

    title: str
    form: type[SectionForm]
    about: str = ""

    def filled(self, incident: Incident) -> str:
        """What is there so far, in words; empty for nothing."""
        shown = {name: value for name, value in self.form(instance=incident).shown().items() if name != NOTE}
        there = sum(bool(value.strip()) and value != "unknown" for name, value in shown.items() if name != "time_zone")
        return "" if not there else f"{there} of {len(shown) - ('time_zone' in shown)}"


@dataclass(frozen=True, slots=True)
class Rows:
    """A section that is a list of rows: how they are reached, the form of one, and the template that shows one.

    `joined` are relations that the template shows too, fetched with the rows.
    """

    title: str
    form: type[RowForm]
    related: str
    one: str
    template: str
    about: str = ""
    joined: tuple[str, ...] = ()

    def filled(self, incident: Incident) -> str:
        """How many there are, in words; empty for none."""
        count: int = getattr(incident, self.related).count()
        several = f"{self.one[:-1]}ies" if self.one.endswith("y") else f"{self.one}s"
        return "" if not count else f"{count} {self.one if count == 1 else several}"

    def rows(self, incident: Incident) -> Any:
        """The rows in their order."""
        found = getattr(incident, self.related).all()
        return found.select_related(*self.joined) if self.joined else found


Section = Fields | Rows
Sections = Mapping[str, Section]


def editable(request: HttpRequest, number: str) -> Incident:
    """The incident, if this person may edit it: 404 for who may not see it, 403 for who may only read it."""
    incident = get_object_or_404(Incident.objects.visible_to(request.user), number=int(number))
    if not may_edit(request.user, incident):
        raise PermissionDenied
    if request.method in SAFE:
        note_reading(request, incident)
    return incident
