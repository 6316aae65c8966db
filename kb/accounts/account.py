"""The account page: name, password, second step, sessions, tokens."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kb.models import Session, Token
from postmortems.models import Action, record

from .forms import ProfileForm, TokenForm
from .middleware import acting
from .oidc import PROVIDER
from .roles import role_of

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@get_or_post
def account(request: HttpRequest) -> HttpResponse:
    """All about one's own account, and one's name and mail address to change."""
    user = acting(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        return _keep_profile(request, form)
    return render(request, "account/account.html", {"form": form, **_shown(request, user)})


def _shown(request: HttpRequest, user: User) -> dict[str, Any]:
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    return {
        "role": role_of(user),
        "totp": next((factor for factor in factors if factor.type == Authenticator.Type.TOTP), None),
        "codes": next((factor for factor in factors if factor.type == Authenticator.Type.RECOVERY_CODES), None),
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "sessions": list(Session.objects.live_of(user)),
        "here": request.session.session_key,
        "tokens": list(Token.objects.filter(user=user, revoked_at=None)),
        "linked": user.socialaccount_set.filter(provider=PROVIDER).exists(),  # type: ignore[attr-defined]
    }


def _keep_profile(request: HttpRequest, form: ProfileForm) -> HttpResponse:
    """Keep the name; a new mail address too, once the password was confirmed: the password can be reset by it.

    Raises what leads to the confirmation of the password, unless that was given in the last minutes.
    """
    former = form.initial["email"]
    if "email" in form.changed_data:
        raise_if_reauthentication_required(request, app="")
    with transaction.atomic():
        form.save()
        if "email" in form.changed_data:
            EmailAddress.objects.filter(user=form.instance).delete()  # allauth's copies of the former address
            _tell_former_address(request, former, form.instance.email)
        if form.changed_data:
            record(Action.ACCOUNT_CHANGED, form.instance.username, request=request, detail=", ".join(form.changed_data))
    messages.success(request, "Saved.")
    return redirect("account")


def _tell_former_address(request: HttpRequest, former: str, new: str) -> None:
    """By mail, so that nobody takes over an account without its person learning of it."""
    if former:
        context = {"from_email": former, "to_email": new or "none"}
        accounts = get_account_adapter(request)
        accounts.send_notification_mail("account/email/email_changed", acting(request), context, email=former)


@require_safe
def two_step(request: HttpRequest) -> HttpResponse:
    """Where allauth leads to after a change of the second step."""
    return HttpResponseRedirect(reverse("account") + "#two-step")


@never_cache
@require_safe
def two_step_qr(request: HttpRequest) -> HttpResponse:
    """The secret of the authenticator app that is being added, as an image; 404 when none is."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404
    adapter = get_adapter()
    image = adapter.build_totp_svg(adapter.build_totp_url(acting(request), secret))
    return HttpResponse(image, content_type="image/svg+xml")


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """Sign out in one other browser, or in all others."""
    user, mark = acting(request), request.POST.get("session", "")
    others = Session.objects.live_of(user).exclude(session_key=request.session.session_key)
    chosen = [session for session in others if mark in ("all", session.mark)]
    for session in chosen:
        session.delete()
        record(Action.SESSION_ENDED, str(session), request=request)
    count = len(chosen)
    messages.success(request, f"Signed out in {count} other {'browser' if count == 1 else 'browsers'}.")
    return HttpResponseRedirect(reverse("account") + "#sessions")


@never_cache
@get_or_post
@reauthentication_required
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is shown on the page that answers, once."""
    form = TokenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/token_new.html", {"form": form})
    user, given = acting(request), form.cleaned_data
    token, secret = Token.objects.make(user, given["name"], given["scope"], form.expires_at())
    record(Action.TOKEN_MADE, str(token), request=request, detail=token.get_scope_display())
    return render(request, "account/token_made.html", {"token": token, "secret": secret})


@require_POST
def revoke_token(request: HttpRequest, number: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = get_object_or_404(Token, pk=number, user=acting(request), revoked_at=None)
    token.revoke()
    record(Action.TOKEN_REVOKED, str(token), request=request)
    messages.success(request, f"The token “{token.name}” is revoked.")
    return HttpResponseRedirect(reverse("account") + "#tokens")
