"""Review and publishing: the steps a postmortem takes, and who may take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from .access import may_publish, name_of, reads_everything
from .models import Incident, Remark, Reviewer, ReviewKind, ReviewStep, Status
from .refresh import refresh_incident
from .revising import revising

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What a reviewer looks for, after the review criteria of Google's SRE book (chapter 15), in words of our own.
CHECKLIST = (
    ("impact", "Impact", "It says who was hit, how badly and for how long, in numbers where there are any."),
    ("timeline", "Timeline", "It shows how it was noticed, and no gap is left that hides a decision."),
    ("facts", "Facts", "What was seen then, such as logs, graphs and messages, is quoted or linked, so that it stays."),
    ("causes", "Causes", "They go deep enough: without them it would not have happened, or not like this."),
    ("actionables", "Actionables", "They answer the causes; each has an owner, and the urgent ones a date."),
    ("blameless", "Blameless", "People appear as those who responded, never as what went wrong."),
    ("shared", "Shared", "Whoever depends on what failed can read it, and knows that it is there."),
)


class Refused(Exception):
    """A step that cannot be taken now; the words say why, to a person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A reviewer, and the last thing they decided."""

    reviewer: Reviewer
    verdict: ReviewStep | None

    @property
    def name(self) -> str:
        """As people know them."""
        return name_of(self.reviewer.user)


def asked_of(incident: Incident) -> list[Asked]:
    """Everybody who was asked, with what they decided last (two queries)."""
    steps = incident.review_steps.filter(kind__in=[ReviewKind.APPROVED, ReviewKind.CHANGES]).order_by("pk")
    last = {step.by_id: step for step in steps}
    return [Asked(one, last.get(one.user_id)) for one in incident.reviewers.select_related("user")]


def is_sole_author(incident: Incident, user: User) -> bool:
    """Whether this person wrote it alone (one query)."""
    return list(incident.named_readers.filter(is_author=True).values_list("user", flat=True)) == [user.pk]


def why_not_publish(incident: Incident, user: User) -> str:
    """Why this person cannot publish it; empty when they can (one query at most)."""
    if incident.status == Status.PUBLISHED:
        return "It is published already."
    if not may_publish(user):
        return "Managers and admins publish. Ask one of them for review."
    if not settings.PUBLISH_OWN and is_sole_author(incident, user):
        return "You are its only author: somebody else publishes it."
    return ""


def what_speaks_against(incident: Incident, asked: Iterable[Asked]) -> list[str]:
    """What a reason must be given for when it is published all the same (one query)."""
    verdicts = [one.verdict for one in asked]
    found = []
    if not any(step and step.kind == ReviewKind.APPROVED for step in verdicts):
        found.append("Nobody has approved it.")
    found += [f"{step.by_name} asked for changes." for step in verdicts if step and step.kind == ReviewKind.CHANGES]
    waiting = Remark.objects.filter(incident=incident).unresolved().count()
    if waiting:
        found.append(f"{waiting} {'comment is' if waiting == 1 else 'comments are'} not resolved.")
    return found


@transaction.atomic
def ask(incident: Incident, people: Iterable[User], by: User, note: str = "") -> list[Reviewer]:
    """Ask these people for review; a draft goes into review. They can read it from now on. Returns the newly asked."""
    held = Incident.objects.select_for_update().get(pk=incident.pk)
    new = []
    for person in people:
        named = held.named_readers.get_or_create(user=person)[1]
        reviewer, made = held.reviewers.get_or_create(user=person, defaults={"asked_by": by, "named": named})
        new += [reviewer] if made else []
    if held.status == Status.DRAFT:
        _turn(held, Status.REVIEW, by, "Into review.")
    else:
        refresh_incident(held)
    _note(held, ReviewKind.ASKED, by, note)
    return new


@transaction.atomic
def unask(reviewer: Reviewer) -> None:
    """Somebody need not review any more; if being asked is what let them read it, they no longer do."""
    incident, person = reviewer.incident, reviewer.user_id
    reviewer.delete()
    if reviewer.named:
        incident.named_readers.filter(user=person, is_author=False).delete()
    refresh_incident(incident)


@transaction.atomic
def decide(incident: Incident, kind: str, by: User, note: str = "", checked: Iterable[str] = ()) -> ReviewStep:
    """Approve or ask for changes; for those who were asked and did not write it. Raises Refused."""
    if incident.status != Status.REVIEW:
        raise Refused("It is not in review.")
    if not incident.reviewers.filter(user=by).exists():
        raise Refused("Only those who were asked for review decide.")
    if incident.named_readers.filter(user=by, is_author=True).exists():
        raise Refused("Authors do not review what they wrote.")
    if kind == ReviewKind.CHANGES and not note.strip():
        raise Refused("Say what should change.")
    return _note(incident, kind, by, note, " ".join(key for key, *_ in CHECKLIST if key in set(checked)))


@transaction.atomic
def publish(incident: Incident, by: User, note: str = "", version: int | None = None) -> None:
    """Let everybody who may see it read it. Raises Refused, and Overtaken when another version is stored."""
    problem = why_not_publish(incident, by)
    if problem:
        raise Refused(problem)
    if what_speaks_against(incident, asked_of(incident)) and not note.strip():
        raise Refused("Say why it is published all the same.")
    with _turning(incident, by, "Published.", version) as held:
        held.status = Status.PUBLISHED
    _note(held, ReviewKind.PUBLISHED, by, note)


@transaction.atomic
def withdraw(incident: Incident, by: User, note: str = "") -> None:
    """Back to a draft, from review or from being published; the latter for those who publish, with a reason."""
    _check_back(incident, by, note, "withdrawn")
    _turn(incident, Status.DRAFT, by, "Withdrawn.")
    _note(incident, ReviewKind.WITHDRAWN, by, note)


@transaction.atomic
def reopen(incident: Incident, by: User, note: str = "") -> None:
    """What was published goes into review again, out of everybody's sight. Raises Refused."""
    if incident.status != Status.PUBLISHED:
        raise Refused("Only what is published can be reopened.")
    _check_back(incident, by, note, "reopened")
    _turn(incident, Status.REVIEW, by, "Reopened.")
    _note(incident, ReviewKind.REOPENED, by, note)


def _check_back(incident: Incident, by: User, note: str, done: str) -> None:
    if incident.status == Status.DRAFT:
        raise Refused("It is a draft already.")
    if incident.status != Status.PUBLISHED:
        return
    if not may_publish(by):
        raise Refused("Managers and admins take back what is published.")
    if not note.strip():
        raise Refused(f"Say why it is {done}.")
    if not reads_everything(by):
        incident.named_readers.get_or_create(user=by)  # who takes it back still sees it


def _turn(incident: Incident, status: str, by: User, words: str) -> None:
    with _turning(incident, by, words) as held:
        held.status = status
    incident.refresh_from_db()


@contextmanager
def _turning(incident: Incident, by: User, words: str, version: int | None = None) -> Iterator[Incident]:
    """A change of status as a version of its own."""
    with revising(incident.pk, by=by, note=words, version=incident.version if version is None else version) as held:
        yield held
        held.save(update_fields=["status", "published_at"])


def _note(incident: Incident, kind: str, by: User, note: str, checked: str = "") -> ReviewStep:
    incident.refresh_from_db(fields=["version"])
    return ReviewStep.objects.create(
        incident=incident, kind=kind, by=by, by_name=name_of(by), version=incident.version, note=note, checked=checked
    )  # fmt: skip
