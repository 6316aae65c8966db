"""Passwords are checked by allauth; here a signed-in person is fetched with all their permissions in one query."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import DEFAULT_DB_ALIAS
from django.db.models import CharField, Exists, F, Func, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat

from postmortems.models import IncidentReader
from postmortems.prepared import Prepared

from .roles import DEMONSTRATION


class Joined(Func):
    """All values of a subquery in one text, with commas between."""

    function = "GROUP_CONCAT"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **options: Any) -> Any:
        """PostgreSQL's name for it."""
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s, ',')", **options)


def _names(**condition: Any) -> Coalesce:
    """The names of the permissions that fulfil a condition on the user, as in "auth.add_user,auth.change_user"."""
    name = Concat("content_type__app_label", Value("."), "codename")
    found = Permission.objects.filter(**condition).order_by().annotate(dotted=name)
    return Coalesce(Subquery(found.annotate(joined=Joined(F("dotted"))).values("joined")), Value(""))


COLUMNS = [field.attname for field in User._meta.concrete_fields]


def _people(keys: list[int], demo: bool) -> QuerySet[Any, Any]:
    """Those who can sign in here, with their permissions and whether a hidden incident names them (access.audience).

    The demonstration's accounts only within it.
    """
    hidden = IncidentReader.objects.filter(user=OuterRef("pk"), incident__is_open=0)
    found = User.objects.filter(pk__in=keys).annotate(
        granted=_names(user=OuterRef("pk")),
        granted_by_role=_names(group__user=OuterRef("pk")),
        hidden=Exists(hidden),
    )
    found = found if demo else found.exclude(groups__name=DEMONSTRATION)
    return found.values_list(*COLUMNS, "granted", "granted_by_role", "hidden")


_PEOPLE = Prepared(_people)


def person(key: int) -> User | None:
    """Who has this key, with their permissions put where Django looks for them, so that no rule costs a query of its
    own (one query); None when they cannot sign in here.
    """
    rows = _PEOPLE.rows([key], settings.DEMO)
    if not rows:
        return None
    *stored, granted, by_role, hidden = rows[0]
    user = User.from_db(DEFAULT_DB_ALIAS, COLUMNS, stored)
    own, from_role = ({name for name in text.split(",") if name} for text in (granted, by_role))
    user._user_perm_cache, user._group_perm_cache = own, from_role  # type: ignore[attr-defined]
    if not user.is_superuser:
        user._perm_cache = own | from_role  # type: ignore[attr-defined]
    user.sees_more = hidden  # type: ignore[attr-defined]
    return user


class Backend(AuthenticationBackend):
    """allauth's check of name and password, and one query for whoever is signed in."""

    def get_user(self, user_id: Any) -> User | None:
        """Who a session belongs to (one query); None when they may not sign in any more."""
        user = person(int(user_id))
        return user if user is not None and self.user_can_authenticate(user) else None
