"""One incident as one Markdown file, and back: what revisions, differences, export and upload are made of.

Incident to document to incident changes nothing. What equals its default is left out; rows stand in their order. The
grammar is in `document_text`, times are written as in `document_moments`; what is linked stands by its slug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models, transaction
from django.http import Http404

from .document_moments import moment_read, moment_written
from .document_text import UNSTORABLE, Block, DocumentError, Facts, Shape, Value, read, written
from .models import MILESTONES, SECTIONS, Cause, Incident, Moved, Organisation, Service, get_by_slug
from .moments import Moment

FORMAT = 1
FACTS = (
    "title", "short_name", "organisation", "services", "severity", "status", "visibility", "detection", "responders",
    *MILESTONES, "time_zone", "time_zone_assumed", "published_at", "source_title", "source_url", "source_published",
)  # fmt: skip
# What a person decides about the postmortem as a whole: a document says it, but reading one does not change it.
DECIDED = ("status", "visibility", "published_at")
TEXTS = {heading: name for name, heading in SECTIONS} | {"About the source": "source_note"}


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of one kind stand in a document: what their heading is, their facts, their text, what is within.

    `key` are the columns that make two rows the same one. Rows with `words` have a life of their own, as a history of
    their status: a document changes only these columns of them and takes none away.
    """

    related: str
    heading: str
    facts: tuple[str, ...] = ()
    text: str = ""
    within: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


ROWS = {
    "Timeline": Rows("timeline", "when", ("kind",), "text", {"Excerpt": ("excerpt", ("excerpt_label",))}),
    "Causes": Rows(
        "incident_causes", "cause", ("role", "certainty"), "explanation", {"Evidence": ("evidence", ())},
        key=("cause", "role"),
    ),
    "Actionables": Rows(
        "actionables", "title",
        ("reference", "kind", "status", "owner", "due_on", "priority", "opened", "closed", "causes", "ticket_label",
         "ticket_url"),
        "description", {"Outcome": ("outcome", ())},
        words=("title", "kind", "description", "ticket_label", "ticket_url"),
    ),
    "Links": Rows("links", "url", ("kind", "label", "note"), key=("url",)),
}  # fmt: skip
# Facts that are no column: what a row is called, and lists of what it is linked to.
LINKED = ("reference", "services", "causes")
PROSE = Shape()
SHAPE = Shape(
    {heading: PROSE for heading in TEXTS}
    | {heading: Shape(others=Shape(dict.fromkeys(rows.within, PROSE))) for heading, rows in ROWS.items()}
)


def document_of(incident: Incident) -> str:
    """The document of an incident (a query for the services and one for each kind of row)."""
    facts: Facts = {"hindsight": FORMAT, "reference": incident.reference, "slug": incident.slug}
    blocks = [Block(heading, {}, text) for heading, name in TEXTS.items() if (text := getattr(incident, name))]
    for heading, rows in ROWS.items():
        within = [_block(row, rows) for row in _rows(incident, rows)]
        if within:
            blocks.append(Block(heading, within=within))
    return written(facts | _facts(incident, FACTS), blocks, SHAPE)


def _rows(incident: Incident, rows: Rows) -> list[Any]:
    found = getattr(incident, rows.related).all()
    if rows.related in getattr(incident, "_prefetched_objects_cache", ()):
        return list(found)
    if "causes" in rows.facts:
        found = found.prefetch_related("causes")
    return list(found.select_related("cause") if "cause" in rows.key else found)


def _block(row: models.Model, rows: Rows) -> Block:
    within = [
        Block(heading, _facts(row, facts), getattr(row, name))
        for heading, (name, facts) in rows.within.items()
        if getattr(row, name) or _facts(row, facts)
    ]
    heading = _said(row, rows.heading)
    return Block(str(heading), _facts(row, rows.facts), getattr(row, rows.text) if rows.text else "", within)


def _facts(row: models.Model, names: tuple[str, ...]) -> Facts:
    """What is not the default."""
    said, empty = {name: _said(row, name) for name in names}, _empty(type(row))
    blank = {name: _said(empty, name) for name in names if name not in (*LINKED, "organisation")}
    return {name: value for name, value in said.items() if value != blank.get(name, [] if name in LINKED else None)}


@lru_cache
def _empty(model: type[models.Model]) -> models.Model:
    """A row with every default; nobody alters it."""
    return model()


def _said(row: Any, name: str) -> Value:
    """One value as a document has it."""
    if name == "services":
        return [service.slug for service in row.services.all()]
    value = sorted(cause.slug for cause in row.causes.all()) if name == "causes" else getattr(row, name)
    if isinstance(value, Moment):
        return moment_written(value)
    if isinstance(value, Organisation | Cause):
        return value.slug
    if isinstance(value, date):
        return value.isoformat()
    return value


