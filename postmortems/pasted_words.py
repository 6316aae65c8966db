"""The words of a text somebody wrote for people: headings, bullets, work to do, addresses. Reads lines one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .models import LinkKind
from .pasted_stamps import read_date
from .tickets import short_name

IGNORED = re.IGNORECASE
TIMELINE, WORK = "timeline", "work"
# What sections are called, by the field of an incident that they are. All are compared in small letters, without
# numbers in front, brackets behind and punctuation.
CALLED = {
    "summary": r"(?:executive |incident |issue )?summary|overview|tl ?dr|abstract|synopsis|what happened|description",
    "impact": r"(?:customer |user |business )?(?:facing )?impact(?: on \w+)?|effects?|symptoms?|who was affected|scope",
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
_TITLED = re.compile(r"(?:title|subject|incident|re)\s*:\s+(?P<rest>.{3,200})", IGNORED)
_BULLET = re.compile(r"(?P<indent>\s*)(?P<mark>[-*+•‣◦·–—]|\d{1,3}[.)])\s+(?P<rest>\S.*)", re.DOTALL)
_URL = re.compile(r"https?://[^\s<>\"'`|{}\\^\[\]]{3,500}", IGNORED)
_LEADS = re.compile(
    r"(?:\b(?:made|making|taking|took|taken|following|these)\b.{0,80}\b(?:changes?|steps|actions|measures)\b"
    r"|happen(?:s|ing)? again|to (?:prevent|avoid) (?:this|it|a)).{0,100}:\s*",
    IGNORED,
)
_HAVE_DONE = re.compile(r"(?:\bhave|[’']ve)\s+(?:now |since |already )?(?:made|done|taken|fixed|put)", IGNORED)
_MARKED = re.compile(
    r"(?P<box>\[(?P<tick>[ xX])\]\s+)|(?P<status>(?:status:\s*)?(?P<said>done|fixed|resolved|closed|in progress|ongoing"
    r"|open|to ?do|declined|won[’']?t (?:do|fix)|rejected|blocked)\s*(?::|\s[-–—])\s+)|(?P<way>ALT\s?\d{0,2}:\s)",
    IGNORED,
)
_STATUS_ALONE = re.compile(r"status:\s*(?P<said>[a-z’' ]{3,20})\W*", IGNORED)
_UPDATE = re.compile(r"(?:update|edit|addendum)\b", IGNORED)
_OWNED = re.compile(
    r"\s*(?P<open>[(\[])?\s*\b(?:owner|owned by|assignee|assigned to|dri)\b\s*[:=]?\s*"
    r"@?(?P<name>[\w.-]{2,40}(?: (?-i:[A-Z])[\w.-]{1,40})?)\s*(?(open)[)\]])",
    IGNORED,
)
_MENTIONED = re.compile(r"(?<![\w.@/])@(?P<name>[A-Za-z][\w.-]{1,40}\w)(?![\w@])")
_DUE = re.compile(r"\bdue(?: on| by|:)?\s*(?P<due>20\d\d-[01]\d-[0-3]\d)\b", IGNORED)
_TICKET = re.compile(
    r"\b(?:T\d{3,7}|LP:\s?\d{3,9}|RT\s?#?\d{2,8}|(?i:bug)\s?#?\d{3,8}"
    r"|(?!UTF|SHA|INC|ACT|ISO|RFC|CVE|SEV|AES|HTTP|IPV)[A-Z][A-Z0-9]{1,9}-\d{2,7})\b(?!-)"
)
_SENTENCE = re.compile(r"[.!?][\")’\]]*\s+(?=[\"(“\[]?[A-Z0-9])")
STATUSES = {
    **dict.fromkeys(("done", "fixed", "resolved", "closed"), "done"),
    **dict.fromkeys(("in progress", "ongoing"), "in progress"),
    **dict.fromkeys(("declined", "rejected", "wontdo", "wontfix", "wont do", "wont fix"), "declined"),
    "blocked": "blocked",
}
KINDS = (
    ("investigate", r"\b(?:investigat|find out|figure out|look into|research|understand|why\b|reproduc|re-?deploy)"),
    ("detect", r"\b(?:monitor|alert|detect|dashboard|metric|paging|\bpage\b|probe)"),
    ("process", r"\b(?:document|runbook|process|review|train|communicat|gradual|checklist|announce|policy|vigilan)"),
    ("mitigate", r"\b(?:failover|fallback|faster|rollback|roll back|recover|backup)"),
)
MOST = 200  # characters of an actionable's title


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its words, the section it opens (empty for one that none is known by), how deep, how many lines, and
    what stands behind it on its line.
    """

    name: str
    field: str = ""
    level: int = 9
    lines: int = 1
    rest: str = ""


@dataclass(slots=True)
class Work:
    """What a bullet says is to be done."""

    title: str
    more: str = ""
    kind: str = "prevent"
    status: str = "open"
    outcome: str = ""
    owner: str = ""
    due: str = ""
    ticket: str = ""
    url: str = ""


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
            level = int(told["number"]) if told.get("number") else len(told.get("level") or "#" * 7)
            return Heading(found["name"], section_called(found["name"]), level)
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if _RULE.fullmatch(below) and not re.match(r"\s*[-*+•]\s", line) and "|" not in line:
        return Heading(line.strip(), section_called(line), 1 if below[0] == "=" else 2, 2)
    named = _NAMED.fullmatch(line)
    if named and (found_field := section_called(named["name"])):
        return Heading(line.strip().rstrip(":"), found_field)
    above = lines[at - 1] if at else ""
    if not strictly and not above.strip() and not below.strip() and at + 2 < len(lines) and _looks_like_one(line):
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


