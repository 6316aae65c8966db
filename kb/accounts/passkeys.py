"""allauth's forms of passkeys, made to refuse what a browser never sends instead of failing on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.webauthn import forms as webauthn
from django.core.exceptions import ValidationError

from .adapter import TwoStepAdapter

# What the library raises on answers of another shape, beside the errors that allauth expects.
MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def _checked(check: Callable[[], Any]) -> Any:
    """What a check gives; ValidationError when the answer of the browser was malformed."""
    try:
        return check()
    except MALFORMED as error:
        raise ValidationError(TwoStepAdapter.error_messages["incorrect_code"]) from error


class AddForm(webauthn.AddWebAuthnForm):
    """Add a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].max_length = 80
        self.fields["name"].widget.attrs["maxlength"] = 80

    def clean_name(self) -> str:
        """Short enough to be shown."""
        name: str = super().clean_name()
        return name[:80]

    def clean(self) -> Any:
        """The answer of the browser."""
        return _checked(super().clean)


class SignInForm(webauthn.LoginWebAuthnForm):
    """Sign in by a passkey alone."""

    def clean_credential(self) -> Any:
        """The answer of the browser; nobody gets in who may not."""
        found = _checked(super().clean_credential)
        if not found.user.is_active:
            raise ValidationError(TwoStepAdapter.error_messages["incorrect_code"])
        return found


class SecondStepForm(webauthn.AuthenticateWebAuthnForm):
    """A passkey after the password."""

    def clean_credential(self) -> Any:
        """The answer of the browser."""
        return _checked(super().clean_credential)


class ConfirmForm(webauthn.ReauthenticateWebAuthnForm):
    """A passkey once more."""

    def clean_credential(self) -> Any:
        """The answer of the browser."""
        return _checked(super().clean_credential)
