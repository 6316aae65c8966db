"""The short name of a ticket elsewhere, told from its address alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

LONGEST = 60


def _github(url: SplitResult) -> str:
    """owner/name#12 for an issue, a pull request or a discussion; owner/name@1a2b3c4 for a commit."""
    if url.hostname != "github.com" and not _host_begins(url, "github."):
        return ""
    if found := re.match(r"/([\w.-]+/[\w.-]+)/(?:issues|pull|discussions)/(\d+)", url.path):
        return f"{found[1]}#{found[2]}"
    found = re.match(r"/([\w.-]+/[\w.-]+)/commit/([0-9a-f]{7})[0-9a-f]*$", url.path)
    return f"{found[1]}@{found[2]}" if found else ""


def _gitlab(url: SplitResult) -> str:
    """group/name#12 for an issue, group/name!12 for a merge request, group&12 for an epic; on any host."""
    found = re.match(r"/(?:groups/)?([\w./-]+?)(?:/-)?/(issues|work_items|merge_requests|epics)/(\d+)", url.path)
    if not found or not ("/-/" in url.path or _host_begins(url, "gitlab.")):
        return ""
    return found[1] + {"merge_requests": "!", "epics": "&"}.get(found[2], "#") + found[3]


def _jira(url: SplitResult) -> str:
    """ABC-12."""
    key = re.search(r"/(?:browse|issues)/([A-Z][A-Z0-9_]*-\d+)(?:/|$)", url.path)
    return key[1] if key else _first(url, "selectedIssue", r"[A-Z][A-Z0-9_]*-\d+")


def _phabricator(url: SplitResult) -> str:
    """T12 for a task, D12 for a revision."""
    found = re.match(r"/([TD]\d+)/?$", url.path)
    return found[1] if found else ""


def _bugzilla(url: SplitResult) -> str:
    """Bug 12."""
    if url.path.endswith("/show_bug.cgi"):
        number = _first(url, "id", r"\d+")
        return f"Bug {number}" if number else ""
    found = re.match(r"/(\d+)/?$", url.path) if _host_begins(url, "bugzilla.") else None
    return f"Bug {found[1]}" if found else ""


def _launchpad(url: SplitResult) -> str:
    """LP:12."""
    if not (url.hostname or "").endswith("launchpad.net"):
        return ""
    found = re.search(r"/(?:\+bug|bugs)/(\d+)", url.path)
    return f"LP:{found[1]}" if found else ""


def _gerrit(url: SplitResult) -> str:
    """Gerrit 12."""
    if found := re.search(r"^/(?:r/)?c/.+/\+/(\d+)", url.path):
        return f"Gerrit {found[1]}"
    if not (_host_begins(url, "gerrit.") or _host_begins(url, "review.")):
        return ""
    found = re.match(r"(?:/r)?/(?:c/)?(\d+)/?", url.path) or re.match(r"/?c/(\d+)", url.fragment)
    found = found or re.match(r"/q/(\d+)", url.fragment)
    return f"Gerrit {found[1]}" if found else ""


def _rt(url: SplitResult) -> str:
    """RT 12."""
    if url.path.endswith(("/Ticket/Display.html", "/Display.html")):
        number = _first(url, "id", r"\d+")
        return f"RT {number}" if number else ""
    found = re.match(r"/(?:rt/)?[Tt]icket/(\d+)/?$", url.path) if _host_begins(url, "rt.") else None
    return f"RT {found[1]}" if found else ""


TRACKERS: tuple[Callable[[SplitResult], str], ...] = (
    _github, _launchpad, _gerrit, _gitlab, _bugzilla, _rt, _jira, _phabricator,
)  # fmt: skip


def short_name(address: str) -> str:
    """What people call the ticket at this address: "LP:1094230", "owner/name#12"; its host when it is not recognised.

    Empty for what is no web address. Never more than 60 characters.
    """
    try:
        url = urlsplit(address.strip())
        host = url.hostname or ""
    except ValueError:
        return ""
    if url.scheme not in ("http", "https") or not host:
        return ""
    path = SplitResult(url.scheme, url.netloc, unquote(url.path), url.query, unquote(url.fragment))
    found = next((name for name in (tracker(path) for tracker in TRACKERS) if name), "")
    return (found or host)[:LONGEST]


def _host_begins(url: SplitResult, prefix: str) -> bool:
    return (url.hostname or "").startswith(prefix)


def _first(url: SplitResult, name: str, pattern: str) -> str:
    """The first value of a parameter, when the pattern fits the whole of it."""
    values = parse_qs(url.query, max_num_fields=50).get(name, [""]) if url.query.count("&") < 50 else [""]
    return values[0] if re.fullmatch(pattern, values[0], re.ASCII) else ""
