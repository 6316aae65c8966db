"""The four roles: groups with permissions that an admin may change; and the accounts of the demonstration."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

WRITTEN = ("incident", "incidentcause", "incidentlink", "service", "organisation")
TAXONOMY = ("cause", "causegroup")
FILING = ("filingtemplate", "templatetext", "wordingrule")


def _all(app: str, models: Iterable[str], *actions: str) -> set[str]:
    return {f"{app}.{action}_{model}" for model in models for action in actions}


READ = (
    _all("postmortems", (*WRITTEN, *TAXONOMY), "view")
    | _all("timelines", ["timelineentry"], "view")
    | _all("actionables", ["actionable", "statuschange", "fieldchange", "comment", "snooze"], "view")
)
WRITE = (
    _all("postmortems", ("incident", "service", "organisation"), "add", "change")
    | _all("postmortems", ("incidentcause", "incidentlink"), "add", "change", "delete")
    | _all("timelines", ["timelineentry"], "add", "change", "delete")
    | _all("actionables", ["actionable"], "add", "change")
)
MANAGE = (
    _all("postmortems", (*TAXONOMY, "service", "organisation"), "add", "change", "delete")
    | _all("postmortems", FILING, "view", "add", "change", "delete")
    | _all("actionables", ["actionable"], "delete")
    | {"postmortems.delete_incident", "postmortems.publish_incident"}
)
ADMINISTER = _all("auth", ["user", "group"], "view", "add", "change", "delete") | {"postmortems.view_auditentry"}

# What the migrations gave each role; what an admin changed afterwards stays.
ROLES = {
    "Reader": READ,
    "Author": READ | WRITE,
    "Manager": READ | WRITE | MANAGE,
    "Admin": READ | WRITE | MANAGE | ADMINISTER,
}
# Whoever is in this group is an account of the demonstration, and of no use outside of it.
DEMONSTRATION = "Demonstration"
DEMO_ACCOUNTS = {"reader": "Reader", "author": "Author", "manager": "Manager", "admin": "Admin"}


def permissions(names: Iterable[str]) -> list[Permission]:
    """The permissions of these names, as in "postmortems.add_incident" (one query); ValueError when one is unknown."""
    wanted = set(names)
    found = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    if missing := wanted - found.keys():
        raise ValueError(f"There is no permission {', '.join(sorted(missing))}; run `manage.py migrate`.")
    return [found[name] for name in sorted(wanted)]


@transaction.atomic
def ensure_roles() -> None:
    """Make the groups that are missing; those that exist stay as they were edited."""
    for name, names in ROLES.items():
        group, made = Group.objects.get_or_create(name=name)
        if made:
            group.permissions.set(permissions(names))


def give_role(user: User, role: str) -> None:
    """Let this person have this one of the four roles, in place of any other of them.

    An admin is also a superuser: they see restricted incidents and all of the admin pages.
    """
    ensure_roles()
    user.groups.remove(*Group.objects.filter(name__in=ROLES.keys() - {role}))
    user.groups.add(Group.objects.get(name=role))
    user.is_superuser = role == "Admin"
    user.is_staff = role in ("Manager", "Admin")
    user.save(update_fields=["is_superuser", "is_staff"])


def follow_roles(user: User) -> None:
    """After the groups of a person were edited: what each role has besides its permissions, and no more than that.

    Managers and admins enter the administration; an admin sees everything, and does so no longer when not an admin.
    """
    names = set(user.groups.values_list("name", flat=True))
    user.is_superuser = "Admin" in names
    user.is_staff = bool(names & {"Manager", "Admin"})
    user.save(update_fields=["is_superuser", "is_staff"])


def role_of(user: User) -> str:
    """The highest of this person's roles, else Reader, which everybody is who signs in (one query)."""
    names = {"Admin"} if user.is_superuser else set(user.groups.values_list("name", flat=True))
    return next((role for role in reversed(ROLES) if role in names), "Reader")


@transaction.atomic
def make_demo_accounts() -> None:
    """One account for each role. They have no password: the demonstration signs them in by a button.

    Their addresses are of a domain that nobody can have, so that their mails show in the log and reach nobody.
    """
    marker, _ = Group.objects.get_or_create(name=DEMONSTRATION)
    for name, role in DEMO_ACCOUNTS.items():
        user, made = User.objects.get_or_create(username=name, defaults={"first_name": f"Demo {name}"})
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            user.groups.add(marker)
            give_role(user, role)
        if not user.email:
            user.email = f"{name}@example.org"
            user.save(update_fields=["email"])


def demo_accounts() -> list[User]:
    """The accounts of the demonstration."""
    return list(User.objects.filter(groups__name=DEMONSTRATION).order_by("pk"))
