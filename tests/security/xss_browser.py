"""Pages of rendered HTML in a real browser, and what happens on them.

How execution is detected (no reliance on alert()):
  * Debugger.scriptParsed / scriptFailedToParse of the DevTools protocol: every script that V8 compiles in the
    world of the page: <script>, event handlers, javascript: URLs, eval. Ours are named and skipped.
  * a report-only CSP of 'none' for everything: the browser itself reports inline handlers, frames, styles,
    base, forms, objects and remote images.
  * JavaScript dialogs, new pages, navigations, every network request (nothing leaves: all are answered here).
And an audit of the DOM against an allow-list (tags, attributes, classes, ids, URL schemes as the browser
resolves them), a containment check (a payload cannot close its own box) and a re-parse check (innerHTML must be
a fixed point: the condition of mutation XSS).
"""

# The scripts that run in the page are kept on long lines.
# ruff: noqa: E501

from __future__ import annotations

import collections
import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Dialog, Page, Route, sync_playwright
from playwright.sync_api import Error as PlaywrightError

Finding = tuple[str, str]  # kind, detail
Findings = dict[int, list[Finding]]
Policy = Mapping[str, Any]

# fmt: off
DEFAULT_POLICY: Policy = {
    "tags": (  # noqa: SIM905
             "p br hr h1 h2 h3 h4 h5 h6 blockquote pre code kbd samp em strong b i s del ins sub sup mark abbr "
             "ul ol li dl dt dd table thead tbody tfoot tr th td caption a img span div details summary figure "
             "figcaption").split(),
    "attrs": {"*": [], "a": ["href", "title", "rel", "class"], "img": ["src", "alt", "title"], "abbr": ["title"],
              "ol": ["start"], "td": ["colspan", "rowspan", "class"], "th": ["colspan", "rowspan", "class"],
              "code": ["class"], "div": ["class"], "li": ["class", "id"], "span": ["class"], "sup": ["id"],
              **{f"h{i}": ["id"] for i in range(1, 7)}},
    "class_re": r"(language-[a-z0-9+#-]+|footnote|footnote-ref|footnote-backref|toc|table-wrap|task-list-item|task-done|"
                r"task-box|img-blocked|ta-(left|center|right))",
    "id_re": r"user-content-[^\s\"'<>&]+",
    "schemes": ["http:", "https:", "mailto:"],
    "rel_all_of": ["nofollow", "ugc", "noopener"],
    "img_src_re": r"http://app\.test/media/.*",
}

HOOK = """(()=>{ if(window.__xc) return; const v=[]; Object.defineProperty(window,'__xc',{value:v});
addEventListener('securitypolicyviolation',e=>{v.push([e.effectiveDirective,String(e.blockedURI),String(e.sample||''),
 e.target&&e.target.closest?((e.target.closest('.xc')||{}).dataset||{}).n:undefined])},true); })();
//# sourceURL=xsscheck-hook"""

