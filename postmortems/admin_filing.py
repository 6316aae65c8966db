"""The admin of what helps people write."""

from __future__ import annotations

from django.contrib import admin

from .models import FilingTemplate, TemplateText, WordingRule


class TemplateTextInline(admin.StackedInline):
    """What a template says about each field."""

    model = TemplateText
    extra = 0


@admin.register(FilingTemplate)
class FilingTemplateAdmin(admin.ModelAdmin):
    """Templates to begin a postmortem with."""

    list_display = ["name", "about", "organisation", "position"]
    list_select_related = ["organisation"]
    search_fields = ["name"]
    autocomplete_fields = ["organisation"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [TemplateTextInline]


@admin.register(TemplateText)
class TemplateTextAdmin(admin.ModelAdmin):
    """What templates say, to search all of it."""

    list_display = ["template", "field", "guidance"]
    list_filter = ["field"]
    list_select_related = ["template"]
    search_fields = ["template__name", "guidance", "text"]
    autocomplete_fields = ["template"]


@admin.register(WordingRule)
class WordingRuleAdmin(admin.ModelAdmin):
    """Words that a hint is given for."""

    list_display = ["words", "kind", "reason", "is_on"]
    list_filter = ["kind", "is_on"]
    search_fields = ["words", "reason"]
