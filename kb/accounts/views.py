"""Signing in and out, and the first account."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth
from allauth.account.adapter import get_adapter
from allauth.account.internal import flows
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from kb.models import Invitation
from postmortems.addresses import safe_next
from postmortems.models import Action, record

from .forms import WelcomeForm
from .roles import DEMO_ACCOUNTS, demo_accounts, give_role
from .throttle import consume

logger = logging.getLogger(__name__)
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_not_required
@never_cache
@get_or_post
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Name and password; 429 with the time to wait after too many attempts."""
    response: HttpResponseBase = allauth.login(request)
    if seconds := getattr(request, "throttled", 0):
        response.status_code = 429
        response.headers["Retry-After"] = str(seconds)
    elif response.status_code == 429:  # by allauth, for more forms in a minute than anybody fills in
        response.headers["Retry-After"] = "60"
    return response


@login_not_required
@never_cache
@get_or_post
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask (a link leads here), or end the session and have the browser forget the pages it kept."""
    if request.method != "POST":
        return render(request, "account/sign_out.html")
    if request.user.is_authenticated:
        record(Action.SIGNED_OUT, request=request)
    flows.logout.logout(request)
    return HttpResponseRedirect(reverse("home"), headers={"Clear-Site-Data": '"cache", "storage"'})


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demonstration's accounts; 404 outside of it."""
    name = request.POST.get("name", "")
    if not settings.DEMO or name not in DEMO_ACCOUNTS:
        raise Http404
    user = next((user for user in demo_accounts() if user.username == name), None)
    if user is None:
        raise Http404
    get_adapter(request).login(request, user)
    return HttpResponseRedirect(safe_next(request, request.POST.get("next", "")) or reverse("home"))


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@get_or_post
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """Make an account by an invitation, once; 404 when it was used or is too old."""
    if not consume(request, "invitation"):
        return render(request, "429.html", status=429)
    invitation = Invitation.objects.by_secret(secret)
    if invitation is None:
        return render(request, "account/invitation_over.html", status=404)
    form = WelcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (user := _accept(invitation, form, request)):
        get_adapter(request).login(request, user)
        return redirect("home")
    return render(request, "account/welcome.html", {"form": form, "role": invitation.role})


@transaction.atomic
def _accept(invitation: Invitation, form: WelcomeForm, request: HttpRequest) -> User | None:
    """The new account; None when somebody else used the invitation at the same moment."""
    if not invitation.use():
        return None
    user = form.save(commit=False)
    user.set_password(form.cleaned_data["password"])
    user.save()
    give_role(user, invitation.role)
    record(Action.ACCOUNT_ADDED, user.username, request=request, by=user, detail=f"{invitation.role}, by invitation")
    return user


@login_not_required
@never_cache
@require_POST
def single_sign_on(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """To the provider. By a page that goes on by itself: the policy forbids a form to be redirected to another site."""
    response = _asking(openid_connect.login, request, provider_id)
    if response.status_code != 302:
        return response
    return render(request, "account/onward.html", {"address": response.headers["Location"]})


@login_not_required
@never_cache
@require_safe
def single_sign_on_done(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from the provider."""
    return _asking(openid_connect.callback, request, provider_id)


@never_cache
@require_safe
def confirm_by_sso(request: HttpRequest) -> HttpResponse:
    """Before what matters, for those without a password: to the provider once more; 404 for others."""
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    if [way["id"] for way in ways] != ["sso"]:
        raise Http404
    onward = safe_next(request, request.GET.get("next", "")) or reverse("account")
    return render(request, "account/confirm_by_sso.html", {"next": onward})


def _asking(view: Callable[..., Any], request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """A view that talks to the provider; when that is away or answers nonsense, people are told and the log too."""
    try:
        response: HttpResponseBase = view(request, provider_id)
    except (RequestException, LookupError, TypeError, ValueError) as error:
        logger.error("Single sign-on failed: %s", error)
        return render(request, "account/sso_failed.html", status=401)
    return response


def admin_entrance(request: HttpRequest) -> HttpResponse:
    """The admin's own sign-in leads to ours; 403 for who is signed in and may not enter."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(safe_next(request, request.GET.get("next", "")) or reverse("admin:index"))
