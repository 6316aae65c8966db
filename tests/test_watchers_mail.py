"""Mail to who watches an incident and to who is given an actionable: when, to whom, with what, and to whom not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from actionables.models import Actionable, ReminderChoice, Watch
from actionables.news import PAUSE, tell_changes
from postmortems.access import readers_among
from postmortems.mail import POST
from postmortems.models import Incident, IncidentReader
from postmortems.refresh import refresh_incident
from postmortems.revising import record, revising
from tests.factories import make_actionable, make_incident
from tests.filing import opened
from tests.test_history import signed_in

pytestmark = pytest.mark.django_db
Act = Callable[[], Any]
Sent = Callable[[Act], list[tuple[str, str]]]


@pytest.fixture
def erin(db: None) -> User:
    """Somebody else who reads."""
    return User.objects.create_user("erin", "erin@example.org")


@pytest.fixture
def incident(alice: User, mallory: User) -> Incident:
    """Alice's, published; Mallory watches it."""
    made = make_incident("Quokka overload", summary="The quokkas were too many.")
    IncidentReader.objects.create(incident=made, user=alice, is_author=True)
    record(made, alice)
    signed_in(mallory).post("/watch/", {"what": made.reference})
    return made


@pytest.fixture
def sent(django_capture_on_commit_callbacks: Any) -> Sent:
    """What goes out when something is done, as (to, subject), sorted; the mails themselves are in the outbox."""

    def of(act: Act) -> list[tuple[str, str]]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            answer = act()
            assert mail.outbox == []  # nothing before the transaction has ended
        assert answer.status_code == 302, answer.content.decode()[-2_000:]
        POST.submit(int).result()
        return sorted((one.to[0].partition("@")[0], str(one.subject)) for one in mail.outbox)

    return of


def people(told: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in told]


def turn(incident: Incident, **now: str) -> None:
    Incident.objects.filter(pk=incident.pk).update(**now)
    incident.refresh_from_db()
    refresh_incident(incident)


def step(person: User, incident: Incident, name: str, **data: Any) -> Act:
    incident.refresh_from_db()
    given = {"seen": incident.version, "note": "It is time.", **data}
    return lambda: signed_in(person).post(f"/incidents/{incident.slug}/review/{name}/", given)


def give(person: User, work: Actionable, owner: str, **data: Any) -> Act:
    """Make somebody the owner."""
    work.refresh_from_db()
    given = {"status": work.status, "owner": owner, "due_on": "2030-01-02", "version": work.version, **data}
    return lambda: signed_in(person).post(f"/actionables/{work.reference}/change/", given)


def save(incident: Incident, by: User, summary: str) -> None:
    with revising(incident.pk, None, by, "Summary and impact", f"Why {summary}") as held:
        held.summary = summary
        held.save()


def test_watchers_hear_of_comments_and_of_publishing(incident: Incident, bob: User, mallory: User, sent: Sent) -> None:
    said = f"[Hindsight] {incident.reference}: Bob commented."
    assert sent(step(bob, incident, "comment", text="And now?")) == [("alice", said), ("mallory", said)]
    assert f"/incidents/{incident.slug}/discussion/#comment-" in str(mail.outbox[0].body)
    assert people(sent(step(mallory, incident, "comment", text="Yes?"))) == ["alice"]
    thread = incident.comments.earliest("pk").pk
    assert people(sent(step(mallory, incident, f"comments/{thread}/reply", text="No."))) == ["alice", "bob"]
    turn(incident, status="review")
    IncidentReader.objects.create(incident=incident, user=bob)
    told = sent(step(bob, incident, "publish"))
    assert told == [(name, f"[Hindsight] {incident.reference}: Bob published it.") for name in ("alice", "mallory")]
    assert incident.get_absolute_url() in str(mail.outbox[0].body)


def test_a_comment_costs_the_same_however_many_watch(incident: Incident, bob: User, sent: Sent) -> None:
    spent = []
    for number in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert len(sent(step(bob, incident, "comment", text="x"))) == 2 + 5 * number
        spent.append(len(captured))
        for name in "abcde":
            person = User.objects.create_user(f"{name}{number}", f"{name}{number}@example.org")
            Watch.objects.create(person=person, incident=incident)
    assert spent[0] == spent[1]


def test_who_sees_it_no_longer_is_not_told_that_it_went(
    incident: Incident, bob: User, mallory: User, erin: User, sent: Sent
) -> None:
    IncidentReader.objects.create(incident=incident, user=erin)
    Watch.objects.create(person=erin, incident=incident)
    assert people(sent(step(bob, incident, "reopen"))) == ["alice", "erin"]
    assert people(sent(step(bob, incident, "withdraw"))) == ["alice", "erin"]


