"""Hostile text, rendered and shown in a real browser: nothing of it runs.

A sample by default; HINDSIGHT_XSS_ALL=1 takes every payload. The checker runs in a process of its own, since its
event loop and the live server of other browser tests do not share one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browsing import find_chromium
from tests.security.broken_renderers import MUST_RUN

ROOT = Path(__file__).resolve().parent.parent.parent
CHECK = ROOT / "tests" / "security" / "xss_check.py"
EVERY = "1" if os.environ.get("HINDSIGHT_XSS_ALL") == "1" else "12"

pytestmark = [
    pytest.mark.sqlite,  # no database is asked
    pytest.mark.skipif(find_chromium() is None, reason="needs Chromium"),
]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the checker; what it printed is in stdout."""
    command = [sys.executable, str(CHECK), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False)


def test_no_payload_runs_or_leaves_the_allow_list() -> None:
    done = check("postmortems.markdown:render", "--every", EVERY)
    assert re.search(r"script executed: 0 +payloads failing any rule: 0\n", done.stdout), done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["raw_html_escaped_no_nh3", "onclick_allowed"])
def test_the_checker_sees_script_of_a_broken_renderer_run(name: str) -> None:
    assert name in MUST_RUN
    done = check(f"tests.security.broken_renderers:BROKEN.{name}", "--every", "160", "--modes", "doc")
    executed = re.search(r"script executed: (\d+)", done.stdout)
    assert executed, done.stdout + done.stderr
    assert int(executed[1]) > 0
    assert done.returncode == 1


def test_the_checker_sees_a_broken_allow_list() -> None:
    done = check("tests.security.broken_renderers:BROKEN.no_rel", "--every", "40", "--modes", "doc")
    assert "rel@doc" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
