"""The forms of sign-in and account: allauth's, with our words and bounds; and our own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account import forms as allauth
from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from kb.models.tokens import Scope
from postmortems.models import Action, record

# Long enough for any password manager, short enough to hash.
LONGEST_PASSWORD = 256
EXPIRY = {"30": "30 days", "90": "90 days", "365": "one year", "": "no end"}


def _bounded(form: forms.Form, **labels: str) -> None:
    """No password is longer than what we hash, and fields are called as we call them."""
    for name, field in form.fields.items():
        if isinstance(field.widget, forms.PasswordInput):
            field.max_length = LONGEST_PASSWORD  # type: ignore[attr-defined]
            field.widget.attrs["maxlength"] = LONGEST_PASSWORD
            field.validators = [*field.validators, _not_too_long]
        field.widget.attrs.pop("placeholder", None)
        field.label = labels.get(name, field.label)
        field.help_text = ""


def _not_too_long(value: str) -> None:
    if len(value) > LONGEST_PASSWORD:
        raise ValidationError(f"At most {LONGEST_PASSWORD} characters.")


class SignInForm(allauth.LoginForm):
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self, login="Name")
        self.fields["login"].widget.attrs.update(autocapitalize="none", spellcheck="false")


class ConfirmPasswordForm(allauth.ReauthenticateForm):
    """The password once more, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self)


class ChangePasswordForm(allauth.ChangePasswordForm):
    """The current password and a new one, typed once: it can be shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self, oldpassword="Current password", password1="New password")
        del self.fields["password2"]


class SetPasswordForm(allauth.SetPasswordForm):
    """A first password, for an account that came by single sign-on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self, password1="New password")
        del self.fields["password2"]


class ResetPasswordForm(allauth.ResetPasswordForm):
    """The mail address to send a link to."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self, email="Mail address")

    def clean_email(self) -> str:
        """Only those who have a password choose a new one: others come by single sign-on, and go by it."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.has_usable_password()]
        return email

    def save(self, request: HttpRequest, **options: Any) -> str:
        """Send the link, if there is anybody to send it to."""
        for user in self.users:
            record(Action.PASSWORD_RESET_ASKED, user.get_username(), request=request)
        email: str = super().save(request, **options)
        return email


class NewPasswordForm(allauth.ResetPasswordKeyForm):
    """A new password, by the link of a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bounded(self, password1="New password")
        del self.fields["password2"]


class ProfileForm(forms.ModelForm):
    """What a person says about themselves."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]
        labels = {"first_name": "First name", "last_name": "Last name", "email": "Mail address"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, fill in (("first_name", "given-name"), ("last_name", "family-name"), ("email", "email")):
            self.fields[name].widget.attrs["autocomplete"] = fill


class TokenForm(forms.Form):
    """What a new token is for, what it may do and how long."""

    name = forms.CharField(max_length=80, label="What it is for")
    scope = forms.ChoiceField(choices=Scope.choices, initial=Scope.READ, label="What it may do")
    days = forms.ChoiceField(choices=list(EXPIRY.items()), initial="90", required=False, label="Ends after")

    def expires_at(self) -> datetime | None:
        """When it ends; None for never."""
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class WelcomeForm(forms.ModelForm):
    """A new account, made by an invitation."""

    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email"]
        labels = {"username": "Name", "first_name": "First name", "last_name": "Last name", "email": "Mail address"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = ""
        self.fields["username"].widget.attrs.update(autocomplete="username", autocapitalize="none")

    def clean_username(self) -> str:
        """A name that nobody has, in whatever letters."""
        name: str = self.cleaned_data["username"]
        UnicodeUsernameValidator()(name)
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError("Somebody has this name already.")
        return name

    def clean(self) -> dict[str, Any] | None:
        """A password that is not easy to guess, from the rest of the form either."""
        cleaned = super().clean()
        if cleaned and (password := cleaned.get("password")):
            self.instance.username = cleaned.get("username", "")
            try:
                validate_password(password, self.instance)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned
