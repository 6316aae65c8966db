"""What reaches people beside the pages they open: mails, and what is kept for them of a form that came too late."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.core import mail, signing
from django.core.management import call_command
from django.db import transaction
from django.test import Client, TestCase

from actionables.reminders import send_all
from postmortems.mail import POST
from postmortems.models import Unsaved
from postmortems.unsaved import COOKIE, SALT


def mails_to(names: Iterable[str]) -> dict[str, str]:
    """Every reminder and every piece of news each of these people would get now; nothing counts as told by it."""
    people = User.objects.filter(username__in=names).order_by("pk")
    former, mail.outbox = mail.outbox, []
    try:
        with transaction.atomic():
            send_all()
            call_command("tell_watchers", verbosity=0)
            transaction.set_rollback(True)
        sent = [(one.to, f"{one.subject}\n{one.body}") for one in mail.outbox]
    finally:
        mail.outbox = former
    return {one.username: "\n\n".join(text for to, text in sent if one.email in to) for one in people}


def kept_without_session(name: str, number: int) -> str:
    """Where text is kept for a writer whose session ended before they sent a form about that incident."""
    writer, client = User.objects.get(username=name), Client()
    client.cookies[COOKIE] = signing.dumps(writer.pk, salt=SALT)
    client.post(f"/INC-{number}/edit/overview/", {"title": "Typed"})
    return repr(sorted(Unsaved.objects.filter(user=writer).values_list("place", flat=True)))


def mailed_by(client: Client, address: str, data: dict[str, str]) -> set[str]:
    """To whom the mails go that a form sends when its transaction has ended."""
    former, mail.outbox = mail.outbox, []
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            assert client.post(address, data).status_code == 302
        POST.submit(int).result()  # after all that waits to be sent
        return {to for message in mail.outbox for to in message.to}
    finally:
        mail.outbox = former
