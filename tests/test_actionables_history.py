"""What an actionable is, what changes it and what is kept of that: verbs, history, tickets, owners."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction

from actionables import owners
from actionables.models import Actionable, OutOfDate, StatusChange, put_back
from postmortems.tickets import short_name
from tests.factories import make_actionable, make_incident, moment

TICKETS = {
    "https://github.com/gitlab-org/gitlab/issues/7821": "gitlab-org/gitlab#7821",
    "https://github.com/ethereum/pm/pull/1334": "ethereum/pm#1334",
    "https://github.com/ethereum/pm/pull/1334/files?w=1#diff": "ethereum/pm#1334",
    "https://github.com/a/b/discussions/5": "a/b#5",
    "https://github.com/a/b/commit/0123456789abcdef0123": "a/b@0123456",
    "https://github.com/a/b": "github.com",
    "https://gitlab.com/group/sub/name/-/issues/12": "group/sub/name#12",
    "https://gitlab.example.org/name/x/merge_requests/9": "name/x!9",
    "https://code.example.org/a/b/-/merge_requests/9/diffs": "a/b!9",
    "https://gitlab.com/groups/gitlab-org/-/epics/3": "gitlab-org&3",
    "https://acme.atlassian.net/browse/OPS-1204": "OPS-1204",
    "https://jira.example.org/projects/OPS/issues/OPS-7?filter=x": "OPS-7",
    "https://jira.example.org/secure/RapidBoard.jspa?rapidView=1&selectedIssue=OPS-7": "OPS-7",
    "https://phabricator.wikimedia.org/T140202": "T140202",
    "https://reviews.llvm.org/D1234/": "D1234",
    "https://bugzilla.wikimedia.org/show_bug.cgi?id=47393#c2": "Bug 47393",
    "https://bugzilla.mozilla.org/1234": "Bug 1234",
    "https://bugs.launchpad.net/bugs/1094230": "LP:1094230",
    "https://bugs.launchpad.net/swift/+bug/1094230": "LP:1094230",
    "https://gerrit.wikimedia.org/r/99576": "Gerrit 99576",
    "https://gerrit.wikimedia.org/r/#/c/231177/": "Gerrit 231177",
    "https://gerrit.wikimedia.org/r/c/operations/puppet/+/231177/3": "Gerrit 231177",
    "https://review.opendev.org/24871": "Gerrit 24871",
    "https://rt.wikimedia.org/Ticket/Display.html?id=4318": "RT 4318",
    "https://rt.example.org/ticket/12": "RT 12",
    "https://tracker.example.org/t/9": "tracker.example.org",
    "http://EXAMPLE.org:8080/x": "example.org",
    "javascript:alert(1)": "", "": "", "https://": "", "https://[": "", "no address": "",
    "https://rt.example.org/Ticket/Display.html?id=%D9%A2": "rt.example.org",
    "https://github.com/" + "a" * 90 + "/b/issues/1": ("a" * 90)[:60],
}  # fmt: skip


@pytest.mark.parametrize("address", TICKETS, ids=lambda address: address[:50])
def test_a_ticket_is_called_what_people_call_it(address: str) -> None:
    assert short_name(address) == TICKETS[address]


@pytest.fixture
def one(db: None) -> Actionable:
    """An open actionable of nobody, recorded as opened."""
    actionable = make_actionable()
    actionable.record_change("", "alice")
    return actionable


def told(actionable: Actionable) -> list[tuple[str, str, str, str]]:
    """The changes of owner, due date, priority and outcome."""
    return list(actionable.field_changes.values_list("what", "before", "after", "by"))


def test_every_change_is_kept_with_who_when_and_why(one: Actionable, bob: User) -> None:
    values = {"owner": "Bob", "person": bob, "due_on": date(2030, 1, 2), "priority": "P1", "status": "blocked"}
    assert one.change(values, by="Bob", why="Waits for parts.")
    assert told(one) == [
        ("owner", "", "Bob", "Bob"), ("due_on", "", "2030-01-02", "Bob"), ("priority", "unknown", "P1", "Bob"),
    ]  # fmt: skip
    last = one.changes.last()
    assert last is not None
    assert (last.from_status, last.to_status, last.by, last.why) == ("open", "blocked", "Bob", "Waits for parts.")
    stored = Actionable.objects.get(pk=one.pk)
    assert (stored.owner, stored.person, stored.due_on, stored.priority) == ("Bob", bob, date(2030, 1, 2), "P1")
    assert (stored.version, one.version) == (2, 2)
    assert not one.change(values, by="Bob")
    assert Actionable.objects.get(pk=one.pk).version == 2


@pytest.mark.parametrize("status", ["done", "declined"])
def test_an_end_needs_words(one: Actionable, status: str) -> None:
    with pytest.raises(ValidationError) as error:
        one.change({"status": status}, by="bob")
    assert list(error.value.message_dict) == ["why"]
    one.refresh_from_db()
    assert (one.status, one.changes.count()) == ("open", 1)
    one.change({"status": status}, by="bob", why="Because of INC-2.")
    assert (one.status, one.outcome) == (status, "Because of INC-2.")
    assert Actionable.objects.get(pk=one.pk).closed == one.changes.last().when  # type: ignore[union-attr]


def test_opened_and_closed_follow_the_history(one: Actionable) -> None:
    assert one.opened == one.changes.get().when
    assert not one.closed.is_known
    one.change({"status": "done"}, by="bob", why="See https://example.org/1.")
    assert one.closed.is_exact
    one.change({"status": "open"}, by="bob", why="It was not.")
    one.refresh_from_db()
    assert (one.opened.is_known, one.closed.is_known) == (True, False)


def test_what_is_kept_of_the_history_is_healed(one: Actionable) -> None:
    make_actionable(status="blocked").change({"status": "open"}, by="bob")  # when it was opened is not known
    one.change({"status": "done"}, by="bob", why="Words.")
    StatusChange.objects.filter(position=1, actionable=one).update(when_at="2015-01-01T00:00Z", when_precision="year")
    before = list(Actionable.objects.order_by("pk").values("opened_at", "closed_at", "closed_precision"))
    Actionable.objects.update(opened_at=None, opened_precision="unknown", closed_at=None, closed_precision="unknown")
    call_command("refresh", verbosity=0)
    after = list(Actionable.objects.order_by("pk").values("opened_at", "closed_at", "closed_precision"))
    assert [row["closed_at"] for row in after] == [row["closed_at"] for row in before]
    one.refresh_from_db()
    assert one.opened.text() == "2015"
    assert [row["opened_at"] is None for row in after] == [False, True]


def test_a_stale_copy_does_not_overwrite_what_somebody_else_changed(one: Actionable) -> None:
    mine, theirs = Actionable.objects.get(pk=one.pk), Actionable.objects.get(pk=one.pk)
    theirs.change({"owner": "Storage"}, by="carol", expected=theirs.version)
    with pytest.raises(OutOfDate) as error:
        mine.change({"status": "blocked"}, by="bob", expected=mine.version)
    assert error.value.stored.owner == "Storage"
    assert Actionable.objects.get(pk=one.pk).status == "open"


def test_one_alternative_is_chosen_and_the_others_are_declined(one: Actionable) -> None:
    first, second, third = (make_actionable(one.incident, alternative_to=one) for _ in range(3))
    third.change({"status": "done"}, by="bob", why="Was tried.")
    first.choose(by="bob")
    second.choose(by="bob")
    rows = [Actionable.objects.get(pk=row.pk) for row in (first, second, third)]
    assert [(row.chosen, row.status) for row in rows] == [(False, "declined"), (True, "declined"), (False, "done")]
    assert rows[0].outcome == f"{second.reference} was chosen instead."
    with pytest.raises(ValidationError):
        one.choose(by="bob")
    with pytest.raises(IntegrityError, match="actionable"), transaction.atomic():
        Actionable.objects.filter(pk__in=[first.pk, second.pk]).update(chosen=True)


def test_a_change_of_many_is_taken_back_except_what_was_changed_since(db: None, bob: User) -> None:
    incident = make_incident()
    kinds: list[dict[str, Any]] = [{}, {"due_on": date(2029, 1, 1)}, {"owner": "Storage"}]
    rows = [make_actionable(incident, **fields) for fields in kinds]
    values = {"status": "declined", "due_on": date(2030, 1, 1), "owner": "bob", "person": bob}
    for row in rows:
        row.change(values, by="carol", why="Too dear.", batch="b1")
    rows[2].change({"due_on": date(2031, 1, 1)}, by="alice")
    undone = put_back("b1", rows, by="carol")
    assert (undone.count, undone.kept) == (2, [rows[2]])
    now = [Actionable.objects.get(pk=row.pk) for row in rows]
    assert [row.status for row in now] == ["open", "open", "declined"]
    assert [row.due_on for row in now] == [None, date(2029, 1, 1), date(2031, 1, 1)]
    assert [(row.owner, row.person) for row in now] == [("", None), ("", None), ("bob", bob)]
    assert now[0].changes.last().why == "Taken back."  # type: ignore[union-attr]
    assert put_back("b1", rows, by="carol").count == 0


def test_an_owner_is_a_person_when_the_name_is_theirs_alone(alice: User, bob: User) -> None:
    User.objects.create_user("countess", first_name="Ada", last_name="Lovelace")
    User.objects.create_user("ada2", first_name="Ada", last_name="Byron")
    User.objects.create_user("gone", first_name="Ada", last_name="Gone", is_active=False)
    assert owners.named("bob") == bob
    assert owners.named("@BOB") == bob
    assert owners.named("ada lovelace").username == "countess"  # type: ignore[union-attr]
    assert [owners.named(text) for text in ("Storage", "", "Ada Gone", "gone", "Ada")] == [None] * 5
    User.objects.create_user("ada3", first_name="Ada", last_name="Byron")
    assert owners.named("Ada Byron") is None
    assert len(owners.people_named("Ada Byron")) == 2
    assert owners.suggestions() == ["Ada Byron", "Ada Lovelace", "Alice", "Bob"]


def test_the_history_of_an_import_may_be_coarse(db: None) -> None:
    actionable = make_actionable(status="done", outcome="Words.")
    for position, (before, after, when) in enumerate([("", "open", "2015-03-04"), ("open", "done", "2015-04-05")], 1):
        change = StatusChange(actionable=actionable, position=position, from_status=before, to_status=after)
        change.when = moment(when)
        change.save()
    Actionable.objects.settle()
    actionable.refresh_from_db()
    assert (actionable.opened.text(), actionable.closed.text()) == ("4 March 2015", "5 April 2015")


def test_a_history_without_the_change_is_given_it(db: None) -> None:
    bare = make_actionable(status="done", outcome="So.")
    bare.redate(moment("2015-08-01"), moment("2015-08-14"), by="alice")
    told = [(row.position, row.from_status, row.to_status, row.when.text()) for row in bare.changes.all()]
    assert told == [(0, "", "open", "1 August 2015"), (1, "open", "done", "14 August 2015")]
    with pytest.raises(ValidationError, match="cannot have ended before"):
        bare.redate(moment("2015-08-20"), None, by="alice")
    bare.refresh_from_db()
    assert (bare.opened, bare.closed) == (moment("2015-08-01"), moment("2015-08-14"))
