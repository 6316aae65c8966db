"""Documents with what they name called as it is called now: a new address of a cause is no change of an incident."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from .document import SHAPE, read_document
from .document_text import Block, DocumentError, Facts, written
from .models import Cause, OldSlug, Organisation, Service

# Lines in which the slug of a row may stand.
NAMING = re.compile(r"## \S+|(?:organisation|services|causes): .+")
NAMED: dict[str, Any] = {"organisation": Organisation, "services": Service, "causes": Cause}
Read = tuple[tuple[Facts, list[Block]], tuple[Facts, list[Block]]]
Call = Callable[[str, str], str]  # a kind of `NAMED` and a slug, to the slug that stands there instead


def called_as_now(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    """The same pairs of documents, former slugs in them replaced by the present ones of the same rows.

    Asks the database only where lines that name something differ (up to two queries for each kind of row, however many
    pairs there are). What is no document stays as it is.
    """
    read = [_read(pair) if _lines(pair[0]) != _lines(pair[1]) else None for pair in pairs]
    found: dict[str, set[str]] = defaultdict(set)

    def note(kind: str, slug: str) -> str:
        found[kind].add(slug)
        return slug

    for facts, blocks in chain.from_iterable(filter(None, read)):
        _visit(facts, blocks, note)
    present = {(kind, slug): now for kind, slugs in found.items() for slug, now in _present(NAMED[kind], slugs).items()}
    if not present:
        return [*pairs]
    for facts, blocks in chain.from_iterable(filter(None, read)):
        _visit(facts, blocks, lambda kind, slug: present.get((kind, slug), slug))
    return [_written(each) if each else pair for pair, each in zip(pairs, read, strict=True)]


def _lines(text: str) -> set[str]:
    return {line for line in text.split("\n") if NAMING.fullmatch(line)}


def _read(pair: tuple[str, str]) -> Read | None:
    try:
        return read_document(pair[0]), read_document(pair[1])
    except DocumentError:
        return None


def _written(read: Read) -> tuple[str, str]:
    one, two = (written(facts, blocks, SHAPE) for facts, blocks in read)
    return one, two


def _present(model: Any, slugs: Iterable[str]) -> dict[str, str]:
    """The present slug for each of these that is a former one."""
    kept = OldSlug.objects.filter(kind=model._meta.model_name, slug__in=list(slugs))
    former = dict(kept.values_list("slug", "object_id"))
    if not former:
        return {}
    now = dict(model._default_manager.filter(pk__in=former.values()).values_list("pk", "slug"))
    return {slug: now[key] for slug, key in former.items() if key in now}


def _visit(facts: Facts, blocks: list[Block], call: Call) -> None:
    """Put in the place of each slug what `call` makes of it; lists of them stay sorted."""
    if isinstance(name := facts.get("organisation"), str):
        facts["organisation"] = call("organisation", name)
    _visit_list(facts, "services", call)
    for block in blocks:
        for row in block.within:
            if block.heading == "Causes":
                row.heading = call("causes", row.heading)
            _visit_list(row.facts, "causes", call)


def _visit_list(facts: Facts, name: str, call: Call) -> None:
    if isinstance(slugs := facts.get(name), list):
        called = [call(name, slug) for slug in slugs]
        facts[name] = sorted(called) if called != slugs and name == "causes" else called
