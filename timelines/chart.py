"""The milestone bar: how long an incident went unnoticed, hurt and recovered, as a strip of coloured segments."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from postmortems.durations import Duration
from postmortems.moments import Moment

# The phase between a milestone and the next known one, as (name, colour class): unnoticed until detection,
# impact until mitigation, recovery after it.
UNNOTICED, IMPACT, RECOVERY = ("Unnoticed", "f-grey"), ("Impact", "f-red"), ("Recovery", "f-green")
UNTOLD = ("Impact, its end not known", "f-amber")  # from detection straight to the fix
WORDS = {
    "started": "Started",
    "detected": "Detected",
    "acknowledged": "Acknowledged",
    "mitigated": "Impact ended",
    "resolved": "Resolved",
}
WIDTH, GAP, LEAST = 80.0, 0.4, 2.0


@dataclass(slots=True)
class Segment:
    """One coloured stretch of the bar; x and width in units of a viewBox 80 wide."""

    phase: str
    colour: str
    x: float
    width: float
    duration: Duration


@dataclass(slots=True)
class Stop:
    """One known milestone under the bar, with the time since the one before it."""

    name: str
    words: str
    moment: Moment
    since: Duration
    since_words: str


@dataclass(slots=True)
class Bar:
    """Segments and stops; no segments where fewer than two milestones can be measured against each other."""

    segments: list[Segment]
    stops: list[Stop]

    @property
    def label(self) -> str:
        """The bar in words, for those who do not see it."""
        return ", ".join(f"{part.phase.lower()} {part.duration.text()}" for part in self.segments)


def bar(moments: dict[str, Moment]) -> Bar:
    """The bar of an incident's milestones (by name, in order); unknown ones are left out."""
    known = [(name, moment) for name, moment in moments.items() if moment.is_known]
    stops = []
    for index, (name, moment) in enumerate(known):
        before = known[index - 1] if index else None
        since = before[1].until(moment) if before else Duration()
        stops.append(Stop(name, WORDS[name], moment, since, f"after {WORDS[before[0]].lower()}" if before else ""))
    return Bar(_segments(known), stops)


def _segments(known: list[tuple[str, Moment]]) -> list[Segment]:
    phases = [(_phase(name, next_name), moment.until(later)) for (name, moment), (next_name, later) in pairwise(known)]
    if not phases or any(duration.seconds is None or duration.seconds < 0 for _, duration in phases):
        return []
    return _laid_out(phases)


def _phase(begins: str, ends: str) -> tuple[str, str]:
    if begins == "mitigated":
        return RECOVERY
    if ends == "resolved":
        return UNTOLD
    return UNNOTICED if ends in ("detected", "acknowledged") and begins == "started" else IMPACT


def _laid_out(phases: list[tuple[tuple[str, str], Duration]]) -> list[Segment]:
    """Segments as wide as their share of the time, but never too narrow to see."""
    lengths = [duration.seconds or 0 for _, duration in phases]
    room = WIDTH - GAP * (len(phases) - 1)
    widths = [max(LEAST, room * length / (sum(lengths) or 1)) for length in lengths]
    scale = room / sum(widths)
    segments, x = [], 0.0
    for ((phase, colour), duration), width in zip(phases, widths, strict=True):
        segments.append(Segment(phase, colour, round(x, 2), round(width * scale, 2), duration))
        x += width * scale + GAP
    return segments
