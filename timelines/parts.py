"""What other pages show of timelines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from postmortems.durations import Duration
from postmortems.moments import Moment
from postmortems.search_documents import entry_anchor

from .chart import Bar, bar
from .models import Kind, TimelineEntry

if TYPE_CHECKING:
    from postmortems.prose import Evidence, Prose

# A gap of at least this many seconds between two entries is said.
GAP = 10 * 60
ICONS = {
    Kind.CHANGE: ("change", ""),
    Kind.DETECTION: ("bell", "red"),
    Kind.DIAGNOSIS: ("probe", ""),
    Kind.ACTION: ("wrench", "amber"),
    Kind.MITIGATION: ("wrench", "green"),
    Kind.RECOVERY: ("check", "green"),
    Kind.COMMUNICATION: ("doc", ""),
    Kind.NOTE: ("info", ""),
}


@dataclass(slots=True)
class Row:
    """One timeline entry as a page shows it, with the gap before it."""

    anchor: str
    moment: Moment
    new_day: str
    kind: str
    icon: str
    colour: str
    html: Markup
    excerpt: str
    excerpt_label: str
    gap: str
    out_of_order: bool


def milestone_bar(moments: dict[str, Moment]) -> Bar:
    """The bar of an incident's milestones."""
    return bar(moments)


def rows(incident: Any, prose: Prose, evidence: Evidence = (), zone: tzinfo = UTC) -> list[Row]:
    """The timeline of an incident in the order its source tells it, days by the reader's zone (one query)."""
    shown: list[Row] = []
    before: Moment | None = None
    day = ""
    anchors: set[str] = set()
    noticed = False
    for entry in incident.timeline.all():
        moment = entry.when
        new_day = _day(moment, day, zone)
        day = new_day or day
        first_signal = entry.kind == Kind.DETECTION and not noticed
        noticed = noticed or first_signal
        gap = _gap(before.until(moment) if before else Duration(), first_signal=first_signal)
        late = before is not None and moment.surely_before(before)
        shown.append(
            _row(
                entry,
                prose.html(entry.text, evidence),
                entry_anchor(moment, entry.position, anchors),
                new_day,
                gap,
                late=late,
            )
        )
        before = moment if moment.is_known else before
    return shown


def fixed_before(incidents: list[int], limit: int = 5) -> list[tuple[TimelineEntry, str]]:
    """What ended the impact of these incidents, the first of them first, with each entry's text (one query).

    The last mitigation that each one's timeline tells of.
    """
    entries = TimelineEntry.objects.filter(incident__in=incidents, kind=Kind.MITIGATION).select_related("incident")
    shown = ("text", "position", "incident__number", "incident__slug", "incident__short_name")
    last = {entry.incident_id: entry for entry in entries.order_by("position").only("incident_id", *shown)}
    return [(last[pk], last[pk].text) for pk in incidents if pk in last][:limit]


def _row(entry: TimelineEntry, html: Markup, anchor: str, new_day: str, gap: str, *, late: bool) -> Row:
    icon, colour = ICONS[Kind(entry.kind)]
    label = Kind(entry.kind).label
    return Row(
        anchor, entry.when, new_day, str(label), icon, colour, html, entry.excerpt, entry.excerpt_label, gap, late
    )


def _day(moment: Moment, day: str, zone: tzinfo) -> str:
    """The day to say before an entry, when it differs from the one said before; empty otherwise."""
    text = moment.day_text(zone) if moment.is_dated else moment.day_words()
    return text if text != day else ""


def _gap(duration: Duration, *, first_signal: bool) -> str:
    """The pause before an entry in words; empty when there is none worth saying."""
    if duration.seconds is None or duration.seconds < GAP or duration.low == 0:
        return ""
    return f"{duration.text()} until the first signal" if first_signal else duration.text()
