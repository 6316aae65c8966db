"""One generated incident with everything that hangs on it, as rows that are not saved yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from django.utils.text import slugify

from actionables.models import FINISHED, Actionable, StatusChange
from actionables.models import Kind as Work
from actionables.models import Status as Progress
from bench import prose, words
from bench.prose import Block, Pool
from bench.times import Clock, clock_of
from postmortems.models import Certainty, Incident, IncidentCause, IncidentLink, LinkKind, Role
from timelines.models import Kind, TimelineEntry

# Of so many actionables one was only considered as another way of doing the first of its incident.
ALTERNATIVE = 40
COUNTS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 6)  # actionables of an incident, each as likely
USUAL = sum(COUNTS) / len(COUNTS)
FROM, UNTIL = datetime(2014, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SEVERITIES = {"SEV1": 5, "SEV2": 17, "SEV3": 38, "SEV4": 25, "unknown": 15}
DETECTIONS = {"monitoring": 45, "users": 25, "staff": 20, "unknown": 10}
STATUSES = {"published": 955, "draft": 35, "review": 10}
KINDS = {Kind.DIAGNOSIS: 5, Kind.ACTION: 4, Kind.COMMUNICATION: 2, Kind.NOTE: 1}
ROLES = {Role.ROOT: 3, Role.TRIGGER: 4, Role.CONTRIBUTING: 6}


@dataclass
class Weighted:
    """Ids with how often each is drawn."""

    ids: list[int]
    weights: list[float]

    def __post_init__(self) -> None:
        self.sums = list(accumulate(self.weights))

    def some(self, random: Random, count: int) -> list[int]:
        """Up to so many different ones."""
        drawn = random.choices(self.ids, cum_weights=self.sums, k=count * 2)
        return list(dict.fromkeys(drawn))[:count]


@dataclass
class World:
    """What the incidents are about: the ids that are in the database already, and the texts.

    `work` is the mean number of actionables of an incident.
    """

    organisations: Weighted
    services: Weighted
    causes: Weighted
    pool: Pool
    all: int
    work: float = USUAL


@dataclass(frozen=True, slots=True)
class Told:
    """One Markdown text: its blocks, whether evidence is marked in it, and its name when it is a section."""

    blocks: tuple[Block, ...]
    marked: bool
    name: str

    @property
    def source(self) -> str:
        """As it is stored."""
        return "\n\n".join(block.source for block in self.blocks)


@dataclass
class Draft:
    """One incident; `texts` are all its Markdown texts, as they are told."""

    incident: Incident
    services: list[int]
    causes: list[IncidentCause] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    links: list[IncidentLink] = field(default_factory=list)
    work: list[tuple[Actionable, list[int], list[StatusChange]]] = field(default_factory=list)
    texts: list[Told] = field(default_factory=list)

    def tell(self, *blocks: Block, marked: bool = False, name: str = "") -> str:
        """Note a text and give its source."""
        self.texts.append(Told(blocks, marked, name))
        return self.texts[-1].source

    def evidence(self) -> tuple[tuple[str, str], ...]:
        """The passages to mark."""
        return tuple((link.key, link.evidence) for link in self.causes if link.evidence)


def chosen(random: Random, options: dict[str, int]) -> str:
    """One of the keys, by its weight."""
    return str(random.choices(list(options), list(options.values()))[0])


def draft(random: Random, number: int, first_act: int, world: World) -> Draft:
    """The incident with this number; its actionables are numbered from `first_act` on."""
    begun = FROM + (UNTIL - FROM) * (number / world.all) ** 0.7 - timedelta(days=int(700 ** random.random()))
    clock = clock_of(random, begun)
    made = Draft(_facts(random, number, clock, world), world.services.some(random, random.choice((1, 1, 2, 3, 4))))
    _story(random, made, number, world.pool)
    _timeline(random, made, clock, world.pool)
    _causes(random, made, world)
    _links(random, made, number)
    if random.random() < 0.4:
        made.incident.source_note = made.tell(world.pool.any_line(random))
    unfinished = random.random() < max(0.08, number / world.all - 0.6)
    for position in range(_how_many(random, world.work)):
        _work(random, made, first_act + position, clock.end + DAY, world.pool, unfinished=unfinished)
    return made


def _how_many(random: Random, mean: float) -> int:
    """Of actionables; the usual mean draws nothing more, so that a seed tells what it always told."""
    drawn = random.choice(COUNTS)
    return drawn if mean == USUAL else int(drawn * mean / USUAL + random.random())


def _facts(random: Random, number: int, clock: Clock, world: World) -> Incident:
    thing = prose.part(random).removeprefix("the ")
    title = f"{prose.service(random)}: {thing} {prose.failed(random)} {prose.circumstance(random)}"
    published = random.random() < 0.97
    organisation = random.random() < 0.95
    incident = Incident(
        number=number,
        title=title[:200],
        slug=f"{slugify(title)[:64]}-{number}",
        short_name=prose.host(random) if random.random() < 0.3 else "",
        organisation_id=world.organisations.some(random, 1)[0] if organisation else None,
        severity=chosen(random, SEVERITIES),
        status=chosen(random, STATUSES),
        visibility="restricted" if random.random() < 0.02 else "open",
        detection=chosen(random, DETECTIONS),
        responders=", ".join(random.sample(words.GIVEN, random.choice((0, 1, 2, 3)))),
        time_zone=random.choice(("UTC", "UTC", "Europe/Berlin", "America/New_York")),
        time_zone_assumed=random.random() < 0.05,
        source_title=f"Postmortem {number:06d}" if random.random() < 0.6 else "",
        source_url=f"https://postmortems.example.org/{number}" if random.random() < 0.5 else "",
        published_at=clock.end + random.randint(1, 40) * DAY if published else None,
    )
    for name, moment in clock.milestones(random):
        setattr(incident, name, moment)
    return incident


def _story(random: Random, made: Draft, number: int, pool: Pool) -> None:
    """The sections: a summary of its own, the rest from the pool, 300 to 1,500 words together."""
    told: dict[str, list[Block]] = {"summary": [_summary(random, number)], "impact": [pool.any_paragraph(random)]}
    told["analysis"] = [pool.any_paragraph(random)]
    told["recovery"] = [pool.any_paragraph(random)]
    for name, share in (("went_well", 0.6), ("went_wrong", 0.7), ("got_lucky", 0.3), ("contradictions", 0.2)):
        if random.random() < share:
            told[name] = [pool.any_list(random)]
    length = sum(block.words for blocks in told.values() for block in blocks)
    wanted = min(max(random.lognormvariate(6.4, 0.45), 330), 1420)
    while length < wanted:
        block = pool.any_list(random) if random.random() < 0.15 else pool.any_paragraph(random)
        name = random.choice(("impact", "analysis", "analysis", "analysis", "recovery"))
        if not (block.is_list and told[name][-1].is_list):
            told[name].append(block)
            length += block.words
    if number > 1 and random.random() < 0.3:
        prefix = random.choice(("INC", "INC", "INC", "ACT"))
        told["analysis"].append(mention(f"{prefix}-{random.randrange(1, number)}"))
    for name, blocks in told.items():
        setattr(made.incident, name, made.tell(*blocks, marked=True, name=name))


def mention(reference: str) -> Block:
    """A paragraph that names something else."""
    text = f"It resembles {reference}, which see."
    return Block(text, (text,))


def _summary(random: Random, number: int) -> Block:
    """Two to four sentences of its own, one with a request id that no other incident has."""
    told = [prose.sentence(random) for _ in range(random.choice((1, 2, 2, 3)))]
    told.append(f"The first request to fail was `req-{number * 7919 % 999_983:06d}`.")
    return Block(" ".join(told), tuple(map(prose.plain, told)))


def _timeline(random: Random, made: Draft, clock: Clock, pool: Pool) -> None:
    moments = clock.entries(random, random.randint(6, 20))
    detected = random.randint(1, 3)
    for position, when in enumerate(moments, start=1):
        kind: str = Kind.CHANGE if position == 1 else chosen(random, KINDS)  # type: ignore[arg-type]
        if position == detected + 1:
            kind = Kind.DETECTION
        elif position >= len(moments) - 1:
            kind = (Kind.MITIGATION, Kind.RECOVERY)[position - len(moments) + 1]
        entry = TimelineEntry(position=position, kind=kind, text=made.tell(pool.any_line(random), marked=True))
        entry.when = when
        if random.random() < 0.04:
            entry.excerpt, entry.excerpt_label = _log(random), "log"
        made.timeline.append(entry)


def _log(random: Random) -> str:
    lines = (f"{prose.host(random)} {prose.setting(random)}: {prose.failed(random)}" for _ in range(4))
    return "\n".join(lines)


def _causes(random: Random, made: Draft, world: World) -> None:
    sentences = [one for told in made.texts if told.marked for block in told.blocks for one in block.sentences]
    wanted = world.causes.some(random, random.choice((1, 2, 2, 3, 3, 4, 5)))
    passages = random.sample(sentences, len(wanted))
    for position, (cause, passage) in enumerate(zip(wanted, passages, strict=True)):
        made.causes.append(
            IncidentCause(
                cause_id=cause,
                role=chosen(random, ROLES) if position else Role.ROOT,  # type: ignore[arg-type]
                certainty=Certainty.SUSPECTED if random.random() < 0.25 else Certainty.CONFIRMED,
                explanation=made.tell(world.pool.any_line(random)),
                evidence=passage if random.random() < 0.9 else "",
                position=position,
            )
        )


def _links(random: Random, made: Draft, number: int) -> None:
    for position in range(random.choice((0, 1, 2, 2, 3, 4))):
        kind, n = random.choice(LinkKind.values), number * 10 + position
        url, label = f"https://tracker.example.org/{kind}/{n}", f"{kind.capitalize()} {n}"
        made.links.append(IncidentLink(kind=kind, url=url, label=label, position=position))


def _work(random: Random, made: Draft, number: int, since: datetime, pool: Pool, *, unfinished: bool) -> None:
    """One actionable with the history of its status."""
    thing = prose.part(random).removeprefix("the ")
    row = Actionable(
        number=number,
        position=len(made.work),
        title=f"{ranked_task(random)} the {thing} of the {prose.service(random)}",
        kind=random.choice(Work.values),
        owner=random.choice(words.TEAMS) if random.random() < 0.7 else "",
        due_on=(since + random.randint(7, 120) * DAY).date() if random.random() < 0.6 else None,
    )
    if number % ALTERNATIVE == 0 and made.work:
        row.alternative_to = made.work[0][0]
    if random.random() < 0.5:
        row.description = made.tell(pool.any_line(random))
    if random.random() < 0.3:
        row.ticket_url, row.ticket_label = f"https://tracker.example.org/t/{number}", f"T {number}"
    ways = _UNFINISHED if unfinished and random.random() < 0.6 else _FINISHED
    steps = random.choice(ways)
    row.status = steps[-1]
    if row.status in (Progress.DONE, Progress.DECLINED):
        row.outcome = made.tell(pool.any_line(random))
    aimed = [link.cause_id for link in made.causes[: random.randint(0, 2)]]
    made.work.append((row, aimed, _history(random, made, row, steps, since, pool)))


_UNFINISHED: list[list[str]] = [
    [Progress.OPEN], [Progress.OPEN, Progress.IN_PROGRESS], [Progress.OPEN, Progress.IN_PROGRESS, Progress.BLOCKED],
]  # fmt: skip
_FINISHED: list[list[str]] = [
    [Progress.OPEN, Progress.DONE], [Progress.OPEN, Progress.IN_PROGRESS, Progress.DONE],
    [Progress.OPEN, Progress.IN_PROGRESS, Progress.BLOCKED, Progress.DONE], [Progress.OPEN, Progress.DECLINED],
]  # fmt: skip


def ranked_task(random: Random) -> str:
    """What is to be done, as the beginning of a title that "the ..." follows."""
    return prose.ranked(random, words.TASKS)


def _history(
    random: Random, made: Draft, row: Actionable, steps: Sequence[str], since: datetime, pool: Pool
) -> list[StatusChange]:
    changes, before, at = [], "", since
    for position, to in enumerate(steps, start=1):
        change = StatusChange(position=position, from_status=before, to_status=to, by=prose.person(random))
        change.when = Clock(at, at, "second").moment(at)
        if random.random() < 0.2:
            change.why = made.tell(pool.any_line(random))
        changes.append(change)
        if not before:
            row.opened = change.when
        if to in FINISHED:
            row.closed = change.when
        before, at = to, at + timedelta(minutes=random.randint(60, 40_000))
    return changes
