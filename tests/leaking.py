"""A knowledge base with one restricted incident that would win every list, and everything the site answers about it.

Whoever may not see that incident must get the same bytes with it as without: `answers` before and after
`add_restricted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, Permission, User
from django.core.cache import cache
from django.db import models
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from actionables.models import Actionable, CalendarLink, Watch
from actionables.reporting import AGEING
from postmortems import similar
from postmortems.admin_readonly import DERIVED
from postmortems.attaching import forget, keep
from postmortems.models import (
    Cause,
    CauseWatch,
    Deletion,
    Incident,
    IncidentReader,
    Organisation,
    Reviewer,
    SearchDocument,
    Service,
)
from postmortems.refresh import refresh_cause, refresh_incident, refresh_place
from postmortems.search import suggest
from tests.factories import (
    make_actionable,
    make_cause,
    make_entry,
    make_incident,
    make_organisation,
    make_service,
    moment,
)
from tests.leaking_asked import (
    BATCH,
    CAUSE,
    DONE,
    FILE,
    FIRST,
    FORMER,
    NUMBER,
    POSTED,
    PREFIX,
    PUBLIC,
    SECRET,
    SERVICE,
    SLUG,
    TEXTS,
    WORK,
    WRITING,
    admin_addresses,
    canary,
    own_addresses,
)
from tests.leaking_beside import kept_without_session, mailed_by, mails_to
from tests.permissions import one_of_each

Key = tuple[str, str]
Answer = tuple[int, dict[str, str], bytes]

OURS = ("postmortems", "timelines", "actionables", "kb")


def _follow(partner: Incident, cause: Cause, erin: User) -> None:
    """What came of the partner, and who follows it."""
    work = make_actionable(partner, description=partner.summary, causes=(cause,), number=DONE, status="done")
    work.changes.create(position=1, to_status="done", when_at=moment("2019-06-01").at, when_precision="day")
    work = make_actionable(partner, title="Since 2018", causes=(cause,), person=erin, due_on=date(2018, 2, 1))
    work.changes.create(position=1, to_status="open", when_at=moment("2018-01-01").at, when_precision="day")
    CauseWatch.objects.create(cause=cause, user=erin, last_link=0, last_at=datetime(2000, 1, 1, tzinfo=UTC))
    Watch.objects.create(person=erin, incident=partner)
    CalendarLink.objects.create(person=erin, secret=SECRET)
    Actionable.objects.settle()


def public_world() -> None:
    """What everybody may see, beside the five: a partner that shares cause and service with the restricted one alone,
    more of one kind than a suggestion offers, and a restricted incident of somebody else.
    """
    make_service("Kettle farm", slug="kettle-farm")
    make_organisation("Kettle works", slug="kettle-works")
    cause = make_cause("Shared by two", slug=CAUSE)
    service = make_service("Hit by two", slug=SERVICE)
    told = f"Like INC-{NUMBER} and ACT-{WORK}, as INC-1 was. Kettle."
    partner = make_incident("Partner", causes=(cause,), services=(service,), summary=told, started=moment("2019-05-01"))
    make_entry(partner, text=told)
    erin = User.objects.get(username="erin")
    _follow(partner, cause, erin)
    for number, was_open in ((1, False), (2, True)):
        partner.revisions.create(number=number, at=timezone.now(), was_open=was_open)
    for day in range(1, 9):
        twin = make_incident(f"Kettle boiled over {day}", started=moment(f"2020-01-0{day} 10:00"))
        make_actionable(twin, title=f"Kettle work {day}")
        refresh_incident(twin)
    elsewhere = make_incident("Another secret", visibility="restricted", number=80, causes=(cause,))
    IncidentReader.objects.create(incident=elsewhere, user=erin)
    for row in (partner, elsewhere):
        refresh_incident(row)
    refresh_cause(cause)
    refresh_place(service)
    one_of_each()
    for was_open in (False, True):
        partner.comments.create(text=told, version=1, was_open=was_open)
    STAFF[:] = admin_addresses()  # once: what is derived is made anew with every change, under other keys


STAFF: list[str] = []

# Who may not see the restricted incident, and who may.
OTHERS = ("anonymous", "mallory", "alice", "bob", "erin")
SEEING = ("dana", "carol")


def make_people() -> dict[str, User]:
    """A reader, an author, a manager on the staff with every permission there is on what we keep, an admin, and two
    whom a restricted incident names: erin on another one, dana on this one.
    """
    people = {name: User.objects.get_or_create(username=name)[0] for name in (*OTHERS[1:], *SEEING)}
    ours = Permission.objects.filter(content_type__app_label__in=OURS)
    people["bob"].is_staff = True
    people["bob"].user_permissions.set(ours)
    people["alice"].user_permissions.set(ours.filter(codename__in=["add_incident", "change_incident"]))
    people["carol"].is_staff = people["carol"].is_superuser = True
    for person in people.values():
        person.email = f"{person.username}@example.org"
        person.save()
    return people


def clients_of(names: Iterable[str]) -> dict[str, Client]:
    """A browser for each of these people; "anonymous" is nobody."""
    clients = {name: Client(raise_request_exception=False) for name in names}
    for name, client in clients.items():
        if name != "anonymous":
            client.force_login(User.objects.get(username=name))
        client.get("/preferences/")  # with the secret of their forms, which is part of an ETag
    return clients


def parts_of(model: type[Model]) -> Iterator[tuple[type[Model], str]]:
    """The models whose rows belong to one of this model, with the name of the way to it; what is derived left out."""
    for relation in model._meta.related_objects:
        kind: Any = relation.related_model
        if relation.one_to_many and kind not in (model, *DERIVED) and kind._meta.app_label in OURS:
            yield kind, relation.field.name


def _text(field: Any, model: type[Model]) -> str:
    word = canary(model, field.name)
    if isinstance(field, models.URLField):
        return f"https://{word}.example/"
    whole = f"{PUBLIC} {word}, see INC-1 and ACT-1"
    return whole if field.max_length is None or len(whole) <= field.max_length else word[: field.max_length]


NOT_TEXT = {"time_zone"}


def filled(model: type[Model], **given: Any) -> Any:
    """A row with every text it can have, each with its canary; saved under a key of our own."""
    row = model(pk=FIRST, **given)
    for field in model._meta.concrete_fields:
        free = isinstance(field, models.CharField | models.TextField) and not field.choices and not field.generated
        told = field.name in given or isinstance(field, models.SlugField) or field.name in NOT_TEXT
        if free and field.editable and not told and not field.name.endswith("_precision"):
            setattr(row, field.name, _text(field, model))
    row.save(force_insert=True)
    return row


def _given() -> dict[str, dict[str, Any]]:
    """What a row of each part needs beside texts; a part that is not here needs nothing."""
    return {
        "incidentcause": {"cause": Cause.objects.get(slug=CAUSE), "role": "root", "certainty": "confirmed",
                          "evidence": "Kettle"},
        "incidentlink": {"kind": "change"},
        "incidentreader": {"user": User.objects.get(username="dana")},
        "timelineentry": {"position": 1, "kind": "note"},
        "actionable": {"number": WORK, "kind": "prevent", "due_on": date(2001, 1, 1), "version": 1,
                       "person": User.objects.get(username="erin")},
        "statuschange": {"position": 1, "to_status": "open", "batch": BATCH, "when_at": moment("2001-01-01").at,
                         "when_precision": "day"},
        "snooze": {"until": date(2099, 1, 1)},
        "watch": {"person": User.objects.get(username="dana")},
        "relation": {"other": Incident.objects.get(number=1), "kind": "repeat"},
        "rejection": {"cause": Cause.objects.get(slug=CAUSE)},
        "unsaved": {"user": User.objects.get(username="dana"), "at": timezone.now()},
        "taken": {"key": UUID(int=FIRST), "row": FIRST},
        "revision": {"number": 1, "at": timezone.now(), "was_open": True},
        "reviewer": {"user": User.objects.get(username="dana")},
        "reviewstep": {"kind": "approved", "version": 1},
        "remark": {"version": 1},
        "attachment": {"key": FILE, "name": "kanari.txt", "kind": "text/plain", "size": 6},
    }  # fmt: skip


def _grow(row: Any, given: dict[str, dict[str, Any]]) -> None:
    for model, way in parts_of(type(row)):
        _grow(filled(model, **{way: row}, **given.get(str(model._meta.model_name), {})), given)


def add_restricted() -> Incident:
    """The restricted incident: newest, worst, longest, last published; dana is named on it."""
    started = timezone.now().replace(microsecond=0)
    incident = filled(
        Incident, number=NUMBER, slug=FORMER, severity="SEV1", status="published", visibility="restricted",
        organisation=Organisation.objects.get(slug="kettle-works"), detection="monitoring", published_at=started,
        started_at=started, started_precision="minute", mitigated_at=started + timedelta(days=400),
        mitigated_precision="minute",
    )  # fmt: skip
    incident.services.add(*Service.objects.filter(slug__in=[SERVICE, "kettle-farm", "rsyslog"]))
    _grow(incident, _given())
    forget([FILE])
    keep(FILE, [b"kanari"])
    Actionable.objects.create(
        pk=FIRST + 1, number=WORK + 1, incident=incident, title=f"{PREFIX} instead", kind="prevent",
        alternative_to=Actionable.objects.get(number=DONE),
    )  # fmt: skip
    # What reports count one by one: due in this month before today, and opened in the month in which ageing begins.
    late = Actionable.objects.create(
        pk=FIRST + 2, number=WORK + 2, incident=incident, title=f"{PREFIX} late", kind="prevent",
        due_on=started.date() - timedelta(days=1),
    )  # fmt: skip
    late.changes.create(
        position=1, to_status="open", when_at=started - timedelta(days=AGEING + 1), when_precision="minute"
    )
    Actionable.objects.settle()
    for kind, whose in ((Watch, "person"), (Reviewer, "user")):
        kind.objects.create(pk=FIRST + 1, incident=incident, **{whose: User.objects.get(username="erin")})
    Watch.objects.filter(pk=FIRST + 1).update(told=0)
    Actionable.objects.get(pk=FIRST).causes.set([Cause.objects.get(slug=CAUSE), *Cause.objects.all()[:5]])
    incident.slug = SLUG
    incident.save()
    refresh_incident(incident)
    return incident


# What differs from one answer to the next whatever is stored: the token of a form, the cookie that holds it, and the
# time of the answer in what must never be kept.
_BATCH = re.compile(r"batch=[0-9a-f]{16}")
_STAMP = re.compile(rb"DTSTAMP:\w+")
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')


def _ask(client: Client, method: str, address: str, data: Any = None) -> Answer:
    """One answer; a message for the next page is taken as part of this one."""
    response: Any = getattr(client, method)(address, data)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = dict(response.headers) | {"Set-Cookie": " ".join(sorted(response.cookies))}
    if "messages" in client.cookies:
        headers["messages"] = client.cookies.pop("messages").value.split(":")[0]  # without time and signature
    if "Location" in headers:
        headers["Location"] = _BATCH.sub("batch", headers["Location"])
    if "no-store" in headers.get("Cache-Control", ""):
        headers.pop("Expires", None)
    return response.status_code, headers, _STAMP.sub(b"stamp", _TOKEN.sub(b"token", body))


def answers_at(client: Client, name: str, addresses: Iterable[str]) -> Iterator[tuple[Key, Answer]]:
    """What one of these people gets from these addresses, as ((person, what), (status, headers, body))."""
    cache.clear()  # attempts that are counted
    for address in addresses:
        yield (name, address), _ask(client, "get", address)


def answers(clients: dict[str, Client]) -> Iterator[tuple[Key, Answer]]:
    """What each of these people gets from whatever can be asked."""
    for name, client in clients.items():
        yield from answers_at(client, name, own_addresses())
        user: Any = User.objects.filter(username=name).first() or AnonymousUser()
        yield (name, "what is like the partner"), (0, {}, near_the_partner(user).encode())
        for text in (*TEXTS, "kett", "kettle work"):
            yield (name, f"suggest {text}"), (0, {}, repr(suggest(text, user)).encode())
    for name, told in mails_to(clients).items():
        yield (name, "mails"), (0, {}, told.encode())
    if "bob" in clients:
        yield from staff_answers(clients)


def near_the_partner(user: Any) -> str:
    """What its likest incidents are chosen from: whoever may not see one must not have it take a place there."""
    partner = Incident.objects.get(slug="partner")
    known = similar.kept_known(partner, partner.incident_causes.all(), set())
    return repr((similar.postings(known.terms, user), similar._by_cause(known, user, {})))


def staff_answers(clients: dict[str, Client]) -> Iterator[tuple[Key, Answer]]:
    """What the staff gets from the admin."""
    for address in (*STAFF, *WRITING):
        yield ("bob", address), _ask(clients["bob"], "get", address)
    for address, data in POSTED:
        yield ("bob", f"POST {address} {data}"), _ask(clients["bob"], "post", address, data)
    yield ("bob", "unsaved text"), (0, {}, kept_without_session("bob", NUMBER).encode())


def differences(found: Iterable[tuple[Key, Answer]], before: dict[Key, Answer]) -> Iterator[str]:
    """What is not as it was before, a line for each."""
    for key, answer in found:
        was = before[key]
        if answer != was:
            names = zip(("status", "headers", "body"), was, answer, strict=True)
            parts = ", ".join(part for part, one, two in names if one != two)
            yield f"{' '.join(key)}: {parts} (status {was[0]}, now {answer[0]})"


STALE = (
    "/incidents/?q=kettle", "/incidents/?q=rsyslog+restart", "/incidents/?q=kettle&sort=newest",
    "/incidents/export.json?q=kettle", "/incidents/feed.atom?q=kettle",
)  # fmt: skip


def shown_by_a_stale_index(clients: dict[str, Client]) -> Iterator[str]:
    """What shows of the restricted incident when the index still says that everybody may read it."""
    document = SearchDocument.objects.get(incident=FIRST)
    SearchDocument.objects.filter(pk=document.pk).update(facets=document.facets.replace("@all", "@all @open"))
    for name, client in clients.items():
        shown = [b"".join(client.get(address)).decode() for address in STALE]
        user: Any = User.objects.filter(username=name).first() or AnonymousUser()
        shown += [repr(suggest(text, user)) for text in ("kettle", PREFIX, "rsyslog")]
        yield from (f"{name}: {text[:200]}" for text in shown if PREFIX in text)
    SearchDocument.objects.filter(pk=document.pk).update(facets=document.facets)


def change_by_admin() -> None:
    """An admin changes the restricted incident's actionable, and says how the incident stands to an open one."""
    related = clients_of(["carol"])["carol"].post(f"/incidents/{SLUG}/relations/", {"other": 1, "kind": "same"})
    assert related.status_code == 302
    assert Incident.objects.get(pk=FIRST).relations.filter(kind="same").exists()
    data = {"status": "in progress", "owner": "", "due_on": "", "priority": "unknown", "why": "", "version": "1"}
    response = clients_of(["carol"])["carol"].post(f"/actionables/ACT-{WORK}/change/", data)
    assert response.status_code == 302, response.content.decode()[-3_000:]
    assert Actionable.objects.get(pk=FIRST).status == "in progress"


