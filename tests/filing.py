"""The forms of filing as a browser has them: what a page shows is what it would send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from django.test import Client

from postmortems.models import Incident


def address(incident: Incident, section: str = "", row: Any = "") -> str:
    """Where a section or a row of it is edited."""
    return f"/INC-{incident.number}/edit/" + "".join(f"{part}/" for part in (section, row) if part)


def opened(client: Client, where: str) -> dict[str, Any]:
    """What a browser would send of the form at this address, untouched."""
    return sent_by(client.get(where).content.decode())


def sent_by(html: str) -> dict[str, Any]:
    """What a browser would send of the form of filing on this page, without its token."""
    page = html5lib.parse(html, namespaceHTMLElements=False)
    form = next(form for form in page.iter("form") if "filing" in form.get("class", ""))
    sent: dict[str, Any] = {}
    for name, value in _fields(form):
        sent[name] = [*sent[name], value] if isinstance(sent.get(name), list) else value
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def _fields(form: Element) -> Iterator[tuple[str, Any]]:
    for field in form.iter():
        name, kind = field.get("name"), field.get("type", "text")
        if name is None or field.tag not in ("input", "textarea", "select"):
            continue
        if field.tag == "textarea":
            yield name, (field.text or "").replace("\n", "\r\n")
        elif field.tag == "select":
            options = list(field.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib] or options[:1]
            yield name, chosen[0].get("value", "")
        elif kind == "checkbox" and field.get("value"):
            if "checked" in field.attrib:
                yield name, [field.get("value")]
        elif kind not in ("checkbox", "radio") or "checked" in field.attrib:
            yield name, field.get("value", "on" if kind == "checkbox" else "")
