"""What is derived: kept once per content, thrown away when it no longer holds, counted right."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from postmortems.models import CauseQuarter, CauseYear, CountedIncident, Edition, Incident, Reference, RenderedText
from postmortems.moments import Moment
from postmortems.prose import Prose, Text, keep
from postmortems.refresh import follow, refresh_incident
from postmortems.tallying import rebuild, recount
from tests.factories import make_actionable, make_cause, make_entry, make_incident, make_incident_cause, moment

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()


def test_a_text_is_rendered_once_and_old_ones_go(django_assert_num_queries):
    texts = [Text("*one*"), Text("two")]
    keep("test:1", texts)
    assert set(RenderedText.objects.values_list("html", flat=True)) == {"<p><em>one</em></p>", "<p>two</p>"}
    with django_assert_num_queries(1):
        keep("test:1", texts)
    keep("test:1", texts[1:])
    assert list(RenderedText.objects.filter(scope="test:1").values_list("html", flat=True)) == ["<p>two</p>"]


def test_evidence_is_part_of_what_is_kept():
    assert Text("a text").digest() != Text("a text", [("1-root", "text")]).digest()


def test_footnotes_of_two_texts_on_a_page_have_anchors_of_their_own():
    note = "{}[^1]\n\n[^1]: A note."
    ids = [set(re.findall(r'id="([^"]+)"', Text(note.format(word)).render())) for word in ("One", "Two")]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_a_text_that_is_not_kept_is_rendered_on_the_spot():
    assert Prose.of(NOBODY, "nothing:0").html("**bold**") == "<p><strong>bold</strong></p>"


def test_references_to_what_is_not_there_are_plain_text():
    shown, hidden = make_incident(), make_incident(visibility="restricted")
    mine = make_actionable(shown)
    text = f"See {shown.reference}, {hidden.reference}, INC-999999, {mine.reference} and ACT-999999."
    source = make_incident(summary=text)
    refresh_incident(source)
    for prose in (Prose.of(NOBODY, f"incident:{source.pk}"), Prose({}, NOBODY)):
        html = str(prose.html(text))
        assert f"{hidden.reference}," in html.replace(f"{hidden.reference}</a>", "LINKED")
        assert f'href="/{hidden.reference}"' not in html
        assert "/INC-999999" not in html
        assert "/ACT-999999" not in html
    kept = str(Prose.of(NOBODY, f"incident:{source.pk}").html(text))
    assert f'href="/{shown.reference}"' in kept
    assert f'href="/{mine.reference}"' in kept


def test_references_follow_the_text():
    target, source = make_incident(), make_incident()
    entry = make_entry(source, text=f"As in {target.reference}; and {source.reference} is itself.")
    refresh_incident(source)
    assert list(Reference.objects.values_list("incident", "number")) == [(source.pk, target.number)]
    entry.text = "Nothing."
    entry.save()
    refresh_incident(source)
    assert not Reference.objects.exists()


def test_counts_per_year_know_suspected_undated_and_hidden_ones():
    cause = make_cause()
    dated = make_incident(causes=(cause,), started=moment("2015-08-12 22:05"))
    make_incident_cause(dated, cause, role="trigger", certainty="suspected")
    unsure = make_incident(started=moment("2015-12-31 23:59"))
    make_incident_cause(unsure, cause, certainty="suspected")
    make_incident(causes=(cause,), started=moment("18:55", "about"))
    make_incident(causes=(cause,), visibility="restricted")
    make_incident(causes=(cause,), status="draft")
    rebuild()
    assert _years() == {(2015, 2, 1), (None, 1, 0)}
    for incident in (dated, unsure):
        refresh_incident(incident)
    assert _years() == {(2015, 2, 1), (None, 1, 0)}


def _years() -> set[tuple[int | None, int, int]]:
    return set(CauseYear.objects.values_list("year", "incidents", "suspected"))


def test_each_change_of_an_incident_changes_the_counts_by_just_that(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    cause, other = make_cause(), make_cause()
    incident = make_incident(causes=(cause,), started=moment("2015-08-12 22:05"))
    twin = make_incident(causes=(cause,), started=moment("2015-09-01"))
    for row in (incident, twin):
        refresh_incident(row)
    assert _years() == {(2015, 2, 0)}
    with django_assert_num_queries(2):
        recount([incident.pk])
    incident.incident_causes.update(certainty="suspected", cause=other)
    refresh_incident(incident)
    assert set(CauseYear.objects.values_list("cause", "incidents", "suspected")) == {(cause.pk, 1, 0), (other.pk, 1, 1)}
    incident.started = Moment(moment("2016-01-01").at, None, "year")
    incident.save()
    refresh_incident(incident)
    assert _years() == {(2015, 1, 0), (2016, 1, 1)}
    assert list(CauseQuarter.objects.values_list("cause", "quarter")) == [(cause.pk, 4 * 2015 + 2)]
    for gone in (incident.pk, twin.pk):
        Incident.objects.get(pk=gone).delete()
        follow([gone])
    assert not CauseYear.objects.exists()
    assert not CauseQuarter.objects.exists()
    assert not CountedIncident.objects.exists()


def test_a_deleted_cause_takes_its_counts_along() -> None:
    cause, other = make_cause(), make_cause()
    incident = make_incident(causes=(cause, other), started=moment("2015-08-12 22:05"))
    refresh_incident(incident)
    incident.incident_causes.filter(cause=cause).delete()
    cause.delete()
    refresh_incident(incident)
    assert list(CauseYear.objects.values_list("cause", "incidents")) == [(other.pk, 1)]


def test_the_command_makes_everything_anew_and_says_so(capsys: pytest.CaptureFixture[str]):
    cause = make_cause()
    incident = make_incident(causes=(cause,), summary="See INC-1.")
    edition = Edition.current()
    call_command("refresh")
    assert "Refreshed 1 incidents." in capsys.readouterr().out
    assert RenderedText.objects.filter(scope=f"incident:{incident.pk}").exists()
    assert CauseYear.objects.get().cause == cause
    assert Edition.current() != edition


def test_running_it_again_changes_nothing_but_the_edition():
    make_incident(causes=(make_cause(),), summary="See INC-1.")
    call_command("refresh", verbosity=0)
    before = _derived()
    call_command("refresh", verbosity=0)
    assert _derived() == before


def _derived() -> list[list[tuple[object, ...]]]:
    return [
        sorted(RenderedText.objects.values_list("scope", "digest", "html")),
        sorted(Reference.objects.values_list("incident", "prefix", "number")),
        sorted(CauseYear.objects.values_list("cause", "incidents", "suspected")),
    ]
