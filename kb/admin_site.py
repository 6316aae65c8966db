"""Django's admin behind our own sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from kb.accounts.views import admin_entrance, sign_out
from postmortems.access import may_manage


class Site(admin.AdminSite):
    """The admin, for managers and admins. One way in and out: no second sign-in without throttling and second step."""

    site_header = site_title = "Hindsight"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Who may enter; what they may do there, their permissions say."""
        return bool(request.user.is_active and (request.user.is_staff or may_manage(request.user)))

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ours."""
        if self.has_permission(request):
            return redirect(f"{self.name}:index")
        return admin_entrance(request)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ours."""
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ours."""
        return redirect("account_change_password")

    def password_change_done(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ours."""
        return redirect("account")
