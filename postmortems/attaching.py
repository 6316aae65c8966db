"""What a file is, by its content; where it lies; and the limits for both. Nothing in here unpacks or decodes a file."""

from __future__ import annotations

import os
import re
import secrets
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import unpack
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

MOST_FILES = 200  # of one incident, those in the bin included
MOST_PIXELS = 64_000_000  # what browsers draw without running out of memory
HEAD = 64 * 1024
KEY = re.compile(r"[0-9a-f]{32}\Z")
TEXT = "text/plain"
KINDS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "application/pdf": (b"%PDF-",),
}
ENDINGS = {
    "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/gif": (".gif",), "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    TEXT: (".txt", ".log", ".md", ".csv", ".json", ".yaml", ".yml", ".conf", ".ini", ".sql", ".diff", ".patch"),
}  # fmt: skip
TAKEN = "PNG, JPEG, GIF and WebP images, PDF, and plain text in UTF-8"


class Unacceptable(Exception):
    """A file that is not taken; the words say why, to a person."""


class LimitedUpload(FileUploadHandler):
    """Stops reading a file that is larger than files may be, before it fills a disk. Stands before Django's own."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass it on while it is within the limit."""
        if start + len(raw_data) > settings.LARGEST_FILE:
            self.request.META["upload_too_large"] = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind make the file."""


def kind_of(file: UploadedFile[Any]) -> str:
    """The media type of a file, told by its content alone. Raises Unacceptable."""
    if not file.size:
        raise Unacceptable("This file is empty.")
    if file.size > settings.LARGEST_FILE:
        raise Unacceptable(too_large())
    file.seek(0)
    head = file.read(HEAD)
    kind = next((name for name, starts in KINDS.items() if head.startswith(starts)), "")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        kind = "image/webp"
    if kind.startswith("image/"):
        _check_pixels(kind, head)
    if not kind and _is_text(file):
        kind = TEXT
    if not kind:
        raise Unacceptable(f"This is none of the files that are taken: {TAKEN}.")
    return kind


def too_large() -> str:
    """What is said of a file over the limit."""
    return f"This file is larger than {largest()}."


def largest() -> str:
    """The limit in words."""
    return f"{settings.LARGEST_FILE // 1_048_576} MB"


def _is_text(file: UploadedFile[Any]) -> bool:
    decoder = getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        texts = [decoder.decode(chunk) for chunk in file.chunks()] + [decoder.decode(b"", final=True)]
    except UnicodeDecodeError:
        return False
    return not any(re.search("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", text) for text in texts)


def _check_pixels(kind: str, head: bytes) -> None:
    """Refuse an image that is larger when it is drawn than browsers bear, or that does not say how large it is."""
    width, height = MEASURES[kind](head) or (0, 0)
    if not (width and height):
        raise Unacceptable("This image does not say how large it is.")
    if width * height > MOST_PIXELS:
        raise Unacceptable(f"This image has {width:,} x {height:,} pixels, which is too many to be drawn.")


def _png(head: bytes) -> tuple[int, int] | None:
    return unpack(">II", head[16:24]) if head[12:16] == b"IHDR" and len(head) >= 24 else None


def _gif(head: bytes) -> tuple[int, int] | None:
    return unpack("<HH", head[6:10]) if len(head) >= 10 else None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """From the first start of a frame; the segments before it are stepped over by the length that each states."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    if len(head) < 30:
        return None
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


MEASURES = {"image/png": _png, "image/gif": _gif, "image/jpeg": _jpeg, "image/webp": _webp}


def name_of_file(given: str, kind: str) -> str:
    """A name that is safe in an address and on any disk, and whose ending says what the file is."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", given.replace("\\", "/").rpartition("/")[2]).lstrip("-").rstrip("-.")
    stem, dot, ending = name.rpartition(".")
    if f"{dot}{ending}".lower() in ENDINGS[kind]:
        return f"{stem[:80].strip('-.') or 'file'}.{ending.lower()}"
    return f"{name[:80].strip('-.') or 'file'}{ENDINGS[kind][0]}"


def new_key() -> str:
    """Nobody guesses it."""
    return secrets.token_hex(16)


def place_of(key: str) -> Path:
    """Where the content of a file lies; ValueError for what is no key, so that nothing leads elsewhere."""
    if not KEY.match(key):
        raise ValueError("not a key of a file")
    return Path(settings.ATTACHMENTS) / key[:2] / key


def keep(key: str, chunks: Iterable[bytes]) -> None:
    """Write the content, whole or not at all, so that it is there after a power cut."""
    place = place_of(key)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_suffix(".new")
    try:
        with draft.open("xb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    _sync(place.parent)


def _sync(folder: Path) -> None:
    if os.name != "nt":  # which has no such thing
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def content(key: str) -> Iterator[bytes]:
    """The content in pieces; the file is opened when the first is asked for."""
    with place_of(key).open("rb") as file:
        while piece := file.read(HEAD):
            yield piece


def forget(keys: Iterable[str]) -> None:
    """Delete the contents of these for good."""
    for key in keys:
        place_of(key).unlink(missing_ok=True)
