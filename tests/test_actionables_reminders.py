"""Reminders: when they are sent, that each is sent once however a run ends, and who gets none."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from io import StringIO
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet

from actionables.models import Actionable, Reminder, ReminderChoice
from actionables.reminders import occasion, send_all
from tests.factories import make_actionable, make_incident

TODAY = date(2026, 3, 11)  # a Wednesday
DAY = timedelta(days=1)


@pytest.fixture
def work(alice: User, bob: User) -> dict[int, Actionable]:
    """Bob's actionables by how many days from today they are due, and one of Alice's that is due today."""
    ReminderChoice.objects.create(person=bob, digest=False)
    ReminderChoice.objects.create(person=alice, digest=False)
    rows = {days: make_actionable(due_on=TODAY + days * DAY, owner="Bob", person=bob) for days in (-15, -2, 0, 2, 9)}
    rows[100] = make_actionable(due_on=TODAY, owner="Alice", person=alice, title="Hers")
    make_actionable(due_on=TODAY, owner="Bob", person=bob, status="done", outcome="Yes.")
    make_actionable(due_on=TODAY, owner="Bob")  # a team of that name
    return rows


def sent() -> list[tuple[str, str]]:
    return sorted((message.to[0], str(message.subject)) for message in mail.outbox)


OCCASIONS = [
    (-4, None), (-3, "soon"), (-1, "soon"), (0, "due"), (6, "due"), (7, "overdue 1"), (13, "overdue 1"),
    (14, "overdue 2"),
]  # fmt: skip


@pytest.mark.parametrize(("late", "key"), OCCASIONS)
def test_when_somebody_is_told(late: int, key: str | None) -> None:
    found = occasion("ACT-7", TODAY - late * DAY, TODAY)
    assert (found.key if found else None) == (f"ACT-7 {key} {TODAY - late * DAY}" if key else None)


def test_everybody_gets_one_message_about_what_is_new(work: dict[int, Actionable]) -> None:
    assert send_all(TODAY) == 2
    assert sent() == [
        ("alice@example.org", f"{work[100].reference} is due today"),
        ("bob@example.org", f"{work[-15].reference} is 15 days overdue, and 3 more"),
    ]
    body = str(next(one.body for one in mail.outbox if one.to == ["bob@example.org"]))
    assert [days for days, row in work.items() if f"{row.reference} {row.title}\n" in body] == [-15, -2, 0, 2]
    assert f"http://localhost:8000/actionables/{work[0].reference}/" in body


def test_run_twice_sends_once_and_the_next_occasion_is_told(work: dict[int, Actionable]) -> None:
    send_all(TODAY)
    mail.outbox.clear()
    assert send_all(TODAY) == 0
    assert send_all(TODAY + DAY) == 0
    assert send_all(TODAY + 2 * DAY) == 1  # what was due in two days is due now
    work[-15].change({"due_on": TODAY + 30 * DAY}, by="bob")
    assert send_all(TODAY + 7 * DAY) == 2
    assert not any(work[-15].reference in one.subject for one in mail.outbox)


class Killed(BaseException):
    """What ends a run in its midst."""


def killed_at(patch: pytest.MonkeyPatch, point: int, when: str) -> None:
    """End the run before or after the point-th time that it writes a note or hands over a message."""
    steps = 0

    def ending(real: Any) -> Any:
        def inner(*args: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if (steps, when) == (point, "before"):
                raise Killed
            done = real(*args, **options)
            if steps == point:
                raise Killed
            return done

        return inner

    patch.setattr(QuerySet, "bulk_create", ending(QuerySet.bulk_create))
    patch.setattr(EmailMessage, "send", ending(EmailMessage.send))


# Alice's note, her message, Bob's note, his message; point 5 is never reached.
POINTS = [(point, when) for point in range(1, 6) for when in ("before", "after")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "when"), POINTS)
def test_a_run_killed_at_any_point_and_run_again(
    work: dict[int, Actionable], monkeypatch: pytest.MonkeyPatch, point: int, when: str
) -> None:
    """Each message goes out once. Where the mail server has it and the note of it is not committed, the same goes out
    again, and can be told by its Message-ID."""
    with monkeypatch.context() as patch:
        killed_at(patch, point, when)
        with contextlib.suppress(Killed):
            send_all(TODAY)
    assert len(mail.outbox) < 2 or point > 3
    send_all(TODAY)
    taken = point in (2, 4) and when == "after"
    assert len(mail.outbox) == (3 if taken else 2)
    assert {to for to, _ in sent()} == {"alice@example.org", "bob@example.org"}
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 2
    assert send_all(TODAY) == 0


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_send_each_message_once(work: dict[int, Actionable]) -> None:
    def run() -> None:
        try:
            send_all(TODAY)
        finally:
            connection.close()

    runs = [Thread(target=run) for _ in range(3)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert [to for to, _ in sent()] == ["alice@example.org", "bob@example.org"]


def test_a_mail_server_that_refuses_leaves_nothing_noted(
    work: dict[int, Actionable], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailMessage, **options: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert send_all(TODAY) == 0
    assert not Reminder.objects.exists()
    assert send_all(TODAY) == 2


def test_a_snooze_a_switch_and_what_may_not_be_seen(work: dict[int, Actionable], alice: User, bob: User) -> None:
    work[-15].snoozes.create(until=TODAY + DAY, why="Away.", by="bob")
    work[-2].snoozes.create(until=TODAY + 9 * DAY, why="Away.", by="bob")
    work[-2].snoozes.create(until=TODAY, why="Back.", by="bob")  # the last one counts
    hidden = make_incident(visibility="restricted")
    make_actionable(hidden, due_on=TODAY, person=bob, owner="Bob", title="Secret")
    ReminderChoice.objects.filter(person=alice).update(reminders=False)
    send_all(TODAY)
    assert sent() == [("bob@example.org", f"{work[-2].reference} is 2 days overdue, and 2 more")]
    assert "Secret" not in str(mail.outbox[0].body)
    mail.outbox.clear()
    send_all(TODAY + DAY)
    assert sent() == [("bob@example.org", f"{work[-15].reference} is 16 days overdue")]


def test_nobody_without_an_account_an_address_or_work_gets_mail(work: dict[int, Actionable], bob: User) -> None:
    User.objects.filter(username="alice").update(email="")
    bob.is_active = False
    bob.save()
    assert send_all(TODAY) == 0


def test_a_digest_comes_once_a_week(work: dict[int, Actionable], bob: User) -> None:
    ReminderChoice.objects.filter(person=bob).update(digest=True, reminders=False)
    ReminderChoice.objects.filter(person__username="alice").update(reminders=False)
    work[9].change({"status": "blocked"}, by="bob")
    assert [send_all(TODAY + days * DAY) for days in (0, 1, 4, 5)] == [1, 0, 0, 1]  # the week ends on a Sunday
    assert sent()[0] == ("bob@example.org", "5 open actionables, 2 overdue")
    body = str(mail.outbox[0].body)
    assert f"{work[9].reference} {work[9].title}\n  blocked, due 20 March 2026\n" in body
    assert "open, due 24 February 2026, 15 days overdue" in body


def test_the_command_says_how_many(work: dict[int, Actionable]) -> None:
    said = StringIO()
    call_command("send_reminders", stdout=said)
    assert said.getvalue().startswith("Sent ")
    call_command("send_reminders", stdout=said)
    assert said.getvalue().endswith("Sent 0 messages.\n")
