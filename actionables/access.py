"""Who may do what with actionables. Who may see one follows its incident: `visible_to` on every queryset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postmortems.access import may_file, may_manage

if TYPE_CHECKING:
    from postmortems.access import Reader

    from .models import Actionable


def may_change(user: Reader) -> bool:
    """Whether this person may change every actionable they see: a manager."""
    return may_manage(user)


def may_work_on(user: Reader, actionable: Actionable) -> bool:
    """Whether this person may change this one: a manager, or an author whose own it is."""
    return (user.pk is not None and actionable.person_id == user.pk and may_file(user)) or may_change(user)


def may_comment(user: Reader) -> bool:
    """Whether this person may comment on what they see: everybody who signed in."""
    return bool(user.is_authenticated and user.is_active)
