"""Who may see and do what. The one place that knows the rules.

What is published and open is for everybody who may read the site. A draft, a postmortem in review and a restricted
incident are for the people named on it (`IncidentReader`, its authors among them) and for admins. Search has the same
rule in its own words (`search_scope.seen_by`), and pages are kept apart by it (`models.derived.Edition`).

Roles are Django groups (kb/accounts/roles.py); a rule asks for a permission, never for a group's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db.models import Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from .models import Incident

    Reader = AbstractBaseUser | AnonymousUser

EVERYBODY, ADMINS = "open", "all"
DELETED = "deleted"  # the status of an incident in the bin, which no page shows but the bin
View = TypeVar("View", bound=Callable[..., object])


def for_readers(view: View) -> View:
    """Marks a page that may be read without signing in when reading is open, and by a token that may read.

    A view without it asks everybody to sign in.
    """
    view.for_readers = True  # type: ignore[attr-defined]
    return view


def for_programs(view: View) -> View:
    """Marks a page that takes changes from a token that may write, as well as from a signed-in person."""
    view.for_programs = True  # type: ignore[attr-defined]
    return view


def _may(user: Reader, permission: str) -> bool:
    """Costs no query: the permissions of whoever signed in come with them (kb/accounts/backend.py)."""
    person: Any = user
    return bool(person.is_active and person.has_perm(permission))


def standing(user: Reader) -> tuple[object, ...]:
    """All about a reader that pages depend on: who they are, what they may do, how open the site is (no query)."""
    site = settings.READING, settings.DEMO
    if not user.is_authenticated:
        return site
    person: Any = user
    rights = "all" if person.is_superuser else sorted(person.get_all_permissions())
    return *site, person.pk, person.get_username(), person.get_full_name(), person.is_staff, rights


def may_file(user: Reader) -> bool:
    """Whether this person files and edits incidents: an author."""
    return _may(user, "postmortems.add_incident")


def may_edit(user: Reader, incident: Any) -> bool:
    """Whether this person edits the postmortem of an incident they may read: any author, as every save is kept."""
    return may_file(user)


def may_publish(user: Reader) -> bool:
    """Whether this person publishes a postmortem: a manager."""
    return _may(user, "postmortems.publish_incident")


def takes_part(user: Reader, incident: Incident) -> bool:
    """Whether this person is named on the incident, or an admin: who sees it before it is published (a query)."""
    if reads_everything(user):
        return True
    return bool(user.is_active and user.pk and incident.named_readers.filter(user=user.pk).exists())


def may_comment(user: Reader, incident: Incident) -> bool:
    """Whether this person comments on an incident they may read: whoever signed in once it is published, before that
    those who take part in its review (a query).
    """
    if incident.status == "published":
        return bool(user.is_authenticated and user.is_active)
    return may_publish(user) or takes_part(user, incident)


def may_settle(user: Reader, incident: Incident) -> bool:
    """Whether this person resolves the comments of others, too: its authors and managers; before it is published, all
    who take part (a query). What one said oneself one resolves anyway.
    """
    if incident.status != "published" or may_publish(user):
        return may_comment(user, incident)
    return bool(user.pk) and incident.named_readers.filter(user=user.pk, is_author=True).exists()


def may_delete(user: Reader, incident: Incident) -> bool:
    """Whether this person puts an incident that they may read into the bin: a manager; an author, unless it was ever
    published.
    """
    if _may(user, "postmortems.delete_incident"):
        return True
    return incident.published_at is None and incident.status != "published" and may_edit(user, incident)


def may_manage(user: Reader) -> bool:
    """Whether this person keeps the taxonomy and other people's actionables: a manager."""
    return _may(user, "postmortems.change_cause")


def may_administer(user: Reader) -> bool:
    """Whether this person manages people and their roles and reads the audit log: an admin."""
    return _may(user, "auth.change_user")


def reads_everything(user: Reader) -> bool:
    """Whether this person sees drafts and restricted incidents too: an admin."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


def personal(pk: int | str) -> str:
    """The audience of one person who sees more than everybody does."""
    return f"reader:{pk}"


def audience(user: Reader) -> str:
    """Whose pages this person gets: "open" as everybody, "all" as an admin, or "reader:12" with what names them.

    Whoever signed in comes with the answer (kb/accounts/backend.py); of another user object it is asked once.
    """
    if not user.is_active or user.pk is None:
        return EVERYBODY
    if reads_everything(user):
        return ADMINS
    person: Any = user
    if not hasattr(person, "sees_more"):
        person.sees_more = person.named_on.filter(incident__is_open=0).exists()
    return personal(person.pk) if person.sees_more else EVERYBODY


def name_of(user: Any) -> str:
    """A person as others know them; empty for nobody."""
    return (user.get_full_name() or user.get_username())[:150] if user else ""


def sees_more(user: Reader) -> bool:
    """Whether this person sees anything beside what everybody sees."""
    return audience(user) != EVERYBODY


def readable_by(user: Reader, prefix: str = "") -> Q:
    """The condition on incidents this person may read; see above.

    `prefix` leads from another model to its incident, as in "incident__". Only for those whom an incident names is it
    more than a comparison that indexes begin with.
    """
    who = audience(user)
    if who == ADMINS:
        return ~Q(**{f"{prefix}status": DELETED})
    is_open = Q(**{f"{prefix}is_open": 1})
    if who == EVERYBODY:
        return is_open
    person: Any = user
    named = person.named_on.exclude(incident__status=DELETED)
    return is_open | Q(**{f"{prefix}pk__in": named.values("incident")})


def readers_among(incident: Incident, people: Iterable[Any]) -> set[int]:
    """The keys of those of these people who may read an incident (one query; none when it is open): for several people
    what `readable_by` says for one.
    """
    active = {person.pk: person for person in people if person.is_active}
    if incident.status == DELETED:
        return set()
    if incident.is_open:
        return set(active)
    named = set(incident.named_readers.filter(user__in=list(active)).values_list("user", flat=True))
    return {pk for pk, person in active.items() if pk in named or reads_everything(person)}


def kept_for(user: Reader) -> Q:
    """The same condition on rows that keep the incident's `is_open` beside its key, without asking the incident.

    What is kept may be stale, so this only narrows: whatever comes of it goes through `readable_by` before it is shown.
    """
    who = audience(user)
    if who == ADMINS:
        return Q()
    if who == EVERYBODY:
        return Q(is_open=1)
    person: Any = user
    return Q(is_open=1) | Q(incident__in=person.named_on.values("incident"))
