"""Who may see and do what. The one place that knows the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Reader = AbstractBaseUser | AnonymousUser


def reads_everything(user: Reader) -> bool:
    """Whether this person sees drafts and restricted incidents too: an admin."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


def readable_by(user: Reader, prefix: str = "") -> Q:
    """The condition on incidents this person may read: published and open ones, or all for an admin.

    `prefix` leads from another model to its incident, as in "incident__".
    """
    if reads_everything(user):
        return Q()
    return Q(**{f"{prefix}is_open": 1})
