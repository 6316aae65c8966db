"""The newest published incidents of a search as an Atom feed (RFC 4287)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from .listed import described, newest_published, normalised
from .models import Incident, Revision
from .prose import Prose, Text
from .rows import IncidentRow, rows_of

if TYPE_CHECKING:
    from .access import Reader

MOST = 30
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OWN_ADDRESS = re.compile(r'(href|src)="(?=/(?!/))')


class Feed(Atom1Feed):
    """A feed that says itself when it changed, also while it is empty."""

    def latest_post_date(self) -> datetime:
        """When its newest entry was published."""
        changed: datetime = self.feed["changed"]
        return changed


def atom(given: QueryDict, user: Reader, site: str) -> str:
    """The feed of what these parameters find, as XML (a dozen queries, a search up to two).

    `site` begins every address. An entry is named by the address of its reference, which outlives a change of slug.
    """
    query = normalised(given, in_order=False)
    rows = rows_of(newest_published(given, user, MOST), causes=True, services=True)
    changed = _changes(rows)
    address = f"{site}{reverse('incidents_feed')}{f'?{query}' if query else ''}"
    feed = Feed(
        title=_clean(f"Hindsight: {described(query)}"),
        link=f"{site}{reverse('incidents')}{f'?{query}' if query else ''}",
        description=None,
        language="en",
        author_name="Hindsight",
        feed_url=address,
        feed_guid=address,
        changed=max(changed.values(), default=None) or _set_up(),
    )
    for row, summary in zip(rows, _summaries(rows, user, site), strict=True):
        feed.add_item(
            title=_clean(f"{row.reference} {row.title}"),
            link=f"{site}{reverse('incident', args=[row.slug])}",
            description=_clean(summary),
            unique_id=f"{site}{reverse('incident_reference', args=[row.number])}",
            pubdate=row.published_at,
            updateddate=changed[row.pk],
            categories=[_clean(cause.name) for cause in row.causes],
        )
    return feed.writeString("utf-8")


def _summaries(rows: list[IncidentRow], user: Reader, site: str) -> list[str]:
    """The facts and the summary of each incident as safe HTML with absolute addresses (two queries)."""
    texts = dict(Incident.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "summary"))
    summaries = [Text(text) for text in texts.values() if text]
    prose = Prose({summary.digest(): summary.render() for summary in summaries}, user)
    pages = (_entry(row, prose.html(texts.get(row.pk, ""))) for row in rows)
    return [OWN_ADDRESS.sub(rf'\1="{site}', page) for page in pages]


def _entry(row: IncidentRow, summary: Any) -> str:
    return render_to_string("postmortems/_feed_entry.html", {"row": row, "summary": summary})


def _changes(rows: list[IncidentRow]) -> dict[int, datetime]:
    """When each was last saved or published here, whichever came later (two queries).

    Atom cannot do without that date. For incidents that were loaded without it, the moment this knowledge base was set
    up stands in: they were not here before.
    """
    first = _set_up()
    saves = Revision.objects.filter(incident__in=[row.pk for row in rows]).order_by().values_list("incident")
    saved = dict(saves.annotate(last=Max("at")))
    return {row.pk: max(row.published_at or first, saved.get(row.pk, first)) for row in rows}


def _set_up() -> datetime:
    """When this knowledge base was set up: when its first table was made."""
    applied = MigrationRecorder(connection).migration_qs.order_by("applied").values_list("applied", flat=True)
    return applied[0]


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return NOT_IN_XML.sub("\ufffd", text)
