"""Sessions in the database, each with its person, place and device in columns of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from kb.models import Session

if TYPE_CHECKING:
    from django.contrib.sessions.base_session import AbstractBaseSession


class SessionStore(db.SessionStore):
    """Django's, on our table."""

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        """Our table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row, with columns repeated from the data."""
        row: Any = super().create_model_instance(data)
        row.user_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.address, row.device = data.get("address", ""), data.get("device", "")
        started = data.get("started")
        row.started_at = datetime.fromtimestamp(started, UTC) if started else timezone.now()
        row.seen_at = timezone.now()
        return row