AUDIT = r"""
(P)=>{
 const out=[], tags=new Set(P.tags), cre=new RegExp('^(?:'+P.class_re+')$'), ire=new RegExp('^(?:'+P.id_re+')$'), sre=new RegExp('^(?:'+P.img_src_re+')$');
 const main=document.getElementById('xc-main');
 if(!main||document.body===null){ out.push([-1,'breakout','page structure destroyed']); return out; }
 const kids=[...main.children]; let k=0;
 for(const c of kids){ const want=(k%2===0)?'ARTICLE':'I'; if(c.tagName!==want||c.dataset.n!==String(P.ns[k>>1])||c.className!==(k%2===0?'xc':'xs')){ out.push([P.ns[Math.min(P.ns.length-1,k>>1)],'breakout','child '+k+' is '+c.outerHTML.slice(0,80)]); break; } k++; }
 if(kids.length!==P.ns.length*2) out.push([-1,'breakout','children '+kids.length+' want '+P.ns.length*2]);
 if(!main.nextElementSibling||main.nextElementSibling.id!=='xc-foot') out.push([-1,'breakout','footer moved']);
 if(document.body.children.length!==P.bodykids) out.push([-1,'breakout','body children '+document.body.children.length]);
 for(const box of main.querySelectorAll(':scope > .xc')){
  const n=+box.dataset.n, bad=(k,d)=>out.push([n,k,String(d).slice(0,160)]);
  const walk=(root)=>{ for(const el of root.querySelectorAll('*')){
   const t=el.localName; if(el.namespaceURI!=='http://www.w3.org/1999/xhtml') bad('policy','foreign <'+t+'>'); if(!tags.has(t)) bad('policy','tag <'+t+'>');
   const ok=new Set([...(P.attrs['*']||[]),...(P.attrs[t]||[])]);
   for(const a of el.attributes){ if(!ok.has(a.name)) bad(/^(on|hx-|data-hx-|style$|srcdoc$|formaction$)/.test(a.name)?'active-attr':'policy','<'+t+' '+a.name+'='+a.value.slice(0,60)+'>'); }
   if(el.hasAttribute('class')) for(const c of el.classList) if(!cre.test(c)) bad('policy','class '+c);
   if(el.id&&!ire.test(el.id)) bad('policy','id '+el.id);
   for(const u of ['href','src','action','formaction','data','xlink:href','poster','background','cite']){ if(!el.hasAttribute(u)) continue; let r; try{ r=new URL(el.getAttribute(u),document.baseURI);}catch(e){ continue; }
     if(!P.schemes.includes(r.protocol)) bad('scheme',t+' '+u+' '+r.protocol+' '+el.getAttribute(u).slice(0,60));
     if(u==='src'&&t==='img'&&!sre.test(r.href)) bad('remote-img',r.href.slice(0,90));
     if(u==='href'&&t==='a'&&r.origin!==location.origin&&P.schemes.includes(r.protocol)){ const rel=(el.getAttribute('rel')||'').split(/\s+/); for(const x of P.rel_all_of) if(!rel.includes(x)) bad('rel','missing '+x+' on '+r.href.slice(0,60)); } }
   if(t==='template') walk(el.content); if(el.shadowRoot) walk(el.shadowRoot);
  } };
  walk(box);
  const h1=box.innerHTML, d=document.implementation.createHTMLDocument(''); const e1=d.createElement('div'); e1.innerHTML=h1; if(e1.innerHTML!==h1) bad('mutation','re-parse differs');
 }
 return out; }
"""
FIRE = r"""
(EV)=>{ const main=document.getElementById('xc-main')||document.body; let i=0;
 for(const el of [...main.querySelectorAll('*')]){ if(i++>6000) break;
  if(el.classList.contains('xc')||el.classList.contains('xs')) continue;
  const on=[...el.attributes].filter(a=>/^on/.test(a.name)).map(a=>a.name.slice(2));
  for(const e of new Set([...on,'click','mouseover','focus','pointerover','mouseenter'])){ if(e==='click'&&el.localName==='a'){ let p=''; try{p=new URL(el.href&&el.href.baseVal!==undefined?el.href.baseVal:el.href,document.baseURI).protocol}catch(x){} if(/^(https?|mailto|tel|sms|ftp|file|about|blob|steam|ms-word|search-ms|intent|ws)/.test(p)) continue; try{el.click()}catch(x){ el.dispatchEvent(new MouseEvent('click',{bubbles:true,cancelable:true})) } continue; }
   try{ el.dispatchEvent(new Event(e,{bubbles:false,cancelable:true})) }catch(x){} }
  if(el.localName==='button'||(el.localName==='input'&&el.type!=='file')) try{el.click()}catch(x){}
 } }
"""
# fmt: on

CSP = "default-src 'none'; script-src 'none'; style-src 'none'; form-action 'none'; base-uri 'none'"
LOCAL_IMAGE = re.compile(r"image GET http://app\.test/media/")


