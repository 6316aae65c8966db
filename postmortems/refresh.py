"""Works out anew what is derived from incidents and causes: kept HTML, references, counts per year, the edition."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet

from . import markdown, search
from .access import ADMINS, EVERYBODY, personal
from .models import (
    SECTIONS,
    Cause,
    CauseYear,
    Edition,
    Incident,
    IncidentCause,
    Organisation,
    Reference,
    SearchDocument,
    Service,
)
from .prose import Text, keep
from .tallies import by_year


@transaction.atomic
def refresh_incident(incident: Incident) -> None:
    """What hangs on one incident; call it in the transaction that changed it (a dozen queries).

    Whoever saw it before or sees it now gets new pages; for everybody else nothing changes.
    """
    before = audiences_of([incident.pk])
    causes = refresh_texts(incident)
    tally([link.cause_id for link in causes])
    Edition.bump(ADMINS, *before, *audiences_of([incident.pk]))


def audiences_of(incidents: Iterable[int]) -> set[str]:
    """Who beside admins could see these incidents when they were last refreshed: "open", "reader:12" (one query).

    The search index says so, which is kept in the same transaction as everything else here.
    """
    facets = SearchDocument.objects.filter(incident__in=list(incidents)).values_list("facets", flat=True)
    tokens = {token[1:] for kept in facets for token in kept.split()}
    return {token for token in tokens if token == EVERYBODY or token.startswith(personal(""))}


@transaction.atomic
def refresh_texts(incident: Incident) -> list[IncidentCause]:
    """The kept HTML, the references and the search index of one incident; returns its causes."""
    causes = list(incident.incident_causes.all())
    texts = _texts(incident, causes)
    keep(f"incident:{incident.pk}", texts)
    _keep_references(incident, [text.source for text in texts])
    search.index_incident(incident)
    return causes


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
    keep(f"cause:{cause.pk}", map(Text, (cause.definition, cause.recognise, cause.mitigations)))
    search.index_name(cause)
    Edition.bump()


@transaction.atomic
def refresh_place(place: Organisation | Service) -> None:
    """What hangs on an organisation or a service."""
    keep(f"{place._meta.model_name}:{place.pk}", [Text(place.description)])
    search.index_name(place)
    Edition.bump()


@transaction.atomic
def tally(causes: Iterable[int] | None = None) -> None:
    """Count the open incidents of these causes (default: all) by year; three queries."""
    links: QuerySet[IncidentCause] = IncidentCause.objects.filter(incident__is_open=1)
    old = CauseYear.objects.all()
    if causes is not None:
        wanted = set(causes)
        links, old = links.filter(cause__in=wanted), old.filter(cause__in=wanted)
    rows = [CauseYear(**year._asdict()) for year in by_year(links)]
    old.delete()
    CauseYear.objects.bulk_create(rows)
