"""Documents with what they name called as it is called now: a new address of a cause is no change of an incident."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from .document import SHAPE, read_document
from .document_text import Block, DocumentError, Facts, written
from .models import Cause, OldSlug, Organisation, Service

# Lines in which the slug of a row may stand.
NAMING = re.compile(r"## \S+|(?:organisation|services|causes): .+")
NAMED: dict[str, Any] = {"organisation": Organisation, "services": Service, "causes": Cause}
Call = Callable[[str, str], str]  # a kind of `NAMED` and a slug, to the slug that stands there instead


def called_as_now(*documents: str) -> tuple[str, ...]:
    """The same documents, former slugs in them replaced by the present ones of the same rows.

    Asks the database only where lines that name something differ (up to two queries for each kind of row). What is no
    document stays as it is.
    """
    lines = [{line for line in text.split("\n") if NAMING.fullmatch(line)} for text in documents]
    if all(each == lines[0] for each in lines):
        return documents
    try:
        read = [read_document(text) for text in documents]
    except DocumentError:
        return documents
    found: dict[str, set[str]] = defaultdict(set)

    def note(kind: str, slug: str) -> str:
        found[kind].add(slug)
        return slug

    for facts, blocks in read:
        _visit(facts, blocks, note)
    present = {(kind, slug): now for kind, slugs in found.items() for slug, now in _present(NAMED[kind], slugs).items()}
    if not present:
        return documents
    for facts, blocks in read:
        _visit(facts, blocks, lambda kind, slug: present.get((kind, slug), slug))
    return tuple(written(facts, blocks, SHAPE) for facts, blocks in read)


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
