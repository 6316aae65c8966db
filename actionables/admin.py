"""The admin of actionables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from postmortems.access import reads_everything
from postmortems.addresses import site_of
from postmortems.admin import EditionAdmin
from postmortems.admin_readonly import DerivedAdmin
from postmortems.momentfields import columns

from .handing import tell_owners
from .models import (
    Actionable,
    CalendarLink,
    Comment,
    Counted,
    FieldChange,
    Occurrence,
    Reminder,
    ReminderChoice,
    Snooze,
    StatusChange,
    Tally,
    Watch,
)
from .tallying import recount

if TYPE_CHECKING:
    from django.forms import ModelForm
    from django.http import HttpRequest


class StatusChangeInline(admin.TabularInline):
    """The history of an actionable."""

    model = StatusChange
    extra = 0


class CommentInline(admin.TabularInline):
    """What was said about an actionable."""

    model = Comment
    extra = 0


admin.site.register([Tally, Counted, Occurrence], DerivedAdmin)


@admin.register(Actionable)
class ActionableAdmin(EditionAdmin):
    """Actionables with their history; a change of status made here is added to it."""

    part_of = "incident"
    list_display = ["reference", "title", "incident", "kind", "status", "owner", "due_on"]
    list_display_links = ["title"]
    list_filter = ["status", "kind"]
    list_select_related = ["incident"]
    search_fields = ["number", "title", "owner", "description"]
    autocomplete_fields = ["incident", "causes", "alternative_to", "person"]
    readonly_fields = ["reference", *columns("opened", "closed")]
    inlines = [StatusChangeInline, CommentInline]
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Count the change, so that nobody's open form overwrites it."""
        obj.version += bool(change)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        """Keep who changed the status, and from what, after the history rows that were typed by hand."""
        super().save_related(request, form, formsets, change)
        if not change:
            form.instance.record_change("", request.user.get_username())
        elif "status" in form.changed_data:
            form.instance.record_change(form.initial["status"], request.user.get_username())
        Actionable.objects.filter(pk=form.instance.pk).settle()
        recount([form.instance.incident_id])
        form.instance.handed_over = "person" in form.changed_data
        tell_owners([form.instance], request.user, site_of(request))


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


@admin.register(FieldChange)
class FieldChangeAdmin(EditionAdmin):
    """Changes of owner, due date, priority and outcome: to look at, since the history is not to be rewritten."""

    part_of = "actionable__incident"
    list_display = ["actionable", "at", "what", "before", "after", "by"]
    list_filter = ["what"]
    list_select_related = ["actionable"]
    search_fields = ["actionable__title", "by", "why"]
    autocomplete_fields = ["actionable"]
    show_full_result_count = False


@admin.register(Comment)
class CommentAdmin(EditionAdmin):
    """Comments, to take out what should not have been said."""

    part_of = "actionable__incident"
    list_display = ["actionable", "at", "by", "text"]
    list_select_related = ["actionable"]
    search_fields = ["actionable__title", "by", "text"]
    autocomplete_fields = ["actionable"]
    show_full_result_count = False


@admin.register(Snooze)
class SnoozeAdmin(EditionAdmin):
    """Reminders that wait."""

    part_of = "actionable__incident"
    list_display = ["actionable", "until", "why", "by"]
    list_select_related = ["actionable"]
    search_fields = ["actionable__title", "by", "why"]
    autocomplete_fields = ["actionable"]
    show_full_result_count = False


class PersonalAdmin(admin.ModelAdmin):
    """What belongs to one person: for admins alone, whatever permissions others have."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """An admin."""
        return reads_everything(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An admin."""
        return reads_everything(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An admin."""
        return reads_everything(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An admin."""
        return reads_everything(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An admin."""
        return reads_everything(request.user)


@admin.register(CalendarLink)
class CalendarLinkAdmin(PersonalAdmin):
    """Calendar links, to revoke one; the secret is not shown."""

    list_display = ["person", "made_at", "revoked_at"]
    list_select_related = ["person"]
    search_fields = ["person__username"]
    autocomplete_fields = ["person"]
    show_full_result_count = False


@admin.register(ReminderChoice)
class ReminderChoiceAdmin(PersonalAdmin):
    """Who wants what mail."""

    list_display = ["person", "reminders", "digest", "assigned"]
    list_select_related = ["person"]
    search_fields = ["person__username"]
    autocomplete_fields = ["person"]
    show_full_result_count = False


@admin.register(Reminder)
class ReminderAdmin(PersonalAdmin):
    """Messages that were sent."""

    list_display = ["person", "key", "sent_at"]
    list_select_related = ["person"]
    search_fields = ["person__username", "key"]
    autocomplete_fields = ["person"]
    show_full_result_count = False


@admin.register(Watch)
class WatchAdmin(EditionAdmin):
    """Who watches what."""

    part_of = "incident"
    list_display = ["person", "incident_id", "actionable_id", "since"]
    list_select_related = ["person"]
    search_fields = ["person__username"]
    autocomplete_fields = ["person", "incident", "actionable"]
    show_full_result_count = False