KINDS = ("watched", "watched_commented", "watched_changed")


@pytest.mark.parametrize("off", KINDS)
def test_each_kind_has_a_switch(incident: Incident, bob: User, mallory: User, sent: Sent, off: str) -> None:
    on = {name: "on" for name in ("asked", "decided", "commented", *KINDS) if name != off}
    assert signed_in(mallory).post("/mails/", on).status_code == 302
    heard = {}
    heard["watched_commented"] = "mallory" in people(sent(step(bob, incident, "comment", text="x")))
    save(incident, bob, "Anew")
    heard["watched_changed"] = tell_changes() == 1
    turn(incident, status="review")
    IncidentReader.objects.create(incident=incident, user=bob)
    heard["watched"] = "mallory" in people(sent(step(bob, incident, "publish")))
    assert heard == {kind: kind != off for kind in KINDS}


def test_what_is_said_in_a_review_reaches_no_watcher_who_reads_only_what_is_open(
    incident: Incident, alice: User, bob: User, sent: Sent
) -> None:
    turn(incident, status="review")
    assert sent(step(alice, incident, "comment", text="Hm.")) == []
    turn(incident, status="published")
    answer = step(bob, incident, f"comments/{incident.comments.get().pk}/reply", text="Hm?")
    assert people(sent(answer)) == ["alice"]


def test_changes_come_in_one_mail_an_hour(incident: Incident, alice: User, bob: User, mallory: User) -> None:
    assert tell_changes() == 0  # what it said when they began to watch is no news
    now = timezone.now()
    for text in ("One", "Two"):
        save(incident, bob, text)
    assert tell_changes(now) == 1
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["mallory@example.org"], f"[Hindsight] {incident.reference} was changed")
    body = str(message.body)
    assert f"{incident.reference} Quokka overload" in body
    assert "Version 2 by Bob, Summary and impact: Why One" in body
    where = f"/incidents/{incident.slug}/diff/?from=1&to=3"
    assert f"http://localhost:8000{where}" in body
    assert signed_in(mallory).get(where).status_code == 200
    save(incident, alice, "Three")
    assert tell_changes(now + PAUSE - timedelta(minutes=1)) == 0
    assert tell_changes(now + PAUSE) == 1
    assert "Version 4 by Alice" in str(mail.outbox[1].body)
    assert "Version 3" not in str(mail.outbox[1].body)
    assert tell_changes(now + 9 * PAUSE) == 0


def test_nobody_is_told_of_their_own_changes_nor_of_what_was_told_at_once(
    incident: Incident, bob: User, mallory: User
) -> None:
    save(incident, mallory, "Mine")
    assert tell_changes() == 0
    for name in ("reopen", "publish"):
        assert step(bob, incident, name)().status_code == 302
    assert tell_changes() == 0
    assert Watch.objects.get().told == Incident.objects.get().version


