"""While a postmortem is written: incidents like it as its title is typed, and causes that its text shows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems.models import Incident
from postmortems.refresh import refresh_incident
from tests.factories import make_incident
from tests.filing import address, sent_by

pytestmark = pytest.mark.usefixtures("five")

TITLE = "Swift proxies hung after the rsyslog upgrade"
SUMMARY = "Logging to a dead syslog server blocked every process. No alert fired, since nothing watched the queue."
SWIFT = "/incidents/swift-hung-after-rsyslog-upgrade/"
# Session and person; words of the text and how rare they are, phrases, what shares the rarest words, how rare causes
# are, incidents of the causes, which of them may be seen, their causes, their services, all words of the best.
MOST_QUERIES = 14


def alike(client: Client, place: str = "new", **typed: str) -> str:
    """What the page asks for while somebody types."""
    response = client.post("/writing/alike/", {"place": place, **typed})
    assert response.status_code == 200
    return response.content.decode()


def test_incidents_like_it_are_told_with_what_both_have(author: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        shown = alike(author, title=TITLE, summary=SUMMARY)
    assert f'href="{SWIFT}"' in shown
    assert "Both: Logging or other side work blocks the application" in shown
    assert "Likely the same incident" not in shown
    assert len(asked) <= MOST_QUERIES
    assert "<html" not in shown
    assert alike(author, title="Printer on fire").strip() == ""
    assert alike(author).strip() == ""


def test_the_same_incident_told_again_is_said_to_be_likely_that(author: Client) -> None:
    labs = Incident.objects.get(number=3)
    shown = alike(author, title=labs.title, summary=labs.summary)
    assert "Likely the same incident" in shown
    assert 'href="/INC-3/edit/">Add to it instead' in shown


def test_only_what_the_reader_may_see_is_told(author: Client, alice: User) -> None:
    hidden = make_incident("Frumious bandersnatch bit the galumphing walrus", status="draft")
    refresh_incident(hidden)
    typed = {"title": "Frumious bandersnatch bit the walrus"}
    assert alike(author, **typed).strip() == ""
    hidden.named_readers.create(user=alice)
    refresh_incident(hidden)
    assert hidden.title in alike(signed_in(alice), **typed)


def signed_in(user: User) -> Client:
    """A new browser of this person."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def test_who_may_not_file_is_told_nothing(client: Client, mallory: User, author: Client) -> None:
    hidden = make_incident(status="draft")
    author.force_login(mallory)
    assert author.post("/writing/alike/", {"place": "new", "title": TITLE}).status_code == 403
    for number, status in ((hidden.number, 404), (3, 403)):
        assert author.post("/writing/alike/", {"place": f"{number}/overview"}).status_code == status


@pytest.mark.parametrize(
    "typed", ["\0 swift \0", "\udc80 rsyslog", "x" * 300_000, "' OR 1=1 -- NOT \"", "💥 <b>swift</b>"]
)
def test_whatever_is_typed_is_answered(author: Client, typed: str) -> None:
    body = f"place=new&title={''.join(f'%{byte:02x}' for byte in typed.encode('utf-8', 'surrogatepass'))}"
    response = author.post("/writing/alike/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


def test_without_script_they_stand_on_the_page_that_comes_back(author: Client) -> None:
    page = author.post("/incidents/new/", {"title": TITLE, "summary": SUMMARY, "preview": "1"}).content.decode()
    assert f'href="{SWIFT}"' in page
    assert sent_by(page)["title"] == TITLE
    assert Incident.objects.count() == 5
    author.post("/incidents/new/", {"title": TITLE, "summary": SUMMARY})
    draft = Incident.objects.latest("pk")
    for where in (address(draft), address(draft, "overview"), address(draft, "impact")):
        assert f'href="{SWIFT}"' in author.get(where).content.decode()
    assert "data-alike" not in author.get(address(draft, "lessons")).content.decode()


def test_the_causes_that_the_text_shows_are_linked_in_their_section(author: Client) -> None:
    draft = make_incident(TITLE, summary=SUMMARY)
    where = address(draft, "causes")
    page = author.get(where).content.decode()
    assert "Suggested from the text" in page
    assert 'id="s-monitoring-or-paging-gap"' in page
    sent = {"cause": "monitoring-or-paging-gap", "from": "suggested", "back": "filing"}
    link = sent | {"role": "contributing", "certainty": "confirmed", "evidence": "No alert fired"}
    done = author.post(f"{draft.get_absolute_url()}causes/link/", link)
    assert done.headers["Location"] == f"{where}#rows"
    page = author.get(where).content.decode()
    assert "Linked: Monitoring or paging gap, contributing factor." in page
    assert draft.incident_causes.get().evidence == "No alert fired"
    other = sent | {"cause": "logging-or-other-side-work-blocks-the-application"}
    assert 'id="s-logging-or-other-side-work-blocks-the-application"' in page
    turned_down = author.post(f"{draft.get_absolute_url()}causes/reject/", other)
    assert turned_down.headers["Location"] == f"{where}#rows"
    assert 'id="s-logging-or-other-side-work' not in author.get(where).content.decode()


def test_a_suggestion_that_is_refused_comes_back_with_what_was_typed(author: Client) -> None:
    draft = make_incident(TITLE, summary=SUMMARY)
    sent = {"cause": "monitoring-or-paging-gap", "from": "suggested", "role": "root", "evidence": "Never said."}
    refused = author.post(f"{draft.get_absolute_url()}causes/link/", sent | {"certainty": "suspected"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert page.count("This passage is not in the postmortem") == 2  # in the summary and beside the field
    assert "\nNever said.</textarea>" in page
