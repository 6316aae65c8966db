"""Accessibility as far as a machine can tell: axe finds nothing on any kind of page, in any width or theme."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browsing import Faults, in_every_look, watched_page
from tests.test_urls import FALLOUT, LABS, LOGGING, SWIFT, UNATTENDED

KINDS = (
    "/", "/incidents/", "/incidents/?q=syslog&organisation=bitbucket&colour=red", "/incidents/?q=nothing+at+all",
    LABS, SWIFT, FALLOUT, "/causes/", "/causes/?view=list", UNATTENDED, LOGGING, "/services/rsyslog/",
    "/organisations/wikimedia/", "/actionables/", "/actionables/?due=overdue", "/actionables/ACT-2/", "/keyboard/",
    "/preferences/", "/nothing/",
)  # fmt: skip
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations", "incomplete"]}


def told(results: list[dict[str, Any]]) -> list[str]:
    """Each finding as its rule and the first elements it is about."""
    return [f"{rule['id']}: " + "; ".join(node["html"][:120] for node in rule["nodes"][:3]) for rule in results]


@in_every_look
def test_axe_finds_nothing(
    chromium: Any, live_server: Any, five_committed: None, faults: Faults, width: int, scheme: Any
) -> None:
    faults.expect("404 (Not Found)")
    violations, axe = {}, Axe()
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with watched_page(chromium, live_server.url, faults, **options) as page:
        for address in KINDS:
            page.goto(address)
            page.evaluate("() => document.querySelectorAll('details').forEach(e => e.open = true)")
            found = axe.run(page, options=OPTIONS).response
            assert found["passes"], address
            violations[address] = told(found["violations"])
            for line in told(found["incomplete"]):
                print(f"{address} {width} px {scheme}, to be looked at: {line}")
    assert {address: lines for address, lines in violations.items() if lines} == {}
    assert not faults.unexpected(), "\n".join(faults.unexpected())
