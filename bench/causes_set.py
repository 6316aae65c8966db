"""A labelled set of incidents."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postmortems.suggest_words import Sentence, read

Ranked = list[tuple[str, float, int]]  # key of a cause, score, number of the sentence from 0


@dataclass(slots=True)
class Labelled:
    """One incident. evidence: cause to the numbers of its sentences from 0, for required and acceptable causes."""

    position: int
    organisation: str
    title: str
    sentences: list[str]
    required: set[str]
    acceptable: set[str]
    evidence: dict[str, set[int]]
    read: list[Sentence]


@dataclass(slots=True)
class Set:
    """The incidents, the causes that could be labelled in them, and in how many incidents each word stands."""

    incidents: list[Labelled]
    keys: set[str]
    frequencies: Counter[str] = field(default_factory=Counter)

    @property
    def organisations(self) -> int:
        return len({one.organisation for one in self.incidents})

    @classmethod
    def read(cls, path: Path, keys: set[str]) -> Set:
        """From a file, or from all files of a folder that hold incidents; `keys` are those of the taxonomy."""
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        rows = [row for file in files for row in _rows(json.loads(file.read_text(encoding="utf-8")))]
        incidents = [_labelled(position, row) for position, row in enumerate(rows)]
        labelled = {key for one in incidents for key in one.evidence}
        found = cls(incidents, keys - (OWN - labelled))
        for one in incidents:
            found.frequencies.update({word for sentence in one.read for word in sentence.words})
        return found


# Shipped causes that labelled sets may not know; a suggestion of one could be neither right nor wrong.
OWN = {"bug-known-upstream", "dep-message-broker", "rec-restart-worse", "det-known-hazard"}


def _rows(data: Any) -> list[dict[str, Any]]:
    return data.get("incidents", []) if isinstance(data, dict) else []


def _labelled(position: int, row: dict[str, Any]) -> Labelled:
    required = {one["cause"] for one in row["causes"] if one["required"]}
    return Labelled(
        position, row["org"], row["title"], row["sentences"], required,
        {one["cause"] for one in row["causes"]} - required,
        {one["cause"]: {number - 1 for number in one["evidence"]} for one in row["causes"]},
        [read(sentence, 0) for sentence in row["sentences"]],
    )  # fmt: skip
