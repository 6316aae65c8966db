"""A small HTTP client over keep-alive connections, and the processor time of the processes it loads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

HOST = "127.0.0.1"


@dataclass
class Answer:
    """What came back."""

    status: int
    etag: str
    size: int


class Connection:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"Host: {HOST}:{port}\r\nConnection: keep-alive\r\n"

    def get(self, path: str, header: str = "") -> Answer:
        """Ask for a page, with a header line of its own, and read all of it."""
        own = f"{header}\r\n" if header else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{self.head}{own}\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        left = int(headers.get("content-length", 0)) - len(body)
        size = len(body)
        while left > 0:
            part = self._more()
            left, size = left - len(part), size + len(part)
        return Answer(int(status.split()[1]), headers.get("etag", ""), size)

    def _more(self) -> bytes:
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


@dataclass
class Family:
    """A process and all below it; processor time is read from /proc."""

    root: int
    members: list[int] = field(default_factory=list)

    def find(self) -> None:
        """Look for the processes anew."""
        parents = {}
        for place in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        self.members = [self.root]
        for pid in self.members:
            self.members += [child for child, parent in parents.items() if parent == pid]

    def used(self) -> dict[int, int]:
        """What each of them used so far, in nanoseconds."""
        return {pid: _nanoseconds(pid) for pid in self.members}

    def used_since(self, before: dict[int, int]) -> float:
        """What those used since then that still run, in milliseconds."""
        now = self.used()
        return sum(now[pid] - then for pid, then in before.items() if now[pid]) / 1e6


def _nanoseconds(pid: int) -> int:
    """Of all threads of a process; the scheduler's count, as `stat` counts in hundredths of a second only."""
    total = 0
    for place in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(place.read_text().split()[0])
        except OSError:
            continue
    return total


@dataclass
class Run:
    """Figures of many requests: wall times in milliseconds and the answers."""

    times: list[float]
    answers: list[Answer]

    def quantile(self, share: float) -> float:
        """The time that this share of requests stays within."""
        return sorted(self.times)[min(int(len(self.times) * share), len(self.times) - 1)]


Visits = Iterator[tuple[str, str]]


def first_visits(paths: list[str]) -> Visits:
    """Pages as they are made: each visitor has other preferences, so that none gets what was kept for another."""
    start = time.time_ns()
    return ((path, f"Cookie: preferences=visitor%3D{start + n}") for n, path in enumerate(cycle(paths)))


def same_visits(paths: list[str]) -> Visits:
    """Pages as most get them: kept from a visitor before."""
    return ((path, "") for path in cycle(paths))


def repeat_visits(paths: list[str], connection: Connection) -> Visits:
    """Pages that the visitor has already, and names by their ETag."""
    return cycle([(path, f"If-None-Match: {connection.get(path).etag}") for path in paths])


def in_turn(connection: Connection, visits: Visits, count: int, edit: Callable[[], None] = lambda: None) -> Run:
    """One request after the other; `edit` is called before each."""
    times, answers = [], []
    for path, header in islice(visits, count):
        edit()
        begun = time.perf_counter()
        answers.append(connection.get(path, header))
        times.append((time.perf_counter() - begun) * 1000)
    return Run(times, answers)


def at_once(port: int, clients: int, seconds: float, visits: Callable[[Connection], Visits]) -> float:
    """Requests a second with so many connections at work at the same time."""
    done: list[int] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        connection, count = Connection(port), 0
        for path, header in visits(connection):
            if time.perf_counter() > end:
                break
            connection.get(path, header)
            count += 1
        connection.socket.close()
        done.append(count)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)
