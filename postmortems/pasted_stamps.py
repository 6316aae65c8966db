"""Times in a text somebody wrote for people: those a line begins with, those a sentence tells, and days on their own.

What is found is left as text that `moments_typed` reads. What it cannot read, or reads in two ways, it says itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?\s{1,3}"
ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    r"(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}(?!\d)|\d{1,2}/[A-Za-z]{3}/\d{4}|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}"
    rf"|{ORDINAL}\s{{1,3}}(?:of\s)?{MONTH}(?:,?\s{{1,3}}\d{{4}}(?!:?\d))?"
    rf"|{MONTH}\s{{1,3}}{ORDINAL}(?!:?\d)(?:,?\s{{1,3}}\d{{4}}(?!:?\d))?|\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?(?!:?\d))"
)
CLOCK = (
    r"(?:(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:[.,]\d{1,9})?(?!:?\d)(?:\s?[ap]\.?m\b\.?)?"
    r"|(?:0?\d|1[0-2])\s?[ap]m\b)"
)
# The names of zones that mean one thing each; of others `moments_typed` says that it does not know them.
NAMED = {
    **dict.fromkeys(("utc", "gmt", "z"), "UTC"),
    **dict.fromkeys(("pst", "pdt"), "America/Los_Angeles"),
    **dict.fromkeys(("est", "edt"), "America/New_York"),
    **dict.fromkeys(("cet", "cest", "mez", "mesz"), "Europe/Berlin"),
    "jst": "Asia/Tokyo",
}
ZONE = rf"(?:(?:utc|gmt)?[+-]\d\d:?\d\d\b|(?:{'|'.join(NAMED)}|cst|cdt|mst|mdt|bst|ist|a[ce][ds]t|nz[ds]t)\b)"
ABOUT = r"(?:about|around|roughly|approximately|approx\.?|circa|ca\.|~|≈)"
LED = r"(?:at|on|by|from|since|shortly\safter|just\safter)"
IGNORED = re.IGNORECASE

_BULLET = re.compile(r"\s*(?:>\s?)*(?P<bullet>[-*+•‣◦·–—]\s+|\d{1,3}[.)]\s+)?(?P<bar>\|{1,2}\s*)?")
_OPEN = re.compile(r"[\[(*_`]{0,4}\s?")
_INTRO = re.compile(rf"(?:(?:{LED})\s{{1,3}})?(?={ABOUT}|\d|{MONTH}|{WEEKDAY})", IGNORED)
_ABOUT = re.compile(rf"{ABOUT}\s{{0,3}}", IGNORED)
_WEEKDAY = re.compile(WEEKDAY, IGNORED)
_DATE = re.compile(DATE, IGNORED)
_BETWEEN = re.compile(r"(?:T|:|[\s|,@]{1,6}(?:at\s{1,3}|[-–—]\s)?)", IGNORED)
_CLOCK = re.compile(CLOCK, IGNORED)
_MILITARY = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?=\s?(?:utc|gmt|z)\b)", IGNORED)
_ZONE = re.compile(rf"\s?\(?(?P<zone>{ZONE})\)?", IGNORED)
_YEAR = re.compile(r"\s(?P<year>\d{4})\b(?=[\])\s:,]|$)")
_LATER_DATE = re.compile(rf",?\s{{1,3}}(?:\(|on\s)?(?P<date>{DATE})\)?", IGNORED)
_UNTIL = re.compile(rf"\s?(?:[-–—]|to|until|till)\s?(?P<until>{CLOCK})", IGNORED)
_CLOSE = re.compile(r"(?P<close>[\])*_`]{0,4})(?P<colon>:?)[\])*_`]{0,4}(?:[\s|]+|\s*[-–—:|,.]+(?=\s|$|\|)|$)+")
_SPAN = re.compile(r" ?(?:hours|hrs|minutes|mins|seconds|secs)\b")
_NICK = re.compile(r"<\s?[@+%&~!]?(?P<nick>[^\s<>]{1,40})>\s*")
_NAMED_FIRST = re.compile(
    r"(?P<name>[A-Z@][\w.'’-]{0,30}(?: (?:[A-Z][\w.'’-]{0,30}|\(\w{1,20}\))){0,3}|[a-z][\w.-]{1,30})"
    r"(?::\w{1,30}:)?(?:\s{1,4}|\s?[—|]\s?)\[?(?P<clock>(?:[01]?\d|2[0-3]):[0-5]\d(?:\s?[APap][Mm])?)\]?\s*"
)
_ALONE = re.compile(
    r"[\s#=*_'>-]*(?:(?:day changed(?: to)?|log opened|date|day)\b:?\s*)?"
    rf"(?:{WEEKDAY})?(?P<date>{DATE}|(?P<month>{MONTH})\s{{1,2}}(?P<number>\d{{1,2}})\s(?:\d\d:\d\d:\d\d\s)?(?P<year>\d{{4}}))(?:\s*\([^()]{{0,40}}\))?[\s#=*_':.-]*",
    IGNORED,
)
_WORDS_BEFORE = rf"(?:(?:at|by|since|until|till|from|between|before|after|to|and|exactly)\s{{1,3}}|{ABOUT}\s{{0,3}})"
_MENTION = re.compile(
    rf"(?:(?<![\w/.-])(?P<first>{DATE})(?:T|,?\s{{1,3}}(?:at\s{{1,3}})?)(?P<near>{ABOUT}\s{{0,3}})?"
    rf"|(?<![\w/-])(?P<words>{_WORDS_BEFORE}{{1,3}}))"
    rf"(?P<clock>{CLOCK})(?!\s?(?:hours|hrs|minutes|mins|seconds)\b)(?:\s?(?P<zone>{ZONE}))?"
    rf"(?:,?\s{{1,3}}(?:on\s{{1,3}})?(?:the\s{{1,3}})?(?P<date>{DATE}|(?P<next>next|following)\sday))?",
    IGNORED,
)
_SIGNED = re.compile(r"(?P<clock>\d\d:\d\d), (?P<date>\d{1,2} [A-Z][a-z]+ \d{4}) \((?P<zone>UTC)\)\s*$")
_FULL = re.compile(rf"(?<![\w/.-])(?P<date>{DATE})", IGNORED)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time in a text: its parts as they are typed, and where in the line (or paragraph) it ends.

    `date` is empty when none stands beside it. `looks` is what lines of one list have in common, `lines` on how many of
    them it stands.
    """

    clock: str
    date: str = ""
    zone: str = ""
    about: bool = False
    end: int = 0
    looks: str = ""
    sentence: bool = False
    until: str = ""
    who: str = ""
    lines: int = 1
    is_next_day: bool = False

    @property
    def minutes(self) -> int | None:
        """Minutes since midnight; None for a day alone."""
        found = re.match(r"(\d{1,2})(?::(\d\d))?(?::\d\d)?\s?([ap])?", self.clock)
        if not found:
            return None
        hour = int(found[1]) % 12 + (12 if found[3] == "p" else 0) if found[3] else int(found[1])
        return hour * 60 + int(found[2] or 0)

    @property
    def is_of_a_log(self) -> bool:
        """Whether a machine wrote it, to the fraction of a second."""
        return "fraction" in self.looks


