"""Prove, in a real browser, that a renderer from Markdown to HTML lets no script through.

    python tests/security/xss_check.py postmortems.markdown:render    built-in payloads, 3 ways of insertion
    python tests/security/xss_check.py ... --corpus DIR|FILE          plus other payloads (see xss_payloads)
    python tests/security/xss_check.py --self-test                    every renderer known to be bad is caught
    python tests/security/xss_check.py --crawl URL... --cookie n=v    running pages: no script from elsewhere

Ways of insertion: doc (part of the page), inner (element.innerHTML), htmx (htmx.swap, when htmx is found).
What counts as a failure is described in xss_browser. The exit code is 0 only if nothing failed.
Needs playwright and Chromium.
"""

from __future__ import annotations

import argparse
import collections
import html as markup
import importlib
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from playwright.sync_api import BrowserContext, Dialog, Request, sync_playwright  # noqa: E402

from tests.browsing import find_chromium  # noqa: E402
from tests.security.broken_renderers import BROKEN, MUST_RUN, RUN_BY_HTMX  # noqa: E402
from tests.security.xss_browser import DEFAULT_POLICY, FIRE, Browser, Finding, Findings  # noqa: E402
from tests.security.xss_payloads import Payload, builtin, load_corpus  # noqa: E402

Renderer = Callable[[str], str]
MODES = ("doc", "inner", "htmx")
SECONDS_PER_RENDER = 2.0


class Result(NamedTuple):
    """bad: findings by the number of the payload; documents: how many different ones there were."""

    bad: Findings
    documents: int
    slowest: float


def find_htmx() -> Path | None:
    """The htmx that the product ships."""
    return next(iter(sorted((ROOT / "static").rglob("htmx*.js"))), None)


def check(
    browser: Browser, items: Sequence[tuple[int, str]], mode: str, batch: int = 80, deep: bool = True
) -> Findings:
    """Findings by number. deep: what cannot be attributed is narrowed down by halving the page."""
    bad: Findings = collections.defaultdict(list)
    for start in range(0, len(items), batch):
        _check_page(browser, items[start : start + batch], mode, deep, bad)
    return bad


def _check_page(browser: Browser, items: Sequence[tuple[int, str]], mode: str, deep: bool, bad: Findings) -> None:
    findings, loose = browser.run(items, mode)
    for number, found in findings.items():
        bad[number].extend(found)
    if not loose:
        return
    if len(items) == 1:
        bad[items[0][0]].extend(loose)
    elif not deep:
        for number, _ in items:
            bad[number].append(("batch", str(loose[0])))
    else:
        before = sum(map(len, bad.values()))
        middle = len(items) // 2
        _check_page(browser, items[:middle], mode, deep, bad)
        _check_page(browser, items[middle:], mode, deep, bad)
        if sum(map(len, bad.values())) == before and not findings:
            bad[items[0][0]].append(("batch-only", f"{len(items)} together: {loose[:2]}"))


def render_all(renderer: Renderer, payloads: Sequence[Payload]) -> tuple[list[tuple[int, str]], Findings, float]:
    """(number, HTML) of each; those that raised or took too long; and the seconds of the slowest."""
    rendered: list[tuple[int, str]] = []
    bad: Findings = {}
    slowest = 0.0
    for number, payload in enumerate(payloads):
        started = time.process_time()
        try:
            rendered.append((number, str(renderer(payload["payload"]))))
        except Exception as error:  # noqa: BLE001 - whatever a renderer raises is a failure to report
            bad[number] = [("crash", f"{type(error).__name__}: {error}"[:160])]
        seconds = time.process_time() - started
        slowest = max(slowest, seconds)
        if seconds > SECONDS_PER_RENDER:
            detail = f"{seconds:.2f} s for {len(payload['payload'])} characters"
            bad.setdefault(number, []).append(("slow", detail))
    return rendered, bad, slowest


