"""Several people, or one impatient one, at the same forms at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from postmortems.models import Incident
from tests.factories import make_actionable, make_cause, make_incident
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


@pytest.mark.django_db(transaction=True)
def test_a_row_sent_many_times_at_once_is_added_once(alice: User) -> None:
    incident = make_incident()
    typed = {"when": "22:05", "kind": "action", "text": "Turned the fans on.", "csrfmiddlewaretoken": "x" * 64}

    def post(each: Client) -> str:
        try:
            return str(each.post(address(incident, "timeline"), typed).headers["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        places = set(pool.map(post, clients(alice)[:4]))
    assert places == {f"{address(incident, 'timeline')}?added={incident.timeline.get().pk}#new"}
    assert incident.revisions.count() == 2  # as it was before, and with the entry


def sent_twice(client: Client, where: str, **typed: str) -> set[str]:
    """Where two posts of the same opening of a form lead."""
    told = typed | {"csrfmiddlewaretoken": "x" * 64}
    return {str(client.post(where, told).headers["Location"]) for _ in range(2)}


@pytest.mark.parametrize(
    ("section", "related", "typed"),
    [
        ("causes", "incident_causes", {"cause_name": "Dust", "role": "root", "certainty": "confirmed"}),
        ("actionables", "actionables", {"title": "Filter the air", "kind": "prevent", "status": "open"}),
        ("links", "links", {"url": "https://example.org/7", "label": "7", "kind": "change"}),
    ],
)
def test_a_row_sent_again_is_answered_like_the_first_time(
    author: Client, section: str, related: str, typed: dict[str, str]
) -> None:
    incident = make_incident()
    make_cause("Dust")
    assert len(sent_twice(author, address(incident, section), **typed)) == 1
    row = getattr(incident, related).get()
    again = typed | {"csrfmiddlewaretoken": "y" * 64}  # the form opened anew
    answer = author.post(address(incident, section), again)
    assert (answer.status_code, getattr(incident, related).count()) == (
        (302, 2) if section == "actionables" else (422, 1)
    )
    author.post(f"{address(incident, section, row.pk)}remove/")
    assert sent_twice(author, address(incident, section), **typed) == {
        f"{address(incident, section)}?added={row.pk}#new"
    }
    assert not getattr(incident, related).filter(pk=row.pk).exists()


def test_what_is_said_twice_with_one_form_stands_once(author: Client) -> None:
    work = make_actionable()
    said = f"{work.incident.get_absolute_url()}review/comment/"
    assert len(sent_twice(author, said, section="summary", text="Why?")) == 1
    first = work.incident.comments.get()
    assert len(sent_twice(author, said.replace("comment/", f"comments/{first.pk}/reply/"), text="Dust.")) == 1
    assert work.incident.comments.count() == 2
    assert len(sent_twice(author, f"{work.get_absolute_url()}comment/", text="How?")) == 1
    assert work.comments.count() == 1
    make_cause("Dust", slug="dust")
    link = f"{work.incident.get_absolute_url()}causes/link/"
    assert len(sent_twice(author, link, cause="dust", role="root", certainty="suspected")) == 1
    assert author.post(link, {"cause": "dust", "role": "root", "certainty": "suspected"}).status_code == 422
    assert work.incident.incident_causes.count() == 1
    new = f"/actionables/new/?incident={work.incident.reference}"
    (place,) = sent_twice(author, new, title="Filter", kind="prevent", status="open", priority="unknown")
    made = work.incident.actionables.get(title="Filter")
    assert place == made.get_absolute_url()
    made.delete()
    assert sent_twice(author, new, title="Filter", kind="prevent", status="open", priority="unknown") == {
        work.incident.get_absolute_url()
    }
