"""The audit log: added to and read, never altered; for admins alone; safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client

from postmortems.models import Action, AuditEntry, record


@pytest.fixture
def desk(client: Client, carol: User) -> Client:
    """Carol, who administers."""
    client.force_login(carol)
    return client


def test_entries_stay_as_they_are(db: None) -> None:
    entry = record(Action.PUBLISHED, "INC-1")
    for change in (
        entry.save, entry.delete, AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(actor="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
        lambda: AuditEntry.objects.filter(pk=entry.pk).update(actor="x"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="only added to"):
            change()


def test_the_database_takes_no_change_either(db: None) -> None:
    record(Action.PUBLISHED, "INC-1")
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE postmortems_auditentry SET actor = 'somebody else'")


def test_nothing_breaks_a_line_or_a_database(db: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "hindsight.audit"):
        entry = record(Action.DELETED, "a\r\nFAKE\x00\ud800\u2028b" + "c" * 999, detail="\x1b[31m" + "d" * 999)
    entry.refresh_from_db()
    assert entry.object.startswith("a  FAKE   b")
    assert (len(entry.object), len(entry.detail)) == (300, 500)
    (line,) = [message for message in caplog.messages if "FAKE" in message]
    assert len(line.splitlines()) == 1


def test_the_name_stays_when_the_account_goes(alice: User) -> None:
    record(Action.PUBLISHED, "INC-1", by=alice)
    alice.delete()
    assert AuditEntry.objects.get().actor == "alice"


@pytest.mark.parametrize("address", ["/audit/", "/audit.csv", "/audit.json", "/admin/postmortems/auditentry/"])
@pytest.mark.parametrize("person", ["mallory", "alice", "bob"])
def test_only_admins_read_it(request: pytest.FixtureRequest, client: Client, person: str, address: str) -> None:
    client.force_login(request.getfixturevalue(person))
    assert client.get(address, follow=True).status_code == 403


def test_it_is_filtered_and_paged(desk: Client, alice: User, bob: User, django_assert_num_queries: Any) -> None:
    for number in range(60):
        record(Action.EXPORTED, f"list {number}", by=alice)
    record(Action.PUBLISHED, "INC-1", by=bob)
    day = AuditEntry.objects.latest("pk").at.date()
    first = desk.get("/audit/").content.decode()
    assert first.count("<tr>") == 51
    assert "INC-1" in first
    assert desk.get("/audit/?page=2").content.decode().count("<tr>") >= 11
    assert desk.get("/audit/?who=ALI").content.decode().count("list ") == 50
    chosen = desk.get("/audit/?action=published").content.decode()
    assert ("INC-1" in chosen, "list 3" in chosen) == (True, False)
    assert "INC-1" in desk.get(f"/audit/?since={day}&until={day}").content.decode()
    assert "No entry is like that." in desk.get(f"/audit/?until={day - timedelta(days=1)}").content.decode()
    with django_assert_num_queries(3):  # session, person, entries
        desk.get("/audit/")


@pytest.mark.parametrize(
    "query", ["who=%00", "action=x", "since=x", "until=9999-12-31", "since=0001-01-01", "page=x", "page=999999999999"]
)
def test_odd_questions_are_answered(desk: Client, query: str) -> None:
    assert desk.get(f"/audit/?{query}").status_code in (200, 404)
    assert desk.get(f"/audit.csv?{query}").status_code == 200


FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://evil.example")', "=cmd|' /C calc'!A0")


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_a_spreadsheet_calculates_nothing(desk: Client) -> None:
    for text in FORMULAS:
        record(Action.DELETED, text, detail=text)
    rows = list(csv.reader(io.StringIO(body(desk.get("/audit.csv?action=deleted")))))
    assert rows[0] == ["at", "actor", "action", "object", "detail", "address"]
    assert [row[3].replace("'", "") for row in rows[1:]] == [text.replace("'", "") for text in reversed(FORMULAS)]
    assert all(row[3].startswith("'") for row in rows[1:])
    assert all(cell[:1] not in "=+-@\t\r" for row in rows for cell in row if cell)


def test_json_holds_the_same(desk: Client) -> None:
    record(Action.DELETED, "INC-1", detail="ü\u00a0")
    response = desk.get("/audit.json?action=deleted")
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
    (line,) = body(response).splitlines()
    assert json.loads(line)["object"] == "INC-1"


def test_taking_it_along_is_written_down(desk: Client) -> None:
    body(desk.get("/audit.csv?who=x"))
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.action, entry.actor, entry.detail) == (Action.AUDIT_READ, "carol", "who=x")


def test_the_admin_shows_it_and_changes_nothing(desk: Client) -> None:
    entry = record(Action.DELETED, "INC-1")
    address = f"/admin/postmortems/auditentry/{entry.pk}/change/"
    assert desk.get(address).status_code == 200
    assert desk.post(address, {"actor": "x"}).status_code == 403
    assert desk.post(f"/admin/postmortems/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_exports_of_lists_are_written_down(client: Client, alice: User) -> None:
    client.get("/incidents/export.csv")
    assert not AuditEntry.objects.exists()  # of somebody unknown there is nothing to tell
    client.force_login(alice)
    body(client.get("/incidents/export.csv"))
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.object) == (Action.EXPORTED, "alice", "incidents.csv")
