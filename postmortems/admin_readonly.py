"""What the admin shows and does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from .access import reads_everything
from .models import (
    Attachment,
    CausePair,
    CauseQuarter,
    CauseWatch,
    CauseYear,
    CountedIncident,
    Deletion,
    Edition,
    KeyTerm,
    LearnedCause,
    LearnedIncident,
    LearnedWord,
    Mailing,
    NameIndexed,
    Numbering,
    OldSlug,
    Reference,
    Rejection,
    Relation,
    Remark,
    RemovedRow,
    RenderedText,
    Reviewer,
    ReviewStep,
    Revision,
    SavedSearch,
    SearchDocument,
    Taken,
    Unsaved,
    Word,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

DERIVED = (
    OldSlug, Reference, RenderedText, CauseYear, Numbering, Edition, SearchDocument, Word, NameIndexed, KeyTerm,
    LearnedCause, LearnedIncident, LearnedWord, CausePair, CauseQuarter, CountedIncident,
)  # fmt: skip
LOGS = (
    Attachment, Deletion, RemovedRow, Revision, Reviewer, ReviewStep, Remark, Mailing, Rejection, Relation, CauseWatch,
    Taken, Unsaved,
)  # fmt: skip


class ReadOnlyAdmin(admin.ModelAdmin):
    """To look at, not to change."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(*DERIVED, *LOGS)
class DerivedAdmin(ReadOnlyAdmin):
    """What is worked out from the rest, or tells what was. It tells of every incident, so it is for admins."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Nothing for others: Django looks for a row before it asks who may see it, and would tell that it is there."""
        rows = super().get_queryset(request)
        return rows if reads_everything(request.user) else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An admin."""
        return reads_everything(request.user) and super().has_view_permission(request, obj)


@admin.register(SavedSearch)
class SavedSearchAdmin(ReadOnlyAdmin):
    """What people saved: to look at and to remove, not to change."""

    list_display = ["name", "owner", "shared", "created"]
    list_filter = ["shared"]
    list_select_related = ["owner"]
    search_fields = ["name", "query"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may delete any."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
