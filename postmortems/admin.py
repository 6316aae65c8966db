"""The admin of incidents, causes and places; every change made here reaches the pages at once."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction

from . import admin_audit, admin_filing  # noqa: F401 - registers its own
from .access import ADMINS, readable_by, reads_everything
from .admin_readonly import DERIVED, LOGS
from .models import (
    Cause,
    CauseGroup,
    Edition,
    Incident,
    IncidentCause,
    IncidentLink,
    IncidentReader,
    Organisation,
    Service,
)
from .refresh import audiences_of, follow, refresh_cause, refresh_incident, refresh_place
from .revising import keep_earlier, record

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest

MILESTONE_FIELDS = [
    (f"{name}_at", f"{name}_clock", f"{name}_precision")
    for name in ("started", "detected", "acknowledged", "mitigated", "resolved")
]

IN_THE_ADMIN = "In the administration."
LONGEST_KEY = 18


class KeysField(forms.ModelMultipleChoiceField):
    """Refuses numbers that no key can be, which SQLite cannot even compare."""

    def clean(self, value: Any) -> Any:
        """The rows; ValidationError for what is none."""
        for one in value or ():
            if len(str(one)) > LONGEST_KEY:
                raise ValidationError(
                    self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": str(one)[:40]}
                )
        return super().clean(value)


class EditionAdmin(admin.ModelAdmin):
    """Shows what this person may read and nothing of the rest, and counts every change and deletion, so that no reader
    is told that an old page still holds.
    """

    # The way from a row to the incident it is part of; empty for what stands by itself.
    part_of = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Lists, rows and what autocompletion offers: the same as on the pages."""
        rows = super().get_queryset(request)
        return rows.filter(readable_by(request.user, f"{self.part_of}__")) if self.part_of else rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A row can be tied only to what this person may read."""
        rows: Any = db_field.related_model._default_manager.all()
        if hasattr(rows, "visible_to"):
            kwargs["queryset"] = rows.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Several rows of another kind."""
        return super().formfield_for_manytomany(db_field, request, **{"form_class": KeysField, **kwargs})

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The page itself; Django's own way there leads by number to anything there is, so it is closed."""
        return obj.get_absolute_url() if obj is not None and hasattr(obj, "get_absolute_url") else None

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> Any:  # fmt: skip
        """The page of a row; of a restricted incident it is written down who looked."""
        whole = reduce(getattr, filter(None, self.part_of.split("__")), obj) if obj is not None else None
        admin_audit.note_reading(request, whole)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        """Refresh after the row and everything edited with it are saved."""
        super().save_related(request, form, formsets, change)
        self.refresh(request, form.instance)

    def refresh(self, request: HttpRequest, row: Any) -> None:
        """What is derived from the row: here, from the incident it is part of."""
        if self.part_of:
            self._refresh_wholes(request, self._wholes(type(row)._default_manager.filter(pk=row.pk)))
        else:
            Edition.bump()

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Save; a row that moves to another incident leaves nothing behind in the former one."""
        former = self._wholes(type(obj)._default_manager.filter(pk=obj.pk)) if change else set()
        _keep_earlier(former | ({getattr(obj, f"{self.part_of}_id", None)} if self.part_of else set()))
        super().save_model(request, obj, form, change)
        self._refresh_wholes(request, former - self._wholes(type(obj)._default_manager.filter(pk=obj.pk)))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one row."""
        self.delete_queryset(request, type(obj)._default_manager.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete the selected rows; what was derived from them goes along."""
        wholes = self._wholes(queryset)
        _keep_earlier(wholes)
        super().delete_queryset(request, queryset)
        self._refresh_wholes(request, wholes)
        if not self.part_of:
            Edition.bump()

    def _wholes(self, rows: Any) -> set[int]:
        """The incidents these rows are part of."""
        return set(rows.values_list(self.part_of, flat=True)) if self.part_of else set()

    def _refresh_wholes(self, request: HttpRequest, wholes: set[int]) -> None:
        for incident in Incident.objects.select_for_update().filter(pk__in=wholes):
            _record(incident, request)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is derived, and the versions, go along and need no permission of their own."""
        rows, counts, needed, protected = super().get_deleted_objects(objs, request)
        return rows, counts, needed - {str(model._meta.verbose_name) for model in (*DERIVED, *LOGS)}, protected


def _keep_earlier(wholes: set[Any]) -> None:
    """Before a change: keep what these incidents say now, if that was never kept."""
    for incident in Incident.objects.select_for_update().filter(pk__in=wholes - {None}):
        keep_earlier(incident)


def _record(incident: Incident, request: HttpRequest) -> None:
    """After a change: a new version if the incident says something else now, and what is derived in any case."""
    person: Any = request.user
    if record(incident, person, IN_THE_ADMIN) is None:
        refresh_incident(incident)


class SharedAdmin(EditionAdmin):
    """What other incidents lead to. Only an admin deletes it here, because whether that can be done, and what would go
    along, depends on incidents that others may not see.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An admin."""
        return reads_everything(request.user) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Save, and write down what changed."""
        super().save_model(request, obj, form, change)
        if form.changed_data:
            admin_audit.note_shared(request, [obj], admin_audit.changed_words(form) if change else "added")

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete, and write down what."""
        admin_audit.note_shared(request, queryset, "deleted")
        super().delete_queryset(request, queryset)


class IncidentCauseInline(admin.StackedInline):
    """The causes of an incident."""

    model = IncidentCause
    extra = 0
    autocomplete_fields = ["cause"]


class IncidentLinkInline(admin.TabularInline):
    """The links of an incident."""

    model = IncidentLink
    extra = 0


class IncidentReaderInline(admin.TabularInline):
    """Who may read an incident also when not everybody may."""

    model = IncidentReader
    extra = 0
    autocomplete_fields = ["user"]
    verbose_name_plural = "named readers: who may read it also while it is a draft or restricted"


@admin.register(Incident)
class IncidentAdmin(SharedAdmin):
    """Incidents with their causes, links and named readers."""

    list_display = ["reference", "title", "organisation", "severity", "status", "visibility", "when"]
    list_display_links = ["title"]
    list_filter = ["status", "visibility", "severity", "detection", "organisation"]
    ordering = ["-number"]
    list_select_related = ["organisation"]
    search_fields = ["number", "title", "short_name", "summary"]
    autocomplete_fields = ["organisation", "services"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["reference", "version", "published_at"]
    inlines = [IncidentReaderInline, IncidentCauseInline, IncidentLinkInline]
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["reference", "title", "short_name", "slug", "organisation", "services"]}),
        ("State", {"fields": ["status", "visibility", "severity", "detection", "responders", "published_at"]}),
        ("Milestones", {"fields": [*MILESTONE_FIELDS, ("time_zone", "time_zone_assumed")]}),
        ("Story", {"fields": ["summary", "impact", "analysis", "recovery", "contradictions"]}),
        ("Lessons", {"fields": ["went_well", "went_wrong", "got_lucky"]}),
        (
            "Source",
            {
                "fields": [
                    "source_title",
                    "source_url",
                    ("source_published_at", "source_published_clock", "source_published_precision"),
                    "source_note",
                ]
            },
        ),
    ]

    @admin.display(description="when", ordering="occurred_at")
    def when(self, incident: Incident) -> str:
        """The first known milestone in words, never more precise than it is."""
        return next((moment.text() for _, moment in incident.milestones() if moment.is_known), "not known")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        """Those this person may read."""
        return super().get_queryset(request).filter(readable_by(request.user))

    def save_model(self, request: HttpRequest, obj: Incident, form: ModelForm[Any], change: bool) -> None:
        """Save; what it said before is kept."""
        _keep_earlier({obj.pk})
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        """Save, and write down what changed."""
        super().save_related(request, form, formsets, change)
        admin_audit.note_saved(request, form, formsets, change)

    def refresh(self, request: HttpRequest, row: Incident) -> None:
        """A new version; kept HTML, references, counts."""
        _record(row, request)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete them; those who saw them get new pages, and nobody else."""
        keys = list(queryset.values_list("pk", flat=True))
        audiences = audiences_of(keys)
        admin_audit.note_deleting(request, queryset)
        queryset.delete()
        Edition.bump(ADMINS, *audiences)
        follow(keys)


@admin.register(Cause)
class CauseAdmin(SharedAdmin):
    """Causes."""

    list_display = ["name", "group", "nature", "is_proposed"]
    list_filter = ["is_proposed", "group", "nature"]
    list_select_related = ["group"]
    search_fields = ["name", "aliases", "definition"]
    prepopulated_fields = {"slug": ["name"]}

    def refresh(self, request: HttpRequest, row: Cause) -> None:
        """Kept HTML."""
        refresh_cause(row)


@admin.register(CauseGroup)
class CauseGroupAdmin(SharedAdmin):
    """The upper level of the taxonomy."""

    list_display = ["name", "question", "position"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Organisation, Service)
class PlaceAdmin(SharedAdmin):
    """Organisations and services."""

    list_display = ["name", "slug"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def refresh(self, request: HttpRequest, row: Any) -> None:
        """Kept HTML."""
        refresh_place(row)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete them; what is counted by service no longer counts theirs."""
        hit = Incident.services.through.objects.filter(service__in=queryset) if queryset.model is Service else None
        keys = set(hit.values_list("incident_id", flat=True)) if hit is not None else set()
        super().delete_queryset(request, queryset)
        follow(keys)


@admin.register(IncidentCause)
class IncidentCauseAdmin(EditionAdmin):
    """Causes in incidents, to find all uses of one."""

    part_of = "incident"
    list_display = ["incident", "cause", "role", "certainty"]
    list_filter = ["role", "certainty", "cause__group"]
    list_select_related = ["incident", "cause"]
    search_fields = ["incident__title", "cause__name", "explanation", "evidence"]
    autocomplete_fields = ["incident", "cause"]


@admin.register(IncidentLink)
class IncidentLinkAdmin(EditionAdmin):
    """Links of incidents."""

    part_of = "incident"
    list_display = ["label", "kind", "incident", "url"]
    list_filter = ["kind"]
    list_select_related = ["incident"]
    search_fields = ["label", "url"]
    autocomplete_fields = ["incident"]
