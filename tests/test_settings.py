"""Settings come from the environment; what is wrong there is said with the variable's name."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kb import environment

pytestmark = pytest.mark.sqlite  # no database is asked
KEY = "a-long-key-of-tests-0123456789-abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("value", ["1", "true", "Yes", "ON"])
def test_true(value, monkeypatch):
    monkeypatch.setenv("DEBUG", value)
    assert environment.boolean("DEBUG", default=False) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "off", ""])
def test_false(value, monkeypatch):
    monkeypatch.setenv("DEBUG", value)
    assert environment.boolean("DEBUG", default=True) is False


def test_defaults(monkeypatch):
    for name in ("DEBUG", "HSTS_SECONDS", "ALLOWED_HOSTS", "SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert environment.boolean("DEBUG", default=True) is True
    assert environment.number("HSTS_SECONDS", 7) == 7
    assert environment.listed("ALLOWED_HOSTS", "a,b") == ["a", "b"]
    assert environment.text("SITE_URL", "x") == "x"


def test_lists_drop_blanks(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example , ,b.example,")
    assert environment.listed("ALLOWED_HOSTS", "") == ["a.example", "b.example"]


@pytest.mark.parametrize("value", ["maybe", "2", "tru"])
def test_wrong_boolean_names_the_variable(value, monkeypatch):
    monkeypatch.setenv("DEBUG", value)
    with pytest.raises(ImproperlyConfigured, match=f"DEBUG is '{value}'.*true"):
        environment.boolean("DEBUG", default=False)


@pytest.mark.parametrize("value", ["", "-1", "1.5", "ten", "²"])
def test_wrong_number_names_the_variable(value, monkeypatch):
    monkeypatch.setenv("HSTS_SECONDS", value)
    with pytest.raises(ImproperlyConfigured, match="HSTS_SECONDS"):
        environment.number("HSTS_SECONDS", 1)


class TestSecret:
    def test_from_the_variable(self, monkeypatch, tmp_path):
        monkeypatch.setenv("SECRET_KEY", KEY)
        assert environment.file_or_value("SECRET_KEY", tmp_path / "key", lambda: "new") == KEY
        assert not (tmp_path / "key").exists()

    def test_from_a_file(self, monkeypatch, tmp_path):
        (tmp_path / "given").write_text(f"{KEY}\n")
        monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "given"))
        assert environment.file_or_value("SECRET_KEY", tmp_path / "key", lambda: "new") == KEY

    def test_a_missing_file_names_the_variable(self, monkeypatch, tmp_path):
        monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "none"))
        with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE.*none"):
            environment.file_or_value("SECRET_KEY", tmp_path / "key", lambda: "new")

    def test_made_once(self, tmp_path):
        path = tmp_path / "below" / "key"
        assert environment.file_or_value("SECRET_KEY", path, lambda: "first") == "first"
        assert environment.file_or_value("SECRET_KEY", path, lambda: "second") == "first"
        assert [entry.name for entry in path.parent.iterdir()] == ["key"]

    @pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions elsewhere")
    def test_readable_by_its_owner_alone(self, tmp_path):
        environment.file_or_value("SECRET_KEY", tmp_path / "key", lambda: "first")
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600

    def test_another_process_was_first(self, tmp_path):
        path = tmp_path / "key"

        def make() -> str:
            path.write_text("theirs\n")
            return "ours"

        assert environment.file_or_value("SECRET_KEY", path, make) == "theirs"


class TestDatabase:
    def test_sqlite(self, tmp_path):
        found = environment.database(f"sqlite:///{tmp_path}/new%20one/a.db")
        assert found["NAME"] == f"{tmp_path}/new one/a.db"
        assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert (tmp_path / "new one").is_dir()

    def test_sqlite_relative(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert environment.database("sqlite:///a.db")["NAME"] == "a.db"

    def test_postgresql(self):
        found = environment.database("postgresql://me:p%40ss@db.example:5433/kb?sslmode=require")
        assert (found["USER"], found["PASSWORD"], found["NAME"]) == ("me", "p@ss", "kb")
        assert (found["HOST"], found["PORT"]) == ("db.example", "5433")
        assert found["OPTIONS"]["sslmode"] == "require"
        assert {"statement_timeout=15s", "jit=off"} <= set(found["OPTIONS"]["options"].split())
        assert found["CONN_HEALTH_CHECKS"]

    def test_postgresql_by_socket(self):
        assert environment.database("postgresql:///kb?host=%2Frun%2Fpostgresql")["HOST"] == "/run/postgresql"

    def test_limits_can_be_lifted(self):
        found = environment.database("postgresql:///kb?options=-c%20statement_timeout%3D0")
        assert found["OPTIONS"]["options"] == "-c statement_timeout=0"

    @pytest.mark.parametrize(
        "url",
        ["", "mysql://a/b", "hindsight.db", "sqlite://", "sqlite:///", "sqlite://host/a.db", "postgresql://a:b@c/",
         "postgresql://a:b@c:port/d", "postgresql://a:b@c:99999/d"],
    )  # fmt: skip
    def test_wrong_address_names_the_variable(self, url):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
            environment.database(url)


def _settings(tmp_path: Path, expression: str, **variables: str) -> str:
    """What an expression over a fresh process's settings prints, or the last line of its complaint."""
    program = f"from kb import settings; print({expression})"
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG")}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={**kept, "HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return (ran.stdout or ran.stderr).strip().splitlines()[-1]


