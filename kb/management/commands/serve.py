"""`manage.py serve`: the site on a WSGI server, for one person's laptop as for a team behind a proxy."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError, SystemCheckError
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from kb.checks import check_static_files

# Each worker is a process of its own with this many requests at work at once. More threads than this only wait for
# each other: Python runs one at a time, and the database is rarely what a page waits for.
THREADS = 4
MOST_WORKERS = 4
# Requests a worker takes in; those beyond wait in the kernel's queue, so memory stays bounded under a rush.
BACKPRESSURE = 64
BACKLOG = 1024
# Request line and headers together (the server refuses somewhere below twice this); browsers send under 8 KiB.
HEADER_BYTES = 32 * 1024
# The server counts the pause between two requests of one connection as time to read headers. Proxies and browsers
# keep an idle connection for 60 to 75 seconds; one closed under them costs a failed request.
HEADER_SECONDS = 90
STOP_SECONDS = 20
OWN = ("postmortems", "timelines", "actionables", "kb")


class Command(BaseCommand):
    """Check the settings and serve."""

    help = "Serve the site on http://HOST:PORT until stopped with Ctrl-C or SIGTERM; requests under way are finished."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default: 127.0.0.1).")
        parser.add_argument("--port", type=int, default=8000, help="Port to listen on (default: 8000).")
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
        parser.add_argument("--workers", type=int, default=workers, help="Processes (default: one per core, up to 4).")
        parser.add_argument("--threads", type=int, default=THREADS, help=f"Threads of each (default: {THREADS}).")

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse to start on anything that would fail later, then serve."""
        host, port = options["host"], options["port"]
        self._refuse_wrong_settings()
        self._refuse_old_database()
        self._refuse_busy_port(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"Data: {settings.DATA_DIR}")
        self.stdout.write(f"Hindsight runs at http://{shown}:{port} - Ctrl-C stops it")
        if not settings.DEMO and not User.objects.filter(is_superuser=True, is_active=True).exists():
            site = "" if settings.SITE_URL else f" --site http://{shown}:{port}"
            self.stdout.write(f"There is no admin yet: `manage.py invite{site}` prints a link that makes the first.")
        connections.close_all()  # the workers open their own
        self.stdout.flush()
        site = server(host, port, options["workers"], options["threads"])
        stop_on_hangup(site)
        site.serve(target_loader=application, wrap_loader=False)

    def _refuse_wrong_settings(self) -> None:
        """Django's checks and ours, those that look into the database included."""
        self.check(databases=["default"])
        messages = [*check_static_files(), *run_checks(tags=["security"])]
        errors = [message for message in messages if message.is_serious() and not message.is_silenced()]
        if errors:
            raise SystemCheckError("\n".join(str(error) for error in errors))

    def _refuse_old_database(self) -> None:
        """A database that lacks migrations, or has some this version does not know."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run `manage.py migrate`, or `manage.py demo`.")
        loader = executor.loader
        newer = sorted(key for key in loader.applied_migrations.keys() - loader.disk_migrations.keys() if key[0] in OWN)
        if newer:
            raise CommandError(
                f"The database is of a newer version ({newer[-1][0]} {newer[-1][1]}). Run that version, or restore the "
                "backup that was made before the upgrade."
            )

    def _refuse_busy_port(self, host: str, port: int) -> None:
        """Try the address first: the server itself would share it or end in a traceback."""
        family, kind, protocol, _, address = _resolve(host, port)
        with socket.socket(family, kind, protocol) as trial:
            if sys.platform != "win32":  # there, the option would allow what is tried for here
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(address)
            except OSError as error:
                advice = "Choose another: make run PORT=8001, or manage.py serve --port 8001."
                raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror}. {advice}") from None


def _resolve(host: str, port: int) -> tuple[Any, ...]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError) as error:
        raise CommandError(f"Cannot listen on {host} port {port}: {error}.") from None


def application() -> WSGIHandler:
    """The application, in a worker. Ctrl-C reaches every process of a terminal's group, and a worker that is told to
    stop both by it and by the server hangs; so it leaves the group and listens to the server alone.
    """
    if hasattr(os, "setpgrp"):  # not on Windows
        os.setpgrp()
    threading.Thread(target=_stop_with, args=(os.getppid(),), daemon=True).start()
    return get_wsgi_application()


def _stop_with(parent: int) -> None:
    """End a worker when the process that started it was killed: an orphan would keep the port and serve on."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def stop_on_hangup(site: Any) -> None:
    """Stop when the terminal is closed, instead of staying behind on a busy port; `nohup` prevents it as ever."""
    hangup = getattr(signal, "SIGHUP", None)  # not on Windows
    if hangup is None:
        return
    wanted = signal.SIG_IGN if signal.getsignal(hangup) == signal.SIG_IGN else site.signal_handler_interrupt
    site.on_startup(lambda: signal.signal(hangup, wanted))


def server(host: str, port: int, workers: int, threads: int) -> Any:
    """The WSGI server. An idle connection stays open; a worker that dies is replaced."""
    return Granian(
        "kb.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        blocking_threads_idle_timeout=600,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,  # its warning about a killed worker is at times untrue
        working_dir=settings.BASE_DIR,
    )
