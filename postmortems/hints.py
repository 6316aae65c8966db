"""Hints for whoever writes a postmortem: what is missing, contradicts itself or reads as blame. They never block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .durations import Duration
from .models import SECTIONS, Incident, Role, WordingKind, WordingRule
from .moments import Moment

GAP = 30 * 60  # seconds between two entries from which on a reader asks what happened meanwhile
FAR = 5 * 60  # seconds between a milestone and the nearest entry of its kind from which on they contradict
MOST = 20  # of one kind of hint: more help nobody
AROUND = 30  # characters shown on either side of a word
SECTION_OF = {
    **dict.fromkeys(("summary", "impact"), "impact"),
    **dict.fromkeys(("analysis", "recovery", "contradictions"), "analysis"),
    **dict.fromkeys(("went_well", "went_wrong", "got_lucky"), "lessons"),
}
# Which kinds of timeline entry tell of which milestone.
TOLD_BY = {"detected": ("detection",), "mitigated": ("mitigation", "recovery")}
# Which kinds do not come before or after a milestone: nothing is detected before it began, nobody works on what nobody
# took on, and what ended the impact comes before the fix.
NOT_BEFORE = {"started": ("detection",), "acknowledged": ("diagnosis", "action", "mitigation")}
NOT_AFTER = {"resolved": ("mitigation", "recovery")}
APART = "A reader cannot tell which is right. Correct one, or say under “Where the sources disagree” that they do."


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint: the section and the row it is about, the place in words, what it says, and why."""

    section: str
    place: str
    words: str
    reason: str
    row: int = 0


def hints_of(incident: Incident) -> list[Hint]:
    """Every hint for an incident, in the order of the sections (five queries)."""
    entries, actionables = list(incident.timeline.all()), list(incident.actionables.all())
    causes = list(incident.incident_causes.select_related("cause"))
    rules = WordingRule.objects.in_use()
    found = [
        *_milestones(incident, entries),
        *_timeline(incident, entries),
        *_causes(incident, causes),
        *_actionables(actionables),
        *_wording(rules, _texts(incident, entries, causes)),
        *_vague(rules, actionables),
    ]
    kept: dict[str, int] = {}
    return [hint for hint in found if _counted(kept, hint.reason) <= MOST]


def _counted(kept: dict[str, int], reason: str) -> int:
    kept[reason] = kept.get(reason, 0) + 1
    return kept[reason]


def _milestones(incident: Incident, entries: list[Any]) -> Iterator[Hint]:
    """Milestones that say something else than the timeline."""
    for name, kinds in TOLD_BY.items():
        told = [entry.when for entry in entries if entry.kind in kinds and entry.when.is_known]
        moment: Moment = getattr(incident, name)
        apart = [_between(moment, other) for other in told]
        known = [duration for duration in apart if duration.is_known]
        if known and min(duration.low or 0 for duration in known) > FAR:
            nearest = min(known, key=lambda duration: duration.low or 0)
            words = f"The timeline's nearest {' or '.join(kinds)} is {nearest.text()} off."
            yield Hint("times", name.capitalize(), words, APART)
    yield from _out_of_turn(incident, entries)
    first = next((entry.when for entry in entries if entry.when.is_known), None)
    if first is not None and first.surely_before(incident.started):
        yield Hint(
            "times", "Started", "The timeline begins earlier.",
            "It may well: with the change that set it off, say. If the harm began earlier too, correct the start.",
        )  # fmt: skip


def _out_of_turn(incident: Incident, entries: list[Any]) -> Iterator[Hint]:
    """Milestones that come after what cannot be before them, or before what cannot be after; the farthest of each."""
    begun = incident.detected if incident.detected.is_known else incident.started
    for rule, side in ((NOT_BEFORE, "before"), (NOT_AFTER, "after")):
        for name, kinds in rule.items():
            moment: Moment = getattr(incident, name)
            told = [entry for entry in entries if entry.kind in kinds]
            if name == "acknowledged":  # what was done before anybody noticed was no work on it
                told = [entry for entry in told if not entry.when.surely_before(begun)]
            gaps = [(_gap(entry.when, moment, side), entry.kind) for entry in told]
            far = [(gap, kind) for gap, kind in gaps if (gap.low or 0) > FAR]
            if far:
                gap, kind = max(far, key=lambda each: each[0].low or 0)
                words = f"The timeline has {'an' if kind[0] in 'aeiou' else 'a'} {kind} {gap.text()} {side} it."
                yield Hint("times", name.capitalize(), words, APART)


