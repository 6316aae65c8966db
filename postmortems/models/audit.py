"""The audit log: who did what, when, from where. Entries are added and read, never altered."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from django.db import models, transaction
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

logger = logging.getLogger("hindsight.audit")


class Action(models.TextChoices):
    """What is written down. The value is what people read and filter by."""

    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    SIGN_IN_THROTTLED = "sign-in throttled"
    SECOND_STEP_FAILED = "second step failed"
    SIGNED_OUT = "signed out"
    SESSION_ENDED = "session ended"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - no password
    PASSWORD_RESET_ASKED = "password reset asked for"  # noqa: S105
    PASSWORD_RESET = "password reset"  # noqa: S105
    TWO_STEP_ADDED = "two-step verification added"
    TWO_STEP_REMOVED = "two-step verification removed"
    ACCOUNT_ADDED = "account added"
    ACCOUNT_CHANGED = "account changed"
    ACCOUNT_DELETED = "account deleted"
    ACCOUNT_LINKED = "account linked"
    ACCOUNT_UNLINKED = "account unlinked"
    INVITED = "invited"
    ROLES_CHANGED = "roles changed"
    ROLE_EDITED = "role edited"
    TOKEN_MADE = "token made"  # noqa: S105
    TOKEN_REVOKED = "token revoked"  # noqa: S105
    TOKEN_REFUSED = "token refused"  # noqa: S105
    READ_RESTRICTED = "read restricted"
    ACCESS_CHANGED = "access changed"
    TAXONOMY_CHANGED = "taxonomy changed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    DELETED = "deleted"
    RESTORED = "restored"
    PURGED = "deleted for good"
    EXPORTED = "exported"
    AUDIT_READ = "audit log exported"
    AUDIT_PRUNED = "audit log pruned"


def one_line(text: str, length: int) -> str:
    """Text that can neither break a line of a log nor be refused by a database: control characters become spaces."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= length else plain[: length - 1] + "…"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Reading and adding alone."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit log is only added to.")

    update = delete = bulk_update = update_or_create = _refuse

    def forget(self, before: datetime) -> int:
        """Delete what is older; how much that was. For `manage.py prune_audit` alone: no page reaches it."""
        with transaction.atomic(using=self.db):
            old = self.filter(at__lt=before)
            number = old.count()
            old.order_by()._raw_delete(self.db)
            record(Action.AUDIT_PRUNED, f"{number} entries", detail=f"before {before:%Y-%m-%d}")
        return number

    def chosen(self, *, actor: str = "", action: str = "", since: Any = None, until: Any = None) -> AuditQuerySet:
        """Those by this person (part of a name), of this action, from one day to another (inclusive), newest first."""
        found = self.order_by("-at", "-pk")
        if actor:
            found = found.filter(actor__icontains=actor)
        if action:
            found = found.filter(action=action)
        if since:
            found = found.filter(at__gte=since)
        return found.filter(at__lt=until) if until else found


class AuditEntry(models.Model):
    """One thing somebody did. The name of the person stays when their account goes."""

    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    actor_number = models.BigIntegerField("account", null=True, editable=False)
    actor = models.CharField("who", max_length=150, blank=True, editable=False)
    action = models.CharField(max_length=40, db_index=True, editable=False)  # an Action; new ones need no migration
    object = models.CharField("what it was done to", max_length=300, blank=True, editable=False)
    detail = models.CharField(max_length=500, blank=True, editable=False)
    address = models.CharField("from", max_length=45, blank=True, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor or 'nobody'}: {self.action} {self.object}".rstrip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only once: TypeError for an entry that was saved before."""
        if not self._state.adding:
            raise TypeError("The audit log is only added to.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never."""
        raise TypeError("The audit log is only added to.")


def record(
    action: Action,
    object: str = "",
    *,
    request: HttpRequest | None = None,
    by: AbstractBaseUser | None = None,
    detail: str = "",
) -> AuditEntry:
    """Write down that somebody did something (one query, in the transaction that does it, if there is one).

    Who and from where come from the request; `by` names somebody else, as at a sign-in. Pass no secret and no text of
    a postmortem: a reference such as INC-3 is enough. The same line goes to the log `hindsight.audit`.
    """
    user = by or getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    entry = AuditEntry(
        actor_number=user.pk if known else None,  # type: ignore[union-attr]
        actor=one_line(user.get_username(), 150) if known else "",  # type: ignore[union-attr]
        action=action,
        object=one_line(str(object), 300),
        detail=one_line(detail, 500),
        address=getattr(request, "client_address", ""),
    )
    entry.save(force_insert=True)
    said = f"{entry.actor or '-'} {entry.address or '-'} {entry.action}: {entry.object} {entry.detail}"
    logger.info("%s", said.rstrip(" :"))
    return entry
