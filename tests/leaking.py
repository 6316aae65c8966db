"""A knowledge base with one restricted incident that would win every list, and everything the site answers about it.

Whoever may not see that incident must get the same bytes with it as without: `answers` before and after
`add_restricted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import models
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from actionables.models import Actionable, Watch
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
from tests.leaking_beside import kept_without_session, mailed_by, mails_to
from tests.permissions import ADDRESSES, address_of, one_of_each

Key = tuple[str, str]
Answer = tuple[int, dict[str, str], bytes]

FIRST = 900_001  # the key of every row of the restricted incident begins here
NUMBER, WORK = 90, 90
DONE = 850  # public work on the cause that the restricted incident brings back
FILE = "ca" * 16
SLUG, FORMER, CAUSE, SERVICE = "kanari-slug", "kanari-former-slug", "shared-by-two", "hit-by-two"
# Stands in everything: words that public incidents have too, so that it would be found and counted with those, and
# one that they have not, but that is a misspelling of one of theirs.
PUBLIC = "Kettle kettel rsyslog restart"
PREFIX = "kanari"
OURS = ("postmortems", "timelines", "actionables", "kb")


def canary(model: type[Model], field: str) -> str:
    """A word that stands nowhere else: one for each field."""
    return PREFIX + re.sub("[^a-z]", "", f"{model._meta.model_name}{field}")


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
    work = make_actionable(partner, description=told, causes=(cause,), number=DONE, status="done")
    work.changes.create(position=1, to_status="done", when_at=moment("2019-06-01").at, when_precision="day")
    erin = User.objects.get(username="erin")
    work = make_actionable(partner, title="Since 2018", causes=(cause,), person=erin, due_on=date(2018, 2, 1))
    work.changes.create(position=1, to_status="open", when_at=moment("2018-01-01").at, when_precision="day")
    CauseWatch.objects.create(cause=cause, user=erin, last_link=0, last_at=moment("2000-01-01").at)
    Watch.objects.create(person=erin, incident=partner)
    Actionable.objects.settle()
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
    clients = {name: Client() for name in names}
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
        "revision": {"number": 1, "at": timezone.now()},
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
    Actionable.objects.settle()
    for kind, whose in ((Watch, "person"), (Reviewer, "user")):
        kind.objects.create(pk=FIRST + 1, incident=incident, **{whose: User.objects.get(username="erin")})
    Actionable.objects.get(pk=FIRST).causes.set([Cause.objects.get(slug=CAUSE), *Cause.objects.all()[:5]])
    incident.slug = SLUG
    incident.save()
    refresh_incident(incident)
    return incident


TITLE = canary(Incident, "title")
WORDS = (
    TITLE, TITLE[:-2], TITLE.replace("nar", "nra"), canary(Incident, "summary"), canary(Incident, "responders"),
    "kanaritimelineentryexcerpt", "kanariactionabletitle",
)  # fmt: skip
TEXTS = (
    *WORDS, "kettle", "rsyslog restart", '"kettle rsyslog"', f'"restart {TITLE}"', "INC-90", "INC-80", "ACT-90",
    "cause:shared-by-two", "severity:SEV1", "owner:kanariactionableowner", "-rsyslog kettle", "has:timeline",
)  # fmt: skip
BATCH = "0123456789abcdef"  # names a change of several at once
# What every list is asked, beside its own variants.
EVERYWHERE = ("", f"q={TITLE}", "page=2", "sort=longest")
# More variants of an address, by its name.
VARIANTS: dict[str, tuple[str, ...]] = {
    "suggest": (*(urlencode({"q": text}) for text in TEXTS), "q=90", "q=kett", "q=kettle+work", "q=kettle+farm"),
    **dict.fromkeys(
        ("incidents_csv", "incidents_json", "incidents_feed"),
        ("q=kettle", "q=rsyslog+restart", f"q={WORDS[1]}", f"cause={CAUSE}", f"service={SERVICE}", "severity=SEV1",
         "sort=oldest", "status=draft"),
    ),
    "incidents": (
        *(urlencode({"q": text}) for text in TEXTS), "q=kettle&sort=newest", "q=kettle&sort=severity",
        "q=kettle&sort=longest", "q=kettle&cause=shared-by-two", "q=kettel", "sort=newest", "sort=oldest",
        "sort=severity", "severity=SEV1", f"cause={CAUSE}", f"service={SERVICE}", "year=unknown", "status=draft",
        "detection=monitoring", "organisation=wikimedia",
    ),
    "actionables": (
        "status=unfinished", "due=overdue", "due=none", "owner=kanariactionableowner", f"cause={CAUSE}", "sort=due",
        "kind=prevent", "view=board", "view=board&group=cause", "view=board&group=owner", "view=board&group=service",
        "sort=age", "sort=closed", "sort=owner", "service=rsyslog", f"incident=INC-{NUMBER}", "age=unknown",
        f"batch={BATCH}",
    ),
    "follow_through": ("by=service", "by=month"),
    **dict.fromkeys(("actionables_csv", "actionables_json"), ("sort=due", f"cause={CAUSE}", f"incident=INC-{NUMBER}")),
    "causes": ("view=list",),
    "compare": (f"i=INC-{NUMBER}", f"i=INC-1&i=INC-{NUMBER}"),
}  # fmt: skip
# More addresses of the same page, by its name.
OTHER_ADDRESSES: dict[str, tuple[str, ...]] = {
    "incident": ("/incidents/partner/", f"/incidents/{SLUG}/", f"/incidents/{FORMER}/"),
    "incident_reference": (f"/INC-{NUMBER}",),
    "cause": (f"/causes/{CAUSE}/",),
    "cause_ledger": (f"/actionables/ledger/{CAUSE}/",),
    "service": (f"/services/{SERVICE}/",),
    "actionable": (f"/actionables/ACT-{WORK}/", "/actionables/ACT-1/", f"/actionables/ACT-{DONE}/"),
    "actionable_reference": (f"/ACT-{WORK}",),
    "media": (f"/media/{FILE}/kanari.txt",),
    "history": (f"/incidents/{SLUG}/history/", "/incidents/partner/history/"),
    "version": (f"/incidents/{SLUG}/versions/1/",),
    "document": (f"/incidents/{SLUG}/document.md",),
    "files": (f"/incidents/{SLUG}/files/",),
    "review": (f"/incidents/{SLUG}/review/",),
}


def own_addresses() -> Iterator[str]:
    """Every address outside of the admin that answers GET, with its variants."""
    for name, entry in ADDRESSES.items():
        if name.startswith(("admin", "closed")):
            continue
        for address in (address_of(entry), *OTHER_ADDRESSES.get(name, ())):
            plain = address.partition("?")[0]
            yield address
            if name in VARIANTS:
                yield from (f"{plain}?{query}".rstrip("?") for query in (*EVERYWHERE, *VARIANTS[name]))


def admin_addresses() -> Iterator[str]:
    """The admin: every page with a row of the restricted incident and with one that is open, and what it completes."""
    for name, entry in ADDRESSES.items():
        if name.startswith(("admin", "closed")):
            address = address_of(entry)
            yield address
            yield re.sub(r"/\d+/", f"/{FIRST}/", address)
    cause = Cause.objects.get(slug=CAUSE)
    yield f"/admin/postmortems/cause/{cause.pk}/delete/"
    yield f"/admin/postmortems/service/{Service.objects.get(slug=SERVICE).pk}/delete/"
    yield f"/admin/r/{ContentType.objects.get_for_model(Incident).pk}/{FIRST}/"
    for model, model_admin in admin.site._registry.items():
        label = model._meta
        yield f"/admin/{label.app_label}/{label.model_name}/?q={PREFIX}"
        for field in model_admin.autocomplete_fields:
            place = {
                "app_label": label.app_label,
                "model_name": label.model_name,
                "field_name": field,
                "term": "kettle",
            }
            yield f"/admin/autocomplete/?{urlencode(place)}"


# What a form of the admin says when it is to tie a row to something that may not be there.
POSTED = {
    "/admin/timelines/timelineentry/add/": {"incident": FIRST, "position": 7, "kind": "note", "text": "x",
                                            "when_precision": "unknown"},
    "/admin/actionables/actionable/add/": {"incident": FIRST, "title": "x", "kind": "prevent", "status": "open",
                                           "alternative_to": FIRST, "changes-TOTAL_FORMS": 0,
                                           "changes-INITIAL_FORMS": 0},
    f"/admin/postmortems/incident/{FIRST}/change/": {"title": "Taken over"},
    "/watch/": {"what": f"ACT-{WORK}"},
    "/incidents/new/": {"title": "x", "summary": "x", "template": "blank", "like": f"INC-{NUMBER}"},
    "/actionables/change/": {"row": f"{WORK}:999", "priority": "P1", "why": "x", "apply": "1"},
    "/admin/postmortems/incident/": {"action": "delete_selected", "_selected_action": FIRST, "post": "yes"},
}  # fmt: skip
# What managers ask beside what everybody asks, of the restricted incident and of what it shares.
WRITING = (
    f"/actionables/new/?incident=INC-{NUMBER}", f"/actionables/ACT-{WORK}/edit/", f"/causes/{CAUSE}/edit/",
    f"/INC-{NUMBER}/edit/", f"/incidents/{SLUG}/causes/", f"/incidents/{FORMER}/causes/", "/incidents/partner/causes/",
    "/bin/",
)  # fmt: skip
# What differs from one answer to the next whatever is stored: the token of a form, the cookie that holds it, and the
# time of the answer in what must never be kept.
_BATCH = re.compile(r"batch=[0-9a-f]{16}")
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
    return response.status_code, headers, _TOKEN.sub(b"token", body)


def answers(clients: dict[str, Client]) -> Iterator[tuple[Key, Answer]]:
    """What each of these people gets from whatever can be asked, as ((person, what), (status, headers, body))."""
    for name, client in clients.items():
        cache.clear()  # attempts that are counted
        for address in own_addresses():
            yield (name, address), _ask(client, "get", address)
        user: Any = User.objects.filter(username=name).first() or AnonymousUser()
        for text in (*TEXTS, "kett", "kettle work"):
            yield (name, f"suggest {text}"), (0, {}, repr(suggest(text, user)).encode())
    for name, told in mails_to(clients).items():
        yield (name, "mails"), (0, {}, told.encode())
    if "bob" in clients:
        yield from staff_answers(clients)


def staff_answers(clients: dict[str, Client]) -> Iterator[tuple[Key, Answer]]:
    """What the staff gets from the admin."""
    for address in (*STAFF, *WRITING):
        yield ("bob", address), _ask(clients["bob"], "get", address)
    for address, data in POSTED.items():
        yield ("bob", f"POST {address}"), _ask(clients["bob"], "post", address, data)
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
    """An admin changes the restricted incident's actionable."""
    data = {"status": "in progress", "owner": "", "due_on": "", "priority": "unknown", "why": "", "version": "1"}
    response = clients_of(["carol"])["carol"].post(f"/actionables/ACT-{WORK}/change/", data)
    assert response.status_code == 302, response.content.decode()[-3_000:]
    assert Actionable.objects.get(pk=FIRST).status == "in progress"


def mailed_by_remark(clients: Iterable[str]) -> Iterator[str]:
    """Which of these people get a mail when an admin remarks on the restricted incident; dana, who sees it, does."""
    sent = mailed_by(clients_of(["carol"])["carol"], f"/incidents/{SLUG}/review/comment/", {"text": "x"})
    assert "dana@example.org" in sent
    yield from (f"{name}: a mail about a remark" for name in clients if f"{name}@example.org" in sent)


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
