"""How a pasted text begins: its title, the head of a mail; and how chats say who spoke when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import pasted_headings as headings
from .pasted_stamps import Stamp, day_of, headed, stamp_of
from .pasted_words import bullet

LONGEST_TITLE, LONGEST_NAME = 150, 40
_MAIL = re.compile(r"(?:From|To|Cc|Sent|Date|Subject|Reply-To|Message-ID):\s.*")
_KEY = re.compile(r"[A-Z][\w /()-]{1,40}:\s.*")
_OTHER = re.compile(r"\s*(?:\{\{|<|```|~~~|[-=*_]{3})")
_NAME = re.compile(r"[@\w][\w .'’()-]*(?::\w+:)?")
_APP = {"APP", "BOT", "WORKFLOW"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """The title (empty for none), the line it stands on counted from 0, and how many lines it takes: none where it is
    the subject in the head of a mail, which stays whole. `text` is where the text begins.
    """

    title: str = ""
    at: int = 0
    lines: int = 0
    head: range = range(0)
    text: int = 0


def beginning(lines: Sequence[str], stamps: Sequence[Stamp | None]) -> Beginning:
    """What stands in front of the text itself."""
    at = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    if at == len(lines) or day_of(lines[at]):
        return Beginning(text=at)
    head = at
    while head < len(lines) and _MAIL.fullmatch(lines[head]):
        head += 1
    if head > at + 1:
        on = next((on for on in range(at, head) if lines[on].startswith("Subject:")), at)
        title = lines[on].removeprefix("Subject:").strip() if lines[on].startswith("Subject:") else ""
        return Beginning(title, on, 0, range(at, head), head)
    if stated := headings.titled(lines[at]):
        return Beginning(stated, at, 1, text=at + 1)
    heading = headings.heading_of(lines, at)
    if heading and not heading.field:
        return Beginning(heading.name, at, heading.lines, text=at + heading.lines)
    if not heading and not stamps[at] and _stands_alone(lines, at):
        return Beginning(lines[at].strip(), at, 1, text=at + 1)
    return Beginning(text=at)


def _stands_alone(lines: Sequence[str], at: int) -> bool:
    """Whether a first line looks like a title: short, no sentence, and something else than text below it."""
    line = lines[at].strip()
    if bullet(line) or _OTHER.match(line) or len(line) > LONGEST_TITLE or line[-1] in ".:;,?|":
        return False
    if at + 1 == len(lines) or _KEY.fullmatch(line):
        return False
    after = headings.heading_of(lines, at + 1)
    return not lines[at + 1].strip() or bool(_KEY.fullmatch(lines[at + 1]) or (after and after.field))


def stamps_of(lines: Sequence[str]) -> list[Stamp | None]:
    """The time that each line begins with, or None; of chats also who spoke, on the line or the one above."""
    found = [stamp_of(line) for line in lines]
    for at in range(len(lines) - 1):
        below = lines[at + 1]
        stamp = found[at + 1]
        if below[:1].isspace() and stamp and not below[stamp.end :].strip() and _is_name(lines[at]):
            name = lines[at].strip().partition(":")[0]
            found[at], found[at + 1] = replace(stamp, who=name, lines=2, end=len(lines[at]), looks="headed"), None
        elif not found[at] and below.strip() and (stamp := headed(lines[at])):
            found[at] = stamp
            if stamp.who in _APP and at and _is_name(lines[at - 1]) and not found[at - 1]:
                name = lines[at - 1].strip()
                found[at - 1], found[at] = replace(stamp, who=name, lines=2, end=len(lines[at - 1])), None
    return found


def _is_name(line: str) -> bool:
    plain = line.strip()
    return 1 < len(plain) <= LONGEST_NAME and len(plain.split()) <= 4 and bool(_NAME.fullmatch(plain))
