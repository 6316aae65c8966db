"""How likely something is by chance alone: two exact tests, each of one side.

Both sum a few terms from the one that was seen upwards, each worked out from the one before, so they are as quick for
thousands as for three.
"""

from __future__ import annotations

from math import exp, lgamma, log

ENOUGH = 1e-12  # terms that add less than this share of the sum are left out
RARE = 0.05  # a chance smaller than this is told as more than chance


def _choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def together_by_chance(both: int, one: int, two: int, whole: int) -> float:
    """The chance that two things stand together in at least `both` of `whole` incidents, when one is in `one` of them
    and the other in `two` (Fisher's exact test, the upper tail of the hypergeometric distribution).
    """
    most = min(one, two)
    if both <= max(0, one + two - whole):
        return 1.0
    if both > most:
        return 0.0
    term = exp(_choose(one, both) + _choose(whole - one, two - both) - _choose(whole, two))
    total = term
    for k in range(both, most):
        term *= (one - k) * (two - k) / ((k + 1) * (whole - one - two + k + 1))
        total += term
        if term < total * ENOUGH:
            break
    return min(total, 1.0)


def so_many_by_chance(seen: int, of: int, share: float) -> float:
    """The chance that at least `seen` of so many fall into a part of the time that is this share of it (exact binomial
    test, upper tail).
    """
    if seen <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    term = exp(_choose(of, seen) + seen * log(share) + (of - seen) * log(1 - share))
    total = term
    for k in range(seen, of):
        term *= (of - k) / (k + 1) * share / (1 - share)
        total += term
        if term < total * ENOUGH:
            break
    return min(total, 1.0)
