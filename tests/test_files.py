"""Files of incidents: what is taken, who gets it, with which headers, and that nothing leads elsewhere."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from postmortems.attaching import MOST_FILES, Unacceptable, forget, keep, kind_of, name_of_file, new_key, place_of
from postmortems.markdown import render
from postmortems.models import Attachment, AuditEntry, Incident, IncidentReader
from postmortems.refresh import refresh_incident
from tests.factories import make_incident
from tests.test_history import signed_in

pytestmark = pytest.mark.django_db


def png(width: int = 3, height: int = 2, data: bytes = b"") -> bytes:
    """A whole PNG of this size, of one grey."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))

    rows = data or zlib.compress((b"\0" + b"\x80" * width) * height)
    head = pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    frame = b"\xff\xc0" + pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + frame + b"\xff\xd9"


def webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + size


def lossless(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return b"RIFF\x1e\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + bits.to_bytes(4, "little") + b"\0" * 8


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + pack("<HH", width, height) + b"\0" * 20


def zip_bomb() -> bytes:
    """42 kB or so that become 40 MB."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 40_000_000)
    return packed.getvalue()


TAKEN = [
    (png(), "image/png"), (jpeg(30, 20), "image/jpeg"), (gif(30, 20), "image/gif"), (webp(30, 20), "image/webp"),
    (lossless(30, 20), "image/webp"), (b"%PDF-1.7\n...", "application/pdf"), (b"22:05 it hung\n", "text/plain"),
    ("Größe 日本\t\x1b[31mred\x1b[0m".encode(), "text/plain"), (b"<script>alert(1)</script>", "text/plain"),
    (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
]  # fmt: skip
REFUSED = {
    "empty": b"", "zip bomb": zip_bomb(), "gzip": b"\x1f\x8b\x08" + b"\0" * 30, "program": b"\x7fELF\0\0\0\0",
    "nul": b"text\0text", "latin": "Größe".encode("latin-1"), "utf-16": "text".encode("utf-16"),
    "png bomb": png(50_000, 50_000, zlib.compress(b"")), "jpeg bomb": jpeg(60_000, 60_000),
    "gif bomb": gif(65_535, 65_535), "webp bomb": webp(16_000_000, 16_000_000),
    "lossless bomb": lossless(16_384, 16_384), "no size": png(0, 5),
    "png head alone": b"\x89PNG\r\n\x1a\n", "jpeg without a frame": b"\xff\xd8\xff\xe0\0\x02" * 5,
    "webp head": b"RIFF0000WEBP",
    "half a character": "ö".encode()[:1], "too large": b"a" * (10 * 1_048_576 + 1),
}  # fmt: skip


def upload(content: bytes, name: str = "file") -> Any:
    return SimpleUploadedFile(name, content, content_type="text/html")


@pytest.mark.parametrize(("content", "kind"), TAKEN, ids=lambda given: str(given)[:20])
def test_a_file_is_what_its_content_says(content: bytes, kind: str) -> None:
    assert kind_of(upload(content)) == kind


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_taken(name: str) -> None:
    with pytest.raises(Unacceptable):
        kind_of(upload(REFUSED[name], "picture.png"))


def test_a_character_across_two_pieces_is_text() -> None:
    text = ("a" + "ö" * 70_000).encode()
    assert kind_of(upload(text)) == "text/plain"
    assert kind_of(upload(text * 20)) == "text/plain"


NAMES = [
    ("../../etc/passwd", "passwd.txt"), ("..\\..\\boot.ini", "boot.ini"), ("/etc/shadow", "shadow.txt"),
    ("graph.PNG", "graph.PNG.txt"), ("a b\r\nSet-Cookie: x.log", "a-b-Set-Cookie-x.log"), ("x.html", "x.html.txt"),
    ("", "file.txt"), ("...", "file.txt"), ("日本.log", "file.log"), ("%2e%2e%2fx", "2e-2e-2fx.txt"),
    ("n" * 500 + ".log", "n" * 80 + ".log"), (".htaccess", "htaccess.txt"),
    ("....", "file.txt"), ("a\0b.txt", "a-b.txt"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "name"), NAMES)
def test_names_are_made_safe(given: str, name: str) -> None:
    assert name_of_file(given, "text/plain") == name


def test_an_image_is_named_after_what_it_is() -> None:
    assert name_of_file("graph.PNG", "image/png") == "graph.png"
    assert name_of_file("graph.exe", "image/jpeg") == "graph.exe.jpg"
    assert name_of_file("graph.jpeg", "image/jpeg") == "graph.jpeg"


@pytest.mark.parametrize("key", ["../" * 10 + "etc/passwd", "", "a" * 31, "A" * 32, "a" * 32 + "\n", "a" * 33, "/etc"])
def test_only_our_own_keys_lead_to_a_file(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        place_of(key)


def test_content_is_kept_whole_or_not_at_all(settings: LazySettings, tmp_path: Path) -> None:
    settings.ATTACHMENTS = tmp_path

    def breaks() -> Any:
        yield b"half"
        raise RuntimeError

    key = new_key()
    with pytest.raises(RuntimeError):
        keep(key, breaks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    keep(key, [b"who", b"le"])
    assert place_of(key).read_bytes() == b"whole"
    forget([key, new_key()])
    assert not place_of(key).exists()


@pytest.fixture
def draft(alice: User) -> Incident:
    incident = make_incident("Quokka overload", status="draft")
    IncidentReader.objects.create(incident=incident, user=alice, is_author=True)
    refresh_incident(incident)
    return incident


def place(incident: Incident, *parts: object) -> str:
    return "/".join([f"/incidents/{incident.slug}/files", *map(str, parts), ""])


def add(person: User, incident: Incident, content: bytes, name: str = "graph.png", **headers: str) -> Any:
    return signed_in(person).post(place(incident, "add"), {"file": upload(content, name)}, headers=headers)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_file_is_added_shown_and_put_into_a_text(draft: Incident, alice: User) -> None:
    assert add(alice, draft, png()).status_code == 302
    row = draft.attachments.get()
    assert (row.name, row.kind, row.size, row.by_name) == ("graph.png", "image/png", len(png()), "Alice")
    assert row.markdown in signed_in(alice).get(place(draft)).content.decode()
    assert f'<img src="{row.get_absolute_url()}"' in render(row.markdown).replace('alt="graph.png" src', "src")
    answer = signed_in(alice).get(row.get_absolute_url())
    assert body(answer) == png()


def test_a_program_gets_what_puts_it_into_a_text(draft: Incident, alice: User) -> None:
    answer = add(alice, draft, b"a log", "syslog", accept="application/json")
    row = draft.attachments.get()
    assert (answer.status_code, answer.json()["markdown"]) == (201, f"[syslog.txt]({row.get_absolute_url()})")
    refused = add(alice, draft, b"\0", accept="application/json")
    assert (refused.status_code, "none of the files" in refused.json()["error"]) == (422, True)


def test_files_come_with_headers_that_let_nothing_run(draft: Incident, alice: User) -> None:
    add(alice, draft, png())
    add(alice, draft, b"<script>alert(1)</script>", "page.html")
    told = [signed_in(alice).get(row.get_absolute_url()).headers for row in draft.attachments.order_by("pk")]
    for headers in told:
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "private" in headers["Cache-Control"]
    image, page = told
    assert (image["Content-Type"], image["Content-Disposition"]) == ("image/png", 'inline; filename="graph.png"')
    assert page["Content-Type"] == "text/plain; charset=utf-8"
    assert page["Content-Disposition"] == 'attachment; filename="page.html.txt"'


def test_only_who_may_see_the_incident_gets_its_files(
    draft: Incident, alice: User, bob: User, mallory: User, carol: User
) -> None:
    add(alice, draft, png())
    address = draft.attachments.get().get_absolute_url()
    asked = {person: signed_in(person).get(address).status_code for person in (alice, bob, mallory, carol)}
    assert asked == {alice: 200, bob: 404, mallory: 404, carol: 200}
    assert Client().get(address).status_code == 404
    Incident.objects.filter(pk=draft.pk).update(status="published", visibility="restricted")
    refresh_incident(draft)
    assert [signed_in(person).get(address).status_code for person in (mallory, alice)] == [404, 200]
    assert AuditEntry.objects.filter(action="read restricted", detail="media").count() == 1
    Incident.objects.filter(pk=draft.pk).update(visibility="open")
    refresh_incident(draft)
    assert Client().get(address).status_code == 200
    assert Client().get(address + "x").status_code == 404


def test_only_who_may_edit_adds_and_removes(draft: Incident, alice: User, mallory: User) -> None:
    IncidentReader.objects.create(incident=draft, user=mallory)
    assert add(mallory, draft, png()).status_code == 403
    add(alice, draft, png())
    row = draft.attachments.get()
    assert signed_in(mallory).post(place(draft, row.pk, "remove")).status_code == 403
    assert Client().post(place(draft, row.pk, "remove")).status_code == 302
    other = make_incident("Other", status="draft")
    IncidentReader.objects.create(incident=other, user=alice, is_author=True)
    assert signed_in(alice).post(place(other, row.pk, "remove")).status_code == 404
    assert draft.attachments.get().removed_at is None


def test_what_is_removed_comes_back_whole(draft: Incident, alice: User) -> None:
    add(alice, draft, png())
    row, browser = draft.attachments.get(), signed_in(alice)
    assert browser.post(place(draft, row.pk, "remove")).status_code == 302
    assert browser.get(row.get_absolute_url()).status_code == 404
    assert "Removed by <bdi>Alice</bdi>" in browser.get(place(draft)).content.decode()
    assert browser.post(place(draft, row.pk, "put-back")).status_code == 302
    assert body(browser.get(row.get_absolute_url())) == png()


@pytest.mark.parametrize("name", ["zip bomb", "png bomb", "program"])
def test_what_is_refused_says_why_and_leaves_nothing(draft: Incident, alice: User, name: str) -> None:
    answer = add(alice, draft, REFUSED[name])
    assert answer.status_code == 422
    assert 'id="file_error"' in answer.content.decode()
    assert not draft.attachments.exists()


def test_a_file_over_the_limit_is_not_read_to_its_end(
    draft: Incident, alice: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LARGEST_FILE = 100_000
    answer = add(alice, draft, b"a" * 5_000_000)
    assert answer.status_code == 422
    assert "larger than" in answer.content.decode()
    assert signed_in(alice).post(place(draft, "add")).status_code == 422
    assert not draft.attachments.exists()


def test_an_incident_has_at_most_so_many(draft: Incident, alice: User, settings: LazySettings, tmp_path: Path) -> None:
    settings.ATTACHMENTS = tmp_path
    rows = [
        Attachment(incident=draft, key=new_key(), name="a.txt", kind="text/plain", size=1) for _ in range(MOST_FILES)
    ]
    Attachment.objects.bulk_create(rows)
    answer = add(alice, draft, b"one more")
    assert (answer.status_code, f"at most {MOST_FILES} files" in answer.content.decode()) == (422, True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


ELSEWHERE = ["/media/../../etc/passwd", "/media/%2e%2e/passwd", "/media/..%2f..%2fetc/passwd", "/media/",
             "/media/a/b/c", "/media/" + "a" * 32 + "/%00", "/media/" + "a" * 5_000 + "/x",
             "/media/%ED%A0%80/x"]  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE, ids=lambda address: address[:30])
def test_no_address_leads_out_of_the_folder(carol: User, address: str) -> None:
    assert signed_in(carol).get(address).status_code == 404


def test_a_content_that_is_gone_is_404(draft: Incident, alice: User) -> None:
    row = Attachment.objects.create(incident=draft, key=new_key(), name="a.txt", kind="text/plain", size=1)
    assert signed_in(alice).get(row.get_absolute_url()).status_code == 404
