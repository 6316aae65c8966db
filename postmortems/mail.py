"""Mail goes out beside the request: a slow mail server neither holds up a page nor tells who has an account.

What every mail about an incident has in common stands here too: how it names the incident, and how it begins and ends.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from .models import Incident, Visibility

HERE = "http://localhost:8000"  # where the site is while nobody said so
logger = logging.getLogger(__name__)
POST = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def post(message: EmailMessage) -> None:
    """Send a message soon."""
    POST.submit(_send, message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (OSError, SMTPException) as error:
        logger.error("A mail was not sent (%s): %s", message.subject, error)


def named(row: Any, incident: Incident) -> str:
    """An incident, or what belongs to it, as a mail names it: when it is restricted by the reference alone, because
    mails leave the site.
    """
    return row.reference if incident.visibility == Visibility.RESTRICTED else str(row)


def site() -> str:
    """The beginning of every address in a mail that no request asks for."""
    return settings.SITE_URL or HERE


def line(text: str) -> str:
    """For a header: without line breaks, at most 200 characters."""
    return " ".join(text.split())[:200]


def letter(person: Any, subject: str, text: str, **headers: str) -> EmailMessage:
    """A mail to one person about something they did not ask for just now."""
    headers = {"Auto-Submitted": "auto-generated", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return EmailMessage(line(subject), text, to=[person.email], headers=headers)


def post_after(message: EmailMessage) -> None:
    """Send a message soon after the transaction has ended well; not at all when it is rolled back."""
    transaction.on_commit(partial(post, message))
