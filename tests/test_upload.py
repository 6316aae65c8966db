"""An incident as a file, and out of one: a new draft, or a new version of a draft."""

from __future__ import annotations

import html
import json
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from postmortems.document import document_of
from postmortems.document_json import as_json, from_json
from postmortems.document_text import DocumentError
from postmortems.models import Incident
from tests.test_history import signed_in

pytestmark = pytest.mark.usefixtures("five")
ADDRESS = "/incidents/new/file/"


def told(incident: Incident) -> str:
    """What it says, without what is its own: reference, address, and what is decided."""
    own = ("reference:", "slug:", "status:", "published_at:")
    lines = document_of(Incident.objects.get(pk=incident.pk)).split("\n")
    return "\n".join(line for line in lines if not line.startswith(own))


def sent(client: Client, text: str, name: str = "INC-3.md", **data: Any) -> Any:
    return client.post(ADDRESS, {"file": SimpleUploadedFile(name, text.encode()), "into": "new"} | data)


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("kind", ["md", "json"])
def test_what_was_downloaded_makes_the_same_again(author: Client, alice: User, number: int, kind: str) -> None:
    incident = Incident.objects.get(number=number)
    answer = author.get(f"/incidents/{incident.slug}/document.{kind}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="INC-{number}.{kind}"'
    answer = sent(author, answer.content.decode(), f"INC-{number}.{kind}")
    made = Incident.objects.latest("pk")
    assert answer.headers["Location"] == f"/INC-{made.number}/edit/"
    assert told(made) == told(incident)
    assert (made.status, made.number) == ("draft", Incident.objects.count())
    assert list(made.named_readers.values_list("user", "is_author")) == [(alice.pk, True)]
    assert made.revisions.get().note == "From a file"


@pytest.mark.parametrize("number", range(1, 6))
def test_json_is_the_same_document(number: int) -> None:
    text = document_of(Incident.objects.get(number=number))
    assert from_json(as_json(text)) == text


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"facts": 1, "blocks": []}', '{"facts": {}, "blocks": [{"heading": "Odd"}]}',
             '{"facts": {}, "blocks": [{"heading": "Summary", "facts": {}, "text": 7}]}', "[" * 100_000]
)  # fmt: skip
def test_what_is_no_such_json_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="no document in JSON"):
        from_json(text)


def test_a_draft_gets_a_new_version(author: Client, alice: User) -> None:
    sent(author, document_of(Incident.objects.get(number=3)))
    made = Incident.objects.latest("pk")
    text = document_of(made).replace("responders:", "responders: Mallory,").replace("\n", "\r\n")
    asked = sent(author, text, into="same").content.decode()
    assert "What would change in" in asked
    assert "Mallory," in asked
    assert not made.revisions.filter(note="From a file", number__gt=1).exists()
    seen = f"{made.reference}.{made.version}"
    assert sent(author, text, into="same", seen="INC-1.1").status_code == 200
    assert sent(author, text, into="same", seen=seen).headers["Location"] == f"/INC-{made.number}/edit/"
    assert Incident.objects.get(pk=made.pk).responders.startswith("Mallory,")
    assert made.revisions.count() == 2
    assert Incident.objects.latest("pk") == made


def test_only_a_draft_that_one_sees_is_changed(author: Client, bob: User) -> None:
    """Not one that is published, nor one that this person does not see."""
    sent(author, document_of(Incident.objects.get(number=3)))
    hidden, count = Incident.objects.latest("pk"), Incident.objects.count()
    before = {row.pk: document_of(row) for row in Incident.objects.all()}
    for person, named in ((author, 3), (signed_in(bob), hidden.number), (signed_in(bob), 999)):
        answer = sent(person, f"---\nhindsight: 1\nreference: INC-{named}\ntitle: Mine\n---\n", into="same")
        assert answer.status_code == 422
        assert "names no draft that you may write at" in answer.content.decode()
    assert {row.pk: document_of(row) for row in Incident.objects.all()} == before
    assert Incident.objects.count() == count


