"""App configuration."""

from django.apps import AppConfig


class TimelinesConfig(AppConfig):
    """The timelines app."""

    name = "timelines"
