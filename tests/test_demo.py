"""`manage.py demo` does what is due, once, and never to somebody's own data."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from kb.accounts.roles import role_of
from kb.management.commands import demo, serve
from tests.factories import make_incident


@pytest.fixture
def ran(monkeypatch, settings, tmp_path):
    """The commands that `demo` calls, by name, in order; the fixtures and code it looks at are stand-ins."""
    commands: list[str] = []
    settings.DATA_DIR = tmp_path / "data"
    settings.STATIC_ROOT = tmp_path / "static"
    monkeypatch.setattr(demo, "call_command", lambda name, *args, **options: commands.append(name))
    monkeypatch.setattr(demo, "_fixture_files", lambda: [("a.yaml", tmp_path / "a.yaml")])
    monkeypatch.setattr(demo, "_static_files", lambda: [("a.css", tmp_path / "a.css")])
    monkeypatch.setattr(demo, "_code", lambda: [("a.py", tmp_path / "a.py")])
    (tmp_path / "a.yaml").write_text("[]")
    (tmp_path / "a.py").write_text("")
    (tmp_path / "a.css").write_text("")
    return commands


def run(ran: list[str], **options) -> list[str]:
    """What one more call of the command did."""
    ran.clear()
    call_command("demo", **options)
    return list(ran)


def test_first_start(db, ran):
    assert run(ran) == ["loaddata", "refresh", "collectstatic"]


def test_second_start_does_nothing(db, ran):
    run(ran)
    make_incident()
    assert run(ran) == []


def test_changed_fixtures_are_loaded_again(db, ran, tmp_path):
    run(ran)
    make_incident()
    (tmp_path / "a.yaml").write_text("[1]")
    assert run(ran) == ["loaddata", "refresh"]


def test_changed_code_derives_again(db, ran, tmp_path):
    run(ran)
    make_incident()
    (tmp_path / "a.py").write_text("x = 1")
    assert run(ran) == ["refresh"]


def test_changed_static_files_are_collected_again(db, ran, tmp_path):
    run(ran)
    make_incident()
    (tmp_path / "a.css").write_text("h1 {}")
    assert run(ran) == ["collectstatic"]


def test_static_files_that_were_removed_are_collected_again(db, ran, monkeypatch):
    run(ran)
    make_incident()
    monkeypatch.setattr(demo, "lacks_static_files", lambda: True)
    assert run(ran) == ["collectstatic"]


def test_with_debug_nothing_is_collected(db, ran, settings):
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["localhost"]
    assert run(ran) == ["loaddata", "refresh"]


def test_an_emptied_database_is_filled_again(db, ran):
    run(ran)
    assert run(ran) == ["loaddata"]


def test_accounts_are_made_in_the_demonstration_alone(db, ran, settings, capsys):
    run(ran)
    assert not User.objects.exists()
    assert "manage.py invite" in capsys.readouterr().out
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["localhost"]
    run(ran)
    run(ran)
    assert [role_of(user) for user in User.objects.order_by("pk")] == ["Reader", "Author", "Manager", "Admin"]
    assert [user.email for user in User.objects.order_by("pk")][:2] == ["reader@example.org", "author@example.org"]
    settings.DEMO = False
    with pytest.raises(SystemCheckError, match="E022"):
        run(ran)
    run(ran, remove_accounts=True)
    assert not User.objects.exists()


def test_ones_own_data_is_left_alone(db, ran, capsys):
    make_incident()
    assert run(ran) == ["refresh", "collectstatic"]
    assert "--force" in capsys.readouterr().err
    assert run(ran, force=True) == ["loaddata"]


@pytest.mark.parametrize(
    ("at", "then"),
    [("loaddata", ["loaddata", "refresh", "collectstatic"]), ("refresh", ["refresh", "collectstatic"])],
)
def test_stopped_in_the_middle_it_is_finished_the_next_time(db, ran, monkeypatch, at, then):
    def stop(name, *args, **options):
        if name == at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo, "call_command", stop)
        with pytest.raises(KeyboardInterrupt):
            call_command("demo")
    make_incident()  # as if loaded already
    assert run(ran) == then


def test_a_damaged_note_of_what_was_done_is_like_none(db, ran, settings):
    run(ran)
    (settings.DATA_DIR / "demo.json").write_text("{")
    assert run(ran) == ["loaddata", "refresh", "collectstatic"]


def test_a_digest_sees_names_and_contents(tmp_path):
    def of(*files: tuple[str, str]) -> str:
        for name, content in files:
            (tmp_path / name).write_text(content)
        return demo.digest((name, tmp_path / name) for name, _ in files)

    assert of(("a", "1"), ("b", "2")) == of(("a", "1"), ("b", "2"))
    assert len({of(("a", "1")), of(("b", "1")), of(("a", "2")), of(("a", "1"), ("b", ""))}) == 4


def test_every_named_fixture_exists():
    assert [Path(name).stem for name, _ in demo._fixture_files()] == list(demo.FIXTURES)


def test_the_command_line_explains_itself():
    with pytest.raises(CommandError):
        call_command("demo", "--unknown")


@pytest.mark.django_db
def test_an_older_version_does_not_serve_a_newer_database() -> None:
    MigrationRecorder(connection).record_applied("postmortems", "9999_of_tomorrow")
    MigrationRecorder(connection).record_applied("sites", "0001_of_a_library_that_left")
    with pytest.raises(CommandError, match=r"newer version \(postmortems 9999_of_tomorrow\)"):
        serve.Command()._refuse_old_database()
    MigrationRecorder(connection).record_unapplied("postmortems", "9999_of_tomorrow")
    serve.Command()._refuse_old_database()
