"""What each incident is counted, narrowed and sorted by, as tokens of its document."""

from __future__ import annotations

from datetime import UTC

from .access import DELETED, personal
from .models import Incident, IncidentCause, IncidentReader
from .prepared import Prepared
from .search_tokens import chunks

LONGEST_OWNER = 300  # characters of the name as a token; PostgreSQL takes two thousand bytes
# How long an incident lasted, in bands from the longest (seconds at least): sorting walks them one by one.
BANDS = (604_800, 86_400, 28_800, 14_400, 7_200, 3_600, 1_800, 900, 0)
# What `has:` may ask for, and the related name that tells.
HAS = {"timeline": "timeline", "actionables": "actionables", "causes": "incident_causes", "links": "links"}
_COUNTED = Prepared(
    lambda ids: Incident.objects.filter(pk__in=ids).values_list(
        "pk", "is_open", "severity", "status", "detection", "organisation_id", "occurred_at"
    )
)
_READERS = Prepared(
    lambda ids: (
        IncidentReader.objects.filter(incident__in=ids)
        .exclude(incident__status=DELETED)
        .order_by("user_id")
        .values_list("incident_id", "user_id")
    )
)
_HIT = Prepared(
    lambda ids: (
        Incident.services.through.objects.filter(incident__in=ids)
        .order_by("service_id")
        .values_list("incident_id", "service_id")
    )
)
_CAUSED = Prepared(
    lambda ids: (
        IncidentCause.objects.filter(incident__in=ids)
        .order_by("cause_id")
        .values_list("incident_id", "cause_id")
        .distinct()
    )
)


def facet_tokens(ids: list[int]) -> dict[int, list[str]]:
    """What each incident is counted by, as "@kind:value"; who may read it: "@all", "@open", "@reader:12".

    Nobody, while it is in the bin.
    """
    found: dict[int, list[str]] = {}
    for pk, is_open, severity, status, detection, place, at in _COUNTED.rows(ids):
        year = at.astimezone(UTC).year if at else "unknown"
        tokens = [f"@severity:{severity}", f"@status:{status}", f"@detection:{detection}", f"@year:{year}"]
        tokens += [f"@organisation:{place}"] if place else []
        found[pk] = [*["@all"] * (status != DELETED), *["@open"] * bool(is_open), *(token.lower() for token in tokens)]
    for rows, name in ((_READERS.rows(ids), personal("")), (_HIT.rows(ids), "service:"), (_CAUSED.rows(ids), "cause:")):
        for pk, key in rows:
            found[pk].append(f"@{name}{key}")
    return found


def band_of(lasted: int | None) -> str:
    """The token of the band a duration falls into."""
    return "@lasted:unknown" if lasted is None else f"@lasted:{next(band for band in BANDS if lasted >= band)}"


def owner_values(owner: str) -> list[str]:
    """What an owner is found by: the whole name and each of its words."""
    parts = [part for chunk in chunks(owner) for part in chunk.parts]
    return ["-".join(parts)[:LONGEST_OWNER], *parts] if parts else []


_BANDS = Prepared(lambda ids: Incident.objects.filter(pk__in=ids).values_list("pk", "lasted"))
_OWNERS = Prepared(
    lambda ids: Incident.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "actionables__owner").distinct()
)
_HAVING = {
    name: Prepared(
        lambda ids, relation=relation: (
            Incident.objects.filter(pk__in=ids, **{f"{relation}__isnull": False})
            .order_by("pk")
            .values_list("pk")
            .distinct()
        )
    )
    for name, relation in HAS.items()
}


def kept_tokens(ids: list[int]) -> dict[int, set[str]]:
    """What each incident can be narrowed or sorted by but is not counted by: owners, parts it has, its duration."""
    found = {pk: {band_of(lasted)} for pk, lasted in _BANDS.rows(ids)}
    for pk, owner in _OWNERS.rows(ids):
        found[pk].update(f"@owner:{value}" for value in owner_values(owner or ""))
    for name, having in _HAVING.items():
        for (pk,) in having.rows(ids):
            found[pk].add(f"@has:{name}")
    return found
