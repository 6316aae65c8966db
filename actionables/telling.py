"""Lets pages and search know that actionables changed: those of whoever sees their incidents, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actionables.tallying import recount
from postmortems.access import ADMINS
from postmortems.models import Edition
from postmortems.refresh import audiences_of, refresh_texts
from postmortems.revising import record_change

if TYPE_CHECKING:
    from postmortems.models import Incident


def changed(incidents: Iterable[Incident], by: Any, *, texts: bool) -> None:
    """Call it in the transaction of the change (five queries, some twenty for each incident whose texts changed).

    by: who changed something that stands in the document, which is a new version then; None when nothing there did.
    """
    wholes = {incident.pk: incident for incident in incidents}
    for incident in wholes.values() if texts else ():
        refresh_texts(incident)
    if by is not None:
        record_change(wholes, by, "Actionables")
    Edition.bump(ADMINS, *audiences_of(wholes))
    recount(wholes)
