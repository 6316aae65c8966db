"""Saves incidents from processes of their own, as forms do, and says what a reader sees of it that cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from random import Random

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from postmortems import search
from postmortems.models import Incident
from postmortems.moments import Moment
from postmortems.refresh import refresh_incident
from tests.factories import make_entry, make_incident

WORDS = ("mimsy", "slithy")  # an incident has one of them, in two of its texts
TITLE = "Frumious"
PAUSE = 0.04  # seconds at most between saves; SQLite lets in whoever asks when nobody is at it
NOBODY = AnonymousUser()


def prepare(count: int) -> None:
    """So many incidents to save; not more than a page of results shows."""
    for number in range(count):
        incident = make_incident(f"{TITLE} {number}", summary=f"{WORDS[0]} 0")
        make_entry(incident, text=WORDS[0])
        refresh_incident(incident)


@transaction.atomic
def save(pk: int, random: Random) -> None:
    """Turn the one word into the other, count the save, and move the incident to another minute now and then."""
    incident = Incident.objects.select_for_update().get(pk=pk)
    word, number = incident.summary.split()
    other = WORDS[1 - WORDS.index(word)]
    incident.summary = f"{other} {int(number) + 1}"
    if random.random() < 0.3:
        minutes = timedelta(minutes=random.randrange(3))
        incident.started = Moment(datetime(2016, 1, 1, tzinfo=UTC) + minutes, None, "minute")
    incident.save()
    incident.timeline.update(text=other)
    refresh_incident(incident)


def saves() -> int:
    """How many saves the incidents have seen."""
    told = Incident.objects.filter(title__startswith=TITLE).values_list("summary", flat=True)
    return sum(int(summary.split()[1]) for summary in told)


def faults(count: int) -> list[str]:
    """What a reader sees that cannot be, however the saves fall: so many incidents, each with one of the words."""
    every = search.search(TITLE, NOBODY)
    neither = search.search(" ".join([TITLE, *(f"-{word}" for word in WORDS)]), NOBODY)
    both = search.search(" ".join(WORDS), NOBODY)
    said = []
    if not every.count == len(every.ids) == len(set(every.ids)) == count:
        said.append(f"{every.count} counted, {len(set(every.ids))} shown of {count}")
    if every.facets["status"] != {"published": count}:
        said.append(f"counted by status: {every.facets['status']}")
    said += [f"{neither.count} with neither word"] if neither.count else []
    said += [f"{both.count} with both words"] if both.count and both.how == "" else []
    return said


def started(seed: str, count: int = 0) -> subprocess.Popen[str]:
    """A process that is at work on the same database: it saves so many times, or until it is killed.

    With the seed "rebuild" it builds the index anew, over and over.
    """
    script = f"import django; django.setup(); from tests import savers; savers.work({seed!r}, {count})"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR, env=os.environ | same_database(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as told:
        assert told.readline() == "at work\n"
    return process


def same_database() -> dict[str, str]:
    """The environment in which another process uses the database of this one."""
    known = connection.settings_dict
    url = f"sqlite:///{known['NAME']}"
    if connection.vendor == "postgresql":
        user = ":".join(filter(None, [known["USER"], known["PASSWORD"]]))
        url = f"postgresql://{user}@/{known['NAME']}?host={known['HOST']}"
    return {"DJANGO_SETTINGS_MODULE": "kb.settings", "DATABASE_URL": url}


def work(seed: str, count: int) -> None:
    """What such a process does."""
    pks = list(Incident.objects.filter(title__startswith=TITLE).order_by("pk").values_list("pk", flat=True))
    random = Random(seed)
    print("at work", flush=True)
    done = 0
    while done < count or not count:
        if seed == "rebuild":
            search.rebuild(force=True)
        else:
            save(random.choice(pks), random)
        done += 1
        time.sleep(random.random() * PAUSE)
