"""Which addresses are measured, chosen from what is in the database."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from django.db.models import Count, Sum

from actionables.models import Actionable
from postmortems.models import Cause, Incident, Organisation, Service
from postmortems.models.incidents import IncidentQuerySet

SAMPLE = 40


@dataclass(frozen=True)
class Page:
    """One kind of page with the addresses that stand for it."""

    name: str
    paths: list[str]
    status: int = 200
    revisit: bool = False


def _slugs(rows: list[tuple[str, int]]) -> tuple[str, str]:
    """The slug met most often and the one met least often, of those met at all."""
    met = sorted((count, slug) for slug, count in rows if count)
    return met[-1][1], met[0][1]


def pages() -> list[Page]:
    """Every kind of page, in the order of the site."""
    causes = Cause.objects.annotate(n=Sum("years__incidents")).order_by().values_list("slug", "n")
    cause, rare = _slugs(list(causes))
    organisation, _ = _slugs(list(Organisation.objects.annotate(n=Count("incidents")).values_list("slug", "n")))
    service, seldom = _slugs(list(Service.objects.annotate(n=Count("incidents")).values_list("slug", "n")))
    seen = Incident.objects.filter(is_open=1)
    incidents = [f"/incidents/{slug}/" for slug in _some(seen.values_list("slug", flat=True))]
    acts = _some(Actionable.objects.filter(incident__is_open=1).values_list("number", flat=True))
    year = seen.filter(occurred_at__isnull=False).order_by("-occurred_at")[seen.count() // 3].occurred_at.year
    listed = {
        "plain": "", "page 2": "?page=2", "page 500": "?page=500", "organisation": f"?organisation={organisation}",
        "service": f"?service={service}", "rare service": f"?service={seldom}", "frequent cause": f"?cause={cause}",
        "rare cause": f"?cause={rare}", "severity": "?severity=SEV1", "two severities": "?severity=SEV1&severity=SEV2",
        "year": f"?year={year}", "unknown year": "?year=unknown", "detection": "?detection=users",
        "cause and organisation": f"?cause={cause}&organisation={organisation}",
        "rare cause, worst first": f"?cause={rare}&sort=severity",
        **{f"{sort} first": f"?sort={sort}" for sort in ("oldest", "severity", "longest")},
    }  # fmt: skip
    acted = {"": "", ", by due": "?sort=due", ", by status": "?sort=status", ", overdue": "?due=overdue",
             ", open": "?status=unfinished", ", done": "?status=done", ", of a cause": f"?cause={cause}"}  # fmt: skip
    overviews = {
        "board": "?view=board", "board by service": "?view=board&group=service", "follow-through": "follow-through/",
        "follow-through by service": "follow-through/?by=service",
        "follow-through by month": "follow-through/?by=month",
        "would have prevented": "prevention/", "came back": "?held=no", "may have come back": "?held=perhaps",
        "verified": "?held=yes", "ledger": f"ledger/{cause}/",
    }  # fmt: skip
    return [
        Page("home", ["/"]),
        *[Page(f"list, {name}", [f"/incidents/{query}"]) for name, query in listed.items()],
        *[Page(f"search, {name}", [f"/incidents/?q={words}"]) for name, words in _searches(seen).items()],
        Page("list, repeat visit", ["/incidents/"], 304, revisit=True),
        Page("incident", incidents),
        Page("incident, repeat visit", incidents[:5], 304, revisit=True),
        Page("causes, matrix", ["/causes/"]),
        Page("causes, list", ["/causes/?view=list"]),
        Page("causes, graph", ["/causes/?view=graph"]),
        Page("causes, by service", ["/causes/?view=services"]),
        Page("cause, frequent", [f"/causes/{cause}/"]),
        Page("cause, page 9", [f"/causes/{cause}/?page=9"]),
        Page("cause, rare", [f"/causes/{rare}/"]),
        Page("service", [f"/services/{service}/"]),
        Page("service, rare", [f"/services/{seldom}/"]),
        Page("organisation", [f"/organisations/{organisation}/"]),
        *[Page(f"actionables{name}", [f"/actionables/{query}"]) for name, query in acted.items()],
        *[Page(f"actionables, {name}", [f"/actionables/{rest}"]) for name, rest in overviews.items()],
        Page("actionable", [f"/actionables/ACT-{number}/" for number in acts]),
        Page("not found", ["/incidents/no-such-incident/"], 404),
    ]


def _searches(seen: IncidentQuerySet) -> dict[str, str]:
    """Words in most incidents, in some, and one in a single incident: the number of its first failed request."""
    rare = seen.values_list("summary", flat=True)[0].rpartition("`req-")[2].partition("`")[0]
    return {"common word": "requests", "two words": "certificate+expired", "rare word": f"req-{rare}"}


def _some(values: object) -> list[object]:
    """A sample, the same one each time."""
    everything = sorted(values)  # type: ignore[call-overload]
    return Random(1).sample(everything, min(SAMPLE, len(everything)))  # noqa: S311
