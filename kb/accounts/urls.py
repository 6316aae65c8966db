"""Signing in, accounts, the audit log. Names with an underscore in allauth's style are those it asks for."""

from allauth.account import views as allauth
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import path, re_path
from django.views.decorators.http import require_http_methods, require_safe

from . import account, auditing, views

page = require_safe
form = require_http_methods(["GET", "HEAD", "POST"])  # allauth's own views take more methods than they need

urlpatterns = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-in/demo/", views.demo_sign_in, name="demo_sign_in"),
    path("sign-in/second-step/", form(second_step.authenticate), name="mfa_authenticate"),
    path("sign-in/passkey/", form(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("sign-in/<slug:provider_id>/", views.single_sign_on, name="openid_connect_login"),
    path("sign-in/<slug:provider_id>/callback/", views.single_sign_on_done, name="openid_connect_callback"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("welcome/<str:secret>/", views.welcome, name="welcome"),
    path("password/forgotten/", form(allauth.password_reset), name="account_reset_password"),
    path("password/sent/", page(allauth.password_reset_done), name="account_reset_password_done"),
    path("password/new/", page(allauth.password_reset_from_key_done), name="account_reset_password_from_key_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]{1,14})-(?P<key>[-0-9A-Za-z]{1,150})/$",
        form(allauth.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("account/", account.account, name="account"),
    path("account/password/", form(allauth.password_change), name="account_change_password"),
    path("account/password/none/", account.two_step, name="account_set_password"),
    path("account/confirm/", form(allauth.reauthenticate), name="account_reauthenticate"),
    path("account/confirm/code/", form(second_step.reauthenticate), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", form(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("account/confirm/sso/", views.confirm_by_sso, name="confirm_by_sso"),
    path("account/two-step/", account.two_step, name="mfa_index"),
    path("account/two-step/add/", form(totp.activate_totp), name="mfa_activate_totp"),
    path("account/two-step/qr.svg", account.two_step_qr, name="two_step_qr"),
    path("account/two-step/remove/", form(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", page(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", form(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("account/passkeys/", account.two_step, name="mfa_list_webauthn"),
    path("account/passkeys/add/", form(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", form(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("account/sessions/end/", account.end_session, name="end_session"),
    path("account/tokens/new/", account.new_token, name="new_token"),
    path("account/tokens/<int:number>/revoke/", account.revoke_token, name="revoke_token"),
    path("audit/", auditing.audit, name="audit"),
    path("audit.csv", auditing.audit_csv, name="audit_csv"),
    path("audit.json", auditing.audit_json, name="audit_json"),
]
