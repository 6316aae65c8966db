"""What was typed in the list's boxes as what is clicked there: qualifiers and names become parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.http import QueryDict

from . import search
from .facets import PLACES, TITLES
from .filters import BESIDE, NAMED
from .search_qualifiers import BOUNDS, days_of, values_of

FEW = 12  # values that one thing typed may stand for; of more, the reader is to say which
ROUNDS = 3
SAID = {**TITLES, **BESIDE, "until": "Until", "date": "Date"}
CLOSEST: dict[str, Callable[[list[str]], str]] = {"after": max, "before": min}
Pairs = list[tuple[str, str]]


def as_parameters(given: Mapping[str, list[str]]) -> QueryDict | None:
    """The address that asks the same with what is chosen as parameters; None when it does so already.

    What cannot be one stays in the text: exclusions, what there is not, what fits more than a few (a query for each of
    organisation, service and cause that is typed).
    """
    text = search.cleaned("".join(given.get("q", [])[-1:]))
    left, pairs = _taken(text)
    meant = {
        f"{kind}{NAMED}": {value: _named(kind, value) for value in given.get(f"{kind}{NAMED}", []) if value.strip()}
        for kind in PLACES
    }
    names = [pair for several in meant.values() for found in several.values() for pair in found]
    if not pairs and not names:
        return None
    asked = QueryDict(mutable=True)
    for name, values in given.items():
        kept = [value for value in values if value and not meant.get(name, {}).get(value)]
        asked.setlist(name, kept if name != "q" else [left] * bool(left))
    _add(asked, [*pairs, *names])
    return asked


def _add(asked: QueryDict, pairs: Pairs) -> None:
    """Add what was typed; of several days the closest."""
    for kind, value in pairs:
        values = asked.getlist(kind)
        if kind in CLOSEST:
            days = [day for one in values for day in days_of(kind, one) or () if day]
            asked.setlist(kind, [CLOSEST[kind]([value, *days])])
        elif value not in values:
            asked.appendlist(kind, value)


def _taken(text: str) -> tuple[str, Pairs]:
    """The text without what becomes parameters, and these; taking something out may let more stand at an end."""
    pairs: Pairs = []
    for _ in range(ROUNDS):
        found = [(one, _meant(one)) for one in search.typed(text)]
        pairs += [pair for _, meant in found for pair in meant]
        gone = [one for one, meant in found if meant]
        if not gone:
            break
        text = without(text, gone)
    return text, pairs


def _meant(one: search.Typed) -> Pairs:
    """The parameters a qualifier stands for; none when it is no one thing, or an exclusion."""
    if one.minus:
        return []
    if one.kind in BOUNDS:
        days = days_of(one.kind, one.values[0]) or ("", "")
        return [(name, day) for name, day in zip(("after", "before"), days, strict=True) if day]
    if one.kind == "owner":
        return [("owner", value) for value in one.values if len(value) <= 120]
    each = [_named(one.kind, value) if one.kind in PLACES else _of_choice(one.kind, value) for value in one.values]
    pairs = list(dict.fromkeys(pair for found in each for pair in found))
    return pairs if all(each) and len(pairs) <= FEW else []


def _of_choice(kind: str, value: str) -> Pairs:
    return [(kind, choice) for choice in values_of(kind, value)]


def _named(kind: str, value: str) -> Pairs:
    found = _called(kind, value)
    return [(kind, one.slug) for one in found] if len(found) <= FEW else []


def _called(kind: str, value: str) -> list[search.Called]:
    name = search.cleaned(value)
    return search.called(kind, [name])[name] if name else []


def problems(given: Mapping[str, list[str]]) -> dict[str, tuple[str, str]]:
    """For each kind what was typed as a name and stands for nothing, or for too much, and what is wrong with it."""
    said = {}
    for kind in PLACES:
        typed = "".join(given.get(f"{kind}{NAMED}", [])[-1:]).strip()
        if typed and not _named(kind, typed):
            many = _called(kind, typed)
            words = "More than a few go by that name; type more of it." if many else f"There is no {kind} of this name."
            said[kind] = typed, words
    return said


def without(text: str, pieces: Iterable[search.Typed]) -> str:
    """A text with some of what was typed cut out."""
    for one in sorted(pieces, key=lambda piece: -piece.start):
        text = f"{text[: one.start].rstrip(' ')} {text[one.end :].lstrip(' ')}".strip()
    return text


def said_of(one: search.Typed) -> tuple[str, str]:
    """What was typed and stays in the text, as a title and a value."""
    if not one.kind:
        return "Without", one.text.removeprefix("-").strip('"')
    title = SAID[one.kind]
    return f"Not {title[:1].lower()}{title[1:]}" if one.minus else title, " or ".join(one.values)
