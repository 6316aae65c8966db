"""The admin of actionables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from postmortems.admin import EditionAdmin

from .models import Actionable, StatusChange

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest


class StatusChangeInline(admin.TabularInline):
    """The history of an actionable."""

    model = StatusChange
    extra = 0


@admin.register(Actionable)
class ActionableAdmin(EditionAdmin):
    """Actionables with their history; a change of status made here is added to it."""

    part_of = "incident"
    list_display = ["reference", "title", "incident", "kind", "status", "owner", "due_on"]
    list_display_links = ["title"]
    list_filter = ["status", "kind"]
    list_select_related = ["incident"]
    search_fields = ["number", "title", "owner", "description"]
    autocomplete_fields = ["incident", "causes", "alternative_to"]
    readonly_fields = ["reference"]
    inlines = [StatusChangeInline]
    show_full_result_count = False

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        """Keep who changed the status, and from what, after the history rows that were typed by hand."""
        super().save_related(request, form, formsets, change)
        if not change:
            form.instance.record_change("", request.user.get_username())
        elif "status" in form.changed_data:
            form.instance.record_change(form.initial["status"], request.user.get_username())


@admin.register(StatusChange)
class StatusChangeAdmin(EditionAdmin):
    """Changes of status, to search all of them."""

    part_of = "actionable__incident"
    list_display = ["actionable", "position", "moment", "from_status", "to_status", "by"]
    list_filter = ["to_status"]
    list_select_related = ["actionable"]
    search_fields = ["actionable__title", "by", "why"]
    autocomplete_fields = ["actionable"]
    show_full_result_count = False

    @admin.display(description="when")
    def moment(self, change: StatusChange) -> str:
        """The moment in words, never more precise than it is."""
        return change.when.text()
