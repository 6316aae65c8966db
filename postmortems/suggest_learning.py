"""Learns from the causes people confirmed and rejected: counters, brought up to date in the transaction of each save.

What an incident added is kept beside it, so that a change takes off exactly that. There is no training step, and
nothing leaves the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from .models import Cause, CausePair, Certainty, Incident, LearnedCause, LearnedIncident, LearnedWord
from .prepared import Prepared
from .suggest_counts import CONFIRMED, SUSPECTED, Counts, Lesson, lesson_of
from .suggest_taxonomy import Taxonomy, current
from .suggest_text import placed, texts_of
from .suggest_words import Sentence

_CAUSES = Prepared(lambda: LearnedCause.objects.values_list("cause", "incidents", "words", "phrases"))
ALL = "@all"  # counted like a word: under "0" the incidents learned from, under "1" their different words
BATCH = 50
Row = TypeVar("Row", bound=Model)


@transaction.atomic
def learn(incident: Incident) -> bool:
    """Bring the counters up to date with what is stored of this incident; call it in the transaction that changed it.

    Says whether anything changed. Four queries when nothing did, some ten when something did.
    """
    change = _kept(incident)
    if change is None:
        return False
    _apply(change)
    return True


def _kept(incident: Incident) -> Counts | None:
    """Keep what this incident teaches now; returns what that changes of the counters, None for nothing."""
    kept = LearnedIncident.objects.filter(pk=incident.pk).first()
    lesson = lesson_from(incident, current())
    stored = lesson.stored() if lesson else None
    if stored == (kept.lesson if kept else None):
        return None
    change = Counts()
    if kept:
        change.add(Lesson.restored(kept.lesson), -1)
    if lesson:
        change.add(lesson)
        LearnedIncident.objects.update_or_create(pk=incident.pk, defaults={"lesson": stored})
    elif kept:
        kept.delete()
    return change


def lesson_from(incident: Incident, taxonomy: Taxonomy) -> Lesson | None:
    """What an incident teaches; nothing unless everybody may read it and somebody judged its causes."""
    if not Incident.objects.filter(pk=incident.pk, is_open=1).exists():
        return None
    rejected = set(incident.rejections.values_list("cause_id", flat=True))
    links = incident.incident_causes.order_by("pk").values_list("cause_id", "certainty", "evidence")
    if not links and not rejected:
        return None
    text = placed(texts_of(incident))
    judged: dict[int, tuple[int, list[Sentence]]] = {}
    for cause, certainty, evidence in links:
        weight, passages = judged.get(cause, (0, []))
        passages = [*passages, *(one for one in text.showing(evidence) if one not in passages)]
        judged[cause] = max(weight, CONFIRMED if certainty == Certainty.CONFIRMED else SUSPECTED), passages
    return lesson_of(text.sentences, judged, rejected - judged.keys(), taxonomy.index)


def _apply(change: Counts) -> None:
    """Add a change to the stored counters, rows in the same order in every transaction."""
    words = {word: {str(cause): count for cause, count in counts.items()} for word, counts in change.words.items()}
    words[ALL] = {"0": change.incidents, "1": change.size}
    words = {word: counts for word, counts in words.items() if any(counts.values())}
    for row in _held(LearnedWord, "word", sorted(words)):
        row.evidence = _sum(row.evidence, words[row.word])
        row.save(update_fields=["evidence"]) if row.evidence else row.delete()
    touched = {*change.totals, *change.causes, *(cause for cause, _ in change.phrases)}
    known = Cause.objects.filter(pk__in=touched).values_list("pk", flat=True)
    for one in _held(LearnedCause, "cause_id", sorted(known)):
        one.incidents += change.causes[one.cause_id]
        one.words += change.totals[one.cause_id]
        one.phrases = _tallied(one.phrases, one.cause_id, change)
        one.save()
    _apply_pairs({pair: count for pair, count in change.pairs.items() if count}, set(known))


def _apply_pairs(change: dict[tuple[int, int], int], known: set[int]) -> None:
    """Add to how often two causes stand together; causes that were deleted meanwhile took theirs along."""
    wanted = {pair: count for pair, count in change.items() if known.issuperset(pair)}
    if not wanted:
        return
    rows = [CausePair(one_id=one, two_id=two) for one, two in sorted(wanted)]
    CausePair.objects.bulk_create(rows, ignore_conflicts=True)
    ones, twos = {one for one, _ in wanted}, {two for _, two in wanted}
    for row in CausePair.objects.select_for_update().filter(one__in=ones, two__in=twos).order_by("one_id", "two_id"):
        row.incidents += wanted.get((row.one_id, row.two_id), 0)
        row.save(update_fields=["incidents"]) if row.incidents else row.delete()


def _held(model: type[Row], key: str, values: list[Any]) -> QuerySet[Row]:
    """The rows with these keys, made where they are missing, held until the transaction ends."""
    model._default_manager.bulk_create([model(**{key: value}) for value in values], ignore_conflicts=True)
    return model._default_manager.select_for_update().filter(**{f"{key}__in": values}).order_by(key)


def _sum(counts: dict[str, int], change: dict[str, int]) -> dict[str, int]:
    total = {cause: counts.get(cause, 0) + change.get(cause, 0) for cause in sorted({*counts, *change})}
    return {cause: count for cause, count in total.items() if count}


def _tallied(phrases: dict[str, list[int]], cause: int, change: Counts) -> dict[str, list[int]]:
    total = dict(phrases)
    for (owner, phrase), (right, seen) in change.phrases.items():
        if owner == cause:
            before = total.get(phrase, [0, 0])
            total[phrase] = [before[0] + right, before[1] + seen]
    return {phrase: counts for phrase, counts in sorted(total.items()) if any(counts)}


def learned(words: Iterable[str], taxonomy: Taxonomy) -> Counts:
    """The counters that a text with these words asks for (two queries)."""
    counts, ids = Counts(), {str(cause): cause for cause in taxonomy.natures}
    for word, evidence in _evidence([ALL, *words]):
        if word == ALL:
            counts.incidents, counts.size = evidence.get("0", 0), evidence.get("1", 0)
            continue
        counts.words[word] = {ids[cause]: count for cause, count in evidence.items() if cause in ids}
    for cause, incidents, total, phrases in _CAUSES.rows():
        counts.causes[cause], counts.totals[cause] = incidents, total
        counts.phrases.update({(cause, phrase): found for phrase, found in phrases.items()})
    return counts


def _evidence(words: list[str]) -> Iterator[tuple[str, dict[str, int]]]:
    for start in range(0, len(words), 5_000):
        yield from LearnedWord.objects.filter(pk__in=words[start : start + 5_000]).values_list("word", "evidence")


def _judged() -> QuerySet[Incident]:
    """The incidents that teach something, or once did."""
    teaching = Q(incident_causes__isnull=False) | Q(rejections__isnull=False) | Q(learned_from__isnull=False)
    return Incident.objects.filter(teaching).order_by("pk").distinct()


def relearn(progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Learn from every incident anew and put the counters right; returns how many incidents had changed.

    In small transactions, so it can be stopped at any time and started again; only the last one counts, everything.
    """
    ids = list(_judged().values_list("pk", flat=True))
    changed = 0
    for start in range(0, len(ids), BATCH):
        rows = Incident.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk")
        with transaction.atomic():
            changed += sum([_kept(incident) is not None for incident in rows])
        progress(min(start + BATCH, len(ids)), len(ids))
    with transaction.atomic():
        words, causes, pairs = _counted()
        if _differences(words, causes, pairs):
            for model in (LearnedWord, LearnedCause, CausePair):
                model._default_manager.all().delete()
            LearnedWord.objects.bulk_create([LearnedWord(word=word, evidence=words[word]) for word in sorted(words)])
            LearnedCause.objects.bulk_create([LearnedCause(**causes[cause]) for cause in sorted(causes)])
            together = [CausePair(one_id=one, two_id=two, incidents=pairs[one, two]) for one, two in sorted(pairs)]
            CausePair.objects.bulk_create(together)
    return changed


