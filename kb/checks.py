"""What `manage.py check` says about wrong or unsafe settings; `manage.py serve` refuses to start on an error.

E001 - E004 and E022 look into the database and so need `check --database default`; E020 needs `check --deploy`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http.request import validate_host

from .environment import SQLITE_PRAGMAS

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1"}
# WAL keeps its index in memory shared by all processes, which no network file system offers.
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "lustre"}
SQLITE_AT_LEAST = (3, 35, 0)
POSTGRESQL_AT_LEAST = 14
SECRET_KEY_LENGTH = 50
ROLES = ("Reader", "Author", "Manager", "Admin")  # as in accounts/roles.py, which needs the models; a test compares
MOUNTS = Path("/proc/self/mounts")


def check_database(databases: Sequence[str] | None = None, **unused: Any) -> list[CheckMessage]:
    """The database is one that keeps what it acknowledged."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        messages += demo_accounts_outside(connection)
        if connection.vendor == "sqlite":
            messages += [*sqlite_version(), *sqlite_pragmas(connection), *sqlite_place(connection)]
        elif connection.vendor == "postgresql":
            messages += postgresql_version(connection)
    return messages


def sqlite_pragmas(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    """The live connection has the pragmas that the product's promises rest on (one query each)."""
    if _in_memory(connection):
        return
    for name, expected in SQLITE_PRAGMAS.items():
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA {name}")
            value = cursor.fetchone()[0]
        if value != expected:
            yield Error(
                f"SQLite runs with {name} = {value} instead of {expected}.",
                hint="Leave the options of DATABASES to kb/environment.py; a read-only or network disk can refuse WAL.",
                id="hindsight.E001",
            )


def sqlite_place(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    """The file is on a disk of this machine, as far as that can be told."""
    if _in_memory(connection):
        return
    kind = file_system(Path(connection.settings_dict["NAME"]).resolve())
    if kind in NETWORK_FILE_SYSTEMS:
        yield Error(
            f"The SQLite file {connection.settings_dict['NAME']} is on a network file system ({kind}).",
            hint="Set HINDSIGHT_DATA to a local disk, or use PostgreSQL with DATABASE_URL.",
            id="hindsight.E002",
        )


def sqlite_version() -> Iterator[CheckMessage]:
    """SQLite is new enough."""
    if sqlite3.sqlite_version_info < SQLITE_AT_LEAST:
        needed = ".".join(map(str, SQLITE_AT_LEAST))
        yield Error(
            f"SQLite {sqlite3.sqlite_version} is too old; {needed} or later is needed.",
            hint="Use a newer Python build, or PostgreSQL with DATABASE_URL.",
            id="hindsight.E003",
        )


def postgresql_version(connection: Any) -> Iterator[CheckMessage]:
    """PostgreSQL is new enough."""
    major = connection.pg_version // 10_000
    if major < POSTGRESQL_AT_LEAST:
        yield Error(
            f"PostgreSQL {major} is too old; {POSTGRESQL_AT_LEAST} or later is needed.",
            hint="Upgrade the server that DATABASE_URL names.",
            id="hindsight.E004",
        )


def _in_memory(connection: Any) -> bool:
    return bool(connection.is_in_memory_db())


def file_system(path: Path) -> str:
    """The type of the file system a path lies on; empty where the system does not tell."""
    if not MOUNTS.exists():
        return ""
    best, kind = "", ""
    for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
        point, found = line.split(" ")[1:3]
        point = point.replace(r"\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, found
    return kind


def check_secret_key(**unused: Any) -> list[CheckMessage]:
    """Sessions and links are signed with a key nobody can guess."""
    key = settings.SECRET_KEY
    if len(key) >= SECRET_KEY_LENGTH and len(set(key)) >= 5 and not key.startswith("django-insecure-"):
        return []
    return [
        Error(
            f"SECRET_KEY is a default or shorter than {SECRET_KEY_LENGTH} characters.",
            hint="Leave SECRET_KEY and SECRET_KEY_FILE unset: a key is then made and kept in HINDSIGHT_DATA.",
            id="hindsight.E010",
        )
    ]


def check_addresses(**unused: Any) -> list[CheckMessage]:
    """SITE_URL, ALLOWED_HOSTS, HTTPS and DEBUG fit together."""
    return [*_hosts(), *_site_url(), *_debug()]


def _hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS contains *, so links can be made to lead to any host.",
            hint="List the names this site is reached by, separated by commas.",
            id="hindsight.E011",
        )


def _site_url() -> Iterator[CheckMessage]:
    url = settings.SITE_URL
    if not url:
        return
    host = origin_host(url)
    if not host:
        yield Error(
            f"SITE_URL is {url!r}, which is not a scheme and a host alone.",
            hint="Use the form https://hindsight.example.org, without a path or a slash at the end.",
            id="hindsight.E012",
        )
        return
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield Error(
            f"ALLOWED_HOSTS does not contain {host}, the host of SITE_URL: every request would be refused.",
            hint=f"Add {host} to ALLOWED_HOSTS.",
            id="hindsight.E013",
        )
    if url.startswith("http://") and host not in LOCAL_HOSTS and not settings.DEBUG:
        yield checks.Warning(
            "SITE_URL is plain http: passwords and sessions cross the network readable.",
            hint="Put a proxy in front that speaks TLS and use https:// in SITE_URL.",
            id="hindsight.W014",
        )


def origin_host(url: str) -> str:
    """The host of an origin such as https://example.org:8443; empty when the address is anything more or less."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises on a port that is none
    except ValueError:
        return ""
    extra = parts.path or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("http", "https") or not parts.hostname or extra or url != url.strip():
        return ""
    return f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname


def _debug() -> Iterator[CheckMessage]:
    public = [host for host in settings.ALLOWED_HOSTS if host not in LOCAL_HOSTS]
    if settings.DEBUG and (settings.HTTPS or public):
        yield Error(
            "DEBUG is on for a site others can reach: error pages would show them settings and data.",
            hint="Unset DEBUG, or take everything but localhost out of ALLOWED_HOSTS and SITE_URL.",
            id="hindsight.E015",
        )


def check_reading(**unused: Any) -> list[CheckMessage]:
    """The demonstration stays on this machine; single sign-on is set up whole."""
    return [*_demonstration(), *_single_sign_on()]


def _demonstration() -> Iterator[CheckMessage]:
    public = [host for host in settings.ALLOWED_HOSTS if host not in LOCAL_HOSTS]
    if settings.DEMO and (settings.HTTPS or public):
        yield Error(
            "DEMO is on for a site others can reach: anyone there becomes an admin by a button.",
            hint="Unset DEMO, or take everything but localhost out of ALLOWED_HOSTS and SITE_URL.",
            id="hindsight.E021",
        )


def _single_sign_on() -> Iterator[CheckMessage]:
    if not settings.OIDC_ISSUER:
        return
    host = urlsplit(settings.OIDC_ISSUER).hostname or ""
    if not settings.OIDC_ISSUER.startswith("https://") and host not in LOCAL_HOSTS:
        yield Error(
            f"OIDC_ISSUER is {settings.OIDC_ISSUER!r}; who signs in could be forged on the way.",
            hint="Use the issuer's https:// address.",
            id="hindsight.E023",
        )
    if not settings.OIDC_CLIENT_ID:
        yield Error(
            "OIDC_ISSUER is set, but OIDC_CLIENT_ID is not.",
            hint="Register this site at the provider and set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.",
            id="hindsight.E024",
        )
    if unknown := set(settings.OIDC_ROLES.values()) - set(ROLES):
        yield Error(
            f"OIDC_ROLES names {', '.join(sorted(unknown))}, which is no role.",
            hint=f"Use {', '.join(ROLES)}, as in sre=Author,leads=Manager.",
            id="hindsight.E025",
        )


def demo_accounts_outside(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    """The demonstration's accounts are only in the demonstration (two queries)."""
    tables = connection.introspection.table_names()
    if settings.DEMO or "auth_user_groups" not in tables:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM auth_user_groups m JOIN auth_group g ON g.id = m.group_id WHERE g.name = %s",
            ["Demonstration"],
        )
        found = cursor.fetchone()[0]
    if found:
        yield Error(
            f"The database holds {found} accounts of the demonstration, and DEMO is off.",
            hint="Remove them with `manage.py demo --remove-accounts`, or set DEMO=1 on a machine of your own.",
            id="hindsight.E022",
        )


def check_proxy(**unused: Any) -> list[CheckMessage]:
    """With HTTPS somebody in front speaks TLS and says so, else every request is redirected to itself."""
    if not settings.HTTPS or getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        return []
    return [
        checks.Warning(
            "HTTPS is on, but X-Forwarded-Proto is not believed: behind a proxy every page redirects to itself.",
            hint="Set TRUST_PROXY=1 when the proxy in front sets that header, as docs/self-hosting.md shows.",
            id="hindsight.W016",
        )
    ]


def check_static_files(**unused: Any) -> list[CheckMessage]:
    """Style sheets and scripts were collected, without which no page renders."""
    if not lacks_static_files():
        return []
    return [
        Error(
            f"There are no collected static files in {settings.STATIC_ROOT}.",
            hint="Run `manage.py collectstatic --noinput`.",
            id="hindsight.E020",
        )
    ]


def lacks_static_files() -> bool:
    """Whether pages are made with collected files and there are none; with DEBUG they come straight from static/."""
    read_manifest = getattr(staticfiles_storage, "read_manifest", None)
    return read_manifest is not None and read_manifest() is None
