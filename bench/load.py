"""A small HTTP client over keep-alive connections, and the processor time of the processes it loads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
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

    def get(self, path: str, etag: str = "") -> Answer:
        """Ask for a page and read all of it."""
        known = f"If-None-Match: {etag}\r\n" if etag else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{self.head}{known}\r\n".encode())
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
    """A process and all below it; processor time is read from /proc, in seconds."""

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

    def seconds(self) -> float:
        """What all of them used so far."""
        return sum(_nanoseconds(pid) for pid in self.members) / 1e9


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


def visits(connection: Connection, paths: list[str], *, revisit: bool) -> list[tuple[str, str]]:
    """The pages to ask for; for a repeat visit with the ETag that a first one brought."""
    return [(path, connection.get(path).etag if revisit else "") for path in paths]


def in_turn(connection: Connection, wanted: list[tuple[str, str]], count: int, edit: Callable[[], None]) -> Run:
    """One request after the other; `edit` is called before each."""
    times, answers = [], []
    for _, (path, etag) in zip(range(count), cycle(wanted), strict=False):
        edit()
        begun = time.perf_counter()
        answers.append(connection.get(path, etag))
        times.append((time.perf_counter() - begun) * 1000)
    return Run(times, answers)


def at_once(port: int, paths: list[str], clients: int, seconds: float, *, revisit: bool = False) -> float:
    """Requests a second with so many connections at work at the same time."""
    done: list[int] = []
    end = time.perf_counter() + seconds

    def work(offset: int) -> None:
        connection, count = Connection(port), 0
        wanted = visits(connection, paths, revisit=revisit)
        for path, etag in cycle(wanted[offset % len(wanted) :] + wanted[: offset % len(wanted)]):
            if time.perf_counter() > end:
                break
            connection.get(path, etag)
            count += 1
        connection.socket.close()
        done.append(count)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begun)
