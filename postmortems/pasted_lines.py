"""Walks over the lines of a pasted text once, and gathers those that belong together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from . import pasted_headings as headings
from . import pasted_stamps as stamps
from . import pasted_words as words
from .pasted_begin import beginning, stamps_of
from .pasted_stamps import Stamp

TITLE, TEXT, ENTRY, WORK, MARK = "title", "text", "entry", "work", "mark"
# More than anybody looks through. What is beyond stays text, so that nothing is lost.
MOST = {ENTRY: 400, WORK: 100, TEXT: 60}
BROKEN = 50  # characters from which on a line may have been broken to fit
CHAT = 3  # so many lines that begin with a time, and a third of all, make a text one long timeline
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_RULE = re.compile(r"\s*(?:[-=_*~]{3,}|\|?[-:\s|+]{3,}|\{\|.*|\|[-}].*)\s*")
_HEAD = re.compile(r"[|!\s]*\**(?:time|when|date|action|item|what|task)\b[^|\t]{0,40}[|\t].*", re.IGNORECASE)
_INDENTED = re.compile(r"(?: {4}|\t)\s*\S")


@dataclass(slots=True)
class Draft:
    """What is gathered of one piece: what it is, into what it goes, and its lines as (number, words); a number of 0
    parts paragraphs. `marks` are the numbers of lines that belong to it without leaving words of their own.
    """

    what: str
    into: str = ""
    said: list[tuple[int, str]] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    excerpt: list[tuple[int, str]] = field(default_factory=list)
    stamp: Stamp | None = None
    outcome: str = ""
    indent: int = 0
    also: bool = False
    cells: list[tuple[str, str]] = field(default_factory=list)

    @property
    def last(self) -> str:
        """Its last line that is not empty."""
        return next((line.rstrip() for _, line in reversed(self.said) if line.strip()), "")


class Reader:
    """The state of the walk: which section is open, and which entry or actionable lines are added to."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.drafts: list[Draft] = []
        self.mode, self.into, self.level = TEXT, "", 0
        self.text: Draft | None = None
        self.open: Draft | None = None
        self.fenced, self.bulleted, self.lead = False, False, ""
        self.columns: list[str] = []
        self.counts: Counter[str] = Counter()
        self.stamps = stamps_of(lines)
        led = sum(1 for stamp in self.stamps if stamp and not stamp.sentence)
        self.is_chat = led >= CHAT and led * 3 >= sum(1 for line in lines if line.strip())
        self.has_plain_times = any(stamp and not stamp.is_of_a_log for stamp in self.stamps)
        self.has_timeline = False

    def _below(self, at: int) -> str:
        return self.lines[at + 1] if at + 1 < len(self.lines) else ""

    def read(self) -> None:
        """Every line in turn."""
        begin = beginning(self.lines, self.stamps)
        if begin.title:
            self._mark(TITLE, begin.at, max(begin.lines, 1), begin.title)
            self.drafts[-1].also = not begin.lines
        self.into = "source_note"
        for at in begin.head:
            self._prose(at)
        at, self.into, self.text = begin.text, "", None
        while at < len(self.lines):
            at += self._line(at)

    def _mark(self, what: str, at: int, lines: int, said: str, stamp: Stamp | None = None) -> int:
        """Lines that leave no words in the text; where to read on."""
        numbers = list(range(at + 1, at + lines + 1))
        self.drafts.append(Draft(what, "", [(numbers[0], said)], numbers[1:], stamp=stamp))
        return at + lines

    def _line(self, at: int) -> int:
        """Read one line, or the two of an underlined heading; how many."""
        line, stamp = self.lines[at], self.stamps[at]
        if self.fenced or _FENCE.match(line):
            self._fence(at)
        elif not line.strip():
            self._empty()
        elif not (self.mode == TEXT and stamp) and (day := stamps.day_of(line)):
            self.open = None
            self._mark(MARK, at, 1, line.strip(), Stamp("", day))
        elif stamp and self._is_entry(stamp, at):
            self._entry(at, stamp)
            return stamp.lines
        elif heading := self._heading_at(at):
            self._heading(at, heading)
            return heading.lines
        else:
            {ENTRY: self._timeline_line, WORK: self._work_line, TEXT: self._text_line}[self.mode](at)
        return 1

    def _fence(self, at: int) -> None:
        edge = bool(_FENCE.match(self.lines[at]))
        self.fenced = self.fenced != edge
        if not self.open or self.open.what != ENTRY:
            self._more(at)
        elif edge and not re.search(r"\w", self.lines[at]):
            self.open.marks.append(at + 1)
        else:
            self.open.excerpt.append((at + 1, self.lines[at]))

    def _empty(self) -> None:
        """Parts paragraphs. What stands loose in running text ends here; in a timeline it goes on."""
        for draft in (self.open, self.text):
            if draft:
                draft.said.append((0, ""))
        if self.mode == TEXT or (self.open and self.open.what == WORK):
            self.open = None

    # ---- the timeline ----

    def _is_entry(self, stamp: Stamp, at: int) -> bool:
        """Whether a line that begins with a time is an entry: not one of a log within an entry, nor a sentence."""
        if self.counts[ENTRY] >= MOST[ENTRY] or self.mode == WORK:
            return False
        if not self.lines[at][stamp.end :].strip() and not self._below(at + stamp.lines - 1).strip():
            return False
        if self.is_chat and not stamp.sentence:
            self.mode = ENTRY
        if stamp.sentence and (self.mode == TEXT or self.is_chat):
            return False
        opened = self.open.stamp if self.open and self.mode == ENTRY else None
        if not opened or not self.has_plain_times:
            return True
        machine = stamp.clock.count(":") == 2 and opened.clock.count(":") < 2
        return not (stamp.is_of_a_log or (machine and opened.looks.strip() and not stamp.looks.strip()))

    def _entry(self, at: int, stamp: Stamp) -> None:
        line = self.lines[at]
        said = line[stamp.end :].strip()
        said = said.rstrip("| ") if line.lstrip().startswith("|") else said
        said = said[:1].upper() + said[1:] if stamp.sentence else said
        said = f"Until {stamp.until}: {said}" if stamp.until else said
        said = f"{stamp.who}: {said}".rstrip() if stamp.who else said
        found = words.bullet(line)
        self.open = Draft(ENTRY, "note", [(at + 1, said)], stamp=stamp, indent=len(found["indent"]) if found else -1)
        self.open.marks = list(range(at + 2, at + 1 + stamp.lines))
        self.drafts.append(self.open)
        self.counts[ENTRY] += 1
        self.has_timeline = self.has_timeline or self.mode == ENTRY

    def _timeline_line(self, at: int) -> None:
        """A line of a timeline that begins with no time of day."""
        line, found = self.lines[at], words.bullet(self.lines[at])
        is_full = self.counts[ENTRY] >= MOST[ENTRY]
        if is_full and self.stamps[at]:
            self.open = None
            self._prose(at)
        elif _RULE.fullmatch(line) or (_HEAD.fullmatch(line) and not self.open):
            self._mark(MARK, at, 1, line.strip())
        elif self.open and self._is_log(at):
            self.open.excerpt.append((at + 1, line))
        elif not is_full and (stamp := stamps.dated(line)):
            self._entry(at, stamp)
        elif found and self.open and not is_full and self._is_beside(found):
            self._entry(at, Stamp("", end=found.start("rest")))
        else:
            self._more(at)

    def _is_beside(self, found: re.Match[str]) -> bool:
        """Whether a bullet stands beside that of the open entry, so that it is one more, whose time is not told."""
        return self.open is not None and len(found["indent"]) == self.open.indent and not self.open.last.endswith(":")

    def _is_log(self, at: int) -> bool:
        line = self.lines[at]
        return self.stamps[at] is not None or bool(_INDENTED.match(line) and not words.bullet(line))

    # ---- headings and what stands below them ----

    def _heading_at(self, at: int) -> headings.Heading | None:
        """The heading that a line is; in a timeline only one that looks like nothing else."""
        found = headings.heading_of(self.lines, at, strictly=self.mode == ENTRY)
        is_listed = self.mode == WORK or (self.mode == ENTRY and not self.is_chat)
        if not found and is_listed and not (at and self.lines[at - 1].strip()):
            found = headings.announced(self.lines[at])
        is_bold = found is not None and not found.field and found.level == headings.BOLD
        return None if is_bold and self.mode != TEXT else found

    def _heading(self, at: int, heading: headings.Heading) -> None:
        """Go on in the section it names; one that none is known by stays in the text, or in its list when deeper."""
        if not heading.field and self.mode in (ENTRY, WORK) and self.level < heading.level < headings.ALONE:
            if self.mode == ENTRY:  # a part of the timeline
                self._entry(at, Stamp("", end=self.lines[at].index(heading.name), lines=heading.lines))
            else:
                self._mark(MARK, at, heading.lines, heading.name)
            return
        self.open, self.text, self.lead = None, None, ""
        self.mode = {headings.TIMELINE: ENTRY, headings.WORK: WORK}.get(heading.field, TEXT)
        self.level, self.is_chat = heading.level, False
        self.into = heading.field if self.mode == TEXT else ""
        if self.mode == WORK:
            self.bulleted, self.columns = self._has_bullets(at + heading.lines), []
        if heading.rest and self.mode == TEXT:
            self._prose(at, heading.rest)
        elif heading.field:
            self._mark(MARK, at, heading.lines, self.lines[at].strip() if heading.rest else heading.name)
        else:
            self.into = "analysis"
            built = self.lines[at].lstrip().startswith("#")
            draft = self._prose(at, self.lines[at] if built else f"### {heading.name}")
            draft.marks += [at + 2] * (heading.lines - 1)
            draft.said.append((0, ""))

    def _has_bullets(self, at: int) -> bool:
        """Whether the list of work that begins here is one of bullets."""
        for number in range(at, len(self.lines)):
            found = words.bullet(self.lines[number])
            if found and not words.is_update(found["rest"]):
                return True
            if not found and self.lines[number].strip() and headings.heading_of(self.lines, number):
                return False
        return False

    def _work_line(self, at: int) -> None:
        """A line below a heading such as "Actionables"."""
        line, found = self.lines[at], words.bullet(self.lines[at])
        if _RULE.fullmatch(line):
            self._mark(MARK, at, 1, line.strip())
        elif _HEAD.fullmatch(line) and not self.open:
            self.columns = words.cells(line)
            self._mark(MARK, at, 1, line.strip())
        elif len(cells := words.cells(line)) > 1 and not found:
            self._work(at, line.strip(), 0)
            if self.open:
                heads = [*self.columns, *(str(number) for number in range(len(self.columns), len(cells)))]
                self.open.cells = list(zip(heads, cells, strict=False))
        elif found:
            self._work(at, found["rest"], len(found["indent"]))
        elif self.bulleted or self._goes_on(line):
            self._more(at)
        else:
            self._work(at, line.strip(), 0)

    def _goes_on(self, line: str) -> bool:
        """Whether a line is the rest of a sentence that was broken to fit."""
        last = self.open.last if self.open else ""
        is_broken = len(last) >= BROKEN and last[-1] not in ".!?:)" and not words.ticket(line)
        return bool(last) and (is_broken or line.strip()[:1].islower())

    def _text_line(self, at: int) -> None:
        """A line of running text."""
        found = words.bullet(self.lines[at])
        if found and self._is_work(at, found["rest"]):
            self._work(at, found["rest"], len(found["indent"]))
        elif found and self.open and self.open.what == WORK:
            self._prose(at)
        else:
            self._more(at)

    def _is_work(self, at: int, rest: str) -> bool:
        """Whether a bullet in running text is work: announced above its list, or one of the list is marked so."""
        if self.lead or (self.open and self.open.what == WORK):
            return True
        above = next((line for line in reversed(self.lines[max(0, at - 3) : at]) if line.strip()), "")
        if words.leads_to_work(above):
            self.lead = above.strip().rstrip(":")
            return True
        for line in self.lines[at : at + 40]:
            found = words.bullet(line)
            if not found:
                break
            if words.is_marked(found["rest"]):
                return True
        return words.is_marked(rest)

    def _work(self, at: int, rest: str, indent: int) -> None:
        last = self.drafts[-1] if self.drafts and self.drafts[-1].what == WORK else None
        status = words.status_alone(rest)
        if last and (indent > last.indent or words.is_update(rest) or status):
            last.said.append((at + 1, rest if status else self.lines[at].strip()))
            last.outcome = rest if status else last.outcome
            self.open = last
        elif self.counts[WORK] >= MOST[WORK]:
            self._prose(at)
        else:
            outcome = self.lead if self.lead and words.is_done(self.lead) else ""
            self.open = Draft(WORK, "", [(at + 1, rest)], outcome=outcome, indent=indent)
            self.drafts.append(self.open)
            self.counts[WORK] += 1

    # ---- what is nothing else ----

    def _more(self, at: int) -> None:
        """A line more of what is open, else of the text."""
        if self.open:
            self.open.said.append((at + 1, self.lines[at]))
        else:
            self._prose(at)

    def _prose(self, at: int, said: str | None = None) -> Draft:
        """A line of the section that is open. In a timeline without entries yet it tells about the times."""
        self.lead = ""
        into = self.into
        if not into and self.mode != TEXT:
            into = "source_note" if self.mode == ENTRY and not self.counts[ENTRY] else "analysis"
        if self.text is None or self.text.into != into:
            if self.counts[TEXT] < MOST[TEXT]:
                self.drafts.append(Draft(TEXT, into))
                self.counts[TEXT] += 1
            self.text = next(draft for draft in reversed(self.drafts) if draft.what == TEXT)
        self.text.said.append((at + 1, self.lines[at] if said is None else said))
        return self.text
