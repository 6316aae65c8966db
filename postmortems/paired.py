"""Which row of an older document became which row of a newer one.

By what names it where something does (ACT-7, a cause and its role, an address), else by what it says, else by where it
stands between others that are known.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .document_text import Block

WORD = re.compile(r"\w+")
ALIKE = 0.5  # the share of words that two texts have in common from which on they are one text that was changed
SAME_HEADING = 0.6  # what the same moment or title counts for beside that: enough alone
MOST = 2_500  # pairs that are compared word by word; of more only those in the same place
UNNAMED = "not known"  # a moment that tells no entry from another


@dataclass(slots=True)
class Met:
    """A row in both documents or in one; `moved` from which place to which, counted from 1, when it stands elsewhere
    among those that are in both.
    """

    old: Block | None
    new: Block | None
    moved: tuple[int, int] | None = None


def paired(kind: str, old: Sequence[Block], new: Sequence[Block]) -> list[Met]:
    """Every row of both, in the order of the new ones; what was removed stands where it stood."""
    found: dict[int, int] = {}  # place in old by place in new
    _add(found, [_named(kind, block) for block in old], [_named(kind, block) for block in new])
    _add(found, [said(block) for block in old], [said(block) for block in new])
    _add_alike(kind, found, old, new)
    _add_between(kind, found, old, new)
    return list(_in_order(found, old, new))


def said(block: Block) -> str:
    """Everything a row says."""
    return repr((block.heading, block.facts, block.text, [said(inner) for inner in block.within]))


def _named(kind: str, block: Block) -> str:
    """What nothing else in the document is called; empty where there is no such name."""
    if kind == "Actionables":
        return str(block.facts.get("reference") or "")
    if kind == "Causes":
        return f"{block.heading} {block.facts.get('role')}"
    return block.heading if kind == "Links" else ""


def _add(found: dict[int, int], old: list[str], new: list[str]) -> None:
    """Pair those of the same name; several of one name in their order."""
    left: dict[str, list[int]] = {}
    taken = set(found.values())
    for place, name in enumerate(old):
        if name and place not in taken:
            left.setdefault(name, []).append(place)
    for place, name in enumerate(new):
        if place not in found and left.get(name):
            found[place] = left[name].pop(0)


def _left(found: dict[int, int], old: Sequence[Block], new: Sequence[Block]) -> tuple[list[int], list[int]]:
    taken = set(found.values())
    return [at for at in range(len(old)) if at not in taken], [at for at in range(len(new)) if at not in found]


def _are_others(kind: str, one: Block, two: Block) -> bool:
    """Whether two rows are surely not the same one: another cause in another role, another reference."""
    if kind == "Causes":
        return one.heading != two.heading and one.facts.get("role") != two.facts.get("role")
    names = [block.facts.get("reference") for block in (one, two)]
    return kind == "Actionables" and all(names) and names[0] != names[1]


def _add_alike(kind: str, found: dict[int, int], old: Sequence[Block], new: Sequence[Block]) -> None:
    """Pair what says much the same, the most alike first."""
    gone, come = _left(found, old, new)
    pairs = (
        [(one, two) for one in gone for two in come]
        if len(gone) * len(come) <= MOST
        else [*zip(gone, come, strict=False)]
    )
    told = {id(block): _words(block) for block in (*(old[at] for at in gone), *(new[at] for at in come))}
    scored = [
        (_likeness(old[one], new[two], told), one, two)
        for one, two in pairs
        if not _are_others(kind, old[one], new[two])
    ]
    taken: set[int] = set()
    for score, one, two in sorted(scored, key=lambda each: (-each[0], abs(each[1] - each[2]), each[2])):
        if score >= ALIKE and one not in taken and two not in found:
            found[two] = one
            taken.add(one)


def _words(block: Block) -> Counter[str]:
    told = " ".join([block.text, *(str(block.facts.get(name, "")) for name in ("label", "note"))])
    return Counter(WORD.findall(told[:2_000].lower()))


def _likeness(one: Block, two: Block, told: dict[int, Counter[str]]) -> float:
    """From 0 to 1 by the words they have in common, and more for the same moment, title or cause."""
    was, now = told[id(one)], told[id(two)]
    whole = was.total() + now.total()
    common = 2 * (was & now).total() / whole if whole else 0.0
    return common + (SAME_HEADING if one.heading == two.heading != UNNAMED else 0)


def _add_between(kind: str, found: dict[int, int], old: Sequence[Block], new: Sequence[Block]) -> None:
    """Pair a row that is alone in its place with the one that stands alone there now."""
    gone, come = _left(found, old, new)
    ends = found | {-1: -1, len(new): len(old)}
    for at in come:
        place = ends.get(at - 1, len(old)) + 1
        alone = ends.get(at + 1) == place + 1
        if alone and place in gone and not _are_others(kind, old[place], new[at]):
            found[at] = place


def _in_order(found: dict[int, int], old: Sequence[Block], new: Sequence[Block]) -> Iterator[Met]:
    staying = _longest_run([found[at] for at in sorted(found)])
    gone, _ = _left(found, old, new)
    for at, block in enumerate(new):
        was = found.get(at)
        if was in staying:
            while gone and gone[0] < was:
                yield Met(old[gone.pop(0)], None)
        moved = None if was is None or was in staying else (was + 1, at + 1)
        yield Met(None if was is None else old[was], block, moved)
    yield from (Met(old[at], None) for at in gone)


def _longest_run(places: list[int]) -> set[int]:
    """The most of these numbers that stand in ascending order: what did not move, when as little as possible did."""
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(ends, place)
        before[place] = ends[at - 1] if at else None
        ends[at : at + 1] = [place]
    run: set[int] = set()
    last: int | None = ends[-1] if ends else None
    while last is not None:
        run.add(last)
        last = before[last]
    return run
