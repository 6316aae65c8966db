"""Similar incidents: which, why, and for whom."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from postmortems import similar, suggest
from postmortems.models import Incident, IncidentCause, KeyTerm
from postmortems.refresh import refresh_incident
from postmortems.similar_terms import cosine, counted, terms_of
from tests.factories import make_cause, make_incident, make_incident_cause, make_service

pytestmark = pytest.mark.usefixtures("five")
ANYBODY = AnonymousUser()


def of(short_name: str) -> Incident:
    return Incident.objects.get(short_name=short_name)


def reasons(short_name: str) -> dict[str, list[str]]:
    found = suggest.similar_to(of(short_name), ANYBODY)
    names = dict(Incident.objects.values_list("pk", "short_name"))
    return {names[one.pk]: [reason.removesuffix(" (suspected there)") for reason in one.reasons] for one in found}


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Swift", "Bitbucket", "Logging or other side work blocks the application"),
        ("Bitbucket", "Swift", "Logging or other side work blocks the application"),
        ("Swift", "Labs", "Unattended or fleet-wide automatic change"),
        ("Swift", "Bitbucket", "Known upstream bug left unpatched"),
        ("Bitbucket", "Rain", "Known upstream bug left unpatched"),
        ("Parsoid", "Rain", "Monitoring or paging gap"),
        ("Labs", "Parsoid", "Restart or reload makes it worse"),
        ("Swift", "Bitbucket", "rsyslog"),
    ],
)
def test_the_five_are_alike_for_these_reasons(one, other, reason):
    assert reason in reasons(one)[other]


def test_a_draft_without_causes_finds_the_likest_by_what_its_text_shows():
    IncidentCause.objects.filter(incident=of("Bitbucket")).delete()
    refresh_incident(of("Bitbucket"))
    found = suggest.similar_to(of("Bitbucket"), ANYBODY)
    assert found[0].pk == of("Swift").pk
    assert found[0].why.startswith("both: Logging or other side work blocks the application")


def test_a_bare_text_finds_the_likest():
    found = suggest.similar_to("Since rsyslog was upgraded sendto() fails with ENOTCONN and the daemon spins.", ANYBODY)
    assert found[0].pk == of("Swift").pk
    assert "ENOTCONN" in found[0].reasons


def test_identifiers_tell_more_than_prose():
    terms = terms_of(counted(["The java.lang.NullPointerException of libfoo-1.2.3 followed the weather."]), {}, 10)
    weights = terms.weights
    assert weights["java.lang.nullpointerexception"] > weights["weath" if "weath" in weights else "weather"]
    assert weights["libfoo-1.2.3"] > weights["follow"]
    assert terms.written["java.lang.nullpointerexception"] == "java.lang.NullPointerException"
    assert 0.9 < cosine(weights, weights) <= 1.01


def test_times_and_dates_are_no_terms():
    assert not terms_of(counted(["At 22:05 on 2015-08-12, 14th, 3s"]), {}, 10).weights.keys() & {
        "22:05",
        "2015-08-12",
        "14th",
        "3s",
    }


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"visibility": "restricted"}])
def test_what_a_reader_may_not_see_is_never_shown(hidden, mallory, carol):
    cause = make_cause("Zorkd trouble")
    secret = make_incident("Zorkd spun on frobnicator-3", analysis="The frobnicator-3 of Zorkd spun.", **hidden)
    make_incident_cause(secret, cause)
    refresh_incident(secret)
    text = f"{secret.reference}: the frobnicator-3 of Zorkd spun."
    assert secret.pk in [one.pk for one in suggest.similar_to(text, carol)]
    for reader in (mallory, ANYBODY):
        assert secret.pk not in [one.pk for one in suggest.similar_to(text, reader)]
    asking = make_incident("Mine", analysis=text)
    make_incident_cause(asking, cause)
    assert secret.pk not in [one.pk for one in suggest.similar_to(asking, mallory)]


def test_a_likely_duplicate_is_said_as_such():
    swift = of("Swift")
    copy = make_incident(swift.title, summary=swift.summary, impact=swift.impact, analysis=swift.analysis)
    copy.recovery = swift.recovery
    found = suggest.similar_to(copy, ANYBODY)
    assert found[0].pk == swift.pk
    assert found[0].duplicate
    assert found[0].why.startswith("likely a duplicate; both: ")
    assert not any(one.duplicate for one in found[1:])


def test_the_same_source_is_a_duplicate():
    first = make_incident("Quiet", source_url="https://example.org/report", summary="Aaa bbb ccc.")
    refresh_incident(first)
    second = make_incident("Quiet", source_url="https://example.org/report", summary="Ddd eee quiet.")
    found = {one.pk: one for one in suggest.similar_to(second, ANYBODY)}
    assert found[first.pk].duplicate


def test_services_and_mentions_are_reasons():
    service = make_service("Zeppelin")
    first = make_incident("Balloon landed", services=(service,), summary="The zeppelinette deflated.")
    refresh_incident(first)
    second = make_incident("Other", services=(service,), summary=f"A repeat of {first.reference}, zeppelinette too.")
    found = {one.pk: one for one in suggest.similar_to(second, ANYBODY)}
    assert {"Zeppelin", "mentioned in the text", "zeppelinette"} <= set(found[first.pk].reasons)


def test_an_incident_is_not_like_itself():
    assert of("Swift").pk not in [one.pk for one in suggest.similar_to(of("Swift"), ANYBODY)]


@pytest.mark.parametrize("text", ["", "\x00", "the of and", "?!", "x " * 10_000])
def test_any_text_is_taken(text):
    assert isinstance(suggest.similar_to(text, ANYBODY), list)


def test_terms_are_kept_with_each_save_and_go_with_the_incident():
    incident = make_incident("Kept", summary="The quuxinator failed.")
    refresh_incident(incident)
    assert incident.key_terms.filter(term="quuxinator").exists()
    incident.summary = "The plonkinator failed."
    incident.save()
    refresh_incident(incident)
    assert not incident.key_terms.filter(term="quuxinator").exists()
    pk = incident.pk
    incident.delete()
    assert not KeyTerm.objects.filter(incident=pk).exists()


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    with django_assert_max_num_queries(26):
        suggest.similar_to(of("Swift"), ANYBODY)


def test_a_search_reads_no_more_rows_than_its_budget(monkeypatch):
    monkeypatch.setattr(similar, "BUDGET", 1)
    found = suggest.similar_to("rsyslog ENOTCONN", ANYBODY)
    assert len(found) <= 5
