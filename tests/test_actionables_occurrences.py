"""What is kept of causes in incidents is what stands in the incidents, after every kind of change."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from actionables.models import Occurrence
from actionables.occurrences import differences
from postmortems.binning import put_into_bin, take_out_of_bin
from postmortems.models import Incident
from postmortems.refresh import refresh_incident
from tests.factories import make_cause, make_incident, make_incident_cause, moment

pytestmark = pytest.mark.django_db


def flood() -> Incident:
    """An incident with two causes, one of them in two roles."""
    incident = make_incident(started=moment("2015-03-01 12:00"), mitigated=moment("2015-03-01 12:30"), severity="SEV2")
    rain = make_cause("Rain")
    make_incident_cause(incident, rain, certainty="suspected", role="trigger")
    make_incident_cause(incident, rain)
    make_incident_cause(incident, make_cause("Dam"), certainty="suspected")
    refresh_incident(incident)
    return incident


def told() -> list[tuple[object, ...]]:
    names = ("cause__name", "is_open", "confirmed", "vague", "severity", "lasted", "timed")
    return list(Occurrence.objects.order_by("-cause__name").values_list(*names))


def test_each_change_of_an_incident_reaches_what_is_kept(carol: User) -> None:
    incident = flood()
    assert told() == [("Rain", 1, 1, 0, "SEV2", 1800, 1), ("Dam", 1, 0, 0, "SEV2", 1800, 1)]
    noon = 1425211200
    assert set(Occurrence.objects.values_list("sure_from", "first", "last")) == {(noon - 900, noon, noon + 59)}
    incident.started, incident.visibility = moment("2015-03-01"), "restricted"
    incident.save()
    incident.incident_causes.get(role="root", cause__name="Rain").delete()
    refresh_incident(incident)
    assert told() == [("Rain", 0, 0, 1, "SEV2", None, 0), ("Dam", 0, 0, 1, "SEV2", None, 0)]
    deletion = put_into_bin(incident, carol)
    assert told() == []
    take_out_of_bin(deletion)
    assert len(told()) == 2
    assert differences() == []


def test_what_is_deleted_in_the_admin_leaves_nothing(client: Client, carol: User) -> None:
    incident = flood()
    client.force_login(carol)
    assert client.post(f"/admin/postmortems/incident/{incident.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Occurrence.objects.exists()


def test_what_was_written_by_hand_is_named_and_put_right() -> None:
    incident = flood()
    Incident.objects.filter(pk=incident.pk).update(severity="SEV1")
    with pytest.raises(CommandError, match=f"cause .* in incident {incident.pk} is not kept as it is"):
        call_command("recount", check=True, stdout=StringIO())
    call_command("recount", stdout=(said := StringIO()))
    assert "2 rows of causes in incidents were wrong." in said.getvalue()
    assert {row[4] for row in told()} == {"SEV1"}
    call_command("recount", check=True, stdout=StringIO())
