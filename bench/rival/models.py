"""An incident as the library sees it."""

from django.db import models
from modelsearch import index
from modelsearch.queryset import SearchableQuerySetMixin


class WrittenQuerySet(SearchableQuerySetMixin, models.QuerySet["Written"]):
    """Can be searched."""


class Written(index.Indexed, models.Model):
    """Title and text, searched with the title weighing more."""

    title = models.TextField()
    text = models.TextField()
    objects = WrittenQuerySet.as_manager()
    search_auto_update = False  # indexed in bulk
    search_fields = [index.SearchField("title", boost=5), index.SearchField("text"), index.AutocompleteField("title")]

    class Meta:
        app_label = "rival"

    def __str__(self) -> str:
        return self.title
