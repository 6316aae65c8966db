"""The Jinja2 environment of our pages: strict, autoescaping, with the parts the apps offer to any page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from actionables import parts as actionables
from timelines import parts as timelines

from . import VERSION


def environment(**options: Any) -> Environment:
    """Called by Django with its own options (loader, autoescape) and those of the settings."""
    options["undefined"] = StrictUndefined
    env = Environment(trim_blocks=True, lstrip_blocks=True, **options)  # noqa: S701 - Django sets autoescape
    env.globals.update(
        static=static,
        url=address,
        version=VERSION,
        query=query,
        once=once,
        timeline_rows=timelines.rows,
        milestone_bar=timelines.milestone_bar,
        actionables_of=actionables.of_incident,
        actionables_aimed_at=actionables.aimed_at,
        open_actionables=actionables.open_counts,
        actionables_summary=actionables.summary,
    )
    env.filters["plural"] = plural
    env.filters["lower_first"] = lower_first
    env.filters["upper_first"] = upper_first
    return env


@lru_cache(maxsize=4_096)
def address(name: str, *args: Any) -> str:
    """The address of a named page; remembered, because a list asks for the same few a hundred times."""
    return reverse(name, args=args)


@lru_cache(maxsize=8_192)
def once(macro: Any, *values: Any) -> Any:
    """What a macro makes of these values, made once; for one that depends on nothing else and is called in a loop."""
    return macro(*values)


def plural(count: int, singular: str, several: str = "") -> str:
    """A count with its noun: 1 incident, 2 incidents, 1,200 incidents."""
    return f"{count:,} {singular if count == 1 else several or singular + 's'}"


def lower_first(words: str) -> str:
    """For a name within a sentence; names that begin with an abbreviation stay as they are."""
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words


def upper_first(words: str) -> str:
    """For the beginning of a line; the rest stays as it is."""
    return words[:1].upper() + words[1:]


def query(parameters: list[tuple[str, str]]) -> Markup:
    """A query string with its question mark; empty for no parameters."""
    return Markup(f"?{urlencode(parameters)}".replace("&", "&amp;")) if parameters else Markup("")  # noqa: S704
