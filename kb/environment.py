"""Reading settings from the environment; every reader fails with the variable's name and what it expected."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
# Why these: WAL lets readers go on while one writes; FULL makes a commit survive a power cut; IMMEDIATE takes the
# write lock at the start, so that a read-then-write never fails half-way; the timeout lets writers queue.
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}
SQLITE_INIT = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-20000; PRAGMA mmap_size=2147418112;"


def text(name: str, default: str) -> str:
    """The value as it stands."""
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}; use one of 1, true, yes, on, 0, false, no, off.")


def number(name: str, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number.")
    return int(value)


def choice(name: str, default: str, among: Collection[str]) -> str:
    """One of several words."""
    value = os.environ.get(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name} is {value!r}; use one of {', '.join(among)}.")
    return value


def listed(name: str, default: str) -> list[str]:
    """Comma-separated values, blanks dropped."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def own_place(checkout: Path) -> Path:
    """The default data directory of a checkout: named after it, told apart from its namesakes by its path."""
    mark = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    return Path.home() / ".local" / "share" / "hindsight" / f"{checkout.name}-{mark}"


def file_or_value(name: str, path: Path, make: Callable[[], str]) -> str:
    """A secret: from the variable, from the file that `<name>_FILE` points to, else made once and kept at `path`."""
    if name in os.environ:
        return os.environ[name]
    given = os.environ.get(f"{name}_FILE")
    if given:
        return _read(f"{name}_FILE", Path(given))
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, make())
    return _read(name, path)


def given_secret(name: str) -> str:
    """A secret that is not made when missing: from the variable, or from the file that `<name>_FILE` points to."""
    given = os.environ.get(f"{name}_FILE")
    return _read(f"{name}_FILE", Path(given)) if given and name not in os.environ else os.environ.get(name, "")


def pairs(name: str) -> dict[str, str]:
    """What belongs to what, as in `sre=Author,leads=Manager`."""
    parts = [part.partition("=") for part in listed(name, "")]
    if wrong := [left + middle for left, middle, right in parts if not left.strip() or not right.strip()]:
        raise ImproperlyConfigured(f"{name} has {wrong[0]!r}; use name=value, separated by commas.")
    return {left.strip(): right.strip() for left, _, right in parts}


def mail(url: str) -> dict[str, Any]:
    """Django's settings for `smtp://user:password@host:587` (TLS asked for), `smtps://...` or, when empty, the log."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ImproperlyConfigured(f"EMAIL_URL begins with {parts.scheme!r}; use smtp://... or smtps://... with a host")
    plain = dict(parse_qsl(parts.query)).get("tls") == "off"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": int(_port(url, "EMAIL_URL") or (465 if parts.scheme == "smtps" else 587)),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and not plain,
        "EMAIL_TIMEOUT": 10,
    }


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}: the file {path} cannot be read: {error}") from error


def _write_new(path: Path, secret: str) -> None:
    """Write a file only its owner can read, whole or not at all; leave it alone when another process was first."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)  # unlike a rename, fails when the name is taken
    os.unlink(draft)


def newest_change(root: Path) -> int:
    """When the newest of our files was changed, in nanoseconds since the epoch."""
    names = ("kb", "postmortems", "timelines", "actionables", "templates", "static")
    files = (path for name in names for path in (root / name).rglob("*.*"))
    kinds = (".py", ".html", ".css", ".js", ".svg")
    return max((path.stat().st_mtime_ns for path in files if path.suffix in kinds), default=0)


def database(url: str) -> dict[str, Any]:
    """Django's settings for `sqlite:///path` or `postgresql://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path.removeprefix("/")) if parts.netloc == "" else "")
    if parts.scheme in ("postgresql", "postgres"):
        return _postgresql(url)
    raise ImproperlyConfigured(f"DATABASE_URL begins with {parts.scheme!r}; use sqlite:///... or postgresql://...")


def _sqlite(path: str) -> dict[str, Any]:
    if not path:
        raise ImproperlyConfigured("DATABASE_URL names no file; use sqlite:///relative.db or sqlite:////absolute.db")
    if path != ":memory:":
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_INIT},
        "CONN_MAX_AGE": None,
        "ATOMIC_REQUESTS": False,
    }


def _port(url: str, name: str) -> str:
    try:
        return str(urlsplit(url).port or "")
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


def _postgresql(url: str) -> dict[str, Any]:
    parts, port = urlsplit(url), _port(url, "DATABASE_URL")
    if not parts.path.removeprefix("/"):
        raise ImproperlyConfigured("DATABASE_URL names no database; use postgresql://user:password@host:port/name")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", parts.hostname or "")
    limits = {"statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}
    # Disks of today read anywhere about as fast; the default of 4 keeps the planner from short walks along an index.
    limits["random_page_cost"] = "1.1"
    # A PostgreSQL that can compile queries would compile each search: its cost is set high to keep the planner to the
    # index. That takes longer than any query of ours.
    limits["jit"] = "off"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": port,
        "OPTIONS": {
            "connect_timeout": 3,
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            **options,
        },
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
