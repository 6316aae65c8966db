"""The headings of a pasted text, in Markdown, as wikis build them, underlined, or by their words alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

IGNORED = re.IGNORECASE
TIMELINE, WORK = "timeline", "work"
# What sections are called, by the field of an incident that they are. All are compared in small letters, without
# numbers in front, brackets behind and punctuation.
CALLED = {
    "summary": r"(?:executive |incident |issue )?summary|overview|tl ?dr|abstract|synopsis|what happened|description",
    "impact": r"(?:customer |user |business )?(?:facing )?impact(?: on \w+)?|effects?|symptoms?|who was affected|scope"
    r"|detection",
    "analysis": r"(?:the )?(?:root )?causes?(?: analysis)?|analysis|conclusions?|contributing (?:factors?|causes?)"
    r"|triggers?|rca|investigation|diagnosis|explanation|(?:technical )?details|background|findings|what explains it"
    r"|why (?:did )?(?:it|this) happen(?:ed)?|lessons? learn(?:ed|t)|discussion",
    "recovery": r"(?:resolution|recovery|mitigation|restoration|response)(?: and (?:resolution|recovery))?|(?:the )?fix"
    r"|how (?:it ended|(?:we|it was) fixed(?: it)?)|workaround",
    "contradictions": r"where the sources disagree|contradictions",
    "went_well": r"(?:what|things that) (?:went well|worked(?: well)?)|went well|what we did well",
    "went_wrong": r"(?:what|things that) (?:went (?:wrong|badly|poorly)|(?:didnt|did not) (?:go|work)(?: well)?"
    r"|could (?:have gone|have been|be|go) better)|went (?:wrong|badly|poorly)",
    "got_lucky": r"(?:what |where )?(?:did )?(?:we )?(?:got|get) lucky|luck",
    "source_note": r"about the source",
    TIMELINE: r"(?:incident |detailed |full )?time ?line(?: of (?:the )?(?:events?|incident))?|chronology"
    r"|sequence of events|events|what happened when|(?:(?:chat|irc|slack|event|incident|call|channel) )?log|transcript",
    WORK: r"(?:open |planned |possible )?(?:action|todo|remediation|follow ?up) ?items?"
    r"|action(?:able)?s?(?: to take| taken)?|follow ?ups?(?: (?:actions?|tasks?|work))?|next steps|to ?dos?(?: list)?"
    r"|tasks|remediations?|(?:corrective|preventive|preventative|remedial) (?:actions?|measures?)|improvements"
    r"|recommendations",
}
_CALLED = {name: re.compile(pattern) for name, pattern in CALLED.items()}
_BUILT = (
    re.compile(r"\s{0,3}(?P<level>#{1,6})\s+(?P<name>.{1,200}?)\s*#*\s*"),
    re.compile(r"\s*(?P<level>={1,6})\s*(?P<name>[^=\s].{0,200}?)\s*(?P=level)\s*"),
    re.compile(r"\s*h(?P<number>[1-6])\.\s+(?P<name>.{1,200}?)\s*"),
    re.compile(r"\s*(?:\d{1,2}[.)]\s+)?(?P<mark>\*\*|__|''')(?P<name>[^*_'].{0,100}?):?(?P=mark):?\s*"),
)
_RULE = re.compile(r"(?:={3,}|-{3,}|~{3,})\s*")
_NAMED = re.compile(r"\s*(?:\d{1,2}[.)]\s+)?(?P<name>[A-Z][A-Za-z&/;’' -]{1,60}?)\s*(?:\([^()]{0,60}\)\s*)?:?\s*")
_INLINE = re.compile(
    r"\s*(?:\*\*|__)?(?P<name>[A-Z][A-Za-z&/;’' -]{1,60}?)(?:\s\([^()]{0,60}\))?(?:\*\*|__)?:(?:\*\*|__)?\s+(?=\S)"
)
_CAPITALS = re.compile(r"\s*(?=(?:[^A-Z\n]*[A-Z]){3})[A-Z0-9][A-Z0-9 &/?'-]{2,50}:?\s*")
_ANNOUNCED = re.compile(r"(?P<name>[A-Z][a-z]+(?: [A-Za-z]+){0,4}):\s*")
_TITLED = re.compile(r"(?:title|subject|incident|re)\s*:\s+(?P<rest>.{3,200})", IGNORED)
BOLD, ALONE = 7, 9  # how deep headings are taken to be that are only bold, or told by their words alone


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its words, the section it opens (empty for one that none is known by), how deep, how many lines, and
    what stands behind it on its line.
    """

    name: str
    field: str = ""
    level: int = ALONE
    lines: int = 1
    rest: str = ""


def section_called(name: str) -> str:
    """Which field a heading opens; empty for none that is known."""
    plain = re.sub(r"\(.{0,80}\)|\[.{0,80}\]", " ", name.casefold())
    plain = " ".join(re.sub(r"[^a-z ]+", " ", re.sub(r"[’']", "", plain)).split())
    return next((field for field, pattern in _CALLED.items() if pattern.fullmatch(plain)), "")


def heading_of(lines: Sequence[str], at: int, *, strictly: bool = False) -> Heading | None:
    """The heading that a line is, built in Markdown or as wikis do, underlined, or by its words alone.

    `strictly` takes "Impact: 5 %" for one only behind an empty line, and no line for one by its looks alone.
    """
    line = lines[at]
    if not line.strip() or len(line) > 250:
        return _inline(line, strictly=strictly and at > 0 and bool(lines[at - 1].strip())) if line.strip() else None
    for pattern in _BUILT:
        if found := pattern.fullmatch(line):
            told = found.groupdict()
            level = int(told["number"]) if told.get("number") else len(told.get("level") or "#" * BOLD)
            return Heading(found["name"], section_called(found["name"]), level)
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if _RULE.fullmatch(below) and not re.match(r"\s*[-*+•]\s", line) and "|" not in line:
        return Heading(line.strip(), section_called(line), 1 if below[0] == "=" else 2, 2)
    named = _NAMED.fullmatch(line)
    if named and (found_field := section_called(named["name"])):
        return Heading(line.strip().rstrip(":"), found_field)
    above = lines[at - 1] if at else ""
    is_apart = not above.strip() and at + 1 < len(lines)
    if is_apart and (_CAPITALS.fullmatch(line) or (not strictly and not below.strip() and _looks_like_one(line))):
        return Heading(line.strip())
    return _inline(line, strictly=strictly and bool(above.strip()))


def _inline(line: str, *, strictly: bool) -> Heading | None:
    found = None if strictly else _INLINE.match(line)
    if found and (name := section_called(found["name"])):
        return Heading(found["name"], name, rest=line[found.end() :])
    return None


def _looks_like_one(line: str) -> bool:
    words = line.strip()
    return len(words) <= 60 and words[:1].isupper() and words[-1] not in ".,;:!?" and len(words.split()) <= 8


def announced(line: str) -> Heading | None:
    """What ends a list: a few words with a colon, on a line of their own."""
    found = _ANNOUNCED.fullmatch(line)
    return Heading(found["name"]) if found else None


def titled(line: str) -> str:
    """The title that a first line states, as in "Title: ..."; empty when it does not."""
    found = _TITLED.fullmatch(line.strip()[:250])
    return found["rest"] if found else ""