def full(renderer: Renderer, payloads: Sequence[Payload], browser: Browser, modes: Sequence[str]) -> Result:
    """Every payload in every mode; equal documents are looked at once."""
    rendered, bad, slowest = render_all(renderer, payloads)
    by_html: dict[str, list[int]] = {}
    for number, html in rendered:
        by_html.setdefault(html, []).append(number)
    documents = [(numbers[0], html) for html, numbers in by_html.items()]
    equal = {numbers[0]: numbers for numbers in by_html.values()}
    for mode in modes:
        for first, found in check(browser, documents, mode).items():
            for number in equal.get(first, [first]):
                bad.setdefault(number, []).extend((f"{kind}@{mode}", detail) for kind, detail in found)
    return Result(bad, len(documents), slowest)


def executed(bad: Findings) -> int:
    """How many payloads ran script."""
    return sum(any(kind.startswith("exec") for kind, _ in found) for found in bad.values())


def first_failure(
    renderer: Renderer, payloads: Sequence[Payload], browser: Browser, modes: Sequence[str], kind: str = ""
) -> str:
    """The first payload with a finding that starts with kind, described; "" when there is none."""
    rendered, _, _ = render_all(renderer, payloads)
    for start in range(0, len(rendered), 40):
        for mode in modes:
            bad = check(browser, rendered[start : start + 40], mode, 40, deep=bool(kind))
            caught = _first(bad, kind)
            if caught:
                number, (what, detail) = caught
                return f"{payloads[number]['id']} {what}@{mode} {detail[:70]}"
    return ""


def _first(bad: Findings, kind: str) -> tuple[int, Finding] | None:
    findings = ((number, finding) for number, found in bad.items() for finding in found)
    return next((entry for entry in findings if entry[1][0].startswith(kind)), None)


def escape_everything(text: str) -> str:
    """The renderer that cannot be wrong."""
    return "<p>" + markup.escape(re.sub("[\x00\ud800-\udfff\r]", "", text)) + "</p>"


def by_idea(payloads: Sequence[Payload]) -> list[Payload]:
    """Families with one idea a payload first, so that a broken renderer falls on the first pages."""
    order = {"html": 0, "md": 1, "tag": 2, "scheme": 3, "wrap": 4}
    return sorted(payloads, key=lambda payload: order.get(payload["fam"], 9))


def self_test(browser: Browser, payloads: Sequence[Payload], modes: Sequence[str]) -> bool:
    """Escaping everything passes, and each broken renderer fails, by script that really ran where it must."""
    safe = full(escape_everything, payloads, browser, modes)
    print(f"escape everything: {len(safe.bad)} failing (want 0)", flush=True)
    caught = 0
    for name, renderer in BROKEN.items():
        runs = name in MUST_RUN and ("htmx" in modes or name not in RUN_BY_HTMX)
        kind = "exec" if runs else ""
        why = first_failure(renderer, by_idea(payloads), browser, modes, kind)
        caught += bool(why)
        print(f"  {name:38} {'caught: ' + why if why else 'MISSED'}", flush=True)
    print(f"broken renderers caught: {caught}/{len(BROKEN)}")
    return not safe.bad and caught == len(BROKEN)


def crawl(urls: Sequence[str], cookies: Sequence[str], allowed: Sequence[str], chromium: str) -> bool:
    """Whether no page runs script from outside the allowed prefixes (by default /static/ of its origin)."""
    bad = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=["--no-sandbox"])
        context = browser.new_context()
        for url in urls:
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
            pairs = [cookie.split("=", 1) for cookie in cookies]
            context.add_cookies([{"name": name, "value": value, "url": origin} for name, value in pairs])
            events = _visit(context, url, origin, tuple(allowed) or (f"{origin}/static/",))
            if events:
                bad += 1
                print("FAIL", url, events[:3])
        browser.close()
    print(f"{len(urls)} pages, {bad} with script from elsewhere")
    return not bad


