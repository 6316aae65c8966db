"""Works out anew what is derived from incidents and causes: kept HTML, references, counts per year, the edition."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import transaction

from . import markdown, search, similar, suggest_learning
from .access import ADMINS, EVERYBODY, personal
from .models import (
    SECTIONS,
    Cause,
    Edition,
    Incident,
    IncidentCause,
    Organisation,
    Reference,
    SearchDocument,
    Service,
)
from .prose import Text, keep
from .tallying import recount

# What other apps keep of an incident: called with keys of incidents in the transaction that changed or deleted them,
# after `Edition.bump`. Their AppConfig adds to it.
FOLLOWERS: list[Callable[[Iterable[int]], object]] = []


def follow(incidents: Iterable[int]) -> None:
    """Bring what is counted of these incidents up to date, also of deleted ones, here and in the other apps."""
    keys = list(incidents)
    recount(keys)
    for follower in FOLLOWERS:
        follower(keys)


@transaction.atomic
def refresh_incidents(*incidents: Incident) -> None:
    """What hangs on incidents; call it in the transaction that changed them (a dozen queries for each and some more).

    Whoever saw them before or sees them now gets new pages; for everybody else nothing changes.
    """
    keys = [incident.pk for incident in incidents]
    before = audiences_of(keys)
    for incident in incidents:
        refresh_texts(incident)
    Edition.bump(ADMINS, *before, *audiences_of(keys))
    follow(keys)


def refresh_incident(incident: Incident) -> None:
    """What hangs on one incident."""
    refresh_incidents(incident)


def audiences_of(incidents: Iterable[int]) -> set[str]:
    """Who beside admins could see these incidents when they were last refreshed: "open", "reader:12" (one query).

    The search index says so, which is kept in the same transaction as everything else here.
    """
    facets = SearchDocument.objects.filter(incident__in=list(incidents)).values_list("facets", flat=True)
    tokens = {token[1:] for kept in facets for token in kept.split()}
    return {token for token in tokens if token == EVERYBODY or token.startswith(personal(""))}


def announce(*incidents: int) -> None:
    """Note that what stands between incidents has changed; only pages of those who may see all of them do."""
    hidden = [seen for seen in (audiences_of([pk]) for pk in incidents) if EVERYBODY not in seen]
    Edition.bump(ADMINS, *(set().union(*hidden) if hidden else {EVERYBODY}))


@transaction.atomic
def refresh_texts(incident: Incident) -> None:
    """The kept HTML, the references, the search index and what is learned of one incident."""
    causes = list(incident.incident_causes.all())
    texts = _texts(incident, causes)
    keep(f"incident:{incident.pk}", texts)
    _keep_references(incident, [text.source for text in texts])
    search.index_incident(incident)
    similar.index(incident)
    suggest_learning.learn(incident)


def _texts(incident: Incident, causes: Iterable[IncidentCause]) -> list[Text]:
    """Every Markdown text of an incident, with the passages that are marked in it."""
    evidence = tuple((link.key, link.evidence) for link in causes if link.evidence)
    sections = [Text(getattr(incident, field), evidence, field) for field, _ in SECTIONS]
    entries = incident.timeline.values_list("text", flat=True)
    actionables = incident.actionables.values_list("description", "outcome")
    plain = [
        incident.source_note,
        *(link.explanation for link in causes),
        *(text for row in actionables for text in row),
    ]
    plain += incident.actionables.values_list("changes__why", flat=True)
    return [*sections, *(Text(text, evidence) for text in entries), *(Text(text) for text in plain if text)]


def _keep_references(incident: Incident, texts: Iterable[str]) -> None:
    """Note what the texts mention, without mentions of the incident itself."""
    mentioned = {found for text in texts for found in markdown.references(text)} - {("INC", incident.number)}
    kept = set(incident.references_made.values_list("prefix", "number"))
    for prefix, number in kept - mentioned:
        incident.references_made.filter(prefix=prefix, number=number).delete()
    new = [Reference(incident=incident, prefix=prefix, number=number) for prefix, number in mentioned - kept]
    Reference.objects.bulk_create(new)


@transaction.atomic
def refresh_cause(cause: Cause) -> None:
    """What hangs on one cause."""
    keep(f"cause:{cause.pk}", map(Text, (cause.definition, cause.recognise, cause.mitigations, cause.hazards)))
    search.index_name(cause)
    Edition.bump()


@transaction.atomic
def refresh_place(place: Organisation | Service) -> None:
    """What hangs on an organisation or a service."""
    keep(f"{place._meta.model_name}:{place.pk}", [Text(place.description)])
    search.index_name(place)
    Edition.bump()
