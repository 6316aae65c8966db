"""The generator of incidents makes rows that the product itself would make, and the same ones for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from actionables.models import Actionable, StatusChange
from bench.causes_set import Labelled
from bench.causes_unread import Unread
from bench.load import Answer, Run
from bench.loading import fill
from bench.places import pages
from postmortems import search
from postmortems.models import (
    MILESTONES,
    SECTIONS,
    Cause,
    CauseYear,
    Edition,
    Incident,
    IncidentCause,
    IncidentLink,
    Numbering,
    Organisation,
    Reference,
    RenderedText,
    Service,
)
from postmortems.moments import Precision
from postmortems.suggest_phrases import PhraseIndex
from postmortems.suggest_words import read
from timelines.models import TimelineEntry

COUNT = 40
FACTS = [
    Actionable, Cause, Incident, IncidentCause, IncidentLink, Organisation, Reference, Service, StatusChange,
    TimelineEntry,
]  # fmt: skip


def quiet(words: str) -> None:
    """Progress that nobody needs."""


@pytest.fixture(scope="module")
def _filled(django_db_setup, django_db_blocker):
    """Generated once for this module, and undone after it."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        with transaction.atomic():
            fill(COUNT, 1, quiet)
            yield
            transaction.set_rollback(True)


@pytest.fixture
def filled(_filled, db):
    """Some generated incidents."""


def rows(model, *without: str) -> set[tuple]:
    """Every row of a model as values, without its id and these columns."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in ("id", *without)]
    return set(model.objects.values_list(*names))


def fingerprint() -> str:
    """Names what was generated, whatever ids the database gave."""
    told = [
        sorted(Incident.objects.values_list("number", "title", "slug", "severity", "summary", "occurred_at", "lasted")),
        sorted(IncidentCause.objects.values_list("incident__number", "cause__slug", "role", "evidence")),
        sorted(TimelineEntry.objects.values_list("incident__number", "position", "kind", "text", "when_precision")),
        sorted(Actionable.objects.values_list("number", "incident__number", "title", "status", "owner")),
        sorted(Incident.services.through.objects.values_list("incident__number", "service__slug")),
        sorted(StatusChange.objects.values_list("actionable__number", "position", "when_at", "why")),
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


@pytest.mark.sqlite  # the checks of forms, not those of the database
@pytest.mark.parametrize("model", FACTS)
def test_every_row_passes_its_own_checks(filled, model):
    assert model.objects.exists()
    for row in model.objects.all()[:40]:
        row.full_clean()


def test_what_is_searched_is_what_is_there(filled):
    assert search.check() == []


def test_incidents_look_like_incidents(filled):
    for incident in Incident.objects.prefetch_related("timeline", "incident_causes"):
        length = sum(len(getattr(incident, field).split()) for field, _ in SECTIONS)
        assert 300 <= length <= 1_500
        assert 6 <= len(incident.timeline.all()) <= 20
        assert 1 <= len(incident.incident_causes.all()) <= 5
    assert Counter(Incident.objects.values_list("status", flat=True))["published"] > COUNT / 2
    assert Incident.objects.count() == COUNT


def test_times_are_told_with_every_precision_that_writeups_have(filled):
    told = {getattr(row, name).precision for row in Incident.objects.all() for name in MILESTONES}
    assert {Precision.MINUTE, Precision.ABOUT, Precision.UNKNOWN} <= told
    precisions = Counter(TimelineEntry.objects.values_list("when_precision", flat=True))
    assert precisions.most_common(1)[0][0] == Precision.MINUTE


def test_evidence_stands_in_the_text_and_is_marked_there(filled):
    links = IncidentCause.objects.exclude(evidence="").select_related("incident")
    assert links
    for link in links:
        assert link.incident.says(link.evidence)
        htmls = RenderedText.objects.filter(scope=f"incident:{link.incident_id}").values_list("html", flat=True)
        assert any(f'id="evidence-{link.key}"' in html for html in htmls)


def test_what_is_derived_is_what_the_product_derives(filled):
    derived = [(RenderedText, ()), (Reference, ()), (CauseYear, ())]
    before = [rows(model, *without) for model, without in derived]
    RenderedText.objects.all().delete()
    call_command("refresh", verbosity=0)
    assert [rows(model, *without) for model, without in derived] == before
    assert Reference.objects.exists()


def test_numbers_go_on_where_the_generator_stopped(filled):
    assert Numbering.objects.get(prefix="INC").last == COUNT
    assert Numbering.objects.get(prefix="ACT").last == Actionable.objects.latest("number").number
    assert Edition.current()


@pytest.mark.sqlite  # about chance, not about the database
def test_the_same_seed_gives_the_same_incidents_and_another_others(db):
    seen = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            fill(8, seed, quiet)
            seen.append(fingerprint())
            transaction.set_rollback(True)
    assert seen[0] == seen[1] != seen[2]


def test_a_second_run_adds_to_the_first(db):
    before = Incident.objects.count()
    fill(10, 7, quiet)
    fill(10, 7, quiet)
    assert Incident.objects.count() - before == 20


@pytest.mark.sqlite  # asked on both elsewhere
def test_every_measured_address_answers_as_it_should(filled, client):
    measured = pages()
    assert len({page.name for page in measured}) == len(measured)
    for page in measured:
        for path in page.paths[:3]:
            etag = client.get(path).headers.get("ETag", "") if page.revisit else ""
            answer = client.get(path, headers={"If-None-Match": etag} if etag else {})
            assert answer.status_code == page.status, path


@pytest.mark.sqlite  # asked on both elsewhere
def test_no_page_but_a_search_asks_the_database_often(filled, client, django_assert_max_num_queries):
    """Twelve times at most, eight more for facets of so few incidents; more where kin or what held is looked for."""
    more = {"incident": 23, "cause": 21, "list": 20, "actionables": 23}
    for page in pages():
        if not page.name.startswith("search"):
            with django_assert_max_num_queries(more.get(page.name.split(",")[0], 12)):
                client.get(page.paths[0])


@pytest.mark.sqlite
def test_a_phrase_that_one_incident_alone_says_is_left_out_as_if_nobody_had_read_it():
    index = PhraseIndex()
    index.add(1, ["disk full", "certificate expired"], [])
    said = ["The disk was full.", "The disk ran full. The certificate expired."]
    incidents = [Labelled(number, "", "", [text], set(), set(), {}, [read(text)]) for number, text in enumerate(said)]
    unread = Unread(index, incidents)
    assert [len(index.hits(one.read[0])) for one in incidents] == [1, 2]
    assert [[phrase.text for _, phrase, _ in unread.hits(one.read[0])] for one in incidents] == [["disk full"]] * 2


def test_quantiles_are_times_that_were_measured():
    run = Run([3.0, 1.0, 2.0, 10.0], [Answer(200, "", 1)] * 4)
    assert run.quantile(0.5) == 3.0
    assert run.quantile(0.99) == 10.0
