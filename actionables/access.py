"""Who may do what with actionables. Who may see one follows its incident: `visible_to` on every queryset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postmortems.access import Reader

    from .models import Actionable


def may_change(user: Reader) -> bool:
    """Whether this person may change every actionable they see: a manager or an admin."""
    allowed: Any = user  # a custom account has permissions too, or it could not use the admin
    return bool(user.is_active and allowed.has_perm("actionables.change_actionable"))


def may_work_on(user: Reader, actionable: Actionable) -> bool:
    """Whether this person may change this one: its owner may too."""
    return bool(user.is_authenticated and user.is_active and actionable.person_id == user.pk) or may_change(user)


def may_comment(user: Reader) -> bool:
    """Whether this person may comment on what they see: everybody who signed in."""
    return bool(user.is_authenticated and user.is_active)
