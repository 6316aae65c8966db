"""The admin of people, roles and tokens; every change to them is written into the audit log."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteMixin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from postmortems.access import may_administer
from postmortems.admin_readonly import ReadOnlyAdmin
from postmortems.models import Action, AuditEntry, record

from .accounts.roles import follow_roles
from .models import Session, Token

_optgroups = AutocompleteMixin.optgroups


def _chosen(self: AutocompleteMixin, name: str, value: list[Any], attr: Any = None) -> Any:
    """What a field that completes shows as chosen. Django asks for whatever was sent, and breaks on what is no key."""
    keys = [one for one in map(str, value) if one.isascii() and one.isdigit() and len(one) < 19]
    return _optgroups(self, name, keys, attr)


AutocompleteMixin.optgroups = _chosen  # type: ignore[assignment,method-assign]

for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, User, Group):
    admin.site.unregister(model)


class Watched(admin.ModelAdmin):
    """Writes down what is saved and deleted; the words are the model's."""

    added, changed, deleted = Action.ACCOUNT_ADDED, Action.ACCOUNT_CHANGED, Action.ACCOUNT_DELETED

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; which fields changed is written down, never what they hold."""
        super().save_model(request, obj, form, change)
        detail = ", ".join(form.changed_data) if change else ""
        record(self.changed if change else self.added, str(obj), request=request, detail=detail)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete one."""
        record(self.deleted, str(obj), request=request)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the selected."""
        for obj in queryset:
            record(self.deleted, str(obj), request=request)
        super().delete_queryset(request, queryset)


@admin.register(User)
class PersonAdmin(Watched, UserAdmin):
    """People: their roles, and what helps one who is locked out or gone."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login")
    actions = ["end_sessions", "revoke_tokens", "remove_second_step"]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the roles and what follows from them; write down which were given and taken."""
        before = _roles(form.instance)
        super().save_related(request, form, formsets, change)
        after = _roles(form.instance)
        if before != after:
            follow_roles(form.instance)
            said = f"from {', '.join(before) or 'none'} to {', '.join(after) or 'none'}"
            record(Action.ROLES_CHANGED, form.instance.username, request=request, detail=said)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save; allauth's copies of a former address go, and the sessions of one who may not sign in any more."""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            EmailAddress.objects.filter(user=obj).delete()
        if not obj.is_active:
            Session.objects.end(obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """A new password given by an admin ends that person's sessions."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=id)
            Session.objects.end(user, but=request.session.session_key)
            record(Action.PASSWORD_CHANGED, user.username, request=request, detail="by an admin")
        return response

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End all sessions of the selected people."""
        for user in queryset:
            ended = Session.objects.end(user)
            record(Action.SESSION_ENDED, user.username, request=request, detail=f"all {ended}, by an admin")
        messages.success(request, "They are signed out everywhere.")

    @admin.action(description="Revoke all tokens", permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Revoke all tokens of the selected people."""
        for token in Token.objects.filter(user__in=queryset, revoked_at=None).select_related("user"):
            token.revoke()
            record(Action.TOKEN_REVOKED, str(token), request=request, detail=f"of {token.user.username}, by an admin")
        messages.success(request, "Their tokens are revoked.")

    @admin.action(description="Remove two-step verification", permissions=["change"])
    def remove_second_step(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For people who lost their phone and their recovery codes."""
        for user in queryset:
            if Authenticator.objects.filter(user=user).delete()[0]:
                record(Action.TWO_STEP_REMOVED, user.username, request=request, detail="all, by an admin")
        messages.success(request, "They sign in with their password alone.")


def _roles(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


@admin.register(Group)
class RoleAdmin(Watched, GroupAdmin):
    """Roles and what they may do."""

    added = changed = deleted = Action.ROLE_EDITED


class PrivateAdmin(ReadOnlyAdmin):
    """For admins alone, whatever permissions of ours somebody was given."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only admins."""
        return may_administer(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Only admins."""
        return may_administer(request.user)


@admin.register(AuditEntry)
class AuditEntryAdmin(PrivateAdmin):
    """The audit log."""

    list_display = ["at", "actor", "action", "object", "detail", "address"]
    list_filter = ["action"]
    search_fields = ["actor", "object"]


@admin.register(Token)
class TokenAdmin(PrivateAdmin):
    """Whose tokens there are; their secrets are nowhere."""

    list_display = ["name", "user", "scope", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["name", "user", "scope", "created_at", "expires_at", "last_used_at", "revoked_at"]
