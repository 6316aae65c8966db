"""What libraries only tell by signals, written into the audit log; a new password ends what the old one began."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth.models import User
from django.http import HttpRequest

from kb.models import Session
from postmortems.models import Action, record

from .throttle import forget_codes


def connect() -> None:
    """Listen; called once at the start."""
    for signal in (account.password_changed, account.password_set):
        signal.connect(on_password_changed)
    account.password_reset.connect(on_password_reset)
    mfa.authenticator_added.connect(on_second_step_added)
    mfa.authenticator_removed.connect(on_second_step_removed)
    mfa.authentication_failed.connect(on_second_step_failed)
    social.social_account_added.connect(on_linked)
    social.social_account_removed.connect(on_unlinked)


def on_password_changed(sender: Any, request: HttpRequest, user: User, **unused: Any) -> None:
    """Every other browser is signed out."""
    Session.objects.end(user, but=request.session.session_key)
    forget_codes(request, user)
    record(Action.PASSWORD_CHANGED, user.username, request=request, by=user)


def on_password_reset(sender: Any, request: HttpRequest, user: User, **unused: Any) -> None:
    """Every browser is signed out."""
    Session.objects.end(user)
    forget_codes(request, user)
    record(Action.PASSWORD_RESET, user.username, request=request, by=user)


def on_second_step_added(sender: Any, request: HttpRequest, user: User, authenticator: Any, **unused: Any) -> None:
    """A code app, a passkey or recovery codes."""
    record(Action.TWO_STEP_ADDED, user.username, request=request, by=user, detail=authenticator.get_type_display())


def on_second_step_removed(sender: Any, request: HttpRequest, user: User, authenticator: Any, **unused: Any) -> None:
    """A code app, a passkey or recovery codes."""
    record(Action.TWO_STEP_REMOVED, user.username, request=request, by=user, detail=authenticator.get_type_display())


def on_second_step_failed(sender: Any, request: HttpRequest, user: User, **unused: Any) -> None:
    """A wrong code after a right password."""
    record(Action.SECOND_STEP_FAILED, user.username, request=request, by=user)


def on_linked(sender: Any, request: HttpRequest, sociallogin: Any, **unused: Any) -> None:
    """An account is reached by single sign-on too."""
    record(Action.ACCOUNT_LINKED, sociallogin.user.username, request=request, by=sociallogin.user)


def on_unlinked(sender: Any, request: HttpRequest, socialaccount: Any, **unused: Any) -> None:
    """And no more."""
    record(Action.ACCOUNT_UNLINKED, socialaccount.user.username, request=request)
