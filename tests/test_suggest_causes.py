"""Causes suggested from the text: right ones on the five incidents, evidence that is there, learning, access."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from postmortems import suggest, suggest_learning
from postmortems.models import Cause, Incident, IncidentCause, LearnedCause, LearnedIncident, LearnedWord, Rejection
from postmortems.refresh import refresh_incident
from postmortems.suggest_classes import CLASSES
from postmortems.suggest_counts import Counts
from postmortems.suggest_phrases import phrase
from postmortems.suggest_rank import Ranking
from postmortems.suggest_taxonomy import current
from postmortems.suggest_text import texts_of
from postmortems.suggest_words import read, sentences
from tests.factories import make_cause, make_incident, make_incident_cause

pytestmark = pytest.mark.usefixtures("five")
ANYBODY = AnonymousUser()
SYSLOG = "logging-or-other-side-work-blocks-the-application"
UNATTENDED = "unattended-or-fleet-wide-automatic-change"
UPSTREAM = "known-upstream-bug-left-unpatched"
RESTART = "restart-or-reload-makes-it-worse"
GAP = "monitoring-or-paging-gap"


def unlinked(short_name: str) -> Incident:
    """One of the five, as if nobody had linked a cause to it or to any other."""
    IncidentCause.objects.all().delete()
    for incident in Incident.objects.all():
        refresh_incident(incident)
    return Incident.objects.get(short_name=short_name)


def suggested(incident: Incident, limit: int = 5) -> dict[str, suggest.Suggested]:
    return {one.cause.slug: one for one in suggest.causes_for(incident, ANYBODY, limit=limit)}


@pytest.mark.parametrize(
    ("short_name", "slug", "words", "limit"),
    [
        ("Swift", SYSLOG, "syslog", 5),
        ("Bitbucket", SYSLOG, "syslog", 5),
        ("Swift", UNATTENDED, "of its own accord", 5),
        ("Labs", UNATTENDED, "puppet", 5),
        ("Swift", UPSTREAM, "abandoned because nobody worked on it", 5),
        ("Bitbucket", UPSTREAM, "known bug of rsyslog", 5),
        ("Rain", UPSTREAM, "people are working on it", 5),
        ("Swift", RESTART, "restart", 5),
        ("Bitbucket", RESTART, "reload", 5),
        ("Labs", RESTART, "restarted the Nova services", 5),
        ("Parsoid", GAP, "monitoring", 5),
        ("Labs", GAP, "Nothing watched RabbitMQ", 5),
        ("Rain", GAP, "harder to notice", 5),
    ],
)
def test_causes_of_the_five_are_found_before_anybody_linked_them(short_name, slug, words, limit):
    incident = unlinked(short_name)
    found = suggested(incident, limit)
    assert slug in found
    assert words in found[slug].passage
    evidence = suggest.evidence_of(incident, found[slug])
    assert evidence
    assert incident.says(evidence)


@pytest.mark.parametrize("short_name", ["Swift", "Bitbucket", "Labs", "Parsoid", "Rain"])
def test_every_suggestion_shows_where_it_stands(short_name):
    incident = unlinked(short_name)
    found = suggest.causes_for(incident, ANYBODY, limit=50)
    texts = {text.place: text.source for text in texts_of(incident)}
    assert len(found) > 5
    for one in found:
        assert texts[one.place][one.start : one.end] == one.passage
        assert one.marks
        assert one.words == list(dict.fromkeys(one.passage[start:end] for start, end in one.marks))
        assert one.band in ("shows", "likely", "maybe")
        assert one.source in ("phrases", "words")
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


WAYS = [
    ("noticed by others", "We only learned of it from a colleague at another company."),
    ("by chance", "Somebody happened to notice the empty table."),
    ("to nobody", "The alert was sent to an unattended mailbox."),
    ("dashboards", "The dashboards stayed green all night."),
    ("not reached", "The on-call engineer never got a page."),
    ("wished for", "An alert on the queue would have paged us."),
]


@pytest.mark.sqlite
@pytest.mark.parametrize(("way", "text"), WAYS)
def test_a_gap_in_monitoring_is_seen_in_whatever_way_it_is_told(way, text):
    found = {one.cause.slug: one for one in suggest.causes_for(text, ANYBODY)}
    assert GAP in found, way
    assert found[GAP].passage == text
    assert found[GAP].phrase


def release_in(text: str) -> float:
    """How likely a text shows a bad release, by phrases and what comes with the cause alone."""
    cause = Cause.objects.get(slug="faulty-code-release")
    return next(
        one.score for one in Ranking(current(), Counts(), {}, 0).ranked(sentences(text)) if one.cause == cause.pk
    )


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("It broke because of a bad release.", "It broke and of a bad release."),
        ("A bad release broke it.", "A bad, long and green release broke it."),
        ("A bad release went out. Then it rained. We slept.", "Then it rained. We slept. A bad release went out."),
    ],
)
def test_what_says_why_and_early_and_in_one_breath_shows_a_trigger_more_surely(more, less):
    assert release_in(more) > release_in(less)


PIECES = [
    "The certificate expired.", "# What went well", "- disk\x00 full", "İ ﬁle \ud800", "a", "\r\n", "| no | alert |",
    "1. Nobody noticed until customers complained.", "**Root cause:** a `race condition`…", "e.g. DNS failed!",
]  # fmt: skip


@budget(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=40)))
def test_evidence_is_in_any_text_whatever(parts):
    text = "\n".join(parts)
    for sentence in sentences(text):
        assert text[sentence.start : sentence.start + len(sentence.text)] == sentence.text
    found = Ranking(current(), Counts(), {}, 0).ranked(sentences(text))
    for one in found:
        sentence = sentences(text)[one.sentence]
        assert one.tokens or one.counted
        assert all(word in sentence.at for word in one.counted)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "?" * 5_000, "INC-99999999999", "no " * 40_000])
def test_any_text_is_taken(text):
    clean = text.encode("utf-8", "replace").decode()
    assert isinstance(suggest.causes_for(clean, ANYBODY), list)


def test_the_first_of_two_runs_and_another_hash_seed_say_the_same():
    text = "The certificate expired and nobody noticed. After the deploy a race condition filled the disk.\n" * 3
    code = (
        "import django; django.setup()\n"
        "from postmortems.suggest_taxonomy import Row, taxonomy_of\n"
        "from postmortems.suggest_rank import Ranking\n"
        "from postmortems.suggest_counts import Counts\n"
        "from postmortems.suggest_words import sentences\n"
        "import yaml, sys\n"
        "rows = [e['fields'] for e in yaml.safe_load(open('fixtures/causes.yaml')) if e['model'].endswith('.cause')]\n"
        "taxonomy = taxonomy_of(Row(n, *(f.get(k, '') for k in Row._fields[1:])) for n, f in enumerate(rows))\n"
        "print(Ranking(taxonomy, Counts(), {'disk': 3}, 7).ranked(sentences(sys.argv[1])))\n"
    )
    said = set()
    for seed in ("0", "1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "kb.settings"}
        run = subprocess.run(
            [sys.executable, "-c", code, text],
            cwd=settings.BASE_DIR,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(run.stdout)
    assert len(said) == 1
    assert "Shown(" in said.pop()


def test_what_it_has_and_what_was_rejected_is_not_suggested(alice):
    incident = unlinked("Swift")
    syslog, restart = (Cause.objects.get(slug=slug) for slug in (SYSLOG, RESTART))
    assert {SYSLOG, RESTART} <= suggested(incident).keys()
    make_incident_cause(incident, syslog)
    suggest.reject(incident, restart, by=alice)
    suggest.reject(incident, restart, by=alice)
    assert not {SYSLOG, RESTART} & suggested(incident, 50).keys()
    assert Rejection.objects.get().by == alice
    suggest.take_back(incident, restart)
    assert RESTART in suggested(incident)


def test_a_rejection_makes_the_same_phrase_count_for_less_elsewhere_and_taking_it_back_undoes_that():
    unlinked("Swift")
    cause = Cause.objects.get(slug="dns-failure")
    text = "The resolvers returned stale records."
    incident = make_incident(analysis=text)
    refresh_incident(incident)

    def score() -> float:
        return next(one.score for one in suggest.causes_for(text, ANYBODY, limit=50) if one.cause == cause)

    before = score()
    suggest.reject(incident, cause)
    assert score() < before
    suggest.take_back(incident, cause)
    assert score() == before
    assert not LearnedIncident.objects.exists()


def test_a_cause_of_ones_own_is_learned_from_a_passage():
    cause = make_cause("Gremlins in the flux capacitor", definition="They were there.")
    told = "The chronometer misfired because gizmo 7 wobbled."
    incident = make_incident(analysis=told)
    make_incident_cause(incident, cause, evidence=told)
    assert cause.slug not in {one.cause.slug for one in suggest.causes_for("A gizmo wobbled.", ANYBODY, limit=50)}
    refresh_incident(incident)
    again = suggest.causes_for("The chronometer misfired again when gizmo 7 wobbled.", ANYBODY)
    assert again[0].cause == cause
    assert again[0].source in ("words", incident.reference)


def test_a_cause_is_carried_from_a_near_incident_with_its_reference():
    cause = make_cause("Old friend", definition="Again.")
    told = "Zorkd lost its heartbeat socket to frobnicator-3 and spun."
    first = make_incident("Zorkd spun on frobnicator-3", analysis=told)
    make_incident_cause(first, cause, evidence=told)
    refresh_incident(first)
    LearnedWord.objects.all().delete()  # nothing but the incident itself is left to go by
    found = suggest.causes_for("Zorkd spun again: it lost its heartbeat socket to frobnicator-3.", ANYBODY)
    carried = next(one for one in found if one.cause == cause)
    assert carried.source == first.reference
    assert "heartbeat" in carried.words


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"visibility": "restricted"}])
def test_nothing_is_learned_or_carried_from_what_others_may_not_see(hidden, mallory):
    cause = make_cause("Secret trouble", definition="Hidden.")
    told = "Zorkd lost its heartbeat socket to frobnicator-3 and spun."
    incident = make_incident("Zorkd spun", analysis=told, **hidden)
    make_incident_cause(incident, cause, evidence=told)
    refresh_incident(incident)
    assert not LearnedIncident.objects.filter(incident=incident).exists()
    assert cause not in [one.cause for one in suggest.causes_for(told, mallory, limit=50)]


def test_closing_an_incident_takes_off_what_it_taught():
    before = learned_rows()
    cause = Cause.objects.get(slug="dns-failure")
    told = "The resolver answered nothing at all."
    incident = make_incident(analysis=told)
    make_incident_cause(incident, cause, evidence=told)
    refresh_incident(incident)
    assert learned_rows() != before
    incident.status = "draft"
    incident.save()
    refresh_incident(incident)
    assert learned_rows() == before


def learned_rows() -> list[object]:
    words = LearnedWord.objects.order_by("pk").values_list("word", "evidence")
    causes = LearnedCause.objects.exclude(incidents=0, words=0, phrases={}).order_by("pk").values()
    return [*words, *causes]


def test_relearning_changes_nothing_that_is_right_and_mends_what_is_not():
    sound = learned_rows()
    assert sound
    assert not suggest_learning.check()
    assert suggest_learning.relearn() == 0
    assert learned_rows() == sound
    LearnedWord.objects.filter(pk="syslog").delete()
    LearnedIncident.objects.filter(incident=Incident.objects.get(short_name="Swift")).delete()
    with pytest.raises(CommandError, match="relearn"):
        call_command("relearn", check=True, stdout=StringIO())
    call_command("relearn", verbosity=0)
    assert not suggest_learning.check()
    call_command("relearn", check=True, stdout=StringIO())


def test_a_save_without_a_change_learns_nothing(django_assert_num_queries):
    incident = Incident.objects.get(short_name="Swift")
    suggest_learning.learn(incident)
    with django_assert_num_queries(8):  # a savepoint, what is kept, causes, open or not, rejections, links, timeline
        assert not suggest_learning.learn(incident)


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    incident = Incident.objects.get(short_name="Parsoid")
    with django_assert_max_num_queries(27):
        suggest.causes_for(incident, ANYBODY)


def test_what_went_well_is_no_missing_defence():
    bad = suggest.causes_for("Nobody was paged and no alert fired.", ANYBODY)
    good = suggest.causes_for("## What went well\n\nNobody was paged and no alert fired.", ANYBODY)
    assert GAP in {one.cause.slug for one in bad}
    assert GAP not in {one.cause.slug for one in good}


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        ("certificate expired", "The certificates had silently expired.", "certificates expired"),
        ("certificate expired", "Expired at dawn was one certificate.", "Expired certificate"),
        ("certificate expired", "A certificate was fine and much later in the same long night a token expired.", ""),
        ("disk/volume full", "The volume ran full.", "volume full"),
        ('"no space left"', "There was no space left.", "no space left"),
        ('"no space left"', "There was space, no one left.", ""),
        ("<lack> monitoring", "We were without monitoring.", "without monitoring"),
        ("~resolver", "the resolver", "resolver"),
        ("roll-back", "a roll-back", "roll-back"),
    ],
)
def test_phrases(line, text, said):
    sentence = read(text)
    found = phrase(line)
    assert found
    numbers = found.find(sentence) or []
    if line.startswith('"') and numbers:
        numbers = list(range(numbers[0], numbers[0] + 3))
    tokens = [sentence.tokens[number] for number in sorted(numbers)]
    assert " ".join(text[token.start : token.end] for token in tokens) == said


def test_the_taxonomy_speaks_the_grammar():
    for cause in Cause.objects.all():
        assert cause.key
        assert cause.hazards
        assert cause.phrases
        assert len(cause.examples.splitlines()) >= 2
        for line in [*cause.phrases.splitlines(), *cause.unless.splitlines()]:
            assert phrase(line), line
            named = {name for name in line.replace("<", " <").replace("/", " ").split() if name.startswith("<")}
            assert {name.strip("<>") for name in named} <= CLASSES.keys()


def test_loading_the_taxonomy_twice_changes_nothing():
    before = list(Cause.objects.order_by("pk").values())
    call_command("loaddata", "causes", verbosity=0)
    assert list(Cause.objects.order_by("pk").values()) == before