def test_https_follows_the_address_of_the_site(tmp_path):
    expression = "(settings.HTTPS, settings.SESSION_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS > 0)"
    assert _settings(tmp_path, expression, SITE_URL="https://kb.example.org") == "(True, True, True)"
    assert _settings(tmp_path, expression, SITE_URL="http://localhost:8000") == "(False, False, False)"
    assert _settings(tmp_path, expression, SITE_URL="https://kb.example.org", HTTPS="0") == "(False, False, False)"


def test_data_lies_where_it_was_told_to(tmp_path):
    assert _settings(tmp_path, "settings.DATA_DIR", HINDSIGHT_DATA=f"{tmp_path}/there") == f"{tmp_path}/there"


def test_data_lies_outside_the_checkout_and_apart_from_other_checkouts(tmp_path):
    place = Path(_settings(tmp_path, "settings.DATA_DIR"))
    assert place.parent == tmp_path / ".local" / "share" / "hindsight"
    assert not place.is_relative_to(settings.BASE_DIR)
    assert environment.own_place(Path("/a/kb")) != environment.own_place(Path("/b/kb"))


def test_the_key_is_no_part_of_the_checkout(tmp_path):
    first, second = (_settings(tmp_path / name, "settings.SECRET_KEY") for name in "ab")
    assert len(first) >= 50
    assert first != second
    assert _settings(tmp_path / "a", "settings.SECRET_KEY") == first


def test_a_wrong_value_stops_the_start_with_its_name(tmp_path):
    assert "TRUST_PROXY is 'perhaps'" in _settings(tmp_path, "1", TRUST_PROXY="perhaps")


def test_who_may_read(tmp_path):
    expression = "(settings.READING, settings.DEMO)"
    assert _settings(tmp_path, expression) == "('signed-in', False)"
    assert _settings(tmp_path, expression, DEMO="1") == "('open', True)"
    assert _settings(tmp_path, expression, DEMO="1", READING="signed-in") == "('signed-in', True)"
    assert "READING is 'public'; use one of open, signed-in" in _settings(tmp_path, "1", READING="public")


def test_mail():
    found = environment.mail("smtp://me:p%40ss@mail.example.org")
    assert (found["EMAIL_HOST_PASSWORD"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("p@ss", 587, True)
    found = environment.mail("smtps://mail.example.org")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (465, True, False)
    assert environment.mail("smtp://localhost:25?tls=off")["EMAIL_USE_TLS"] is False
    assert environment.mail("")["EMAIL_BACKEND"].endswith("console.EmailBackend")


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:port"])
def test_wrong_mail_address_names_the_variable(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        environment.mail(url)


def test_pairs(monkeypatch):
    monkeypatch.setenv("OIDC_ROLES", "sre=Author, the leads = Manager")
    assert environment.pairs("OIDC_ROLES") == {"sre": "Author", "the leads": "Manager"}
    for wrong in ("sre", "sre=", "=Author"):
        monkeypatch.setenv("OIDC_ROLES", wrong)
        with pytest.raises(ImproperlyConfigured, match="OIDC_ROLES"):
            environment.pairs("OIDC_ROLES")
