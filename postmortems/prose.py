"""Markdown as pages show it: rendered once per content, kept, and with references only to what the reader may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from django.db.models import Value
from markupsafe import Markup

from . import markdown
from .models import Incident, RenderedText

if TYPE_CHECKING:
    from .access import Reader

Evidence = Sequence[tuple[str, str]]
MENTION = re.compile(r'<a href="/(INC|ACT)-([1-9]\d{0,8})"')


def digest(text: str, evidence: Evidence = ()) -> str:
    """Names what is rendered: renderer, source and marked passages (40 hexadecimal characters)."""
    parts = [str(markdown.RENDERER_VERSION), text, *(part for pair in evidence for part in pair)]
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def keep(scope: str, texts: Iterable[tuple[str, Evidence]]) -> list[str]:
    """Render and keep the texts of a scope, drop what it no longer has; returns the HTML (three queries at most)."""
    wanted = {digest(text, evidence): (text, evidence) for text, evidence in texts if text}
    kept = dict(RenderedText.objects.filter(scope=scope).values_list("digest", "html"))
    missing = {key: markdown.render(*wanted[key]) for key in wanted.keys() - kept.keys()}
    if kept.keys() - wanted.keys():
        RenderedText.objects.filter(scope=scope).exclude(digest__in=wanted).delete()
    rows = [RenderedText(scope=scope, digest=key, html=html) for key, html in missing.items()]
    RenderedText.objects.bulk_create(rows, ignore_conflicts=True)
    return [missing.get(key) or kept[key] for key in wanted]


class Prose:
    """The rendered texts of one page, for one reader."""

    def __init__(self, kept: dict[str, str], user: Reader) -> None:
        """`kept` maps digests to HTML; asks once which references the reader may follow, if there are any."""
        self._kept = kept
        self._absent = _absent(kept.values(), user)

    @classmethod
    def of(cls, user: Reader, *scopes: str) -> Prose:
        """The texts of these scopes (one query, one more when they mention anything)."""
        return cls(dict(RenderedText.objects.filter(scope__in=scopes).values_list("digest", "html")), user)

    @classmethod
    def for_texts(cls, user: Reader, texts: Iterable[str]) -> Prose:
        """These texts, whoever's they are (one query, one more when they mention anything)."""
        keys = {digest(text) for text in texts if text}
        return cls(dict(RenderedText.objects.filter(digest__in=keys).values_list("digest", "html")), user)

    def html(self, text: str, evidence: Evidence = ()) -> Markup:
        """Safe HTML of a text; rendered on the spot when it is not kept yet."""
        if not text:
            return Markup("")
        html = self._kept.get(digest(text, evidence))
        if html is None:
            html = markdown.render(text, evidence)
            absent = self._absent or [f"{prefix}-{number}" for prefix, number in MENTION.findall(html)]
            return Markup(markdown.unlink(html, absent))
        return Markup(markdown.unlink(html, self._absent) if self._absent else html)


def _absent(htmls: Iterable[str], user: Reader) -> set[str]:
    """The mentioned references that lead nowhere for this reader."""
    mentioned = {found for html in htmls if "/INC-" in html or "/ACT-" in html for found in MENTION.findall(html)}
    wanted: dict[str, set[int]] = {"INC": set(), "ACT": set()}
    for prefix, number in mentioned:
        wanted[prefix].add(int(number))
    if not mentioned:
        return set()
    readable = Incident.objects.visible_to(user).order_by()
    incidents = readable.filter(number__in=wanted["INC"]).values_list(Value("INC"), "number")
    actionables = readable.filter(actionables__number__in=wanted["ACT"])
    found = incidents.union(actionables.values_list(Value("ACT"), "actionables__number"))
    return {f"{prefix}-{number}" for prefix, number in mentioned} - {f"{prefix}-{number}" for prefix, number in found}