def read_document(text: str) -> tuple[Facts, list[Block]]:
    """The facts and blocks of a document; raises DocumentError for what is none of ours."""
    facts, blocks = read(text, SHAPE)
    if next(iter(facts.items()), None) != ("hindsight", FORMAT):
        raise DocumentError(2, f"the facts begin with hindsight: {FORMAT}")
    for number, name in enumerate(facts, start=2):
        if name not in ("hindsight", "reference", "slug", *FACTS):
            raise DocumentError(number, f"there is no fact “{name}”; one is {', '.join(FACTS[:4])}")
    for heading, block in _twice(blocks):
        raise DocumentError(block.line, f"“{heading}” stands twice")
    for block in blocks:
        _only(block, ())
        if block.heading in ROWS and block.text.strip():
            raise DocumentError(block.line, f"under “{block.heading}” stand rows, each under a heading: ## ...")
    return facts, blocks


def _twice(blocks: list[Block]) -> Iterator[tuple[str, Block]]:
    """Blocks whose heading another one before them has."""
    seen: set[str] = set()
    for block in blocks:
        if block.heading in seen:
            yield block.heading, block
        seen.add(block.heading)


@transaction.atomic
def apply_document(text: str, incident: Incident, *, decided: bool = False) -> None:
    """Make a stored incident what its document says; raises DocumentError and then changes nothing.

    What the document leaves out becomes the default. Its status, its visibility and when it was published stay as they
    are unless `decided`. The rows that were there keep their identity; call `refresh_incident` afterwards.
    """
    facts, blocks = read_document(text)
    kept = () if decided else DECIDED
    names = [name for name in FACTS if name not in ("services", *kept)]
    _fill(incident, {name: value for name, value in facts.items() if name in names}, tuple(names), 2, [*facts])
    sections = {TEXTS[block.heading]: block for block in blocks if block.heading in TEXTS}
    for name in TEXTS.values():
        setattr(incident, name, sections[name].text if name in sections else "")
    _clean(incident, {name: _line(facts, name) for name in facts} | {n: b.line for n, b in sections.items()})
    published_at = incident.published_at
    incident.save()
    if decided and incident.published_at != published_at:  # published before anybody kept when
        Incident.objects.filter(pk=incident.pk).update(published_at=published_at)
        incident.published_at = published_at
    incident.services.set(_services(facts))
    by_heading = {block.heading: block.within for block in blocks}
    for heading, rows in ROWS.items():
        apply = _apply_words if rows.words else _apply_rows
        apply(incident, rows, by_heading.get(heading, []))


def _line(facts: Facts, name: str) -> int:
    """The line of a fact at the top."""
    return [*facts].index(name) + 2


def _services(facts: Facts) -> list[Service]:
    return [_linked(Service, slug, _line(facts, "services")) for slug in _listed(facts, "services", 2)]


def _listed(facts: Facts, name: str, first: int) -> list[str]:
    """A fact that is a list; raises DocumentError at its line, the facts beginning at `first`."""
    slugs = facts.get(name, [])
    if not isinstance(slugs, list):
        raise DocumentError(first + [*facts].index(name), f'{name} are a list, as in ["swift", "rsyslog"]')
    return slugs


def _linked(model: type[models.Model], slug: Value, line: int) -> Any:
    """The row of a slug, also of one it had before, and of a merged cause what it became; raises DocumentError."""
    if isinstance(slug, str) and "\0" not in slug:
        try:
            found = get_by_slug(model._default_manager.all(), slug)
        except Moved as moved:
            found = model._default_manager.get(slug=moved.args[0])
        except Http404:
            found = None
        if found is not None:
            return found.in_use() if isinstance(found, Cause) else found
    raise DocumentError(line, f"there is no {model._meta.verbose_name} “{slug}”")


def _fill(row: models.Model, facts: Facts, names: tuple[str, ...], first: int, order: list[str]) -> None:
    """Set what the facts say, and the default where they are silent; `order` tells the line of each from `first` on."""
    blank = type(row)()
    for name in names:
        if name not in facts:
            setattr(row, name, None if name == "organisation" else getattr(blank, name))
            continue
        line = first + order.index(name)
        try:
            setattr(row, name, _understood(row, name, facts[name], line))
        except ValueError as error:
            raise error if isinstance(error, DocumentError) else DocumentError(line, str(error)) from None


def _understood(row: models.Model, name: str, value: Value, line: int) -> Any:
    """A value as the model has it; raises ValueError."""
    if name == "organisation":
        return _linked(Organisation, value, line)
    try:
        column: Any = row._meta.get_field(name)
    except FieldDoesNotExist:
        return moment_read(_text(value, name))
    if isinstance(column, models.BooleanField):
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false")
        return value
    if isinstance(column, models.DateTimeField):
        return datetime.fromisoformat(_text(value, name))
    if isinstance(column, models.DateField):
        return date.fromisoformat(_text(value, name))
    return _text(value, name)