Counted = tuple[dict[str, dict[str, int]], dict[int, dict[str, Any]], dict[tuple[int, int], int]]


def _counted() -> Counted:
    """The counters as all lessons add up to, as rows."""
    counts = Counts()
    for lesson in LearnedIncident.objects.values_list("lesson", flat=True).iterator(chunk_size=500):
        counts.add(Lesson.restored(lesson))
    words = {word: _sum({}, {str(cause): n for cause, n in found.items()}) for word, found in counts.words.items()}
    words[ALL] = _sum({}, {"0": counts.incidents, "1": counts.size})
    phrases: dict[int, dict[str, list[int]]] = {}
    for (cause, phrase), found in sorted(counts.phrases.items()):
        phrases.setdefault(cause, {})[phrase] = found
    known = set(Cause.objects.values_list("pk", flat=True)) & {*counts.causes, *phrases}
    causes = {
        pk: {"cause_id": pk, "incidents": counts.causes[pk], "words": counts.totals[pk], "phrases": phrases.get(pk, {})}
        for pk in known
    }
    pairs = {pair: count for pair, count in counts.pairs.items() if count and known.issuperset(pair)}
    return {word: found for word, found in words.items() if found}, causes, pairs


def _differences(
    words: dict[str, dict[str, int]], causes: dict[int, dict[str, Any]], pairs: dict[tuple[int, int], int]
) -> list[str]:
    wrong = Counter[str]()
    stored = dict(LearnedWord.objects.values_list("word", "evidence").iterator())
    wrong["words"] = sum(stored.get(word) != words.get(word) for word in {*stored, *words})
    empty = {"incidents": 0, "words": 0, "phrases": {}}
    rows: list[dict[str, Any]] = list(LearnedCause.objects.values())  # type: ignore[arg-type]
    kept = {row.pop("cause_id"): row for row in rows}
    for pk in {*kept, *causes}:
        right = {name: causes.get(pk, empty)[name] for name in empty}
        wrong["causes"] += kept.get(pk, empty) != right
    together = {(one, two): count for one, two, count in CausePair.objects.values_list("one", "two", "incidents")}
    wrong["pairs"] = sum(together.get(pair) != pairs.get(pair) for pair in {*together, *pairs})
    return [f"{count} {name} are not counted as they should be." for name, count in sorted(wrong.items()) if count]


def check() -> list[str]:
    """How what was learned differs from what the incidents say, a line for each; empty when it does not."""
    taxonomy = current()
    wrong: list[str] = []
    for incident in _judged().iterator(chunk_size=BATCH):
        lesson = lesson_from(incident, taxonomy)
        kept = LearnedIncident.objects.filter(pk=incident.pk).values_list("lesson", flat=True).first()
        if (lesson.stored() if lesson else None) != kept:
            wrong.append(f"{incident.reference}: {'learned from as it was' if kept else 'not learned from'}")
    return wrong + _differences(*_counted())