class _Cursor:
    """A place in a line that moves on over what it is told to expect."""

    def __init__(self, line: str) -> None:
        self.line, self.at = line, 0

    def eat(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What stands here, if it is that."""
        found = pattern.match(self.line, self.at)
        if found:
            self.at = found.end()
        return found

    def take(self, pattern: re.Pattern[str], group: str | int = 0) -> str:
        """The same as text; empty when it is not there."""
        found = self.eat(pattern)
        return (found[group] or "") if found else ""


def stamp_of(line: str) -> Stamp | None:
    """The time that a line begins with, behind a bullet, in brackets, in a cell of a table or after "At"; else None."""
    here = _Cursor(line[:400])
    lead = here.eat(_BULLET)
    assert lead is not None
    opened, intro = here.take(_OPEN), here.take(_INTRO)
    about = bool(here.take(_ABOUT))
    here.take(_WEEKDAY)
    date = here.take(_DATE)
    if date:
        here.take(_BETWEEN)
        about = bool(here.take(_ABOUT)) or about
    clock = here.take(_CLOCK) or here.take(_MILITARY)
    if not clock or _SPAN.match(line, here.at):
        return None
    zone = here.take(_ZONE, "zone")
    if date and not re.search(r"\d{4}", date):
        date += here.take(_YEAR)  # Wed Aug 12 22:05:04 2015
    date = date or here.take(_LATER_DATE, "date")
    until = here.take(_UNTIL, "until")
    zone = zone or here.take(_ZONE, "zone")
    closed = here.eat(_CLOSE)
    if closed is None or (opened.startswith("[") and "]" not in line[: here.at]):
        return None
    looks = " ".join([lead["bullet"] or "", opened.strip(), "fraction" if re.search(r"[.,]\d", clock) else ""])
    who = here.take(_NICK, "nick")
    return Stamp(_clock(clock), _date(date), zone, about, here.at, looks, bool(intro.strip()), until, who)


def headed(line: str) -> Stamp | None:
    """A line that names somebody and a time of day and nothing else, as chats put above what they said."""
    found = _NAMED_FIRST.fullmatch(line.strip()[:120])
    if not found or re.search(r"\b(?:at|by|from|since|until|about|around)$", found["name"], IGNORED):
        return None
    return Stamp(_clock(found["clock"]), end=len(line), looks="headed", who=found["name"].lstrip("@"))


def day_of(line: str) -> str:
    """The date that makes up a whole line; empty where it does not."""
    found = _ALONE.fullmatch(line[:120]) if len(line) <= 120 else None
    if not found:
        return ""
    return f"{found['number']} {found['month']} {found['year']}" if found["year"] else _date(found["date"])


def dated(line: str) -> Stamp | None:
    """A line that begins with a day and no time of day, behind a bullet or before a colon, a dash or a bar."""
    here = _Cursor(line[:400])
    lead = here.eat(_BULLET)
    here.take(_OPEN)
    here.take(_WEEKDAY)
    date = here.take(_DATE)
    closed = here.eat(_CLOSE) if date else None
    if lead is None or closed is None or here.at >= len(line.rstrip()):
        return None
    return Stamp("", _date(date), end=here.at) if lead["bullet"] or re.search(r"[-–—:|]", closed[0]) else None


def mentions(text: str) -> Iterator[tuple[re.Match[str], Stamp]]:
    """The times that sentences tell, with where they stand."""
    for found in _MENTION.finditer(text):
        about = bool(re.search(ABOUT, (found["words"] or "") + (found["near"] or ""), IGNORED))
        is_next = bool(found["next"])
        date = found["first"] or ("" if is_next else found["date"]) or ""
        if found["first"] and not re.search(r"\d{4}|(?:at|,)\s", text[found.start() : found.start("clock")]):
            continue  # as listings of files have it
        yield found, Stamp(_clock(found["clock"]), _date(date), found["zone"] or "", about, is_next_day=is_next)


def signature(line: str) -> Stamp | None:
    """The time that whoever signed a line on a wiki put at its end."""
    found = _SIGNED.search(line[-80:])
    return Stamp(found["clock"], found["date"], found["zone"]) if found else None


def full_dates(line: str) -> Iterator[tuple[str, int, str]]:
    """The dates in a line that can be read in one way only: (month and day, year or 0, as it is written)."""
    for found in _FULL.finditer(line):
        read = read_date(found["date"])
        if read:
            yield *read, found["date"]


def read_date(text: str) -> tuple[str, int] | None:
    """("08-12", year or 0) of a date with its month by name or by ISO; None for any other, or one there is not."""
    year, names = re.search(r"\d{4}", text), re.search(r"[a-z]{3}", text.casefold())
    iso = re.fullmatch(r"\d{4}-(\d{1,2})-(\d{1,2})", text.replace("/", "-"))
    if iso:
        month, day = int(iso[1]), int(iso[2])
    elif names and (number := re.search(r"(?<!\d)\d{1,2}(?!\d)", text)):
        month, day = "janfebmaraprmayjunjulaugsepoctnovdec".index(names[0]) // 3 + 1, int(number[0])
    else:
        return None
    try:
        told = date(int(year[0]) if year else 2000, month, day)
    except ValueError:
        return None
    return f"{told:%m-%d}", int(year[0]) if year else 0


def later(text: str, days: int) -> str:
    """A date so many days later, as figures; unchanged where its year or its month is not certain."""
    read = read_date(text)
    if not read or not read[1]:
        return text
    try:
        return str(date.fromisoformat(f"{read[1]:04d}-{read[0]}") + timedelta(days=days))
    except OverflowError:
        return text


def _clock(text: str) -> str:
    """Without fractions; four figures in a row get their colon."""
    plain = re.sub(r"(?<=:\d\d)[.,]\d+", "", text)
    return f"{plain[:2]}:{plain[2:]}" if re.fullmatch(r"\d{4}", plain) else plain.casefold()


def _date(text: str) -> str:
    """On one line, as `moments_typed` has it."""
    plain = re.sub(r"(?<=[A-Za-z])/|/(?=[A-Za-z])", " ", text)
    return " ".join(re.sub(r"\bof\s", "", plain).split())
