"""The page on which a postmortem is reviewed, and what every step of a review has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from .. import markdown
from ..access import may_edit, may_publish, takes_part
from ..forms_review import AskForm, CommentForm, ReasonForm, VerdictForm
from ..models import SECTIONS, Incident, Remark, ReviewStep
from ..prose import Prose, Text
from ..reviewing import CHECKLIST, Refused, asked_of, is_sole_author, what_speaks_against, why_not_publish
from .entrance import of_incident

if TYPE_CHECKING:
    from ..access import Reader

UNPROCESSABLE, CONFLICT = 422, 409
ROWS = (("timeline", "Timeline"), ("causes", "Causes"), ("actionables", "Actionables"))
ALL = ""
PLACES = {ALL: "The whole postmortem", **dict(SECTIONS), **dict(ROWS)}
Step = Callable[..., HttpResponse]


def step(view: Step) -> Step:
    """A step of a review: sent by a form, by somebody who takes part."""
    return require_POST(never_cache(of_incident(_of_takers(view))))


def _of_takers(view: Step) -> Step:
    @wraps(view)
    def inner(request: HttpRequest, incident: Incident, **rest: Any) -> HttpResponse:
        may_take_part(request, incident)
        return view(request, incident, **rest)

    return inner


def may_take_part(request: HttpRequest, incident: Incident) -> None:
    """403 for who reads it but has no part in its review: neither named on it nor somebody who publishes."""
    if not (may_publish(request.user) or takes_part(request.user, incident)):
        raise PermissionDenied


def back(incident: Incident, place: str = "") -> HttpResponse:
    """To the page again, where something happened."""
    return redirect(reverse("review", args=[incident.slug]) + (f"#{place}" if place else ""))


def refused(request: HttpRequest, incident: Incident, why: Refused, **typed: Any) -> HttpResponse:
    """The page again with the reason, and with what was typed."""
    incident.refresh_from_db()
    return page(request, incident, problem=str(why), status=UNPROCESSABLE, **typed)


def page(
    request: HttpRequest, incident: Incident, *, problem: str = "", status: int = 200, about: str | None = None,
    **typed: forms.Form,
) -> HttpResponse:  # fmt: skip
    """The review of an incident. `typed` are forms that were sent and not taken; `about` is what a comment was on."""
    person: Any = request.user
    asked = asked_of(incident)
    own = next((one for one in asked if one.reviewer.user_id == person.pk), None)
    links = list(incident.incident_causes.select_related("cause"))
    evidence = tuple((link.key, link.evidence) for link in links if link.evidence)
    comments, steps = threads(incident, person), list(incident.review_steps.order_by("-pk")[:50])
    marks = {section: _marks(several) for section, several in comments.items()}
    prose = Prose.of(person, f"incident:{incident.pk}")
    prose.add(said_in(comments, steps))
    prose.add(Text(getattr(incident, field), evidence + marks.get(field, ()), field) for field, _ in SECTIONS)
    context = {
        "incident": incident,
        "problem": problem,
        "asked": asked,
        "own": own,
        "seen": own.verdict.version if own and own.verdict else 0,
        "wrote": incident.named_readers.filter(user=person.pk, is_author=True).exists(),
        "steps": steps,
        "checklist": CHECKLIST,
        "may_edit": may_edit(person, incident),
        "may_publish": may_publish(person),
        "not_publish": why_not_publish(incident, person),
        "against": what_speaks_against(incident, asked),
        "alone": is_sole_author(incident, person),
        "people": _people(incident) if may_edit(person, incident) else [],
        "sections": SECTIONS,
        "places": PLACES,
        "missing": [words for field, words in SECTIONS if not getattr(incident, field)],
        "causes": links,
        "prose": prose,
        "evidence": evidence,
        "threads": comments,
        "marks": marks,
        "lost": lost_words(incident, comments),
        "about": about,
        "forms": {**_blank(), **typed},
    }
    return render(request, "postmortems/review.html", context, status=status)


def _blank() -> dict[str, forms.Form]:
    return {
        "ask": AskForm(auto_id="ask_%s"),
        "verdict": VerdictForm(auto_id="verdict_%s"),
        "publish": ReasonForm(auto_id="publish_%s"),
        "back": ReasonForm(auto_id="back_%s"),
        "comment": CommentForm(),
    }


def _people(incident: Incident) -> list[User]:
    """Who could be asked, by name (one query)."""
    people = User.objects.filter(is_active=True).exclude(pk__in=incident.reviewers.values("user"))
    authors = incident.named_readers.filter(is_author=True).values("user")
    return list(people.exclude(pk__in=authors).order_by("first_name", "last_name", "username")[:300])


def threads(incident: Incident, user: Reader) -> dict[str, list[Remark]]:
    """The remarks on each section, oldest first, each with its replies, as far as this reader is told of them (two
    queries).
    """
    replies = Prefetch("replies", queryset=Remark.objects.told_to(user).order_by("pk"))
    first = incident.comments.told_to(user).filter(parent=None)
    found: dict[str, list[Remark]] = {}
    for comment in first.prefetch_related(replies).order_by("pk"):
        found.setdefault(comment.section if comment.section in PLACES else ALL, []).append(comment)
    return found


def said_in(comments: dict[str, list[Remark]], steps: Iterable[ReviewStep] = ()) -> Iterator[Text]:
    """What was written about a postmortem, under the names that the page gives it."""
    for comment in (one for several in comments.values() for first in several for one in (first, *first.replies.all())):
        yield Text(comment.text, (), f"r{comment.pk}")
    yield from (Text(step.note, (), f"n{step.pk}") for step in steps)


def _marks(comments: list[Remark]) -> tuple[tuple[str, str], ...]:
    """The words that unresolved remarks are about, to be marked as evidence is."""
    return tuple((f"c-{one.pk}", one.passage) for one in comments if one.passage and not one.resolved_at)


def lost_words(incident: Incident, comments: dict[str, list[Remark]]) -> set[int]:
    """The keys of the remarks whose words no longer stand where they stood (one query for the timeline)."""
    lost = set()
    for section in comments.keys() - {"causes", "actionables"}:
        about = [one for one in comments[section] if one.passage]
        texts = list(_texts(incident, section)) if about else []
        lost |= {one.pk for one in about if not any(markdown.found(text, one.passage) for text in texts)}
    return lost


def _texts(incident: Incident, section: str) -> Iterable[str]:
    if section in dict(SECTIONS):
        return [getattr(incident, section)]
    return incident.timeline.values_list("text", flat=True) if section == "timeline" else incident.texts()
