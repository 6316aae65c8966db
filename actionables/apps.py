"""App configuration."""

from django.apps import AppConfig
from django.utils.module_loading import import_string


class ActionablesConfig(AppConfig):
    """The actionables app."""

    name = "actionables"

    def ready(self) -> None:
        """Let what is kept follow the incidents, and say what files may not bring."""
        followers = import_string("postmortems.refresh.FOLLOWERS")  # they need the models, which come after this module
        followers.append(import_string("actionables.tallying.recount"))
        followers.append(import_string("actionables.occurrences.keep"))
        import_string("postmortems.document_checks.CHECKS")["Actionables"] = import_string("actionables.uploaded.check")
        import_string("postmortems.review_mail.WATCHERS").append(import_string("actionables.watching.watchers"))
        import_string("postmortems.review_mail.PUBLISHED").append(import_string("actionables.handing.tell_at_last"))
        import_string("postmortems.watching.TELLERS").append(import_string("actionables.news.tell_changes"))
