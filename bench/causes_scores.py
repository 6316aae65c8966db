"""How good a ranking of causes is."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from bench.causes_set import Labelled, Ranked

NAMES = ("first", "first 3", "in 5", "MAP", "passage", "groups")
HEADER = "".join(f"{name:>14}" for name in NAMES)


def scores(
    rows: list[tuple[Labelled, Ranked]], groups: Mapping[str, str], threshold: float, *, joined: bool
) -> list[tuple[float, int]]:
    """For each of `NAMES`, the share and how many it rests on.

    first, first 3: acceptable. in 5: required causes among the first five. MAP: mean average precision over required
    causes. passage: of the required causes among the first five, those shown with a sentence labelled as evidence.
    groups: micro-F1 over the groups at or above the threshold against those of required causes; a group is as likely
    as its likeliest cause, or, joined, as that one of its causes is shown.
    """
    kept = [(one, ranked) for one, ranked in rows if one.required]
    fine = [[key in one.evidence for key, _, _ in ranked[:3]] for one, ranked in kept]
    tops = [(one, key, at) for one, ranked in kept for key, _, at in ranked[:5] if key in one.required]
    required = sum(len(one.required) for one, _ in kept)
    precisions = [_average_precision(one, ranked) for one, ranked in kept]
    shown = [at in one.evidence[key] for one, key, at in tops]
    return [
        (_share([row[0] if row else False for row in fine]), len(kept)),
        (sum(map(sum, fine)) / (3 * len(kept)), 3 * len(kept)),
        (len(tops) / required, required),
        (sum(precisions) / len(kept), len(kept)),
        (_share(shown), len(shown)),
        (_groups(kept, groups, threshold, joined=joined), required),
    ]


def _share(values: list[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def _average_precision(one: Labelled, ranked: Ranked) -> float:
    right, total = 0, 0.0
    for place, (key, _, _) in enumerate([row for row in ranked if row[0] not in one.acceptable], start=1):
        if key in one.required:
            right += 1
            total += right / place
    return total / len(one.required)


def _groups(rows: list[tuple[Labelled, Ranked]], groups: Mapping[str, str], threshold: float, *, joined: bool) -> float:
    """Groups of debatable causes count neither way."""
    right = wrong = missed = 0
    for one, ranked in rows:
        absent: dict[str, float] = {}
        for key, score, _ in ranked:
            before = absent.get(groups[key], 1.0)
            absent[groups[key]] = before * (1 - score) if joined else min(before, 1 - score)
        named = {group for group, chance in absent.items() if 1 - chance >= threshold}
        wanted = {groups[key] for key in one.required}
        debatable = {groups[key] for key in one.acceptable} - wanted
        right += len(named & wanted)
        wrong += len(named - wanted - debatable)
        missed += len(wanted - named)
    return 2 * right / max(2 * right + wrong + missed, 1)


def line(found: list[tuple[float, int]], incidents: int) -> str:
    """The figures of one way, each with half of its interval."""
    return "".join(f"{share:>8.3f} ±{1.96 * sqrt(share * (1 - share) / max(count, 1)):.2f}" for share, count in found)
