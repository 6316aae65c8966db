"""Measures cause suggestions and similar incidents on a labelled set, beside simpler ways of doing the same.

The set is a JSON file (or a folder of them): {"incidents": [{"id", "org", "title", "sentences": [...], "causes":
[{"cause": key, "required": bool, "evidence": [numbers of sentences from 1]}]}]}. Causes go by `Cause.key`; those of the
taxonomy that have no key in the set are left out of the ranking. A cause that is not required is acceptable but
debatable: it counts neither for nor against. See bench/README.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
django.setup()

from bench import causes_baselines, causes_kin, causes_scores, causes_speed  # noqa: E402
from bench.causes_set import Labelled, Ranked, Set  # noqa: E402
from bench.causes_unread import Unread  # noqa: E402
from postmortems.suggest_counts import Counts, Lesson, lesson_of  # noqa: E402
from postmortems.suggest_rank import Ranking  # noqa: E402
from postmortems.suggest_taxonomy import Row, Taxonomy, taxonomy_of  # noqa: E402

SPLITS = ("nothing learned", "leave one out", "organisations never seen")


def shipped() -> tuple[Taxonomy, dict[int, str], dict[str, str]]:
    """The taxonomy of fixtures/causes.yaml, cause number to key, and key to group."""
    rows, keys, groups = [], {}, {}
    for number, entry in enumerate(yaml.safe_load((ROOT / "fixtures/causes.yaml").read_text(encoding="utf-8"))):
        fields = entry["fields"]
        if entry["model"] == "postmortems.cause":
            rows.append(Row(number, *(fields.get(name, "") for name in Row._fields[1:])))
            keys[number], groups[fields["key"]] = fields["key"], fields["group"][0]
    return taxonomy_of(rows), keys, groups


class Engine:
    """The engine of the product on a labelled set, with its counters in memory."""

    name, learns_only, threshold, joined = "Hindsight", False, 0.45, True

    def __init__(self, labelled: Set, taxonomy: Taxonomy, keys: dict[int, str]) -> None:
        self.taxonomy, self.keys = taxonomy, keys
        self.numbers = {key: number for number, key in self.keys.items()}
        self.set = labelled
        self.counts = Counts()
        self.lessons = [self._lesson(one) for one in labelled.incidents]
        for lesson in self.lessons:
            self.counts.add(lesson)

    def _lesson(self, one: Labelled) -> Lesson:
        judged = {
            self.numbers[cause]: (
                10 if cause in one.required else 6,
                [one.read[at] for at in sorted(one.evidence[cause])],
            )
            for cause in one.evidence
        }
        lesson = lesson_of(one.read, judged, (), self.taxonomy.index)
        return lesson or Lesson()

    def ranked(self, one: Labelled, unseen: list[Labelled] | None) -> Ranked:
        """(key, score, sentence) best first; `unseen` are not learned from, None: nothing is."""
        for other in unseen or ():
            self.counts.add(self.lessons[other.position], -1)
        counts = Counts() if unseen is None else self.counts
        rows = Ranking(self.taxonomy, counts, self.set.frequencies, len(self.set.incidents)).ranked(one.read)
        for other in unseen or ():
            self.counts.add(self.lessons[other.position])
        return [
            (self.keys[row.cause], row.score, row.sentence) for row in rows if self.keys[row.cause] in self.set.keys
        ]


def reference(folder: Path, labelled: Set) -> Any:
    """Another implementation to compare with: suggest_reference.py and taxonomy.json of a folder."""
    spec = importlib.util.spec_from_file_location("suggest_reference", folder / "suggest_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["suggest_reference"] = module
    spec.loader.exec_module(module)
    taxonomy = json.loads((folder / "taxonomy.json").read_text(encoding="utf-8"))
    return causes_baselines.Other(module, taxonomy, labelled)


def measure(way: Any, labelled: Set, split: str) -> list[tuple[Labelled, Ranked]]:
    """Every incident of the set, ranked without what the split hides."""
    found = []
    for one in labelled.incidents:
        unseen: list[Labelled] | None = [one]
        if split == SPLITS[2]:
            unseen = [other for other in labelled.incidents if other.organisation == one.organisation]
        found.append((one, way.ranked(one, None if split == SPLITS[0] else unseen)))
    return found


def table(path: Path, others: Path | None, say: Callable[[str], None], *, unread: bool = False) -> None:
    """All ways on all splits; unread: without the phrases that only the incident at hand says."""
    taxonomy, keys, groups = shipped()
    labelled = Set.read(path, set(groups))
    if unread:
        taxonomy.index = Unread(taxonomy.index, labelled.incidents)
    engine = Engine(labelled, taxonomy, keys)
    ways = [engine, *causes_baselines.ways(labelled, engine)]
    ways += [reference(others, labelled)] if others else []
    say(f"{len(labelled.incidents)} incidents of {labelled.organisations} organisations; ± is half of a 95 % interval")
    for split in SPLITS:
        say(f"\n{split:26}{causes_scores.HEADER}")
        for way in ways:
            if split == SPLITS[0] and way.learns_only:
                continue
            rows = measure(way, labelled, split)
            scores = causes_scores.scores(rows, groups, way.threshold, joined=way.joined)
            say(f"{way.name:26}{causes_scores.line(scores, len(rows))}")
    causes_kin.table(labelled, engine, ways[-1] if others else None, say)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", nargs="?", type=Path, help="A labelled file, or a folder of them.")
    parser.add_argument("--reference", type=Path, help="A folder with suggest_reference.py and taxonomy.json.")
    parser.add_argument("--unread", action="store_true", help="Leave out phrases that only the incident at hand says.")
    parser.add_argument("--speed", action="store_true", help="Time both on the database of DATABASE_URL instead.")
    parser.add_argument("--learn", action="store_true", help="With --speed: `manage.py relearn` first.")
    parser.add_argument("--count", type=int, default=60, help="With --speed: incidents asked for (default: 60).")
    given = parser.parse_args()
    if given.speed:
        causes_speed.table(given.count, learn=given.learn)
    elif given.set:
        table(given.set, given.reference, print, unread=given.unread)
    else:
        parser.error("name a labelled set, or --speed")


if __name__ == "__main__":
    main()
