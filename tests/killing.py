"""Saves sections over HTTP at a server that is killed again and again, and says what was lost or half written."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from kb.accounts.roles import give_role
from postmortems.document import document_of
from postmortems.models import Incident
from postmortems.refresh import refresh_incident
from tests.factories import make_incident
from tests.savers import same_database

TITLE = "Brillig"
LONG = "The slithy toves did gyre and gimble in the wabe. " * 100  # 5,000 characters
TOKEN = "k" * 32
MARKS = re.compile(r'name="marks" value="([^"]*)"')
START_SECONDS = 90


@dataclass
class Told:
    """What one incident was told, and how far the server said that it took it."""

    number: int
    sent: int = 0
    acknowledged: int = 0
    entries: set[str] = field(default_factory=set)


class Server:
    """`manage.py serve` with one worker on the database of this process; killed as a whole, and started again."""

    def __init__(self, data: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
        self.environment = kept | same_database() | {"HINDSIGHT_DATA": str(data), "LOG_LEVEL": "ERROR"}
        self.environment["SECRET_KEY"] = settings.SECRET_KEY  # the session was signed with it
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = int(trial.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *before: str) -> None:
        """Start it, and wait until it answers; `before` is a program that it runs under."""
        command = [*before, sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", "1"]
        silent = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=self.environment, stdout=silent, stderr=silent, start_new_session=True
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError, HTTPException), connected(self.port) as asked:
                asked.request("GET", "/healthz")
                if asked.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """SIGKILL to it and to all below it, at once."""
        assert self.process is not None
        for pid in family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def prepare(self) -> None:
        """Collect the static files, without which it does not start."""
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, check=True)


def family(root: int) -> list[int]:
    """A process and all below it, from /proc."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


@contextmanager
def connected(port: int) -> Iterator[HTTPConnection]:
    """A connection to the server, closed at the end."""
    made = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        yield made
    finally:
        made.close()


class Writer(threading.Thread):
    """Saves a text of 5,000 characters and adds entries to one incident, over and over."""

    def __init__(self, server: Server, cookies: str, told: Told) -> None:
        super().__init__(daemon=True)
        self.server, self.told = server, told
        self.headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        self.saved, self.answers = 0, Counter[int]()
        self.over = threading.Event()

    def run(self) -> None:
        """Until it is over; a server that is away is waited for."""
        while not self.over.is_set():
            try:
                with connected(self.server.port) as asked:
                    while not self.over.is_set():
                        self.save(asked)
                        self.add(asked)
            except (OSError, HTTPException):
                time.sleep(0.05)

    def save(self, asked: HTTPConnection) -> None:
        """Save the summary with the next number."""
        asked.request("GET", self.address("impact"), headers=self.headers)
        answer = asked.getresponse()
        page = answer.read().decode()
        if answer.status != 200:
            self.answers[answer.status] += 1
            return
        marks = MARKS.search(page)
        assert marks is not None
        number = self.told.sent + 1
        self.told.sent = number
        if self.post(asked, "impact", {"summary": f"{number} {LONG}", "marks": html.unescape(marks[1])}):
            self.told.acknowledged = number

    def add(self, asked: HTTPConnection) -> None:
        """Add an entry to the timeline."""
        text = f"Entry after {self.told.sent}."
        if self.post(asked, "timeline", {"text": text, "kind": "note", "when": ""}):
            self.told.entries.add(text)

    def post(self, asked: HTTPConnection, section: str, fields: Mapping[str, str]) -> bool:
        """Send a form; whether the server said that it is saved."""
        asked.request("POST", self.address(section), urlencode({"csrfmiddlewaretoken": TOKEN, **fields}), self.headers)
        answer = asked.getresponse()
        answer.read()
        self.answers[answer.status] += 1
        done = answer.status == 302 and answer.headers["Location"].startswith("/INC-")
        self.saved += done
        return done

    def address(self, section: str) -> str:
        """Where a section is edited."""
        return f"/INC-{self.told.number}/edit/{section}/"


