"""Each of the product's checks fires when it should and is silent when it should."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection

from kb import checks
from kb.accounts.roles import ROLES, make_demo_accounts

KEY = "a-long-key-of-tests-0123456789-abcdefghijklmnopqrstuvwxyz"


def ids(messages) -> set[str]:
    """The ids of messages, after seeing that each says what to do."""
    messages = list(messages)
    assert all(message.hint for message in messages)
    return {message.id for message in messages}


@pytest.fixture
def safe(settings):
    """The documented settings of a team's site."""
    settings.DEBUG = False
    settings.HTTPS = True
    settings.SITE_URL = "https://kb.example.org"
    settings.ALLOWED_HOSTS = ["kb.example.org"]
    settings.SECRET_KEY = KEY
    return settings


def test_safe_settings_are_silent(safe):
    assert ids(checks.check_addresses()) == set()
    assert ids(checks.check_secret_key()) == set()


def test_the_settings_of_a_laptop_are_silent(safe):
    safe.SITE_URL, safe.HTTPS = "", False
    safe.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert ids(checks.check_addresses()) == set()
    safe.DEBUG = True
    assert ids(checks.check_addresses()) == set()


@pytest.mark.parametrize("key", ["short", "a" * 60, "django-insecure-" + KEY])
def test_weak_key(safe, key):
    safe.SECRET_KEY = key
    assert ids(checks.check_secret_key()) == {"hindsight.E010"}


def test_any_host(safe):
    safe.ALLOWED_HOSTS = ["*"]
    assert ids(checks.check_addresses()) == {"hindsight.E011"}


@pytest.mark.parametrize(
    "url",
    ["kb.example.org", "https://kb.example.org/", "https://kb.example.org/kb", "ftp://kb.example.org", "https://",
     "https://kb.example.org:port", "https://me@kb.example.org", "https://kb.example.org?a", " https://kb.example.org"],
)  # fmt: skip
def test_malformed_address(safe, url):
    safe.SITE_URL = url
    assert ids(checks.check_addresses()) == {"hindsight.E012"}


@pytest.mark.parametrize("url", ["https://kb.example.org:8443", "http://localhost:8000", "http://[::1]:8000"])
def test_well_formed_address(safe, url):
    safe.SITE_URL = url
    safe.ALLOWED_HOSTS = ["kb.example.org", "localhost", "[::1]"]
    assert ids(checks.check_addresses()) == set()


def test_address_that_would_be_refused(safe):
    safe.ALLOWED_HOSTS = ["other.example.org"]
    assert ids(checks.check_addresses()) == {"hindsight.E013"}
    safe.ALLOWED_HOSTS = [".example.org"]
    assert ids(checks.check_addresses()) == set()


def test_plain_http(safe):
    safe.SITE_URL, safe.HTTPS = "http://kb.example.org", False
    assert ids(checks.check_addresses()) == {"hindsight.W014"}


def test_debug_in_public(safe):
    safe.DEBUG = True
    assert ids(checks.check_addresses()) == {"hindsight.E015"}
    safe.ALLOWED_HOSTS, safe.SITE_URL = ["localhost"], ""
    assert ids(checks.check_addresses()) == {"hindsight.E015"}  # HTTPS is on


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        (SimpleNamespace(read_manifest=lambda: None), {"hindsight.E020"}),
        (SimpleNamespace(read_manifest=lambda: "{}"), set()),
        (SimpleNamespace(), set()),
    ],
)
def test_static_files(monkeypatch, storage, expected):
    monkeypatch.setattr(checks, "staticfiles_storage", storage)
    assert ids(checks.check_static_files()) == expected


def test_the_database_of_the_tests_passes(db):
    assert ids(checks.check_database(databases=["default"])) == set()


def test_no_database_is_asked_unless_named():
    assert ids(checks.check_database()) == set()


@pytest.mark.sqlite
@pytest.mark.parametrize("pragma", ["synchronous = NORMAL", "foreign_keys = OFF", "busy_timeout = 5"])
def test_pragma_that_differs(transactional_db, pragma):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
    assert ids(checks.sqlite_pragmas(connection)) == {"hindsight.E001"}
    connection.close()


@pytest.mark.sqlite
def test_network_disk(db, monkeypatch, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("server:/home / nfs4 rw 0 0\nproc /proc proc rw 0 0\n")
    monkeypatch.setattr(checks, "MOUNTS", mounts)
    assert ids(checks.sqlite_place(connection)) == {"hindsight.E002"}
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\nserver:/home /mnt/with\\040space nfs4 rw 0 0\n")
    assert ids(checks.sqlite_place(connection)) == set()
    monkeypatch.setattr(checks, "MOUNTS", tmp_path / "none")
    assert ids(checks.sqlite_place(connection)) == set()


@pytest.mark.sqlite
def test_database_in_memory_is_left_alone(monkeypatch):
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: True)
    assert ids([*checks.sqlite_pragmas(connection), *checks.sqlite_place(connection)]) == set()


def test_old_sqlite(monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    assert ids(checks.sqlite_version()) == {"hindsight.E003"}


def test_old_postgresql():
    assert ids(checks.postgresql_version(SimpleNamespace(pg_version=130_012))) == {"hindsight.E004"}
    assert ids(checks.postgresql_version(SimpleNamespace(pg_version=140_000))) == set()


def test_nothing_to_say_about_the_documented_settings_of_a_team(tmp_path):
    """`check --deploy` with every warning as an error, in a process of its own, as the documentation has it."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG")}
    environment = {
        **kept,
        "HINDSIGHT_DATA": str(tmp_path),
        "SITE_URL": "https://kb.example.org",
        "ALLOWED_HOSTS": "kb.example.org",
        "TRUST_PROXY": "1",
    }

    def manage(*arguments: str) -> None:
        ran = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "manage.py", *arguments],
            cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr

    manage("collectstatic", "--noinput", "--verbosity=0")
    manage("check", "--deploy", "--fail-level=WARNING", "--database=default")


def test_the_demonstration_stays_on_this_machine(safe):
    safe.DEMO = True
    assert ids(checks.check_reading()) == {"hindsight.E021"}
    safe.HTTPS, safe.ALLOWED_HOSTS = False, ["localhost", "127.0.0.1"]
    assert ids(checks.check_reading()) == set()


def test_accounts_of_the_demonstration_elsewhere(db, settings):
    assert ids(checks.demo_accounts_outside(connection)) == set()
    make_demo_accounts()
    assert ids(checks.demo_accounts_outside(connection)) == {"hindsight.E022"}
    settings.DEMO = True
    assert ids(checks.demo_accounts_outside(connection)) == set()


@pytest.mark.parametrize(
    ("issuer", "client", "roles", "expected"),
    [
        ("", "", {}, set()),
        ("https://id.example.org", "hindsight", {"sre": "Author"}, set()),
        ("http://localhost:8080", "hindsight", {}, set()),
        ("http://id.example.org", "hindsight", {}, {"hindsight.E023"}),
        ("https://id.example.org", "", {}, {"hindsight.E024"}),
        ("https://id.example.org", "hindsight", {"sre": "author"}, {"hindsight.E025"}),
    ],
)
def test_single_sign_on_is_set_up_whole(safe, issuer, client, roles, expected):
    safe.OIDC_ISSUER, safe.OIDC_CLIENT_ID, safe.OIDC_ROLES = issuer, client, roles
    assert ids(checks.check_reading()) == expected


def test_the_checks_know_the_roles():
    assert tuple(ROLES) == checks.ROLES
