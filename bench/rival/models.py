"""An incident as the library sees it."""

from django.db import models
from modelsearch import index


class Written(index.Indexed, models.Model):
    """Title and text, searched with the title weighing more."""

    title = models.TextField()
    text = models.TextField()
    search_auto_update = False  # indexed in bulk
    search_fields = [index.SearchField("title", boost=5), index.SearchField("text"), index.AutocompleteField("title")]

    class Meta:
        app_label = "rival"

    def __str__(self) -> str:
        return self.title
