"""The words of a pasted text: bullets, cells, work to do, addresses. Reads lines one by one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .models import LinkKind
from .pasted_stamps import read_date
from .tickets import short_name

IGNORED = re.IGNORECASE
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
_COLUMNS = {
    "title": r"action|item|task|what|description|to ?do|follow",
    "owner": r"owner|assignee|assigned|who|dri|responsible",
    "ticket": r"bug|ticket|issue|link|jira|tracking",
    "due": r"due|deadline|eta|by when|date",
    "status": r"status|state",
    "kind": r"type|kind|category",
}
MOST = 200  # characters of an actionable's title


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


def cells(line: str) -> list[str]:
    """The cells of a row of a table, between bars or tabs; the whole line where there are none."""
    if "\t" not in line and "|" not in line:
        return [line.strip()]
    return [cell.strip() for cell in re.split(r"\|{1,2}|\t", line.strip().strip("|"))]


def ticket(line: str) -> bool:
    """Whether a line begins with a ticket."""
    return bool(_TICKET.match(line.strip()))


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


def work_in(cells: list[tuple[str, str]]) -> Work:
    """What a row of a table says, as (head of the column, cell); what no field holds is told below it."""
    left = [(head, cell) for head, cell in cells if cell not in ("", "-", "n/a")]
    title = _taken(left, "title") or (left.pop(0)[1] if left else "-")
    work = work_of(title)
    work.owner = _taken(left, "owner", r".{1,120}").lstrip("@") or work.owner
    due = _taken(left, "due", r"20\d\d-[01]\d-[0-3]\d")
    work.due = due if read_date(due) else work.due
    work.kind = _taken(left, "kind", "|".join(kind for kind, _ in KINDS) + "|prevent").casefold() or work.kind
    where = _taken(left, "ticket", _URL.pattern)
    work.url = address(where) if where else work.url
    work.ticket = _taken(left, "ticket", _TICKET.pattern) or work.ticket
    said = _taken(left, "status", "|".join(STATUSES))
    if said:
        work.status, work.outcome = _status(said), said
    rest = [cell if head.isdigit() else f"{head}: {cell}" for head, cell in left]
    work.more = "\n\n".join(filter(None, (work.more, *rest)))
    return work


def _taken(left: list[tuple[str, str]], name: str, pattern: str = ".+") -> str:
    """Take out the first cell of a column of this name that is such a value; empty for none."""
    for cell in left:
        if re.match(_COLUMNS[name], cell[0], IGNORED) and re.fullmatch(pattern, cell[1], IGNORED):
            left.remove(cell)
            return cell[1]
    return ""


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
