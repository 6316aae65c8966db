"""Whether what was done held: verified after a time without recurrence, or it came back all the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from postmortems.moments import EPOCH, Moment

from .models import Actionable, Status
from .recurrences import Recurrence, later

if TYPE_CHECKING:
    from postmortems.access import Reader

# How long nothing may recur before work counts as having held. A convention of this product: a quarter of a year
# covers the monthly and quarterly runs in which much of what recurs does so.
SOAK = timedelta(days=90)
HELD = {
    "yes": "Verified", "soaking": "Soaking", "no": "Came back", "perhaps": "May have come back",
    "unknown": "Not verifiable",
}  # fmt: skip
COLOURS = {"yes": "green", "soaking": "blue", "no": "red", "perhaps": "amber", "unknown": "line"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of something done: one of `HELD`, in a sentence, and the incidents that say so."""

    value: str
    words: str
    recurrences: list[Recurrence] = field(default_factory=list)

    @property
    def name(self) -> str:
        """In a word or two."""
        return HELD[self.value]

    @property
    def colour(self) -> str:
        """Of its mark."""
        return COLOURS[self.value]


def verdict(actionable: Actionable, user: Reader, now: datetime | None = None) -> Verdict | None:
    """Verified, came back, may have come back, or not to be told yet; None for what is not done (six queries)."""
    if actionable.status != Status.DONE:
        return None
    causes = list(actionable.causes.values_list("pk", flat=True))
    if not causes:
        return Verdict("unknown", "It is aimed at no cause, so nothing can show whether it held.")
    if not actionable.closed.is_dated:
        return Verdict("unknown", "The day it was done is not known, so no recurrence can be told from before.")
    found = later(causes, actionable.closed, user, without=actionable.incident_id)
    return _judged(actionable.closed, found, now or timezone.now())


def _judged(closed: Moment, found: list[Recurrence], now: datetime) -> Verdict:
    if any(one.surely for one in found):
        return Verdict("no", "A cause it was aimed at was seen again after it was done.", found)
    if found:
        words = "A cause it was aimed at may have been seen again; dates or the cause are not certain."
        return Verdict("perhaps", words, found)
    span = closed.span()
    assert span is not None
    soaked = EPOCH + span[1] + SOAK
    if soaked <= now:
        return Verdict("yes", f"{SOAK.days} days passed, and no cause it was aimed at was seen again.")
    day = f"{soaked.day} {soaked:%B %Y}"
    return Verdict("soaking", f"No cause it was aimed at was seen again so far; it counts as verified on {day}.")
