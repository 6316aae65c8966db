"""What every test may ask for: a database, people, the five incidents, a browser."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from kb.accounts.roles import give_role
from kb.management.commands.demo import FIXTURES
from tests.browsing import Faults, find_chromium, open_chromium, watched_page
from tests.copying import copied, put_back

CI = os.environ.get("CI", "").lower() in {"1", "true"}
LONGEST = ("test_leaks.py", "test_visibility_mutants.py", "test_urls.py", "test_html.py")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other database: deselected, so that a skipped test always means a missing piece.

    What takes longest begins first, so that no process waits for another at the end.
    """
    items.sort(key=lambda item: item.path.name not in LONGEST)
    other = "sqlite" if "postgresql" in settings.DATABASES["default"]["ENGINE"] else "postgresql"
    left_out = [item for item in items if item.get_closest_marker(other)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With CI=true nothing may be skipped: a test that is fails, with the reason."""
    report: Any = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{item.nodeid} may not be left out here. {reason}"
    return report


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuse every connection to another machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _loopback_only(getattr(socket.socket, name)))
        yield


def _loopback_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise RuntimeError(f"A test tried to reach {address[0]} port {address[1]}.")
        return connect(self, address)

    return guarded


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's test database in a file: locks, WAL and several connections are then those of the real thing."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database. PostgreSQL drops it even with a request under way and on a slow disk."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            connection.close()
        connection.settings_dict["OPTIONS"].pop("options", None)  # with the limits of time


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Hash passwords in no time; what they are hashed with is Django's business."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        yield


@pytest.fixture(autouse=True, scope="session")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the files of incidents apart from those of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "ATTACHMENTS", tmp_path_factory.mktemp("attachments"))
        yield


def _person(name: str, role: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", f"{name}-long-password", first_name=name.capitalize())
    give_role(user, role)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def alice(db: None) -> User:
    """Writes postmortems: an author."""
    return _person("alice", "Author")


@pytest.fixture
def bob(db: None) -> User:
    """Manages: follows actionables, keeps the taxonomy."""
    return _person("bob", "Manager")


@pytest.fixture
def carol(db: None) -> User:
    """Administers."""
    return _person("carol", "Admin")


@pytest.fixture
def mallory(db: None) -> User:
    """Reads, and must see nothing that is not open to all."""
    return _person("mallory", "Reader")


@pytest.fixture
def author(client: Client, alice: User) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    return client


def load_five() -> None:
    """The taxonomy and the five incidents, as `manage.py demo` loads them."""
    call_command("loaddata", *FIXTURES, verbosity=0)
    call_command("refresh", verbosity=0)


@pytest.fixture(scope="module")
def _five(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Loaded once for a module, in a transaction around all its tests; what a test writes is undone after it."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        with transaction.atomic():
            load_five()
            yield
            transaction.set_rollback(True)


@pytest.fixture
def five(_five: None, db: None) -> None:
    """The five incidents. Loaded once a module, so put all its tests under them:
    `pytestmark = pytest.mark.usefixtures("five")`. Tests with a live server take `five_committed`.
    """


@pytest.fixture
def five_committed(transactional_db: None) -> None:
    """The five incidents, visible to other connections: for the live server and for threads."""
    if not COPY:
        load_five()
        COPY.append(copied())
    else:
        put_back(COPY[0])


COPY: list[Any] = []  # of the five as they are right after loading: putting them back takes a tenth of the time


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, started once."""
    path = find_chromium()
    if path is None:
        pytest.skip("There is no Chromium on this machine.")
    # Playwright keeps an event loop in this thread; Django would refuse the ORM beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with open_chromium(path) as browser:
        yield browser


@pytest.fixture
def faults() -> Faults:
    """What went wrong in the browser during a test; `faults.expect("404")` allows for what is meant to."""
    return Faults()


@pytest.fixture
def page(chromium: Any, live_server: Any, faults: Faults) -> Iterator[Any]:
    """A page of the live server (relative addresses work). The test fails on any error in the console, any breach of
    the content security policy and any request to a foreign host.
    """
    with watched_page(chromium, live_server.url, faults) as page:
        yield page
    assert not faults.unexpected(), "\n".join(faults.unexpected())