def test_a_mail_about_changes_that_fails_goes_out_later(
    incident: Incident, bob: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save(incident, bob, "One")
    with monkeypatch.context() as broken:
        broken.setattr(EmailMessage, "send", refused)
        assert tell_changes() == 0
    assert "was not sent: closed" in caplog.text
    call_command("tell_watchers", verbosity=0)
    assert len(mail.outbox) == 1


def refused(message: EmailMessage) -> None:
    raise ConnectionRefusedError("closed")


def test_a_mail_server_that_is_gone_breaks_no_comment(
    incident: Incident, bob: User, sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(EmailMessage, "send", refused)
    assert sent(step(bob, incident, "comment", text="And now?")) == []
    assert incident.comments.count() == 1
    assert caplog.text.count("closed") == 2


def test_of_a_restricted_one_a_mail_says_the_reference_alone(
    incident: Incident, alice: User, carol: User, erin: User, sent: Sent
) -> None:
    turn(incident, visibility="restricted", slug="kept")
    IncidentReader.objects.create(incident=incident, user=erin)
    Watch.objects.create(person=erin, incident=incident, told=incident.version)
    work = make_actionable(incident, title="Feed the quokkas")
    save(incident, alice, "Quokkas again")
    assert tell_changes() == 1
    messages = [*mail.outbox]
    assert people(sent(step(carol, incident, "comment", text="Quokka?"))) == ["alice", "erin"]
    messages += mail.outbox
    assert people(sent(give(carol, work, "erin"))) == ["erin"]
    messages += mail.outbox
    assert [one.subject + str(one.body) for one in messages if "uokka" in one.subject + str(one.body)] == []
    assert sent(give(carol, work, "mallory")) == []


def test_the_owner_is_told_when_somebody_else_makes_it_theirs(
    incident: Incident, bob: User, mallory: User, sent: Sent
) -> None:
    work = make_actionable(incident, title="Feed them")
    assert sent(give(bob, work, "mallory")) == [("mallory", f"[Hindsight] Bob made {work.reference} yours")]
    body = str(mail.outbox[0].body)
    where = f"http://testserver/actionables/{work.reference}/"
    assert f"{work.reference} Feed them\n  due 2 January 2030\n  {where}" in body
    assert sent(give(bob, work, "mallory", status="in progress")) == []  # it was theirs
    assert sent(give(bob, work, "bob")) == []
    assert sent(give(bob, work, "Storage team")) == []
    signed_in(mallory).post("/me/mail/", {"reminders": "on", "digest": "on"})
    assert not ReminderChoice.objects.get(person=mallory).assigned
    assert sent(give(bob, work, "mallory")) == []


def test_many_at_once_are_told_in_one_mail(incident: Incident, bob: User, mallory: User, sent: Sent) -> None:
    rows = [make_actionable(incident, title=f"Work {number}") for number in range(3)]
    given = {"row": [f"{row.number}:{row.version}" for row in rows], "owner": "mallory"}
    told = sent(lambda: signed_in(bob).post("/actionables/change/", given))
    assert told == [("mallory", "[Hindsight] Bob made 3 actionables yours")]
    assert [f"Work {number}" in str(mail.outbox[0].body) for number in range(3)] == [True] * 3


def test_a_new_one_and_one_that_is_filed_tell_their_owner(
    incident: Incident, bob: User, author: Client, sent: Sent
) -> None:
    made = {"title": "Feed them", "kind": "prevent", "owner": "bob", "status": "open", "priority": "unknown"}
    new = f"/actionables/new/?incident={incident.reference}"
    assert people(sent(lambda: author.post(new, made))) == ["bob"]
    filed = {"title": "Count them", "kind": "prevent", "owner": "bob", "status": "open"}
    where = f"/INC-{incident.number}/edit/actionables/"
    assert people(sent(lambda: author.post(where, filed))) == ["bob"]
    row = f"{where}{Actionable.objects.latest('pk').pk}/"
    assert sent(lambda: author.post(row, opened(author, row) | {"title": "Count"})) == []
    given = opened(author, row) | {"owner": "alice"}
    assert sent(lambda: author.post(row, given)) == []  # to herself
    given = opened(author, row) | {"owner": "bob"}
    assert people(sent(lambda: author.post(row, given))) == ["bob"]


def test_the_administration_tells_owners_too(incident: Incident, carol: User, mallory: User, sent: Sent) -> None:
    work = make_actionable(incident, title="Feed them")
    kept = {"incident": incident.pk, "position": 0, "title": work.title, "kind": work.kind, "status": work.status}
    rows = {f"{rows}-{what}_FORMS": 0 for rows in ("changes", "comments") for what in ("TOTAL", "INITIAL")}
    given = {**kept, **rows, "priority": "unknown", "owner": "Mallory", "person": mallory.pk}
    address = f"/admin/actionables/actionable/{work.pk}/change/"
    assert people(sent(lambda: signed_in(carol).post(address, given))) == ["mallory"]
    assert sent(lambda: signed_in(carol).post(address, given)) == []  # it was theirs


def test_owners_who_could_not_see_a_draft_are_told_when_it_is_published(
    incident: Incident, bob: User, mallory: User, erin: User, sent: Sent
) -> None:
    Watch.objects.all().delete()
    turn(incident, status="review")
    for person in (erin, bob):
        IncidentReader.objects.create(incident=incident, user=person)
    work, hers = make_actionable(incident), make_actionable(incident)
    assert sent(give(bob, work, "mallory")) == []
    assert people(sent(give(bob, hers, "erin"))) == ["erin"]
    made = f"[Hindsight] Bob made {work.reference} yours"
    assert [one for one in sent(step(bob, incident, "publish")) if one[0] != "alice"] == [("mallory", made)]
    assert step(bob, incident, "reopen")().status_code == 302
    assert people(sent(step(bob, incident, "publish"))) == ["alice"]


def test_of_several_people_those_may_read_it_who_may_one_by_one(
    alice: User, bob: User, carol: User, mallory: User, erin: User
) -> None:
    User.objects.filter(pk=erin.pk).update(is_active=False)
    everybody = list(User.objects.order_by("pk"))
    for status in ("draft", "review", "published", "deleted"):
        for visibility in ("open", "restricted"):
            one = make_incident(status=status, visibility=visibility, readers=(alice, erin))
            one.refresh_from_db()
            may = {who.pk for who in everybody if Incident.objects.visible_to(who).filter(pk=one.pk).exists()}
            assert readers_among(one, everybody) == may - {erin.pk}, (status, visibility)
