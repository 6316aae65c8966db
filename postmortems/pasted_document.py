"""What a person took of a pasted text, as the document that the draft is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .document import FORMAT, SHAPE, TEXTS
from .document_moments import moment_written
from .document_text import Block, Facts, written
from .forms_paste import Choice, PasteForm
from .markdown import MAX_CHARS
from .pasted import ENTRY, LINK, TEXT, WORK
from .pasted_words import MOST, shortened

ENDED = ("done", "declined")
TOO_LONG = f"With this the section would hold more than {MAX_CHARS:,} characters: put it into another, or leave it out."


def document_from(form: PasteForm, choices: Sequence[Choice]) -> str:
    """The document of a draft (the form must be valid, the choices without errors)."""
    given = form.cleaned_data
    facts: Facts = {"hindsight": FORMAT, "title": " ".join(given["title"].split()), "time_zone": form.zone.key}
    if given["time_zone_assumed"]:
        facts["time_zone_assumed"] = True
    taken = [choice for choice in choices if choice.is_taken]
    texts = section_texts(taken)
    blocks = [Block(heading, {}, texts[name]) for heading, name in TEXTS.items() if texts.get(name)]
    rows = (("Timeline", ENTRY, _entry), ("Actionables", WORK, _work), ("Links", LINK, _link))
    for heading, what, made in rows:
        within = [made(choice) for choice in taken if choice.what == what]
        if within:
            blocks.append(Block(heading, within=within))
    return written(facts, blocks, SHAPE)


def section_texts(choices: Sequence[Choice]) -> dict[str, str]:
    """The text of each section, out of all that goes into it; marks in `errors` where it would be too long."""
    texts: dict[str, str] = {}
    for choice in choices:
        if not choice.is_taken or choice.what != TEXT:
            continue
        before, said = texts.get(choice.kind, ""), as_text(choice)
        texts[choice.kind] = f"{before}\n\n{said}" if before else said
        if len(texts[choice.kind]) > MAX_CHARS:
            choice.errors["words"] = TOO_LONG
    return texts


def as_text(choice: Choice) -> str:
    """A piece as a paragraph of a section: an entry with its time, an actionable as a bullet."""
    if choice.piece.what == WORK:
        return "\n".join(part for part in (f"- {choice.words}", _more(choice)) if part)
    lead = f"{choice.when}: " if choice.piece.what == ENTRY and choice.when else ""
    return "\n\n".join(part for part in (f"{lead}{choice.words}", _fenced(choice.excerpt)) if part)


def _more(choice: Choice) -> str:
    """What stands under an actionable, without its title once more."""
    return choice.more.removeprefix(choice.words).strip("\n")


def _fenced(excerpt: str) -> str:
    """Shown as it is: between marks that do not stand in it."""
    if not excerpt:
        return ""
    longest = max((len(found) for found in re.findall(r"`+", excerpt)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{excerpt}\n{fence}"


def _entry(choice: Choice) -> Block:
    text = choice.words if choice.piece.what != WORK else "\n\n".join(filter(None, (choice.words, _more(choice))))
    within = [Block("Excerpt", {}, choice.excerpt)] if choice.excerpt.strip() else []
    return Block(moment_written(choice.moment), {"kind": choice.kind}, text, within)


def _work(choice: Choice) -> Block:
    """An actionable; of other pieces the first sentence is its title, and all of it is told below when that is more."""
    said = choice.words if choice.piece.what == WORK else as_text(choice)
    title = " ".join(said.split()) if choice.piece.what == WORK else shortened(said, MOST)
    facts: Facts = {"kind": choice.kind}
    work = choice.piece.work
    if work:
        facts |= {"status": choice.status, "owner": choice.owner, "due_on": choice.due}
        facts |= {"ticket_label": choice.ticket, "ticket_url": choice.url}
    more = choice.more if work else said if said != title else ""
    outcome = _outcome(choice)
    within = [Block("Outcome", {}, outcome)] if outcome else []
    return Block(title, {name: value for name, value in facts.items() if value}, more, within)


def _outcome(choice: Choice) -> str:
    """What shows that work ended: what the text has, else that it is said here."""
    work = choice.piece.work
    if not work or choice.status not in ENDED:
        return ""
    is_told = work.outcome and choice.status == work.status
    return work.outcome if is_told else f"{choice.status.capitalize()} when this was filed."


def _link(choice: Choice) -> Block:
    return Block(choice.piece.words, {"kind": choice.kind, "label": " ".join(choice.words.split())})
