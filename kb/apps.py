"""App configuration."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.core import checks
from django.utils.module_loading import import_string

from .checks import check_addresses, check_database, check_proxy, check_reading, check_secret_key, check_static_files


class KbConfig(AppConfig):
    """The kb app."""

    name = "kb"
    default = True

    def ready(self) -> None:
        """Register the checks of this product."""
        checks.register(check_addresses, checks.Tags.security)
        checks.register(check_reading, checks.Tags.security)
        checks.register(check_secret_key, checks.Tags.security)
        checks.register(check_database, checks.Tags.database)
        # With --deploy only: `migrate` and `collectstatic` must run before there are collected files.
        checks.register(check_proxy, checks.Tags.security, deploy=True)
        checks.register(check_static_files, checks.Tags.staticfiles, deploy=True)
        import_string("kb.accounts.receivers.connect")()  # they need the models, which come after this module


class AdminConfig(admin.AdminConfig):
    """Django's admin, entered by our own sign-in."""

    default = False
    default_site = "kb.admin_site.Site"
