"""Who an owner is: a person who signs in here, or a team or somebody else by name."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Value
from django.db.models.functions import Concat

Person = Any  # the account of whoever signs in; which class that is, the settings say


def name_of(person: Person) -> str:
    """How a person is called everywhere: full name, else the name they sign in with; at most 120 characters."""
    return str(person.get_full_name() or person.get_username())[:120]


def people_named(text: str) -> list[Person]:
    """Those this text can mean: the one who signs in with it, else everybody with this full name (two queries)."""
    text = text.strip()
    active = get_user_model()._default_manager.filter(is_active=True)
    signs_in = list(active.filter(username__iexact=text.removeprefix("@"))[:1])
    if signs_in or not text:
        return signs_in
    full = active.annotate(full=Concat("first_name", Value(" "), "last_name"))
    return [person for person in full.filter(full__iexact=text)[:2]] or list(
        active.filter(first_name__iexact=text, last_name="")[:2]
    )


def named(text: str) -> Person | None:
    """The one person this text means; None for a team, a stranger, or a name that several have."""
    found = people_named(text)
    return found[0] if len(found) == 1 else None


def suggestions(limit: int = 500) -> list[str]:
    """The names of everybody who could be an owner, for a field that suggests them (one query)."""
    people = get_user_model()._default_manager.filter(is_active=True).order_by("username")
    return sorted({name_of(person) for person in people.only("username", "first_name", "last_name")[:limit]})
