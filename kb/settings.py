"""Settings, all from the environment, so that the same code runs on a laptop and for a team.

Every name read here is listed in the README with its default; `manage.py check` reports what is wrong or unsafe.
"""

import secrets
import sys
from pathlib import Path

from .environment import (
    boolean,
    choice,
    database,
    file_or_value,
    given_secret,
    listed,
    mail,
    newest_change,
    number,
    own_place,
    pairs,
    text,
)

BASE_DIR = Path(__file__).resolve().parent.parent
# Changes with every deployed change to code or templates; pages carry it in their ETag.
RELEASE = newest_change(BASE_DIR)
# Where the database, the secret key and collected static files live: outside the repository, and for each checkout
# a place of its own, so that two versions on one machine never share a database.
DATA_DIR = Path(text("HINDSIGHT_DATA", "") or own_place(BASE_DIR)).expanduser().resolve()

DEBUG = boolean("DEBUG", default=False)
SITE_URL = text("SITE_URL", "")
ALLOWED_HOSTS = listed("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []
SECRET_KEY = file_or_value("SECRET_KEY", DATA_DIR / "secret-key", make=lambda: secrets.token_urlsafe(50))

# The demonstration on one's own machine: reading is open, and accounts of every role sign in by a button.
DEMO = boolean("DEMO", default=False)
READING = choice("READING", "open" if DEMO else "signed-in", ("open", "signed-in"))

INSTALLED_APPS = [
    "actionables",  # before postmortems: its command "refresh" goes further
    "timelines",
    "postmortems",
    "django_filters",
    "kb.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "kb",  # last: its admin takes the place of others'
]
MIDDLEWARE = [
    "kb.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kb.middleware.preferences",
    "kb.middleware.client_address",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kb.accounts.middleware.sessions",
    "kb.accounts.middleware.Tokens",
    "kb.accounts.doors.Doors",
    "kb.middleware.no_nul_in_the_admin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kb.middleware.UnavailableDatabase",
]
ROOT_URLCONF = "kb.urls"
WSGI_APPLICATION = "kb.wsgi.application"

# Our own pages are Jinja2 (Django's own second engine: strict about undefined names, macros, a fifth of the
# time); Django's templates serve the admin alone.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "kb.templating.environment", "auto_reload": DEBUG},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

DATABASES = {"default": database(text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'hindsight.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

AUTHENTICATION_BACKENDS = ["kb.accounts.backend.Backend"]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "/", "/"
SESSION_ENGINE = "kb.accounts.sessions"
# Signed out after so long without a page, and after so long in any case.
SESSION_COOKIE_AGE = number("SESSION_IDLE_HOURS", 7 * 24) * 3600
SESSION_ABSOLUTE_AGE = number("SESSION_MAX_HOURS", 30 * 24) * 3600
# Counts attempts; shared by all processes and machines because it is a table. Room for many: when it is full, counts
# are thrown away, and whoever fills it would guess on uncounted.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kb_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
vars().update(mail(text("EMAIL_URL", "")))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = text("EMAIL_FROM", "hindsight@localhost")

ACCOUNT_ADAPTER = "kb.accounts.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "kb.accounts.forms.SignInForm",
    "change_password": "kb.accounts.forms.ChangePasswordForm",
    "set_password": "kb.accounts.forms.SetPasswordForm",
    "reset_password": "kb.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "kb.accounts.forms.NewPasswordForm",
    "reauthenticate": "kb.accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Hindsight] "
ACCOUNT_UNIQUE_EMAIL = False  # no account is ever found by its address alone
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Wrong passwords are counted by us, before they are hashed (accounts/throttle.py); "login_failed" counts the codes of
# the second step, whose key is the account. Three codes in a million are right at any time: a hundred a day are guessed
# within a year by one in ten who know the password, 200 an hour would be within two weeks by one in five.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "5/m/key,100/d/key", "reset_password": "10/m/ip,5/h/key"}
MFA_ADAPTER = "kb.accounts.adapter.TwoStepAdapter"
MFA_FORMS = {
    "add_webauthn": "kb.accounts.passkeys.AddForm",
    "login_webauthn": "kb.accounts.passkeys.SignInForm",
    "authenticate_webauthn": "kb.accounts.passkeys.SecondStepForm",
    "reauthenticate_webauthn": "kb.accounts.passkeys.ConfirmForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Hindsight"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"

# Single sign-on, when there is an issuer.
OIDC_ISSUER = text("OIDC_ISSUER", "")
OIDC_NAME = text("OIDC_NAME", "single sign-on")
OIDC_CLIENT_ID, OIDC_CLIENT_SECRET = text("OIDC_CLIENT_ID", ""), given_secret("OIDC_CLIENT_SECRET")
OIDC_GROUPS_CLAIM, OIDC_ROLES = text("OIDC_GROUPS_CLAIM", "groups"), pairs("OIDC_ROLES")
OIDC_NEW_ACCOUNTS = boolean("OIDC_NEW_ACCOUNTS", default=True)
SOCIALACCOUNT_ADAPTER = "kb.accounts.oidc.Adapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10

# Files of incidents: outside of the web root, served by a view alone. Not larger than so many bytes.
ATTACHMENTS = DATA_DIR / "attachments"
LARGEST_FILE = number("LARGEST_FILE_MB", 10) * 1_048_576
FILE_UPLOAD_HANDLERS = [
    "postmortems.attaching.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Whether somebody who wrote a postmortem alone may publish it too.
PUBLISH_OWN = boolean("PUBLISH_OWN", default=False)

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
TESTING = "pytest" in sys.modules
if DEBUG or TESTING:
    # Files straight from static/, so that neither `make dev` nor a test needs a collected copy.
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = True

# Served over HTTPS (behind a proxy that ends it): cookies and redirects follow. Off for plain http on localhost.
HTTPS = boolean("HTTPS", default=SITE_URL.startswith("https://"))
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = number("HSTS_SECONDS", 63_072_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = boolean("HSTS_PRELOAD", default=HTTPS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "kb.views.forbidden"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUST_PROXY = boolean("TRUST_PROXY", default=False)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Anybody can send a wrong Host header; that is answered with 400 and is no error of ours.
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "INFO")},
}