def _visit(context: BrowserContext, url: str, origin: str, allowed: tuple[str, ...]) -> list[str]:
    page = context.new_page()
    events: list[str] = []

    def parsed(event: dict[str, Any]) -> None:
        source = event.get("url", "")
        ours = source.startswith(("xsscheck", *allowed)) or "playwright" in source
        world = event.get("executionContextAuxData") or {}
        if event.get("length") and not ours and world.get("isDefault", True):
            events.append(f"script {source}")

    def dialog(shown: Dialog) -> None:
        events.append(f"dialog {shown.message}")
        shown.dismiss()

    def request(sent: Request) -> None:
        if not sent.url.startswith((origin, "data:")):
            events.append(f"request {sent.url}")

    devtools = context.new_cdp_session(page)
    devtools.on("Debugger.scriptParsed", parsed)
    devtools.send("Debugger.enable")
    devtools.send("Debugger.setSkipAllPauses", {"skip": True})
    page.on("dialog", dialog)
    page.on("request", request)
    page.goto(url, wait_until="load")
    page.wait_for_timeout(100)
    devtools.send("Runtime.evaluate", {"expression": f"({FIRE})()\n//# sourceURL=xsscheck-fire"})
    page.wait_for_timeout(100)
    page.close()
    return events


def load(name: str) -> Renderer:
    """The function that "module:function" names, or "module:DICTIONARY.key"."""
    module, _, path = name.partition(":")
    function, _, key = (path or "render").partition(".")
    named = getattr(importlib.import_module(module), function)
    return named[key] if key else named


def report(name: str, payloads: Sequence[Payload], modes: Sequence[str], result: Result, show: int) -> None:
    """Prints the figures, the kinds of failure, and the first few."""
    print(f"{name}: {len(payloads)} payloads x {len(modes)} modes, {result.documents} different documents")
    print(f"  script executed: {executed(result.bad)}    payloads failing any rule: {len(result.bad)}")
    kinds = collections.Counter(kind for found in result.bad.values() for kind in {kind for kind, _ in found})
    for kind, count in kinds.most_common():
        print(f"    {kind:28} {count}")
    print(f"  slowest render: {result.slowest * 1000:.0f} ms of CPU")
    for number, found in list(result.bad.items())[:show]:
        print(f"  - {payloads[number]['id']}: {payloads[number]['payload'][:100]!r}")
        for kind, detail in found[:3]:
            print(f"        {kind}: {detail[:140]}")


def arguments() -> argparse.Namespace:
    """The command line."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("target", nargs="?", default="postmortems.markdown:render")
    parser.add_argument("--corpus", action="append", default=[])
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--every", type=int, default=1, help="take every n-th payload only")
    parser.add_argument("--htmx", type=Path, default=find_htmx())
    parser.add_argument("--chromium", default=find_chromium())
    parser.add_argument("--show", type=int, default=15)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--crawl", nargs="*")
    parser.add_argument("--cookie", action="append", default=[])
    parser.add_argument("--script-ok", action="append", default=[])
    return parser.parse_args()


def main() -> int:
    """Exit code."""
    options = arguments()
    if not options.chromium:
        sys.exit("no Chromium found; name one with --chromium")
    if options.crawl:
        return 0 if crawl(options.crawl, options.cookie, options.script_ok, options.chromium) else 1
    corpora = [payload for path in options.corpus for payload in load_corpus(path)]
    payloads = [*builtin(), *corpora][:: options.every]
    htmx = options.htmx.read_text(encoding="utf-8") if options.htmx else None
    modes = [mode for mode in options.modes.split(",") if mode != "htmx" or htmx]
    browser = Browser(options.chromium, DEFAULT_POLICY, htmx)
    try:
        if options.self_test:
            return 0 if self_test(browser, payloads, modes) else 1
        result = full(load(options.target), payloads, browser, modes)
        report(options.target, payloads, modes, result, options.show)
        return 1 if result.bad else 0
    finally:
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
