"""Markdown as pages show it: rendered once per content, kept, and with references only to what the reader may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Text:
    """A Markdown source with the passages to mark in it, as (key, passage).

    `name` keeps the anchors of its headings and footnotes apart from those of other texts on a page; without one they
    are told apart by content.
    """

    source: str
    evidence: Evidence = ()
    name: str = ""

    def digest(self) -> str:
        """Names what is rendered: renderer, source, marked passages (40 hexadecimal characters)."""
        parts = [
            str(markdown.RENDERER_VERSION),
            self.name,
            self.source,
            *(part for pair in self.evidence for part in pair),
        ]
        return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()

    def render(self) -> str:
        """Safe HTML."""
        return markdown.render(self.source, self.evidence, scope=self.name or self.digest()[:6])


def keep(scope: str, texts: Iterable[Text]) -> None:
    """Render and keep the texts of a scope, drop what it no longer has (three queries at most)."""
    wanted = {text.digest(): text for text in texts if text.source}
    kept = set(RenderedText.objects.filter(scope=scope).values_list("digest", flat=True))
    if kept - wanted.keys():
        RenderedText.objects.filter(scope=scope).exclude(digest__in=wanted).delete()
    missing = wanted.keys() - kept
    rows = [RenderedText(scope=scope, digest=key, html=wanted[key].render()) for key in sorted(missing)]
    RenderedText.objects.bulk_create(rows, ignore_conflicts=True)


class Prose:
    """The rendered texts of one page, for one reader."""

    def __init__(self, kept: dict[str, str], user: Reader) -> None:
        """`kept` maps digests to HTML; asks once which references the reader may follow, if there are any."""
        self._kept = kept
        self._user = user
        self._absent = _absent(kept.values(), user)

    @classmethod
    def of(cls, user: Reader, *scopes: str) -> Prose:
        """The texts of these scopes (one query, one more when they mention anything)."""
        return cls(dict(RenderedText.objects.filter(scope__in=scopes).values_list("digest", "html")), user)

    @classmethod
    def for_texts(cls, user: Reader, texts: Iterable[str]) -> Prose:
        """These texts, whoever's they are (one query, one more when they mention anything)."""
        keys = {Text(text).digest() for text in texts if text}
        return cls(dict(RenderedText.objects.filter(digest__in=keys).values_list("digest", "html")), user)

    def add(self, texts: Iterable[Text]) -> None:
        """Texts that are kept nowhere, rendered now (one query at most, when they mention anything)."""
        made = {key: text.render() for text in texts if text.source and (key := text.digest()) not in self._kept}
        self._kept = self._kept | made
        self._absent = self._absent | _absent(made.values(), self._user)

    def html(self, source: str, evidence: Evidence = (), name: str = "") -> Markup:
        """Safe HTML of a text; rendered on the spot when it is not kept yet."""
        if not source:
            return Markup("")
        text = Text(source, evidence, name)
        html, absent = self._kept.get(text.digest()), self._absent
        if html is None:
            html = text.render()
            absent = absent | _absent([html], self._user)
        return Markup(markdown.unlink(html, absent) if absent else html)  # noqa: S704 - nh3 made it safe


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
