"""What compares incidents with each other shows nothing of a restricted one: see tests/leaking.py."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from kb.accounts.roles import give_role
from postmortems import suggest
from postmortems.models import Incident
from tests.leaking import add_restricted, clients_of, make_people, public_world
from tests.leaking_asked import CAUSE, NUMBER, PREFIX, SERVICE

pytestmark = pytest.mark.usefixtures("five")
ADDRESSES = (
    "/incidents/partner/", "/incidents/swift-hung-after-rsyslog-upgrade/", f"/causes/{CAUSE}/", "/causes/?view=list",
    "/causes/?view=graph", "/causes/?view=services", f"/causes/?view=graph&service={SERVICE}",
    "/causes/?view=services&organisation=kettle-works", f"/compare/?i=INC-{NUMBER}", "/compare/?i=INC-6",
    f"/compare/?i=INC-1&i=INC-{NUMBER}",
)  # fmt: skip
FOR_AUTHORS = ("/incidents/partner/causes/", "/incidents/swift-hung-after-rsyslog-upgrade/causes/")
TEXT = f"Kettle kettel rsyslog restart, as in INC-{NUMBER}. {PREFIX}incidenttitle {PREFIX}incidentanalysis"


def shown(client: Client, address: str) -> tuple[int, str]:
    answer = client.get(address)
    return answer.status_code, re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode())


def test_a_restricted_incident_is_compared_with_nothing_for_others() -> None:
    make_people()
    give_role(User.objects.get(username="alice"), "Author")
    public_world()
    clients = clients_of(["anonymous", "erin", "alice", "dana"])
    asked = [(name, address) for name in ("anonymous", "erin", "alice") for address in ADDRESSES]
    asked += [("alice", address) for address in FOR_AUTHORS]
    before = {key: shown(clients[key[0]], key[1]) for key in asked}
    texts = repr(suggest.both_for(TEXT, AnonymousUser(), limit=20))
    add_restricted()
    assert [key for key in asked if shown(clients[key[0]], key[1]) != before[key]] == []
    assert repr(suggest.both_for(TEXT, AnonymousUser(), limit=20)) == texts
    assert PREFIX in shown(clients["dana"], "/incidents/partner/")[1].partition('id="similar"')[2]
    assert PREFIX in shown(clients["dana"], f"/compare/?i=INC-1&i=INC-{NUMBER}")[1]
    assert Incident.objects.filter(number=NUMBER).exists()
