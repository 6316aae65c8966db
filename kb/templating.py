"""The Jinja2 environment of our pages: strict, autoescaping, with the parts the apps offer to any page."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.messages import get_messages
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from actionables import parts as actionables
from actionables.numbers import five
from actionables.shown import age, initials
from actionables.watching import is_watched
from postmortems import access
from postmortems.forms import zone_of
from timelines import parts as timelines

from . import VERSION
from .accounts import doors
from .accounts.roles import DEMO_ACCOUNTS


def environment(**options: Any) -> Environment:
    """Called by Django with its own options (loader, autoescape) and those of the settings."""
    options["undefined"] = StrictUndefined
    env = Environment(trim_blocks=True, lstrip_blocks=True, **options)  # noqa: S701 - Django sets autoescape
    env.globals.update(
        static=static,
        url=address,
        version=VERSION,
        reading_is_open=doors.reading_is_open,
        demonstration=demonstration,
        sso_name=sso_name,
        may_administer=access.may_administer,
        may_delete=access.may_delete,
        may_manage=access.may_manage,
        may_file=access.may_file,
        may_publish=access.may_publish,
        may_edit=access.may_edit,
        zone_of=zone_of,
        notices_for=get_messages,
        query=query,
        once=once,
        timeline_rows=timelines.rows,
        milestone_bar=timelines.milestone_bar,
        fixed_before=timelines.fixed_before,
        actionables_of=actionables.of_incident,
        actionables_aimed_at=actionables.aimed_at,
        cause_ledger=actionables.cause_ledger,
        open_actionables=actionables.open_counts,
        by_open_work=actionables.by_open_work,
        actionables_five=five,
        actionable_age=age,
        initials=initials,
        is_watched=is_watched,
        actionables_summary=actionables.summary,
    )
    env.filters["plural"] = plural
    env.filters["day"] = day
    env.filters["moment_words"] = moment_words
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


def demonstration() -> list[str]:
    """The names of the accounts that sign in by a button; none outside of the demonstration."""
    return list(DEMO_ACCOUNTS) if settings.DEMO else []


def sso_name() -> str:
    """What single sign-on is called here; empty when there is none."""
    return settings.OIDC_NAME if settings.OIDC_ISSUER else ""


def day(at: datetime) -> str:
    """A day of the log of the site itself, as in "3 May 2026" (UTC)."""
    return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%B %Y}"


def moment_words(at: datetime, zone: tzinfo) -> str:
    """A minute of the log of the site itself, in a zone, as in "3 May 2026, 14:05"."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


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
