"""Several people, or one impatient one, at the same forms at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from postmortems.models import Incident
from tests.factories import make_incident
from tests.filing import address, opened, sent_by
from tests.test_filing_kept import given_back

TITLE = "Fans of rack 7 stopped"
EDITORS = 12


def clients(alice: User) -> list[Client]:
    """As many browsers of hers as there are editors."""
    found = [Client() for _ in range(EDITORS)]
    for client in found:
        client.force_login(alice)
    return found


@pytest.mark.django_db(transaction=True)
def test_a_form_posted_twelve_times_at_once_makes_one_incident(alice: User) -> None:
    def post(each: Client) -> str:
        try:
            response = each.post("/incidents/new/", {"title": TITLE, "csrfmiddlewaretoken": "x" * 64})
            return str(response.headers["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(EDITORS) as pool:
        places = set(pool.map(post, clients(alice)))
    assert places == {address(Incident.objects.get())}


@pytest.mark.django_db(transaction=True)
def test_no_edit_is_lost_when_many_edit_at_once(alice: User, request: pytest.FixtureRequest) -> None:
    """Each adds lines of its own to texts that all share, and after a conflict puts both together, as a person does."""
    edits: int = request.config.getoption("--edits")
    incident = make_incident(summary="Begin.", analysis="Begin.")
    told = {"impact": "summary", "analysis": "analysis"}

    def work(numbered: tuple[int, Client]) -> tuple[int, list[str]]:
        number, client = numbered
        random, conflicts, lines = Random(number), 0, []
        try:
            for edit in range(edits):
                section = random.choice(list(told))
                line = f"Line {number}.{edit}."
                conflicts += add(client, address(incident, section), told[section], line)
                lines.append(f"{section} {line}")
        finally:
            connection.close()
        return conflicts, lines

    with ThreadPoolExecutor(EDITORS) as pool:
        done = list(pool.map(work, enumerate(clients(alice))))
    incident = Incident.objects.get()
    for section, line in (told_line.split(" ", 1) for _, lines in done for told_line in lines):
        assert getattr(incident, told[section]).count(line) == 1
    saved = EDITORS * edits
    assert incident.revisions.count() == saved + 1  # and as it was before
    assert sorted(incident.revisions.values_list("number", flat=True)) == list(range(1, saved + 2))
    print(f"{saved} edits saved, {sum(conflicts for conflicts, _ in done)} conflicts on the way")


def add(client: Client, where: str, field: str, line: str) -> int:
    """Add a line to a text until it is saved; how many conflicts there were, each with both versions on its page.

    Where so many write that the database is busy for too long, the page says so and has the text to send again.
    """
    form, conflicts = opened(client, where), 0
    mine = f"{form[field]}\r\n{line}"
    while (response := client.post(where, form | {field: mine})).status_code in (409, 503):
        page = response.content.decode()
        if response.status_code == 503:
            assert given_back(page)[field] == mine
            continue
        conflicts += 1
        assert sent_by(page)[field] == mine  # nothing typed is lost
        assert '<tr class="new">' in page
        form = opened(client, where)
        mine = f"{form[field]}\r\n{line}"
    assert response.status_code == 302
    return conflicts
