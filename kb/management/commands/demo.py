"""`manage.py demo`: everything between a fresh install and a site with the demo incidents, done only where needed."""

from __future__ import annotations

import hashlib
import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from kb.accounts.roles import demo_accounts, make_demo_accounts
from kb.checks import lacks_static_files
from postmortems.models import Incident

FIXTURES = ("causes", "filing", "swift-rsyslog", "bitbucket-syslog", "labs-outage", "parsoid", "fallout")
OWN_CODE = ("postmortems", "timelines", "actionables")


class Command(BaseCommand):
    """Bring the database up to date, load the demo incidents, collect static files."""

    help = (
        "Make this installation ready to look at: migrate, load the taxonomy of causes and five incidents, recompute "
        "what is derived from them, collect static files. Does only what has not been done. Changed demo files are "
        "loaded again, over what was edited in those five incidents; other incidents are left alone."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--force", action="store_true", help="Load into a database that holds other incidents.")
        parser.add_argument("--remove-accounts", action="store_true", help="Remove the demonstration's accounts.")

    def handle(self, *args: Any, force: bool = False, remove_accounts: bool = False, **options: Any) -> None:
        """Run each step that is due, and note it as done only once it is."""
        done = Stamps(settings.DATA_DIR / "demo.json")
        self._migrate()
        if not remove_accounts:  # which a check asks for
            self.check(databases=["default"])
        self._load(done, force=force)
        self._step("Recomputing", "refresh", done, _database_key("derived"), digest([*_fixture_files(), *_code()]))
        if not settings.DEBUG:
            self._collect(done)
        self._accounts(remove=remove_accounts)

    def _migrate(self) -> None:
        """Apply migrations that are missing."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database ...")
            call_command("migrate", interactive=False, verbosity=0)

    def _load(self, done: Stamps, *, force: bool) -> None:
        """Load the fixtures when they changed or the database is new, never unasked into somebody's own data."""
        key, filled = _database_key("fixtures"), Incident.objects.exists()
        if filled and not done.has(key) and not force:
            self.stderr.write("The database holds incidents of its own: the demo was not loaded (--force loads it).")
            return
        if not filled:
            done.forget(key)
        # Noted before as begun: a load that was cut short must not look like somebody's own data afterwards.
        done.begin(key)
        self._step("Loading five incidents", "loaddata", done, key, digest(_fixture_files()), *FIXTURES)

    def _accounts(self, *, remove: bool) -> None:
        """With DEMO=1 the accounts that sign in by a button; without, a way to the first account of one's own."""
        if remove:
            for user in demo_accounts():
                user.delete()
        elif settings.DEMO:
            make_demo_accounts()
        elif not User.objects.filter(is_superuser=True, is_active=True).exists():
            self.stdout.write("Reading asks people to sign in, and nobody can administer yet: run `manage.py invite`.")

    def _collect(self, done: Stamps) -> None:
        """Collect static files when one changed."""
        root = settings.STATIC_ROOT
        if lacks_static_files():
            done.forget(f"static {root}")
        Path(root).mkdir(parents=True, exist_ok=True)
        self._step("Collecting static files", "collectstatic", done, f"static {root}", digest(_static_files()))

    def _step(self, title: str, command: str, done: Stamps, key: str, state: str, *args: str) -> None:
        """Run a command unless it was run for this very state."""
        if done.is_current(key, state):
            return
        self.stdout.write(f"{title} ...")
        options: dict[str, Any] = {"interactive": False} if command == "collectstatic" else {}
        call_command(command, *args, verbosity=0, **options)
        done.finish(key, state)


class Stamps:
    """Which step was finished for which state, kept in a small file in the data directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _change(self, change: Callable[[dict[str, str]], Any]) -> None:
        """Write the file whole or not at all."""
        stamps = self._read()
        change(stamps)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(stamps, indent=1), encoding="utf-8")
        draft.replace(self.path)

    def has(self, key: str) -> bool:
        """Whether the step was ever begun."""
        return key in self._read()

    def is_current(self, key: str, state: str) -> bool:
        """Whether the step was finished for this state."""
        return self._read().get(key) == state

    def begin(self, key: str) -> None:
        """Note that a step begins."""
        self._change(lambda stamps: stamps.setdefault(key, "begun"))

    def finish(self, key: str, state: str) -> None:
        """Note that a step is done for this state."""
        self._change(lambda stamps: stamps.update({key: state}))

    def forget(self, key: str) -> None:
        """Have a step run again."""
        self._change(lambda stamps: stamps.pop(key, None))


def digest(files: Iterable[tuple[str, Path]]) -> str:
    """One hash over the names and contents of files."""
    total = hashlib.sha256()
    for name, path in files:
        total.update(f"{name}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _database_key(step: str) -> str:
    """A step's name for this database; without it, another DATABASE_URL would pass for one that was filled."""
    place = {key: str(connection.settings_dict[key]) for key in ("ENGINE", "HOST", "PORT", "NAME")}
    return f"{step} {hashlib.sha256(json.dumps(place).encode()).hexdigest()[:16]}"


def _fixture_files() -> list[tuple[str, Path]]:
    paths = [folder / f"{name}.yaml" for folder in map(Path, settings.FIXTURE_DIRS) for name in FIXTURES]
    return [(path.name, path) for path in paths if path.exists()]


def _code() -> list[tuple[str, Path]]:
    """The code that derives: another version may derive something else."""
    paths = (path for app in OWN_CODE for path in (settings.BASE_DIR / app).rglob("*.py"))
    return sorted((str(path.relative_to(settings.BASE_DIR)), path) for path in paths)


def _static_files() -> list[tuple[str, Path]]:
    found = ((name, storage.path(name)) for finder in get_finders() for name, storage in finder.list([]))
    return sorted((name, Path(path)) for name, path in found)
