"""`manage.py tell_watchers`: each piece of news goes out once, and nobody waits for somebody else's mail."""

from __future__ import annotations

from io import StringIO
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection

from postmortems.models import Cause, Incident
from postmortems.watching import watch
from tests.factories import make_cause, make_incident


def run(**options: Any) -> list[str]:
    """To whom a run sends."""
    mail.outbox.clear()
    call_command("tell_watchers", **{"verbosity": 0, **options})
    return [message.to[0] for message in mail.outbox]


def watched_by(*people: User) -> tuple[Cause, Incident]:
    """A cause that these people watch, and its news."""
    cause = make_cause("Watched")
    for person in people:
        watch(cause, person)
    return cause, make_incident("New", causes=(cause,))


def test_a_mail_that_is_refused_holds_up_nobody_and_goes_out_later(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watched_by(alice, bob)
    send = EmailMessage.send

    def refusing(self: EmailMessage, **options: Any) -> int:
        if self.to == [alice.email]:
            raise ConnectionRefusedError
        return send(self, **options)

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refusing)
        assert run() == [bob.email]
    assert "was not sent" in caplog.text
    assert run() == [alice.email]
    assert run() == []


def test_who_has_no_address_is_told_once_they_have_one(alice: User) -> None:
    address = alice.email
    watched_by(alice)
    User.objects.update(email="")
    assert run() == []
    User.objects.update(email=address)
    assert run() == [address]
    assert run() == []


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_each_once(alice: User, bob: User) -> None:
    watched_by(alice, bob)
    mail.outbox.clear()

    def tell() -> None:
        try:
            call_command("tell_watchers", verbosity=0)
        finally:
            connection.close()

    runs = [Thread(target=tell) for _ in range(3)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert sorted(message.to[0] for message in mail.outbox) == [alice.email, bob.email]


def test_it_says_how_many_unless_it_is_to_be_quiet(alice: User) -> None:
    watched_by(alice)
    loud, quiet = StringIO(), StringIO()
    run(verbosity=1, stdout=loud)
    run(verbosity=0, stdout=quiet)
    assert (loud.getvalue(), quiet.getvalue()) == ("Sent 1 message.\n", "")
