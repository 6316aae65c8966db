"""App configuration."""

from django.apps import AppConfig


class ActionablesConfig(AppConfig):
    """The actionables app."""

    name = "actionables"
