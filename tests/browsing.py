"""Chromium through Playwright, and the record of what goes wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
PLACES = ("/usr/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# How a page is looked at: wide and light, wide and dark, as narrow as WCAG 1.4.10 asks. On one database: its looks do
# not depend on that.
LOOKS = ((1440, "light"), (320, "dark"))
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# Runs before every page's own scripts, whatever its policy.
REPORT_BREACHES = """
document.addEventListener("securitypolicyviolation", event =>
  reportBreach(`${event.violatedDirective} by ${event.blockedURI || "inline"} on ${event.documentURI}`));
"""


class Faults(list[str]):
    """What went wrong in the browser, as lines of text."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def expect(self, *parts: str) -> None:
        """Allow for faults whose text contains one of these."""
        self.expected.extend(parts)

    def unexpected(self) -> list[str]:
        """The faults no one announced."""
        return [fault for fault in self if not any(part in fault for part in self.expected)]


def in_every_look(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test of how pages look once for each of `LOOKS`, as its `width` in pixels and its `scheme`."""
    return pytest.mark.sqlite(pytest.mark.parametrize(("width", "scheme"), LOOKS)(test))


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path), None) or next((p for p in PLACES if Path(p).exists()), None)


@contextmanager
def open_chromium(path: str) -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), headless=True)
        yield browser
        browser.close()


@contextmanager
def watched_page(browser: Browser, address: str, faults: Faults, **options: Any) -> Iterator[Page]:
    """A page in a context of its own that writes down what goes wrong; `options` are Playwright's for a context."""
    context = browser.new_context(base_url=address, **options)
    context.expose_binding("reportBreach", lambda _, text: faults.append(f"Policy: {text}"))
    context.add_init_script(REPORT_BREACHES)
    context.on("request", lambda request: _note_foreign(request, faults))
    context.on("weberror", lambda error: faults.append(f"Script: {error.error}"))
    context.on("console", lambda message: _note_console(message, faults))
    yield context.new_page()
    context.close()


def _note_foreign(request: Request, faults: Faults) -> None:
    parts = urlsplit(request.url)
    if parts.scheme not in ("data", "blob", "about") and parts.hostname not in LOOPBACK:
        faults.append(f"Foreign: {request.url}")


def _note_console(message: ConsoleMessage, faults: Faults) -> None:
    if message.type in ("error", "warning"):
        faults.append(f"Console: {message.text} ({message.location.get('url', '')})")
