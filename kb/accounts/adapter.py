"""Where allauth asks us: what counts as an attempt, what is written down, what people are told."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from postmortems.addresses import safe_next, site_of
from postmortems.mail import post
from postmortems.models import Action, record

from . import oidc
from .middleware import begin_session
from .throttle import consume, in_words, known_device, remember_device, wait

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

UNTOLD = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class Adapter(DefaultAccountAdapter):
    """Names and passwords."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "This name and this password do not go together.",
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your current password.",
        "incorrect_code": "This code is not right, or no longer.",
        "too_many_login_attempts": "Too many attempts. Try again in a few minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves without an invitation."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only addresses on this site, written without a host."""
        return bool(url and safe_next(self.request, url))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where the request comes from; those of which it cannot be told count together."""
        return getattr(request, "client_address", "") or "0.0.0.0"  # noqa: S104 - stands for unknown

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt before the password is hashed; ValidationError when it is one too many."""
        name = credentials.get("username", "").strip()
        device = known_device(request, name)
        key, action = (device, "known_device") if device else (name.casefold(), "password")
        self._login_failed_rl_usage = consume(request, action, key)
        if self._login_failed_rl_usage:
            return
        request.throttled = wait(request, action, key)  # type: ignore[attr-defined]
        if cache.add(f"throttled:{sha256(key.encode()).hexdigest()}", 1, timeout=60):  # one line a minute is enough
            record(Action.SIGN_IN_THROTTLED, _known(name), request=request)
        seconds = in_words(request.throttled)  # type: ignore[attr-defined]
        raise ValidationError(f"Too many attempts. Try again in {seconds}.", code="too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Whoever has this name and password and may sign in; others are told nothing of who may not."""
        user = super().authenticate(request, **credentials)
        if user is None or user.is_active:
            return user
        self.authentication_failed(request, **credentials)
        return None

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write it down. A name that nobody has is left out: it may be a password in the wrong field."""
        record(Action.SIGN_IN_FAILED, _known(credentials.get("username", "")), request=request)

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in: a new session begins."""
        super().login(request, user)
        begin_session(request)
        record(Action.SIGNED_IN, request=request, by=user, detail=_how(request))

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **options: Any) -> HttpResponse:
        """Where to go; this browser is known from now on."""
        response: HttpResponse = super().post_login(request, user, **options)
        remember_device(request, response, user)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Known to the single sign-on, but switched off here: as for those who have no account."""
        return render(request, "account/signup_closed.html", status=403)

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Before what matters. allauth asks nothing of those whose one way in is single sign-on; they go by it again.

        Raises ReauthenticationRequired, which leads them there.
        """
        user = self.request.user
        if isinstance(user, User) and not super().get_reauthentication_methods(user) and oidc.confirms(user):
            if not oidc.confirmed_lately(self.request):
                raise ReauthenticationRequired
            return False
        return bool(super().is_reauthentication_required(app=app, **options))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to confirm who one is, the first of them by default."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not ways and user.is_authenticated and oidc.confirms(user):
            ways = [{"id": "sso", "url": reverse("confirm_by_sso")}]
        return ways

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """The account page."""
        return reverse("account")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """A notice for the next account page; that one signed in or out shows by itself."""
        if message_template not in UNTOLD:
            super().add_message(request, level, message_template, message_context, extra_tags, message)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Where a new password is chosen: at the address of the settings, whatever name or port was asked for."""
        return site_of(self.request) + reverse("account_reset_password_from_key", args=key.split("-", 1))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send beside the request."""
        told = {"request": self.request, "email": email, "current_site": _Site(urlsplit(site_of(self.request)).netloc)}
        post(self.render_mail(template_prefix, email, {**told, **context}))


class _Site:
    """What mails call this installation."""

    name = "Hindsight"

    def __init__(self, domain: str) -> None:
        self.domain = domain


def _known(name: str) -> str:
    return name if User.objects.filter(username__iexact=name).exists() else "a name that nobody has"


def _how(request: HttpRequest) -> str:
    """The ways in which this person proved who they are, as in "password, mfa"."""
    steps = request.session.get("account_authentication_methods", [])
    return ", ".join(dict.fromkeys(str(step.get("type") or step.get("method")) for step in steps))


class TwoStepAdapter(DefaultMFAAdapter):
    """Second steps: their secrets are encrypted in the database, with keys that follow from the secret key."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": Adapter.error_messages["incorrect_code"]}

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """What the app calls the account."""
        return user.get_username()

    def encrypt(self, text: str) -> str:
        """For the database."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """From the database; a secret of a former key matches no code, so that its person needs a recovery code."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return ""

    def _get_site_name(self) -> str:
        return "Hindsight"


@lru_cache(maxsize=2)
def _keys(*secrets: str) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(f"two-step {key}".encode()).digest())) for key in secrets])


def _cipher() -> MultiFernet:
    return _keys(*(str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)))