def test_what_is_wrong_is_said_and_can_be_mended(author: Client) -> None:
    text = "---\nhindsight: 1\ntitle: Mine\nseverity: terrible\n---\n\n# Summary\n\nIt broke.\n"
    page = sent(author, text).content.decode()
    assert "Line 4: severity" in page
    assert "severity: terrible\n" in page
    for wrong, words in (("", "Choose a file"), ("x\0", "Null characters"), ("x", "Line 1:"), ("{", "JSON")):
        answer = author.post(ADDRESS, {"text": wrong, "into": "new"})
        assert (answer.status_code, words in answer.content.decode()) == (422, True), wrong
    answer = author.post(ADDRESS, {"file": SimpleUploadedFile("x.md", b"\xff\xfe"), "into": "new"})
    assert "not text in UTF-8" in answer.content.decode()
    assert author.post(ADDRESS, {"text": text.replace("terrible", "SEV1"), "into": "new"}).status_code == 302


HEAD = "---\nhindsight: 1\ntitle: Mine\n"
WORK = f"{HEAD}---\n\n# Actionables\n\n## Fix it\nkind: prevent\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}started: 0001-05-03 22:05 UTC\n---\n", "Line 4: started: The year 1 cannot be meant"),
        (f"{HEAD}source_published: 9999\n---\n", "Line 4: source_published: The year 9999 cannot be meant"),
        (f"{HEAD}---\n\n# Timeline\n\n## 2105-01-01\n\nIt broke.\n", "Line 8: time: The year 2105 cannot be meant"),
        (f"{WORK}status: done\n", "Line 10: “Fix it”, done: Say what shows that it is done"),
        (f"{WORK}status: declined\n", "Line 10: “Fix it”, declined: Say why it is declined"),
        (f"{WORK}due_on: 0026-03-31\n", "Line 10: “Fix it”, due_on: Give a day from 1990 to 2199"),
        (f"{WORK}closed: 2015-08-14\n", "Line 10: “Fix it”, closed: Only what is done or declined has ended"),
        (f"{WORK}opened: 2095-08-14\n", "Line 10: “Fix it”, opened: This is still to come"),
        (f"{WORK}opened: 22:05\n", "Line 10: “Fix it”, opened: Give the day too"),
    ],
)
def test_a_file_is_held_to_what_the_forms_ask(author: Client, text: str, said: str) -> None:
    answer = sent(author, text)
    assert (answer.status_code, said in html.unescape(answer.content.decode())) == (422, True)
    assert not Incident.objects.filter(title="Mine").exists()
    ended = f"{WORK}status: done\nopened: 2024-01-02\nclosed: 2024-02\n\n### Outcome\n\nFixed in 4.1.\n"
    assert sent(author, ended).status_code == 302


def test_json_has_no_lines_to_name(author: Client) -> None:
    answer = sent(author, as_json(f"{WORK}status: done\n"))
    assert "“Fix it”, done: Say what shows that it is done" in html.unescape(answer.content.decode())
    assert "Line " not in answer.content.decode()
    assert "Line 2: this is no document in JSON" in sent(author, '{\n"facts": }').content.decode()


def test_what_became_of_an_actionable_that_is_there_is_not_asked_again(author: Client) -> None:
    """A file cannot change it, so what it leaves out does no harm."""
    sent(author, WORK)
    made = Incident.objects.get(title="Mine")
    work = made.actionables.get()
    work.change({"status": "done"}, by="Alice", why="Seen in the log.")
    text = document_of(made).replace("Seen in the log.", " ").replace("title: Mine", "title: Mine, again")
    page = sent(author, text, into="same").content.decode()
    assert "Mine, again" in page
    assert "Actionables" not in page.partition("What would change in")[2]


def test_no_file_is_answered_by_an_error(author: Client) -> None:
    """Lines of a real document taken away, doubled, swapped, and with other words in them."""
    random, lines = Random(1), document_of(Incident.objects.get(number=1)).split("\n")
    words = ["0", "-", "null", "[]", "é" * 400, "a: b", "# Causes", "### Evidence", "2015-13-99", "\u2028", '"']
    statuses = set()
    for turn in range(60):
        odd = list(lines)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(min(len(odd), 40 if turn % 2 else len(odd)))
            line, other = odd[at], random.choice(words)
            start = line.split(":")[0]
            half = line[: len(line) // 2]
            odd[at : at + 1] = random.choice([[], [line, line], [other], [f"{start}: {other}"], [half]])
        data = "\n".join(odd) if turn % 3 else json.dumps({"facts": {"hindsight": turn}, "blocks": odd[:3]})
        statuses.add(sent(author, data).status_code)
    assert statuses == {302, 422}
