"""A restricted incident changes nothing for whoever may not see it, and whoever may sees it everywhere."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from postmortems import conditional
from postmortems.models import Incident
from postmortems.refresh import refresh_incident
from tests.leaking import (
    OTHERS,
    SEEING,
    add_restricted,
    answers,
    bin_by_admin,
    clients_of,
    delete_by_admin,
    differences,
    mailed_by_admin,
    make_people,
    public_world,
    shown_by_a_stale_index,
)
from tests.leaking_asked import CAUSE, NUMBER, PREFIX, SERVICE, SLUG, WORK

BASE = settings.BASE_DIR
# Who may not see it: of all for whom the same is asked of the database, one. Bob may do what Alice and Mallory may.
ASKED = ("anonymous", "bob", "erin")


@pytest.fixture
def world(five_committed: None) -> None:
    """Committed, so that pages are kept as they are when the site is used."""
    conditional._made.clear()
    make_people()
    public_world()


def test_a_restricted_incident_changes_no_byte_for_others(world: None) -> None:
    clients = clients_of(ASKED)
    before = dict(answers(clients))
    assert len(before) > 1_000
    assert [key for key, (status, _, _) in before.items() if status >= 500] == []
    incident = add_restricted()
    conditional._made.clear()
    assert list(differences(answers(clients), before)) == []
    incident.summary += " More."
    incident.save()
    refresh_incident(incident)
    # What a save and a delete add to what all were asked above, one is asked.
    assert list(differences(answers({"erin": clients["erin"]}), before)) == []
    assert list(mailed_by_admin(clients)) == []
    assert list(bin_by_admin(clients, before)) == []
    delete_by_admin()
    assert list(differences(answers({"anonymous": clients["anonymous"]}), before)) == []


@pytest.mark.sqlite  # about what is kept in memory
def test_an_incident_that_becomes_restricted_leaves_nothing_behind(world: None) -> None:
    """Kept pages, kept parts and the index hold it until then."""
    incident = add_restricted()
    clients = clients_of(["anonymous"])
    before = dict(answers(clients))
    incident.visibility = "open"
    incident.save()
    refresh_incident(incident)
    open_to_all = dict(answers(clients))
    assert PREFIX.encode() in open_to_all["anonymous", "/incidents/"][2]
    assert open_to_all["anonymous", "/"][1]["ETag"] != before["anonymous", "/"][1]["ETag"]
    incident.visibility = "restricted"
    incident.save()
    refresh_incident(incident)
    after = dict(answers(clients))
    assert [key for key in before if after[key][::2] != before[key][::2]] == []
    kept = [key for key in open_to_all if "ETag" in after[key][1]]
    assert [key for key in kept if after[key][1]["ETag"] in (before[key][1]["ETag"], open_to_all[key][1]["ETag"])] == []


SHOWN = (
    "/", "/incidents/", "/incidents/?q=kettle", "/incidents/?q=kanariincidenttitle", "/incidents/?severity=SEV1",
    f"/incidents/?cause={CAUSE}", f"/incidents/?service={SERVICE}", "/incidents/?sort=longest", f"/incidents/{SLUG}/",
    "/incidents/partner/", f"/causes/{CAUSE}/", f"/services/{SERVICE}/", "/actionables/", "/actionables/?due=overdue",
    f"/actionables/ACT-{WORK}/", "suggest kettle", "suggest kanariactionabletitle",
)  # fmt: skip
# Where it only counts, or is only referred to.
COUNTED = ("/causes/?view=list", "/causes/", "/actionables/?status=unfinished")


@pytest.mark.parametrize("name", ["dana", pytest.param("carol", marks=pytest.mark.sqlite)])
def test_whoever_may_see_it_sees_it_everywhere(world: None, name: str) -> None:
    clients = clients_of([name])
    before = dict(answers(clients))
    add_restricted()
    after = dict(answers(clients))
    assert [place for place in SHOWN if PREFIX not in _unechoed(after[name, place][2])] == []
    assert [place for place in COUNTED if after[name, place][2] == before[name, place][2]] == []
    assert f'href="/INC-{NUMBER}"' in after[name, "/incidents/partner/"][2].decode()
    assert after[name, "/"][1]["ETag"] != before[name, "/"][1]["ETag"]


def _unechoed(body: bytes) -> str:
    """Without what was typed, which a page of results repeats."""
    return body.decode().replace('value="kanariincidenttitle"', "").replace("q=kanariincidenttitle", "")


def test_what_the_index_wrongly_calls_open_does_not_show(world: None) -> None:
    add_restricted()
    assert list(shown_by_a_stale_index(clients_of(OTHERS))) == []


def test_a_person_named_on_two_incidents_gets_new_pages_for_either_alone(world: None) -> None:
    """Erin is named on INC-80: a change there reaches erin and admins, and no header of anybody else."""
    clients = clients_of((*OTHERS, "carol"))
    tags = {name: client.get("/").headers["ETag"] for name, client in clients.items()}
    refresh_incident(Incident.objects.get(number=80))
    changed = {name for name, client in clients.items() if client.get("/").headers["ETag"] != tags[name]}
    assert changed == {"erin", "carol"}
    for name in clients.keys() - changed:
        assert clients[name].get("/", headers={"If-None-Match": tags[name]}).status_code == 304


def test_parts_of_pages_are_not_shared_between_audiences(world: None) -> None:
    add_restricted()
    seen: dict[str, bytes] = {}
    for order in ((*SEEING, *OTHERS), (*OTHERS, *SEEING)):
        conditional._made.clear()
        for name, client in clients_of(order).items():
            page = client.get("/incidents/").content + client.get("/actionables/").content
            page = re.sub(rb'(name="csrfmiddlewaretoken" value=)"\w+"', rb"\1", page)  # another each time
            assert seen.setdefault(name, page) == page


def test_nothing_but_refreshing_says_what_has_changed_for_everybody() -> None:
    """A bare `Edition.bump()` beside a restricted incident would change everybody's ETag."""
    sources = [path for app in ("actionables", "timelines", "postmortems", "kb") for path in (BASE / app).rglob("*.py")]
    callers = {path.relative_to(BASE).as_posix() for path in sources if "Edition.bump" in path.read_text("utf-8")}
    assert callers == {
        "postmortems/admin.py",
        "postmortems/refresh.py",
        "actionables/telling.py",
        "actionables/tallying.py",
    }