def _text(value: Value, name: str) -> str:
    """A text; a number is what it looks like."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text; put it in straight quotes")
    return value


def _clean(row: models.Model, lines: dict[str, int]) -> None:
    """Check a row by the rules of its model; raises DocumentError at the line of what is wrong."""
    for name, line in lines.items():
        if name not in LINKED and UNSTORABLE.search(str(getattr(row, name, ""))):
            raise DocumentError(line, f"{name} holds a character that no database keeps")
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        name, words = next(iter(error.message_dict.items()))
        known = [each for each in lines if name == each or name.startswith(f"{each}_")]
        raise DocumentError(lines[known[0]] if known else min(lines.values()), f"{name}: {words[0]}") from None


def _apply_rows(incident: Incident, rows: Rows, blocks: list[Block]) -> None:
    """Change, add and remove rows of one kind until they are what the blocks say."""
    manager = getattr(incident, rows.related)
    stored = list(manager.all())
    wanted = [_row(incident, rows, block, manager.model) for block in blocks]
    blocks, wanted = _without_merged(rows, blocks, wanted)
    by_key = {_key(row, rows, place): row for place, row in enumerate(stored)}
    keys = [_key(row, rows, place) for place, (row, _) in enumerate(wanted)]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise DocumentError(blocks[place].line, "this stands twice")
    manager.filter(pk__in=[row.pk for key, row in by_key.items() if key not in keys]).delete()
    for place, ((row, lines), key) in enumerate(zip(wanted, keys, strict=True)):
        former = by_key.get(key)
        row.pk = former.pk if former else None
        row.position = place + 1
        _clean(row, lines)
        row.save(force_insert=former is None)


def _without_merged(rows: Rows, blocks: list[Block], wanted: list[Any]) -> tuple[list[Block], list[Any]]:
    """Without the rows of causes that were merged into one which stands there in the same role: merging drops them."""
    if "cause" not in rows.key:
        return blocks, wanted
    pairs = [(block, one, _key(one[0], rows, 0)) for block, one in zip(blocks, wanted, strict=True)]
    taken = {key for block, (row, _), key in pairs if block.heading == row.cause.slug}
    kept = []
    for block, (row, lines), key in pairs:
        if block.heading == row.cause.slug or key not in taken:
            kept.append((block, (row, lines)))
        taken.add(key)
    return [block for block, _ in kept], [row for _, row in kept]


def _apply_words(incident: Incident, rows: Rows, blocks: list[Block]) -> None:
    """Change the words of rows that are there, and add those that are not, each with the life it is said to have had.

    Rows are known by their reference; whichever no block names stays.
    """
    manager = getattr(incident, rows.related)
    stored = {row.reference: row for row in manager.select_for_update()}
    last = max((row.position for row in stored.values()), default=0)
    for block in blocks:
        row, lines = _row(incident, rows, block, manager.model)
        first = block.line + 1
        causes = [_linked(Cause, slug, block.line) for slug in _listed(block.facts, "causes", first)]
        former = stored.pop(str(block.facts.get("reference", "")), None)
        if former is None:
            row.position = last = last + 1
            _clean(row, lines)
            row.save()
            row.begin(row.opened, row.closed, by="")
        else:
            former.change({name: getattr(row, name) for name in rows.words}, by="")
            _clean(former, lines)
        (former or row).causes.set(causes)


def _key(row: Any, rows: Rows, place: int) -> tuple[Any, ...]:
    """What makes two rows the same one: the columns that say so, else their place."""
    return tuple(getattr(row, "cause_id" if name == "cause" else name) for name in rows.key) or (place,)


def _row(incident: Incident, rows: Rows, block: Block, model: Callable[..., Any]) -> tuple[Any, dict[str, int]]:
    """An unsaved row from its block, and the lines that its columns stand on."""
    row = model(incident=incident)
    lines = {"heading": block.line, rows.text: block.line}
    for heading, (name, facts) in rows.within.items():
        for inner in (each for each in block.within if each.heading == heading):
            _only(inner, facts)
            _fill(row, inner.facts, facts, inner.line + 1, [*inner.facts])
            setattr(row, name, inner.text)
            lines |= dict.fromkeys((name, *facts), inner.line)
    for heading, inner in _twice(block.within):
        raise DocumentError(inner.line, f"“{heading}” stands twice")
    _only(block, rows.facts)
    lines |= {name: number for number, name in enumerate(block.facts, start=block.line + 1)}
    _fill(row, block.facts, tuple(name for name in rows.facts if name not in LINKED), block.line + 1, [*block.facts])
    if rows.text:
        setattr(row, rows.text, block.text)
    _head(row, rows, block)
    return row, lines


def _only(block: Block, names: tuple[str, ...]) -> None:
    """Refuse facts that nothing here is known by."""
    for number, name in enumerate(block.facts, start=block.line + 1):
        if name not in names:
            raise DocumentError(number, f"there is no fact “{name}” here; one is {', '.join(names) or 'none'}")


def _head(row: Any, rows: Rows, block: Block) -> None:
    """Set what the heading of a row says."""
    if rows.heading == "cause":
        row.cause = _linked(Cause, block.heading, block.line)
    elif rows.heading == "when":
        try:
            row.when = moment_read(block.heading)
        except ValueError as error:
            raise DocumentError(block.line, str(error)) from None
    else:
        setattr(row, rows.heading, block.heading)