def titled(line: str) -> str:
    """The title that a first line states, as in "Title: ..."; empty when it does not."""
    found = _TITLED.fullmatch(line.strip()[:250])
    return found["rest"] if found else ""


def bullet(line: str) -> re.Match[str] | None:
    """The bullet or number that a line begins with: `indent`, `mark` and `rest`."""
    return _BULLET.match(line)


def leads_to_work(line: str) -> bool:
    """Whether a line announces what was or will be changed, so that the bullets below it are actionables."""
    return len(line) <= 300 and bool(_LEADS.search(line)) and line.rstrip().endswith(":")


def is_done(lead: str) -> bool:
    """Whether such a line says that it was changed already."""
    return bool(_HAVE_DONE.search(lead))


def is_marked(text: str) -> bool:
    """Whether a bullet carries what only work does: a box to tick, its status, one of several ways."""
    return bool(_MARKED.match(text))


def is_update(text: str) -> bool:
    """Whether a bullet adds to what stands above it."""
    return bool(_UPDATE.match(text))


def status_alone(text: str) -> str:
    """The status that a bullet states of the one above it and says nothing else; empty for any other."""
    found = _STATUS_ALONE.fullmatch(text.strip())
    return _status(found["said"]) if found else ""


def _status(said: str) -> str:
    return STATUSES.get(re.sub(r"[’']", "", said.casefold()).strip(), "open")


def work_of(text: str, outcome: str = "") -> Work:
    """What a bullet says, its mark taken off; `outcome` says of all below a line that it is done."""
    work = Work(text.strip(), status="done" if outcome else "open", outcome=outcome)
    found = _MARKED.match(work.title)
    if found and not found["way"]:
        said = found["said"] or ("done" if found["tick"] in "xX" else "open")
        work.status, work.title = _status(said), work.title[found.end() :]
        work.outcome = found[0].rstrip(" :-–—") if work.status in ("done", "declined") else ""
    if found := _OWNED.search(work.title) or _MENTIONED.search(work.title):
        work.owner = found["name"]
        if "open" in found.groupdict() and found["open"]:
            work.title = f"{work.title[: found.start()]} {work.title[found.end() :].lstrip()}".strip()
    if (found := _DUE.search(work.title)) and read_date(found["due"]):
        work.due = found["due"]
    if found := _URL.search(work.title):
        work.url = address(found[0])
    found = _TICKET.search(_URL.sub("", work.title))
    work.ticket = found[0] if found and not work.url else ""
    work.kind = kind_of_work(work.title)
    if len(work.title) > MOST or "\n" in work.title:
        work.more, work.title = work.title, shortened(work.title, MOST)
    return work


def kind_of_work(text: str) -> str:
    """What work is for, by its words; to prevent when they do not say."""
    return next((kind for kind, words in KINDS if re.search(words, text, IGNORED)), "prevent")


def shortened(text: str, most: int) -> str:
    """The first sentence on one line, or as many of its words as are no longer than that."""
    ends = _SENTENCE.search(text[: most + 200])
    first = " ".join((text[: ends.start() + 1] if ends else text[: most * 2]).split())
    whole = " ".join(text[: most * 2].split())
    if len(first) <= most and (ends or first == whole):
        return first
    cut = first[: most - 1]
    whole_words = cut if first[most - 1 : most] == " " else cut.rpartition(" ")[0]
    return (whole_words.rstrip(",;:") or cut) + "…"


def sentence_starts(text: str) -> list[int]:
    """Where the sentences of a text begin, the first one aside."""
    return [found.end() for found in _SENTENCE.finditer(text)]


def addresses(line: str) -> list[str]:
    """The web addresses in a line, without the punctuation that follows them."""
    return [address(found[0]) for found in _URL.finditer(line)]


def address(text: str) -> str:
    """Without what ends a sentence; a bracket stays that was opened in it."""
    plain = text.rstrip(".,;:!?…*_")
    while plain.endswith(")") and plain.count(")") > plain.count("("):
        plain = plain[:-1].rstrip(".,;:!?")
    return plain


def link_kind(url: str) -> str:
    """What an address leads to, by the short name that its tracker has for it."""
    name = short_name(url)
    if re.match(r"Gerrit|.*[!@]", name) or "/pull/" in url or "/commit/" in url:
        return LinkKind.CHANGE
    if re.match(r"Bug|LP:", name) or "/issues/" in url:
        return LinkKind.BUG
    if re.fullmatch(r"RT \d+|[TD]\d+|[A-Z][A-Z0-9_]*-\d+", name):
        return LinkKind.TICKET
    if re.search(r"//(?:lists?|groups|mail|[\w-]+\.slack|discord|chat)\.|/archives?/|/pipermail/", url):
        return LinkKind.DISCUSSION
    return LinkKind.DOCUMENTATION