class Browser:
    """One Chromium; run() shows documents in boxes on one page. settle: seconds to wait for what happens later."""

    def __init__(self, chromium: str, policy: Policy, htmx: str | None = None, settle: float = 0.05) -> None:
        self.policy, self.htmx, self.settle = policy, htmx, settle
        self.chromium = chromium
        self.playwright = sync_playwright().start()
        self.browser: Any = None
        self._fresh()

    def _fresh(self) -> None:
        """A new process: after many pages, and after one was lost. Keeps no events."""
        if self.browser:
            with contextlib.suppress(PlaywrightError):
                self.browser.close()
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        self.browser = self.playwright.chromium.launch(executable_path=self.chromium, headless=True, args=flags)
        self.context = self.browser.new_context()
        self.context.set_default_timeout(20000)
        self.page: Page = self.context.new_page()
        self.events: list[Finding] = []
        self.body, self.loaded, self.pages = "", True, 0
        self._listen()

    def _listen(self) -> None:
        self.context.on("page", self._popup)
        self.page.on("dialog", self._dialog)
        self.page.route("**/*", self._route)
        self.devtools = self.context.new_cdp_session(self.page)
        self.devtools.on("Debugger.scriptParsed", lambda event: self._script(event, "ran"))
        self.devtools.on("Debugger.scriptFailedToParse", lambda event: self._script(event, "syntax-error"))
        for domain in ("Page.enable", "Runtime.enable", "Debugger.enable"):
            self.devtools.send(domain)
        self.devtools.send("Debugger.setSkipAllPauses", {"skip": True})
        self.devtools.send("Page.addScriptToEvaluateOnNewDocument", {"source": HOOK})

    def _popup(self, page: Page) -> None:
        if page is not self.page:
            self.events.append(("exec", "window opened " + page.url[:80]))
            with contextlib.suppress(PlaywrightError):
                page.close()

    def _dialog(self, dialog: Dialog) -> None:
        self.events.append(("exec", f"dialog {dialog.type} {dialog.message[:40]}"))
        with contextlib.suppress(PlaywrightError):
            dialog.dismiss()

    def _script(self, event: dict[str, Any], how: str) -> None:
        url = event.get("url") or ""
        ours = (
            url.startswith(("xsscheck", "http://app.test/xc-htmx.js", "__playwright", "pptr:")) or "playwright" in url
        )
        world = event.get("executionContextAuxData") or {}
        if ours or not world.get("isDefault", True) or event.get("length") == 0:
            return
        self.events.append(("exec", f"script {how} len={event.get('length')} url={url[:80]}"))

    def _route(self, route: Route) -> None:
        with contextlib.suppress(PlaywrightError):
            self._answer(route)

    def _answer(self, route: Route) -> None:
        """Our own page and script; anything else is an event, and gets an answer that would show if it were used."""
        request = route.request
        if (
            request.url.startswith("http://app.test/xc-page")
            and request.resource_type == "document"
            and not self.loaded
        ):
            self.loaded = True
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy-report-only": CSP}
            route.fulfill(status=200, body=self.body, headers=headers)
        elif request.url == "http://app.test/xc-htmx.js":
            route.fulfill(status=200, body=self.htmx or "", content_type="text/javascript")
        elif request.url == "http://app.test/favicon.ico":
            route.fulfill(status=204)
        else:
            self.events.append(("request", f"{request.resource_type} {request.method} {request.url[:100]}"))
            self._answer_foreign(route)

    def _answer_foreign(self, route: Route) -> None:
        kind = route.request.resource_type
        if kind == "document" and route.request.frame == self.page.main_frame:
            route.fulfill(status=204)
        elif kind == "document":
            route.fulfill(status=200, body="<script>1</script>", content_type="text/html")
        elif kind == "script":
            route.fulfill(status=200, body="window.__ext=1", content_type="text/javascript")
        else:
            route.fulfill(status=404, body="")

    def _eval(self, expression: str) -> Any:
        """The value, or {"__exc": message}."""
        source = expression + "\n//# sourceURL=xsscheck-eval"
        options = {"expression": source, "returnByValue": True, "awaitPromise": True, "timeout": 15000}
        result = self.devtools.send("Runtime.evaluate", options)
        if "exceptionDetails" in result:
            return {"__exc": str(result["exceptionDetails"])[:300]}
        return result["result"].get("value")

    def run(self, items: Sequence[tuple[int, str]], mode: str) -> tuple[Findings, list[Finding]]:
        """items: (number, HTML). What was found per number, and what cannot be attributed to one of them."""
        self.pages += 1
        if self.pages > 150:
            self._fresh()
        self.events = []
        self._open(items, mode)
        found: list[Any] = []
        try:
            self._insert(items, mode)
            found = self._audit([number for number, _ in items])
            found += self._reported(mode)
        except (PlaywrightError, LookupError, TypeError, ValueError) as error:
            # Also when a script that ran has spoilt what the page reports.
            events = [*self.events, ("exec", "page lost: " + str(error).split("\n")[0][:100])]
            self._fresh()
            self.events = events
        findings: Findings = collections.defaultdict(list)
        loose = [
            (kind, detail) for kind, detail in self.events if not (kind == "request" and LOCAL_IMAGE.match(detail))
        ]
        for number, kind, detail in found:
            (findings[number] if number >= 0 else loose).append((kind, detail))
        return findings, loose

    def _open(self, items: Sequence[tuple[int, str]], mode: str) -> None:
        boxes = "".join(
            f'<article class="xc" data-n="{number}">{html if mode == "doc" else ""}</article><i class="xs" data-n="{number}"></i>'
            for number, html in items
        )
        script = '<script src="/xc-htmx.js"></script>' if mode == "htmx" else ""
        page = (
            f"<!doctype html><html><head><meta charset=utf-8><title>t</title>{script}</head><body><header id=xc-head></header>"
            f"<main id=xc-main>{boxes}</main><footer id=xc-foot></footer></body></html>"
        )
        self.body = _encodable(page)
        self.loaded = False
        try:
            self.page.goto("http://app.test/xc-page", wait_until="load", timeout=15000)
        except PlaywrightError as error:
            self.events.append(("exec", "page did not load: " + str(error).split("\n")[0][:100]))

    def _insert(self, items: Sequence[tuple[int, str]], mode: str) -> None:
        if mode != "doc":
            data = json.dumps([_encodable(html) for _, html in items])
            swap = "htmx.swap(els[i],h[i],{swapStyle:'innerHTML',swapDelay:0,settleDelay:0})"
            how = "els[i].innerHTML=h[i]" if mode == "inner" else swap
            loop = "for(let i=0;i<h.length;i++){try{" + how + "}catch(e){}}return 1"
            self._eval(f"(()=>{{const h={data},els=[...document.querySelectorAll('.xc')];{loop}}})()")
        self.page.wait_for_timeout(self.settle * 1000)

    def _audit(self, numbers: list[int]) -> list[Any]:
        policy = json.dumps({**self.policy, "ns": numbers, "bodykids": 3})
        found = self._eval(f"({AUDIT})({policy})")
        if not isinstance(found, list):
            self.events.append(("breakout", f"audit failed {found}"))
            found = []
        self._eval(f"({FIRE})()")
        self.page.wait_for_timeout(20 + self.settle * 400)
        return found

    def _reported(self, mode: str) -> list[Any]:
        """What the browser reported against the policy of 'none', attributed where it can be."""
        reports = self._eval("JSON.stringify(window.__xc||[])")
        found = []
        for report in json.loads(reports if isinstance(reports, str) else "[]"):
            directive, blocked, sample = map(str, report[:3])
            number = report[3]
            if _expected(directive, blocked, mode, number):
                continue
            entry = (f"csp-{directive}", f"{blocked:.80} {sample:.40}")
            if number is None:
                self.events.append(entry)
            else:
                found.append([int(number), *entry])
        return found

    def close(self) -> None:
        try:
            self.browser.close()
        finally:
            self.playwright.stop()


def _expected(directive: str, blocked: str, mode: str, number: str | None) -> bool:
    """Reports about ourselves: htmx and the style element it adds, and local images, which are allowed."""
    ours = "xc-htmx" in blocked or blocked.endswith("/favicon.ico")
    indicator = mode == "htmx" and directive.startswith("style-src") and number is None
    return ours or indicator or (directive == "img-src" and blocked.startswith("http://app.test/media/"))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
