"""App configuration."""

from django.apps import AppConfig


class KbConfig(AppConfig):
    """The kb app."""

    name = "kb"
