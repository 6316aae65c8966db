"""What is asked of the site about a restricted incident: every address with its variants, and forms that name it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from postmortems.models import Cause, Incident, Service
from tests.permissions import ADDRESSES, address_of

FIRST = 900_001  # the key of every row of the restricted incident begins here
NUMBER, WORK = 90, 90
DONE = 850  # public work on the cause that the restricted incident brings back
FILE = "ca" * 16
SECRET = "k" * 43  # of the calendar of somebody who is to do work that they may not see
SLUG, FORMER, CAUSE, SERVICE = "kanari-slug", "kanari-former-slug", "shared-by-two", "hit-by-two"
# Stands in everything: words that public incidents have too, so that it would be found and counted with those, and
# one that they have not, but that is a misspelling of one of theirs.
PUBLIC = "Kettle kettel rsyslog restart"
PREFIX = "kanari"


def canary(model: type[Model], field: str) -> str:
    """A word that stands nowhere else: one for each field."""
    return PREFIX + re.sub("[^a-z]", "", f"{model._meta.model_name}{field}")


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
         "sort=oldest", "status=draft", "owner=kanariactionableowner"),
    ),
    "incidents": (
        *(urlencode({"q": text}) for text in TEXTS), "q=kettle&sort=newest", "q=kettle&sort=severity",
        "q=kettle&sort=longest", "q=kettle&cause=shared-by-two", "q=kettel", "sort=newest", "sort=oldest",
        "sort=severity", "severity=SEV1", f"cause={CAUSE}", f"service={SERVICE}", "year=unknown", "status=draft",
        "detection=monitoring", "organisation=wikimedia", "owner=kanariactionableowner", "has=timeline&after=2000",
    ),
    "actionables": (
        "status=unfinished", "due=overdue", "due=none", "owner=kanariactionableowner", f"cause={CAUSE}", "sort=due",
        "kind=prevent", "view=board", "view=board&group=cause", "view=board&group=owner", "view=board&group=service",
        "sort=age", "sort=closed", "sort=owner", "service=rsyslog", f"incident=INC-{NUMBER}", "age=unknown",
        f"batch={BATCH}", "held=no", "held=yes", "held=soaking", "timely=late",
    ),
    "follow_through": ("by=service", "by=month"),
    **dict.fromkeys(("actionables_csv", "actionables_json"), ("sort=due", f"cause={CAUSE}", f"incident=INC-{NUMBER}")),
    "causes": ("view=list", "view=list&sort=open"),
    "compare": (f"i=INC-{NUMBER}", f"i=INC-1&i=INC-{NUMBER}&times=clock"),
}  # fmt: skip
# More addresses of the same page, by its name.
OTHER_ADDRESSES: dict[str, tuple[str, ...]] = {
    "incident": ("/incidents/partner/", f"/incidents/{SLUG}/", f"/incidents/{FORMER}/"),
    "incident_reference": (f"/INC-{NUMBER}",),
    "incident_page_reference": (f"/INC-{NUMBER}/history/",),
    "cause": (f"/causes/{CAUSE}/",),
    "cause_ledger": (f"/actionables/ledger/{CAUSE}/",),
    "service": (f"/services/{SERVICE}/",),
    "actionable": (f"/actionables/ACT-{WORK}/", "/actionables/ACT-1/", f"/actionables/ACT-{DONE}/"),
    "actionable_reference": (f"/ACT-{WORK}",),
    "calendar": (f"/actionables/calendar/{SECRET}.ics",),
    "media": (f"/media/{FILE}/kanari.txt",),
    "history": (f"/incidents/{SLUG}/history/", "/incidents/partner/history/"),
    "version": (f"/incidents/{SLUG}/versions/1/",),
    "document": (f"/incidents/{SLUG}/document.md",),
    "files": (f"/incidents/{SLUG}/files/",),
    "review": (f"/incidents/{SLUG}/review/",),
    "discussion": (f"/incidents/{SLUG}/discussion/", "/incidents/partner/discussion/"),
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
POSTED: tuple[tuple[str, dict[str, object]], ...] = (
    ("/admin/timelines/timelineentry/add/",
     {"incident": FIRST, "position": 7, "kind": "note", "text": "x", "when_precision": "unknown"}),
    ("/admin/actionables/actionable/add/",
     {"incident": FIRST, "title": "x", "kind": "prevent", "status": "open", "alternative_to": FIRST,
      "changes-TOTAL_FORMS": 0, "changes-INITIAL_FORMS": 0}),
    (f"/admin/postmortems/incident/{FIRST}/change/", {"title": "Taken over"}),
    ("/watch/", {"what": f"ACT-{WORK}"}),
    ("/watch/", {"what": f"INC-{NUMBER}"}),
    ("/incidents/new/", {"title": "x", "summary": "x", "template": "blank", "like": f"INC-{NUMBER}"}),
    ("/writing/alike/", {"place": "new", "title": "Kettle boiled over", "summary": PUBLIC}),
    ("/writing/alike/", {"place": "new", "title": TITLE, "summary": canary(Incident, "summary")}),
    ("/writing/alike/", {"place": f"{NUMBER}/overview", "title": "Kettle"}),
    ("/writing/keep/", {"place": f"{NUMBER}/overview", "title": "x"}),
    ("/incidents/partner/relations/", {"other": NUMBER, "kind": "repeat"}),
    (f"/causes/{CAUSE}/split/", {"name": "x", "definition": "x", "incident": NUMBER}),
    ("/actionables/change/", {"row": f"{WORK}:999", "priority": "P1", "why": "x", "apply": "1"}),
    ("/actionables/change/", {"row": f"{WORK}:1", "priority": "no priority"}),
    ("/actionables/undo/", {"batch": BATCH}),
    ("/admin/postmortems/incident/", {"action": "delete_selected", "_selected_action": FIRST, "post": "yes"}),
)  # fmt: skip
# What managers ask beside what everybody asks, of the restricted incident and of what it shares.
WRITING = (
    f"/actionables/new/?incident=INC-{NUMBER}", f"/actionables/ACT-{WORK}/edit/", f"/causes/{CAUSE}/edit/",
    f"/INC-{NUMBER}/edit/", f"/incidents/{SLUG}/causes/", f"/incidents/{FORMER}/causes/", "/incidents/partner/causes/",
    "/bin/",
)  # fmt: skip