def mailed_by_admin(clients: Iterable[str]) -> Iterator[str]:
    """Which of these people get a mail when an admin comments on the restricted incident, which erin watches, and gives
    her an actionable of it; dana, who sees it, does.
    """
    carol = clients_of(["carol"])["carol"]
    sent = mailed_by(carol, f"/incidents/{SLUG}/review/comment/", {"text": "x"})
    assert "dana@example.org" in sent
    owner = {"status": "open", "owner": "erin", "version": "1"}
    sent |= mailed_by(carol, f"/actionables/ACT-{WORK + 2}/change/", owner)
    yield from (f"{name}: a mail from an admin" for name in clients if f"{name}@example.org" in sent)


AT_ONCE = ("/", "/incidents/", "/bin/")


def bin_by_admin(clients: dict[str, Client], before: dict[Key, Answer]) -> Iterator[str]:
    """What changes for others while an admin has the restricted incident in the bin."""
    carol = clients_of(["carol"])["carol"]
    assert carol.post(f"/incidents/{SLUG}/delete/").status_code == 302
    bin_page = carol.get("/bin/").content.decode()
    assert canary(Incident, "title") in bin_page
    now = [((name, place), _ask(client, "get", place)) for name, client in clients.items() for place in AT_ONCE]
    yield from differences([(key, answer) for key, answer in now if key in before], before)
    assert carol.post(f"/bin/{Deletion.objects.get(incident=FIRST).pk}/put-back/").status_code == 302


def delete_by_admin() -> None:
    """An admin deletes the restricted incident."""
    response = clients_of(["carol"])["carol"].post(f"/admin/postmortems/incident/{FIRST}/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert not Incident.objects.filter(pk=FIRST).exists()
