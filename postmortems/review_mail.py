"""The mails about a postmortem: what its review asks for, and what becomes of it.

Each goes only to who may read the incident then, and wants mails of its kind; never to the one who did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from .access import readers_among
from .addresses import site_of
from .mail import letter, named, post_after
from .models import Incident, Mailing

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

FOOT = "\n\n-- \nYou take part in this postmortem or watch it. Choose which mails you get: {mails}\n"
# What other apps add when they start: who watches an incident, and whom to tell, beside those, that one was published
# by somebody (with the beginning of addresses).
WATCHERS: list[Callable[[Incident], Iterable[Any]]] = []
PUBLISHED: list[Callable[[Incident, Any, str], object]] = []


def tell(
    request: HttpRequest, incident: Incident, kinds: Mapping[str, Iterable[Any]], words: str, *, where: str = ""
) -> None:
    """Tell people what happened, once the transaction has ended (four queries at most, however many they are).

    kinds: the people by the kind of mail it is for them, a switch of `Mailing`; who is there for several gets one mail
    when one of these is on. where: the page that says more; the review unless it is given.
    """
    people: dict[int, Any] = {}
    reasons: dict[int, set[str]] = {}
    for kind, several in kinds.items():
        for person in several:
            if person.pk != request.user.pk and person.email:
                people[person.pk] = person
                reasons.setdefault(person.pk, set()).add(kind)
    if not people:
        return
    now = Incident.objects.get(pk=incident.pk)  # what it has become by this
    chosen = _wanted(readers_among(now, people.values()), reasons)
    site = site_of(request)
    page = site + (where or reverse("review", args=[now.slug]))
    text = f"{words}\n\n{named(now, now)}\n{page}" + FOOT.format(mails=site + reverse("mails"))
    for pk in chosen:
        post_after(letter(people[pk], f"[Hindsight] {now.reference}: {words}", text))


def _wanted(people: Iterable[int], reasons: Mapping[int, set[str]]) -> list[int]:
    """Those who want a mail for one of their reasons; who never chose wants all (one query)."""
    keys = sorted(people)
    chosen = {row.user_id: row for row in Mailing.objects.filter(user__in=keys)}
    return [pk for pk in keys if pk not in chosen or any(getattr(chosen[pk], kind) for kind in reasons[pk])]


def authors(incident: Incident) -> list[User]:
    """Who wrote it (one query)."""
    return [row.user for row in incident.named_readers.filter(is_author=True).select_related("user")]


def taking_part(incident: Incident) -> list[User]:
    """Its authors and everybody who was asked for review (two queries)."""
    people = {person.pk: person for person in authors(incident)}
    people |= {row.user_id: row.user for row in incident.reviewers.select_related("user")}
    return list(people.values())


def watchers(incident: Incident) -> list[Any]:
    """Who watches it (one query)."""
    return [person for find in WATCHERS for person in find(incident)]


def tell_of_publishing(incident: Incident, by: Any, site: str) -> None:
    """Tell whoever else has to do with an incident that it was published."""
    for teller in PUBLISHED:
        teller(incident, by, site)
