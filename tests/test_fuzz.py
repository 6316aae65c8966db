"""Every address and every form with odd input from odd people: whatever comes, no answer is a 5xx.

`--fuzz=3000` tries that many on the database at hand; a few hundred are part of every run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from tests.hostile import ALL
from tests.leaking import make_people
from tests.permissions import ADDRESSES, address_of, one_of_each

pytestmark = pytest.mark.usefixtures("five")

ODD = [
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "x" * 300, "w" * 70_000, "é" * 201, "0", "-1", "-0",
    "1e999999999", "9" * 5_000, "NaN", "Infinity", "٣", "２", str(2**31), str(2**63), str(2**64), "0x10", "1.5",
    "true", "null", "[]", "{}", "2015-13-45", "0000-00-00", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59+14:00",
    "1969-12-31 24:00", "25:61", "23:5x", "about 99:99", "next day", "Europe/Nowhere", "../../etc/passwd", "..%2f..",
    "C:\\x", "\r\nSet-Cookie: a=b", "a\nb", "\u2028", "INC-1", "INC-0", "INC-99999999999999999999", "ACT-1", "on",
    "off", "open", "done", "published", "00000000-0000-0000-0000-000000000000", "javascript:alert(1)", "https://[::1",
    "http://\udc80", "=1+1", "@SUM(A1)", "__all__", "pk", "id__in", "author__password__startswith", "?", "-",
    "text/html", "data:,x", "mailto:", "a" * 65,
]  # fmt: skip
PEOPLE = ("anonymous", "mallory", "alice", "bob", "carol")


class Fields(HTMLParser):
    """The fields of the forms on a page with what they hold, and the names that links on it ask by."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.asked = set(re.findall(r"[?&;]([a-z_]+)=", page))
        self._text, self._select = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") not in ("submit", "file", "image", "button"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._add(given.get("name"), given.get("value", "on" if given.get("type") == "checkbox" else ""))
        elif tag == "textarea":
            self._text = given.get("name", "")
            self._add(self._text, "")
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and "selected" in given:
            self._add(self._select, given.get("value", ""))
        elif tag == "button":
            self._add(given.get("name"), given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text and self.fields:
            name, value = self.fields[-1]
            self.fields[-1] = name, value + data

    def _add(self, name: str | None, value: str) -> None:
        if name and name != "csrfmiddlewaretoken":
            self.fields.append((name, value))


class Chance:
    """One stream of chance: what is asked, with what, by whom."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self) -> str:
        """Something nobody types in good faith."""
        kind = self.random.random()
        if kind < 0.6:
            return self.random.choice(ODD)
        if kind < 0.8:
            return self.random.choice(ALL)
        return "".join(chr(self.random.choice((self.random.randrange(256), self.random.randrange(0x110000))))
                       for _ in range(self.random.choice((1, 5, 40, 250))))  # fmt: skip

    def address(self, address: str) -> str:
        """The address, sometimes with another part in it."""
        if self.random.random() < 0.8:
            return address
        parts = address.split("/")
        parts[self.random.randrange(len(parts))] = _quoted(self.text()[:2_000])
        return "/" + "/".join(parts).lstrip("/")

    def query(self, names: list[str]) -> str:
        """A few parameters, known and unknown, some of them twice."""
        chosen = [self.random.choice([*names, "page", "q", "next", "sort", self.text()[:50]]) for _ in range(3)]
        return _form([(name, self.text()) for name in chosen[: self.random.randrange(4)]])

    def form(self, fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The form as it is on the page, with some of its fields altered, doubled or taken away, and one of our own."""
        told = list(fields)
        for _ in range(self.random.randrange(1, 4)):
            if not told:
                break
            at = self.random.randrange(len(told))
            name, _ = told[at]
            told[at : at + 1] = self.random.choice(
                ([], [(name, self.text())], [(name, self.text()), (name, self.text())])
            )
        if self.random.random() < 0.2:
            told.append((self.text()[:100], self.text()))
        return told


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _form(fields: list[tuple[str, str]]) -> str:
    raw = [(name.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass")) for name, value in fields]
    return urlencode(raw)


def multipart(fields: list[tuple[str, str]], chance: Chance) -> bytes:
    """The fields as a browser sends a form with a file, the file's name and content odd too."""
    lines = []
    for name, value in [*fields, ("file", "")]:
        head = b'--edge\r\nContent-Disposition: form-data; name="' + name.encode("utf-8", "surrogatepass") + b'"'
        if name == "file":
            head += b'; filename="' + chance.text()[:300].encode("utf-8", "surrogatepass") + b'"'
            value = chance.text()
        lines.append(head + b"\r\n\r\n" + value.encode("utf-8", "surrogatepass") + b"\r\n")
    return b"".join(lines) + chance.random.choice((b"--edge--\r\n", b"--edge", b""))


def asked(client: Client, admin: Client, entry: Any, known: dict[str, Fields], chance: Chance) -> tuple[str, int]:
    """One thing asked of the site: what it was, and the status of the answer."""
    address = address_of(entry).partition("?")[0]
    if address not in known:
        page: Any = admin.get(address)
        known[address] = Fields(b"".join(page).decode("utf-8", "replace"))
    fields, names = known[address].fields, [name for name, _ in known[address].fields] + sorted(known[address].asked)
    place, query = chance.address(address), chance.query(names)
    if chance.random.random() < (0.6 if fields and (not entry.takes or "POST" in entry.takes) else 0.1):
        told = chance.form(fields)
        if chance.random.random() < 0.2:
            body, kind = multipart(told, chance), "multipart/form-data; boundary=edge"
        else:
            body, kind = _form(told).encode(), "application/x-www-form-urlencoded"
        answer: Any = client.generic("POST", place, body, kind, headers=_headers(chance))
        return f"POST {place} {body[:3_000]!r}", answer.status_code
    answer = client.generic("GET", f"{place}?{query}", headers=_headers(chance))
    b"".join(answer)
    return f"GET {place}?{query}", answer.status_code


def _headers(chance: Chance) -> dict[str, str]:
    """Now and then a header that is not as it should be."""
    odd = {"If-None-Match": "*", "If-Modified-Since": "never", "Accept": "\x7f", "Range": "bytes=0-",
           "HX-Request": "true", "HX-Current-URL": "http://[", "Authorization": "Bearer x",
           "Accept-Language": "x" * 900, "Accept-Encoding": "gzip;q=x",
           "Referer": "http://[", "Origin": "null"}  # fmt: skip
    name = chance.random.choice(list(odd))
    return {name: odd[name]} if chance.random.random() < 0.2 else {}


def cases(how_many: int) -> Iterator[tuple[str, Any]]:
    """Every address in turn, those of the admin a third as often."""
    own = [name for name in ADDRESSES if not name.startswith("admin")]
    others = [name for name in ADDRESSES if name.startswith("admin")]
    for number in range(how_many):
        names, turn = (others, number // 4) if number % 4 == 3 else (own, number - number // 4)
        name = names[turn % len(names)]
        yield name, ADDRESSES[name]


@pytest.fixture
def people(db: None) -> dict[str, Client]:
    """A browser for each role that shows errors as answers."""
    make_people()
    one_of_each()
    browsers = {name: Client(raise_request_exception=False) for name in PEOPLE}
    for name in PEOPLE[1:]:
        browsers[name].force_login(User.objects.get(username=name))
    return browsers


def test_no_input_is_answered_by_an_error(people: dict[str, Client], pytestconfig: pytest.Config) -> None:
    """Each in a transaction that is undone, so that one case does not take from the next what it is about."""
    how_many, known, failed = int(pytestconfig.getoption("--fuzz")), dict[str, Fields](), []
    chance = Chance(int(pytestconfig.getoption("--fuzz-seed")))
    for _, entry in cases(how_many):
        client = people["carol" if chance.random.random() < 0.6 else chance.random.choice(PEOPLE)]
        cookies: Any = client.cookies.copy()
        with transaction.atomic():
            what, status = asked(client, people["carol"], entry, known, chance)
            transaction.set_rollback(True)
        client.cookies = cookies
        if status >= 500:
            failed.append(f"{status} {what}")
    assert not failed, "\n".join(failed)
