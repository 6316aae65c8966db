"""The milestone bar: how long an incident went unnoticed, hurt and recovered, as a strip of coloured segments."""

from __future__ import annotations

from dataclasses import dataclass

from postmortems.moments import Duration, Moment

# The phase that begins at each milestone, as (name, colour class).
PHASES = {
    "started": ("Unnoticed", "f-grey"),
    "detected": ("Impact", "f-red"),
    "acknowledged": ("Impact", "f-red"),
    "mitigated": ("Recovery", "f-green"),
}
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
    pairs = list(zip(known, known[1:], strict=False))
    phases = [(name, moment.until(later)) for (name, moment), (_, later) in pairs]
    if not phases or any(duration.seconds is None or duration.seconds < 0 for _, duration in phases):
        return []
    total = sum(duration.seconds or 0 for _, duration in phases)
    if not total:
        return []
    room = WIDTH - GAP * (len(phases) - 1)
    widths = [max(LEAST, room * (duration.seconds or 0) / total) for _, duration in phases]
    scale = room / sum(widths)
    segments, x = [], 0.0
    for (name, duration), width in zip(phases, widths, strict=True):
        phase, colour = PHASES[name]
        if name == "started" and phases[0][0] == name and len(phases) == 1:
            phase, colour = "Impact", "f-red"
        segments.append(Segment(phase, colour, round(x, 2), round(width * scale, 2), duration))
        x += width * scale + GAP
    return segments
