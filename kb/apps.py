"""App configuration."""

from django.apps import AppConfig
from django.core import checks

from .checks import check_addresses, check_database, check_proxy, check_secret_key, check_static_files


class KbConfig(AppConfig):
    """The kb app."""

    name = "kb"

    def ready(self) -> None:
        """Register the checks of this product."""
        checks.register(check_addresses, checks.Tags.security)
        checks.register(check_secret_key, checks.Tags.security)
        checks.register(check_database, checks.Tags.database)
        # With --deploy only: `migrate` and `collectstatic` must run before there are collected files.
        checks.register(check_proxy, checks.Tags.security, deploy=True)
        checks.register(check_static_files, checks.Tags.staticfiles, deploy=True)
