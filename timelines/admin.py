"""The admin of timelines."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from postmortems.admin import EditionAdmin
from postmortems.refresh import refresh_incident

from .models import TimelineEntry


@admin.register(TimelineEntry)
class TimelineEntryAdmin(EditionAdmin):
    """Timeline entries."""

    part_of = "incident"
    list_display = ["incident", "position", "moment", "kind", "text"]
    list_filter = ["kind"]
    list_select_related = ["incident"]
    search_fields = ["incident__title", "text", "excerpt"]
    autocomplete_fields = ["incident"]
    show_full_result_count = False

    @admin.display(description="when")
    def moment(self, entry: TimelineEntry) -> str:
        """The moment in words, never more precise than it is."""
        return entry.when.text()

    def refresh(self, row: Any) -> None:
        """The incident it belongs to."""
        refresh_incident(row.incident)
