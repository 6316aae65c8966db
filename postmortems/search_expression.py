"""What an index is asked, as a small tree over tokens that each database renders in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Token:
    """Has this token."""

    token: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Has these words one after the other, as they stand."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Has all of these; at least one."""

    members: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Has one of these; at least one."""

    members: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Has the one and none of the others."""

    kept: Expression
    dropped: tuple[Expression, ...]


Expression: TypeAlias = Token | Phrase | All | Either | Without
Span: TypeAlias = tuple[int | None, int | None]  # keys from the first on, below the second
EVER: Span = (None, None)


def either(members: list[Expression]) -> Expression:
    """The one, or any of several."""
    return members[0] if len(members) == 1 else Either(tuple(members))


def together(members: list[Expression]) -> Expression:
    """The one, or all of several."""
    return members[0] if len(members) == 1 else All(tuple(members))


Phrases: TypeAlias = list[tuple[str, ...]]


def phrases_of(expression: Expression) -> tuple[Phrases, Phrases]:
    """The phrases that must be there and those that must not; none stands in an alternative."""
    match expression:
        case Phrase(parts):
            return [parts], []
        case All(members):
            found = [phrases_of(member) for member in members]
            return [one for there, _ in found for one in there], [one for _, gone in found for one in gone]
        case Without(kept, dropped):
            there, gone = phrases_of(kept)
            return there, gone + [one.parts for one in dropped if isinstance(one, Phrase)]
    return [], []


def loosened(expression: Expression) -> Expression:
    """What holds wherever the expression does and asks nothing of the order of words."""
    match expression:
        case Phrase(parts):
            return together([Token(part) for part in dict.fromkeys(parts)])
        case All(members):
            return All(tuple(map(loosened, members)))
        case Without(kept, dropped):
            exact = tuple(one for one in dropped if not isinstance(one, Phrase))
            return Without(loosened(kept), exact) if exact else loosened(kept)
    return expression