def writers(server: Server, count: int) -> list[Writer]:
    """As many writers as incidents are made for them, all one person."""
    person, client = User.objects.create_user(TITLE.lower()), Client()
    give_role(person, "Author")
    client.force_login(person)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    made = [make_incident(f"{TITLE} {number}", summary="0 begun", impact="") for number in range(count)]
    for incident in made:
        refresh_incident(incident)  # one that no save reaches before the end is to be found as well
    return [Writer(server, cookies, Told(incident.number)) for incident in made]


def faults(told: Told) -> list[str]:
    """What is wrong with an incident after what it was told."""
    incident = Incident.objects.get(number=told.number)
    number, _, text = incident.summary.partition(" ")
    said = []
    if not told.acknowledged <= int(number) <= told.sent or text not in (LONG, "begun"):
        said.append(f"{incident}: {number} is saved, {told.acknowledged} was acknowledged, {told.sent} was sent")
    texts = Counter(incident.timeline.values_list("text", flat=True))
    said += [f"{incident}: “{entry}” is lost" for entry in told.entries if texts[entry] != 1]
    if sorted(incident.timeline.values_list("position", flat=True)) != list(range(1, texts.total() + 1)):
        said.append(f"{incident}: positions of entries are wrong")
    newest = incident.revisions.order_by("-number").first()
    if newest and (newest.document != document_of(incident) or newest.number != incident.version):
        said.append(f"{incident}: what is kept of version {newest.number} is not what is saved")
    return said


def killed(data: Path, kills: int, random: Random, *, writing: int = 3, moment: float = 1.0) -> tuple[int, list[str]]:
    """Kill a server so many times while sections are saved; how many saves were acknowledged, and what is wrong."""
    with working(data, writing) as (server, at_work):
        for _ in range(kills - 1):
            wait_for(at_work, 1)
            time.sleep(random.random() * moment)
            server.kill()
            server.start()
        wait_for(at_work, 1)
    odd = {status for writer in at_work for status in writer.answers if status not in (200, 302)}
    wrong = [f"answers of {sorted(odd)}"] if odd else []
    wrong += [fault for writer in at_work for fault in faults(writer.told)]
    return sum(writer.saved for writer in at_work), wrong


@contextmanager
def working(data: Path, writing: int, *before: str) -> Iterator[tuple[Server, list[Writer]]]:
    """A server with writers at it; killed at the end, with the writers at work."""
    server = Server(data)
    server.prepare()
    at_work = writers(server, writing)
    try:
        server.start(*before)
        for writer in at_work:
            writer.start()
        yield server, at_work
    finally:
        server.kill()
        for writer in at_work:
            writer.over.set()
            if writer.is_alive():
                writer.join()


def wait_for(at_work: list[Writer], more: int) -> None:
    """Until so many more saves were acknowledged."""
    wanted = sum(writer.saved for writer in at_work) + more
    until = time.monotonic() + START_SECONDS
    while sum(writer.saved for writer in at_work) < wanted:
        assert time.monotonic() < until, f"nothing is saved: {[writer.answers for writer in at_work]}"
        time.sleep(0.005)


def synced(data: Path, saves: int) -> tuple[int, int]:
    """How many saves a server acknowledged, and how often it had the disk written meanwhile, told by strace.

    What it did before the first and after the last save is not counted.
    """
    told = data / "calls"
    with working(data, 1, "strace", "-f", "-qq", "-e", "trace=fdatasync,fsync", "-o", str(told)) as (_, at_work):
        wait_for(at_work, 1)
        before, saved = told.read_text().count("sync("), at_work[0].saved
        wait_for(at_work, saves)
        done = at_work[0].saved - saved  # first what is acknowledged: calls that come in between only add
        return done, told.read_text().count("sync(") - before
