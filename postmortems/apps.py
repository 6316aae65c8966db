"""App configuration."""

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    """The postmortems app."""

    name = "postmortems"
