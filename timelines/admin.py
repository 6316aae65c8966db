"""The admin of timelines."""

from __future__ import annotations

from django.contrib import admin

from postmortems.admin import EditionAdmin

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
