"""Single sign-on by OpenID Connect: one provider, from the settings."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings as account_settings
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse

from postmortems.models import Action, record

from .roles import ROLES, give_role, role_of

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin

PROVIDER = "sso"


class Provider(OpenIDConnectProvider):
    """An account is linked by issuer and subject together, and by nothing else: no name, no mail address."""

    def extract_uid(self, data: dict[str, Any]) -> str:
        """The key of the link: a hash of issuer and subject. OAuth2Error when the answers contradict each other."""
        token, info = data.get("id_token") or {}, data.get("userinfo") or {}
        issuer, subject = token.get("iss"), token.get("sub")
        if not issuer or not subject or info.get("sub", subject) != subject:
            raise OAuth2Error("The identity token and the user information do not belong together.")
        return sha256(f"{issuer}\n{subject}".encode()).hexdigest()

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is kept: who issued it for whom, and their groups."""
        token = data["id_token"]
        return {"iss": token["iss"], "sub": token["sub"], "groups": groups_of(data)}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Names, and the mail address when the provider has verified it."""
        fields: dict[str, Any] = super().extract_common_fields(data)
        claims = {**(data.get("id_token") or {}), **(data.get("userinfo") or {})}
        return {**fields, "email": fields["email"] if claims.get("email_verified") is True else ""}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """None: an account has the one address of its person."""
        return []


def confirms(user: User) -> bool:
    """Whether single sign-on is the one way this person has to show that it is them (a query)."""
    linked = user.socialaccount_set.filter(provider=PROVIDER)  # type: ignore[attr-defined]
    return bool(settings.OIDC_ISSUER and not user.has_usable_password() and linked.exists())


def confirmed_lately(request: HttpRequest) -> bool:
    """Whether they came by it within the last minutes."""
    since = time.time() - account_settings.REAUTHENTICATION_TIMEOUT
    steps = get_authentication_records(request, request.user)
    return any(step["method"] == "socialaccount" and step["at"] > since for step in steps)


def groups_of(data: dict[str, Any]) -> list[str]:
    """The values of the groups claim, wherever the provider puts it."""
    for claims in (data.get("userinfo"), data.get("id_token")):
        found = (claims or {}).get(settings.OIDC_GROUPS_CLAIM)
        if found is not None:
            return [str(name) for name in found] if isinstance(found, list) else [str(found)]
    return []


def role_for(groups: list[str]) -> str:
    """The highest role that any of the groups stands for; Reader when none does."""
    given = {settings.OIDC_ROLES[group] for group in groups if group in settings.OIDC_ROLES}
    return next((role for role in reversed(ROLES) if role in given), "Reader")


class Adapter(DefaultSocialAccountAdapter):
    """Where allauth asks us about single sign-on."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """The one of the settings; none is kept in the database."""
        if not settings.OIDC_ISSUER or provider not in (None, PROVIDER, "openid_connect"):
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=PROVIDER,
                name=settings.OIDC_NAME,
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={"server_url": settings.OIDC_ISSUER.rstrip("/"), "oauth_pkce_enabled": True},
            )
        ]

    def get_provider(self, request: HttpRequest, provider: str, client_id: Any = None) -> Provider:
        """Our provider; SocialApp.DoesNotExist when none is set up."""
        return Provider(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whether somebody new gets an account by signing in."""
        return bool(settings.OIDC_NEW_ACCOUNTS)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """A known person gets the role of their groups of today."""
        if sociallogin.is_existing:
            follow_groups(request, sociallogin)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Any:
        """A new account, with the role of its groups."""
        user = super().save_user(request, sociallogin, form)
        record(Action.ACCOUNT_ADDED, user.get_username(), request=request, by=user, detail="by single sign-on")
        follow_groups(request, sociallogin)
        return user

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """The account page."""
        return reverse("account")

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any) -> None:
        """Say that it did not work, with a way back; what exactly is in the log alone."""
        raise ImmediateHttpResponse(render(request, "account/sso_failed.html", status=401))


def follow_groups(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Give the role that the groups stand for, when groups were given a meaning at all."""
    user = sociallogin.user
    if not settings.OIDC_ROLES or not isinstance(user, User):
        return
    before, after = role_of(user), role_for(sociallogin.account.extra_data.get("groups", []))
    if before != after:
        give_role(user, after)
        record(
            Action.ROLES_CHANGED, user.get_username(), request=request, by=user,
            detail=f"from {before} to {after} by single sign-on",
        )  # fmt: skip
