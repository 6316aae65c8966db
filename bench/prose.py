"""Sentences and paragraphs about things that break, from a bounded pool, so that a cache can render them once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from bench import words

PARAGRAPHS, LISTS, LINES = 16_000, 4_000, 12_000


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of Markdown that stands alone, and its sentences as a reader sees them."""

    source: str
    sentences: tuple[str, ...]
    is_list: bool = False

    @property
    def words(self) -> int:
        """How long it is."""
        return len(self.source.split())


def ranked(random: Random, options: list[str]) -> str:
    """One of the options, the n-th about 1/n as often as the first."""
    return options[int((len(options) + 1) ** random.random()) - 1]


def host(random: Random) -> str:
    """The name of a machine; most are rare, which gives the vocabulary its long tail."""
    return f"{ranked(random, words.ROLES)}-{ranked(random, words.SITES)}{random.randint(1, 60):02d}"


def setting(random: Random) -> str:
    """The name of a setting or a metric."""
    return f"{ranked(random, words.NOUNS)}_{ranked(random, words.NOUNS)}_{ranked(random, words.LIMITS)}"


def service(random: Random) -> str:
    """A service as prose writes it."""
    return ranked(random, words.SERVICES)


def person(random: Random) -> str:
    """Somebody who was there."""
    return ranked(random, words.GIVEN)


def part(random: Random) -> str:
    """A part of a system."""
    return ranked(random, words.COMPONENTS)


def failed(random: Random) -> str:
    """What a part did."""
    return ranked(random, words.FAILURES)


def circumstance(random: Random) -> str:
    """Under which condition."""
    return ranked(random, words.CONDITIONS)


def finding(random: Random) -> str:
    """What somebody noticed, as a clause."""
    return ranked(random, words.FINDINGS)


def _breaks(random: Random) -> str:
    return f"{part(random)} of the {service(random)} {failed(random)} {circumstance(random)}."


def _host_breaks(random: Random) -> str:
    return f"On `{host(random)}` {part(random)} {failed(random)}."


def _finding(random: Random) -> str:
    return f"{person(random)} saw that {finding(random)}."


def _setting(random: Random) -> str:
    value, times = random.choice((5, 10, 30, 60, 100, 250, 500)), random.choice((2, 3, 4, 8))
    return f"`{setting(random)}` stood at {value}, while {part(random)} needs at least {value * times}."


def _share(random: Random) -> str:
    share = random.randint(1, 95)
    return f"About {share} % of the requests to the {service(random)} failed {circumstance(random)}."


def _deed(random: Random) -> str:
    return f"{person(random)} {ranked(random, words.DEEDS)} on `{host(random)}`, and {finding(random)}."


def _code(random: Random) -> str:
    error = int(9000 ** random.random())
    return f"The log of {part(random)} repeats error E{error:04d} since the upgrade to {_release(random)}."


def _release(random: Random) -> str:
    return f"{random.randint(1, 9)}.{int(40 ** random.random())}.{int(30 ** random.random())}"


def _both(random: Random) -> str:
    return f"At the same time {finding(random)}, and {part(random)} {failed(random)}."


def _why(random: Random) -> str:
    return f"It {failed(random)} because {ranked(random, words.LESSONS)}."


def _lesson(random: Random) -> str:
    return f"In the {service(random)}, {ranked(random, words.LESSONS)}."


def _mystery(random: Random) -> str:
    return f"Why {part(random)} {failed(random)} is **not known**."


TOLD: list[Callable[[Random], str]] = [
    _breaks, _finding, _deed, _both, _setting, _host_breaks, _share, _why, _code, _mystery,
]  # fmt: skip
LESSONS: list[Callable[[Random], str]] = [_lesson, _why, _finding]


def sentence(random: Random, kinds: list[Callable[[Random], str]] = TOLD) -> str:
    """One sentence of Markdown."""
    text = random.choice(kinds)(random)
    return text[:1].upper() + text[1:]


def plain(text: str) -> str:
    """A sentence as a reader sees it."""
    return text.replace("`", "").replace("**", "")


class Pool:
    """The blocks of one seed, each made when it is first drawn and always the same."""

    def __init__(self, seed: int) -> None:
        self.paragraph = lru_cache(maxsize=None)(lambda n: self._paragraph(Random(f"{seed} p {n}")))  # noqa: S311
        self.listing = lru_cache(maxsize=None)(lambda n: self._list(Random(f"{seed} l {n}")))  # noqa: S311
        self.line = lru_cache(maxsize=None)(lambda n: self._line(Random(f"{seed} t {n}")))  # noqa: S311

    def _paragraph(self, random: Random) -> Block:
        told = [sentence(random) for _ in range(random.randint(3, 6))]
        return Block(" ".join(told), tuple(map(plain, told)))

    def _list(self, random: Random) -> Block:
        told = [sentence(random, LESSONS) for _ in range(random.randint(2, 5))]
        return Block("\n".join(f"- {one}" for one in told), tuple(map(plain, told)), is_list=True)

    def _line(self, random: Random) -> Block:
        told = [sentence(random) for _ in range(random.choice((1, 1, 1, 2)))]
        return Block(" ".join(told), tuple(map(plain, told)))

    def any_paragraph(self, random: Random) -> Block:
        """One of the paragraphs."""
        return self.paragraph(random.randrange(PARAGRAPHS))

    def any_list(self, random: Random) -> Block:
        """One of the bulleted lists."""
        return self.listing(random.randrange(LISTS))

    def any_line(self, random: Random) -> Block:
        """A sentence or two, as a timeline or a note has them."""
        return self.line(random.randrange(LINES))
