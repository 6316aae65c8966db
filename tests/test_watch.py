"""The tests' own guards work: the page that records faults, the wall around the network, the factories."""

from __future__ import annotations

import socket

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from tests import factories

POLICY = "default-src 'none'; img-src 'self' data:; script-src 'self'; style-src 'self'"


def _answer(body: str):
    whole = f"<!doctype html><title>x</title><link rel=icon href=data:,>{body}"
    return login_not_required(lambda request: HttpResponse(whole, headers={"Content-Security-Policy": POLICY}))


urlpatterns = [
    path("fine", _answer("<p>Fine</p>")),
    path("inline", _answer("<p style='color: red'>Red</p>")),
    path("script", _answer("<script>document.title = 'ran'</script>")),
    path("foreign", _answer("<img src='http://foreign.example/a.png'>")),
    path("gone", login_not_required(lambda request: HttpResponse(status=404))),
    path("missing", _answer("<img src='/gone'>")),
]


@pytest.fixture(scope="module", autouse=True)
def _addresses():
    with override_settings(ROOT_URLCONF=__name__):
        yield


def test_nothing_to_record(page, faults):
    page.goto("/fine")
    assert page.inner_text("p") == "Fine"
    assert faults == []


@pytest.mark.parametrize(
    ("address", "fault"), [("inline", "style-src"), ("script", "script-src"), ("foreign", "Foreign: http://foreign")]
)
def test_breaches_are_recorded(page, faults, address, fault):
    faults.expect("Policy: ", "Console: ", "Foreign: ")
    page.goto(f"/{address}")
    page.wait_for_timeout(100)
    assert any(fault in line for line in faults)


def test_errors_in_the_console_are_recorded_and_can_be_announced(page, faults):
    faults.expect("404")
    page.goto("/missing")
    page.wait_for_timeout(100)
    assert any("404" in line for line in faults)
    assert faults.unexpected() == [line for line in faults if "404" not in line]


def test_no_test_reaches_another_machine():
    with socket.socket() as connection, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        connection.connect(("192.0.2.1", 80))


def test_factories_make_whole_rows(db):
    cause = factories.make_cause()
    incident = factories.make_incident(started=factories.moment("2015-08-12 22:05"), causes=(cause,))
    factories.make_entry(incident, when=factories.moment("22:10"))
    assert factories.make_entry(incident).position == 2
    factories.make_actionable(incident, causes=(cause,))
    factories.make_link(incident)
    incident.full_clean()
    assert incident.services.count() == 0
    assert incident.incident_causes.get().cause == cause
    assert incident.started.text() == "12 August 2015, 22:05"


def test_people(alice, bob, carol, mallory):
    assert [person.is_superuser for person in (alice, bob, carol, mallory)] == [False, False, True, False]