def _gap(told: Moment, milestone: Moment, side: str) -> Duration:
    """How long an entry is before or after a milestone; not known for one on its other side."""
    first, then = (told, milestone) if side == "before" else (milestone, told)
    return first.until(then) if first.surely_before(then) else Duration()


def _between(one: Moment, other: Moment) -> Duration:
    return other.until(one) if other.sort_key() <= one.sort_key() else one.until(other)


def _timeline(incident: Incident, entries: list[Any]) -> Iterator[Hint]:
    """No detection, entries out of order, gaps."""
    if entries and not any(entry.kind == "detection" for entry in entries):
        yield Hint("timeline", "Timeline", "No entry is a detection.", "Readers ask how long it went unnoticed.")
    timed = [entry for entry in entries if entry.when.is_known]
    end = incident.resolved if incident.resolved.is_known else incident.mitigated
    for before, entry in pairwise(timed):
        place = f"Entry {entry.position}"
        if entry.when.surely_before(before.when):
            yield Hint(
                "timeline", place, "It is earlier than the entry before it.",
                "Move it up, or leave it where the source tells it so.", entry.pk,
            )  # fmt: skip
            continue
        gap = before.when.until(entry.when)
        over = entry.when.surely_before(incident.started) or (end.is_known and not before.when.surely_before(end))
        if gap.low is not None and gap.low > GAP and not over:
            yield Hint(
                "timeline", place, f"{gap.text().capitalize()} pass before it.",
                "What was tried meanwhile, and what was waited for? Silence reads as if nothing was done.", entry.pk,
            )  # fmt: skip


def _causes(incident: Incident, causes: list[Any]) -> Iterator[Hint]:
    """None, without evidence, or a person named as one."""
    people = [name for name in (part.strip() for part in incident.responders.split(",")) if len(name) > 2]
    for link in causes:
        told = link.cause.name if link.role == Role.CONTRIBUTING else f"{link.cause.name} {link.explanation}"
        named = next((name for name in people if _names(told, name)), "")
        if named:
            yield Hint(
                "causes", link.cause.name, f"It names {named}.",
                "People respond; they are never a cause. Say what made the step look right at the time.", link.pk,
            )  # fmt: skip
        if not link.evidence:
            yield Hint(
                "causes", link.cause.name, "It names no evidence.",
                "A passage lets readers judge for themselves, and leads them from the cause to the story.", link.pk,
            )  # fmt: skip


def _names(text: str, name: str) -> bool:
    words = text.casefold().split()
    wanted = name.casefold().split()
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def _actionables(actionables: list[Any]) -> Iterator[Hint]:
    """Unfinished ones without an owner."""
    for row in actionables:
        if not row.owner and row.status in ("open", "in progress", "blocked"):
            reason = "What nobody owns is seldom done. A team is enough."
            yield Hint("actionables", row.title, "It has no owner.", reason, row.pk)


Told = tuple[str, str, int, str]  # section, place, row, text


def _texts(incident: Incident, entries: list[Any], causes: list[Any]) -> Iterator[Told]:
    for field, heading in SECTIONS:
        yield SECTION_OF[field], heading, 0, getattr(incident, field)
    for entry in entries:
        yield "timeline", f"Entry {entry.position}", entry.pk, entry.text
    for link in causes:
        yield "causes", link.cause.name, link.pk, link.explanation


def _wording(rules: Iterable[WordingRule], texts: Iterable[Told]) -> Iterator[Hint]:
    """Words of blame and of hindsight, each with what stands around it."""
    patterns = [(rule, rule.pattern()) for rule in rules if rule.kind != WordingKind.VAGUE]
    for section, place, row, text in texts:
        for rule, pattern in patterns:
            found = pattern.search(text)
            if found:
                yield Hint(section, place, f"“{_around(text, found.start(), found.end())}”", rule.reason, row)


def _around(text: str, start: int, end: int) -> str:
    """The words with a little of what stands around them, on one line."""
    before, after = max(0, start - AROUND), end + AROUND
    cut = " ".join(text[before:after].split())
    return f"{'… ' if before else ''}{cut}{' …' if after < len(text) else ''}"


def _vague(rules: Iterable[WordingRule], actionables: list[Any]) -> Iterator[Hint]:
    for rule in rules:
        pattern = rule.pattern()
        for row in actionables:
            if rule.kind == WordingKind.VAGUE and pattern.search(row.title):
                yield Hint("actionables", row.title, f"“{rule.words}” cannot be finished.", rule.reason, row.pk)
