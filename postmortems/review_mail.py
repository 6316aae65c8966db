"""The mails that a review asks for. Each goes only to who may read the incident and wants mails of its kind."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from .addresses import site_of
from .mail import post
from .models import Incident, Mailing, Visibility

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

FOOT = "\n\n--\nYou take part in this postmortem. Choose which mails you get: {mails}\n"


def tell(
    request: HttpRequest, incident: Incident, people: Iterable[Any], kind: str, words: str, *, place: str = ""
) -> None:
    """Tell these people what happened, once the transaction has ended; not the one who did it.

    kind: "asked", "decided" or "commented", which everybody can switch off. A restricted incident is named by its
    reference alone, because mails leave the site.
    """
    chosen = [person for person in people if person.pk != request.user.pk and _wants(person, incident, kind)]
    shown = incident.reference if incident.visibility == Visibility.RESTRICTED else str(incident)
    site = site_of(request)
    page = site + reverse("review", args=[incident.slug]) + place
    text = f"{words}\n\n{shown}\n{page}" + FOOT.format(mails=site + reverse("mails"))
    for person in chosen:
        message = EmailMessage(f"[Hindsight] {incident.reference}: {words}", text, to=[person.email])
        transaction.on_commit(partial(post, message))


def authors(incident: Incident) -> list[User]:
    """Who wrote it (one query)."""
    return [row.user for row in incident.named_readers.filter(is_author=True).select_related("user")]


def taking_part(incident: Incident) -> list[User]:
    """Its authors and everybody who was asked for review (two queries)."""
    people = {person.pk: person for person in authors(incident)}
    people |= {row.user_id: row.user for row in incident.reviewers.select_related("user")}
    return list(people.values())


def _wants(person: User, incident: Incident, kind: str) -> bool:
    if not (person.is_active and person.email):
        return False
    if not Incident.objects.visible_to(person).filter(pk=incident.pk).exists():
        return False
    mailing = Mailing.objects.filter(user=person).first()
    return mailing is None or bool(getattr(mailing, kind))
