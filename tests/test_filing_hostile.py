"""Whatever is typed into forms of filing and review: no error, a word beside the field, and it all comes back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import html5lib
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kb.filing import SECTIONS
from postmortems.models import Incident
from postmortems.reviewing import ask
from tests.factories import make_entry, make_incident
from tests.filing import address, opened
from tests.test_fuzz import ODD

FEW = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
TYPED = st.sampled_from(ODD) | st.text(max_size=300) | st.sampled_from(["", "\n\nx", "<b>", "</textarea><script>"])
FORM = "application/x-www-form-urlencoded"
REVIEW = {
    "ask": ("names", "note"), "ask-for-changes": ("note", "checked"), "approve": ("note", "checked"),
    "publish": ("note",), "withdraw": ("note",), "comment": ("section", "passage", "text"),
}  # fmt: skip


@pytest.fixture
def author(client: Client, alice: User) -> Client:
    """Alice's browser."""
    client.force_login(alice)
    client.raise_request_exception = False
    return client


@pytest.fixture
def incident(alice: User) -> Incident:
    """A draft of hers with an entry."""
    incident = make_incident(status="draft", summary="As it was.")
    incident.named_readers.create(user=alice, is_author=True)
    make_entry(incident)
    return incident


def send(client: Client, where: str, fields: dict[str, Any]) -> Any:
    """Post what no browser would, lone surrogates included."""
    body = urlencode(fields, doseq=True, errors="surrogatepass")
    return client.post(where, body, content_type=FORM)


def check(answer: Any, typed: dict[str, Any], *, named: str) -> None:
    """An answer in good order; one that refuses says why beside the field and gives back what was typed."""
    assert answer.status_code in (302, 409, 413, 422), answer.status_code
    if answer.status_code != 422:
        return
    html = answer.content.decode()
    page = html5lib.parse(html, namespaceHTMLElements=False)
    assert 'class="error small"' in html or 'role="alert"' in html, named
    shown: dict[str, list[str]] = {}
    for field in page.iter():
        if field.tag == "textarea" or (field.tag == "input" and field.get("type", "text") in ("text", "hidden", "url")):
            there = (field.text or "") if field.tag == "textarea" else field.get("value", "")
            shown.setdefault(field.get("name", ""), []).append(line_breaks(there))
    for name in typed.keys() & shown.keys() - {"marks"}:
        assert line_breaks(as_sent(typed[name])) in shown[name], f"{named}: {name}"


def as_sent(value: str) -> str:
    """What the server reads of it, as a page can show it: no lone surrogates, no control characters."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def line_breaks(text: str) -> str:
    """With LF, and what HTML cannot hold as what a parser puts in its place."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


@pytest.mark.parametrize("name", ["new", *SECTIONS])
@FEW
@given(data=st.data())
def test_no_form_of_filing_breaks_or_loses_text(author: Client, incident: Incident, name: str, data: Any) -> None:
    where = "/incidents/new/" if name == "new" else address(incident, name)
    form = opened(author, where)
    odd = data.draw(st.lists(st.sampled_from(sorted(form)), min_size=1, unique=True))
    typed = {field: data.draw(TYPED) for field in odd}
    check(send(author, where, form | typed), typed, named=f"{name} {typed!r}"[:300])


@pytest.mark.parametrize("act", REVIEW)
@FEW
@given(data=st.data())
def test_no_form_of_review_breaks_or_loses_text(
    author: Client, alice: User, bob: User, incident: Incident, act: str, data: Any
) -> None:
    typed = {name: data.draw(TYPED) for name in REVIEW[act]}
    with transaction.atomic():  # each begins with a postmortem that bob was asked to review
        if act != "ask":
            ask(incident, [bob], alice)
            incident.refresh_from_db()
        author.force_login(bob if act in ("approve", "ask-for-changes", "publish") else alice)
        sent = typed | {"seen": str(incident.version)}
        answer = send(author, f"{incident.get_absolute_url()}review/{act}/", sent)
        transaction.set_rollback(True)
    if answer.status_code != 404:  # no such section
        check(answer, {name: typed[name] for name in typed if name != "section"}, named=f"{act} {typed!r}"[:300])
