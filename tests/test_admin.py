"""The admin: every model is there, pages open with few queries, and what is changed shows at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.forms.models import model_to_dict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from actionables.models import Actionable
from postmortems.models import Cause, CauseYear, Edition, Incident, Organisation, Reference, RenderedText
from tests.factories import make_actionable, make_cause, make_entry, make_incident, make_incident_cause, make_link
from timelines.models import TimelineEntry

pytestmark = pytest.mark.usefixtures("five")
OURS = [model for model in admin.site._registry if model._meta.app_label != "auth"]


@pytest.fixture
def desk(client: Client, carol: User) -> Client:
    """Carol, signed in."""
    client.force_login(carol)
    return client


def test_every_model_of_ours_is_registered():

    ours = {
        model
        for name in ("postmortems", "timelines", "actionables")
        for model in apps.get_app_config(name).get_models()
    }
    linking = {Incident.services.through, Incident.readers.through, Actionable.causes.through}
    assert ours <= set(OURS) | linking


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label_lower)
def test_list_search_and_row_open(desk: Client, model: Any):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert desk.get(reverse(f"{name}_changelist")).status_code == 200
    assert desk.get(reverse(f"{name}_changelist"), {"q": "rsyslog"}).status_code == 200
    row = model.objects.first()
    if row is not None:
        assert desk.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_lists_ask_the_same_number_of_questions_of_many_rows(desk: Client):
    lists = [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in OURS]
    few = [_queries(desk, address) for address in lists]
    for _ in range(12):
        incident = make_incident()
        make_entry(incident)
        make_link(incident)
        make_incident_cause(incident, make_cause())
        make_actionable(incident).record_change("", "alice")
    assert [_queries(desk, address) for address in lists] == few
    assert max(few) <= 12


def _queries(desk: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert desk.get(address).status_code == 200
    return len(captured)


def _form(desk: Client, row: Any) -> dict[str, Any]:
    """What the change form would post unchanged."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    page = desk.get(reverse(name, args=[row.pk]))
    data: dict[str, Any] = {}
    forms = [
        page.context["adminform"].form,
        *(form for s in page.context["inline_admin_formsets"] for form in s.formset),
    ]
    forms += [formset.formset.management_form for formset in page.context["inline_admin_formsets"]]
    for form in forms:
        for field in form:
            value = field.value()
            widget = field.field.widget
            if isinstance(value, list | tuple | set) or value is None:
                data[field.html_name] = [getattr(item, "pk", item) for item in value or []]
            elif hasattr(widget, "decompress") and not isinstance(value, str):
                for index, part in enumerate(widget.decompress(value)):
                    data[f"{field.html_name}_{index}"] = part or ""
            else:
                data[field.html_name] = value
    return data


def _save(desk: Client, row: Any, **changes: Any) -> None:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    answer = desk.post(reverse(name, args=[row.pk]), _form(desk, row) | changes)
    errors = answer.context["errors"] if answer.context and "errors" in answer.context else ""
    assert answer.status_code == 302, errors


def test_a_changed_text_is_rendered_and_referenced_at_once(desk: Client):
    incident = Incident.objects.get(number=5)
    edition = Edition.current()
    _save(desk, incident, summary=incident.summary + "\nNow it says **more**, and names INC-2.")
    assert Edition.current() != edition
    assert RenderedText.objects.filter(scope=f"incident:{incident.pk}", html__contains="<strong>more</strong>").exists()
    assert Reference.objects.filter(incident=incident, prefix="INC", number=2).exists()
    assert b"<strong>more</strong>" in desk.get(incident.get_absolute_url()).content


def test_a_new_slug_keeps_the_old_address(desk: Client):
    incident = Incident.objects.get(number=1)
    old = incident.get_absolute_url()
    _save(desk, incident, slug="another")
    answer = desk.get(old)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/incidents/another/")


def test_inverted_milestones_are_refused_with_words(desk: Client):
    incident = Incident.objects.get(number=3)
    data = _form(desk, incident) | {"resolved_at_0": "2015-08-12", "resolved_at_1": "20:00:00"}
    answer = desk.post(reverse("admin:postmortems_incident_change", args=[incident.pk]), data)
    assert answer.status_code == 200
    assert "before started" in str(answer.context["adminform"].form.errors)


def test_deleting_an_incident_recounts_its_causes(desk: Client):
    incident = Incident.objects.get(number=1)
    cause = Cause.objects.get(slug="logging-or-other-side-work-blocks-the-application")
    assert sum(CauseYear.objects.filter(cause=cause).values_list("incidents", flat=True)) == 2
    desk.post(reverse("admin:postmortems_incident_delete", args=[incident.pk]), {"post": "yes"})
    assert sum(CauseYear.objects.filter(cause=cause).values_list("incidents", flat=True)) == 1


def test_restricting_an_incident_takes_it_out_of_the_counts(desk: Client):
    cause = Cause.objects.get(slug="logging-or-other-side-work-blocks-the-application")
    _save(desk, Incident.objects.get(number=1), visibility="restricted")
    assert sum(CauseYear.objects.filter(cause=cause).values_list("incidents", flat=True)) == 1


def test_a_status_changed_here_is_in_the_history(desk: Client):
    actionable = Actionable.objects.filter(status="open").first()
    assert actionable is not None
    _save(desk, actionable, status="done")
    change = actionable.changes.last()
    assert change is not None
    assert (change.from_status, change.to_status, change.by) == ("open", "done", "carol")


def test_history_typed_by_hand_and_a_change_of_status_go_together(desk: Client):
    actionable = Actionable.objects.get(number=8)
    typed = {"changes-TOTAL_FORMS": "2", "changes-1-position": "2", "changes-1-to_status": "blocked"}
    typed |= {"changes-1-when_precision": "unknown", "changes-1-from_status": "open", "status": "in progress"}
    _save(desk, actionable, **typed)
    assert list(actionable.changes.values_list("position", "to_status")) == [
        (1, "open"), (2, "blocked"), (3, "in progress"),
    ]  # fmt: skip


def test_a_deleted_entry_is_found_no_more(desk: Client):
    entry = TimelineEntry.objects.get(incident__number=3, position=6)
    assert b"Labs network" in desk.get("/incidents/?q=b7e615f4909144e480f34f78d1dce791").content
    desk.post(reverse("admin:timelines_timelineentry_delete", args=[entry.pk]), {"post": "yes"})
    assert b"Labs network" not in desk.get("/incidents/?q=b7e615f4909144e480f34f78d1dce791").content


def test_an_entry_that_moves_leaves_no_reference_behind(desk: Client):
    entry = make_entry(Incident.objects.get(number=4), text="As in INC-5.", position=90)
    _save(desk, entry)
    target = Incident.objects.get(number=5)
    assert Reference.objects.filter(incident__number=4, number=target.number).exists()
    _save(desk, entry, incident=Incident.objects.get(number=3).pk)
    assert not Reference.objects.filter(incident__number=4, number=target.number).exists()
    assert Reference.objects.filter(incident__number=3, number=target.number).exists()


@pytest.mark.parametrize("slug", ["new", "INC-999", "inc-1", "ACT-2"])
def test_a_slug_that_would_lead_elsewhere_is_refused(desk: Client, slug: str):
    incident = Incident.objects.get(number=1)
    data = _form(desk, incident) | {"slug": slug}
    answer = desk.post(reverse("admin:postmortems_incident_change", args=[incident.pk]), data)
    assert "choose another slug" in str(answer.context["adminform"].form.errors)


def test_publishing_is_dated_once(desk: Client):
    incident = make_incident(status="draft")
    dates = [incident.published_at]
    incident.status = "published"
    for _ in range(2):
        incident.save()
        dates.append(incident.published_at)
    assert dates[0] is None
    assert dates[1] is not None
    assert dates[1] == dates[2]


def test_a_time_zone_must_exist(desk: Client):
    incident = Incident.objects.get(number=1)
    data = _form(desk, incident) | {"time_zone": "Nowhere/Land"}
    answer = desk.post(reverse("admin:postmortems_incident_change", args=[incident.pk]), data)
    assert "no time zone of this name" in str(answer.context["adminform"].form.errors)


def test_an_organisation_saved_here_bumps_the_edition(desk: Client):
    edition = Edition.current()
    organisation = Organisation.objects.get(slug="wikimedia")
    _save(desk, organisation, **model_to_dict(organisation) | {"description": "A _foundation_."})
    assert Edition.current() != edition
    assert b"<em>foundation</em>" in desk.get(organisation.get_absolute_url()).content


def test_strangers_are_sent_to_sign_in(client: Client, mallory: User):
    client.force_login(mallory)
    answer = client.get("/admin/postmortems/incident/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer.headers["Location"]


@pytest.mark.parametrize("odd", ["x", "-1", "1e9", "9" * 30, "a\0b"])
def test_what_is_no_key_is_refused_beside_its_field(desk: Client, odd: str) -> None:
    """Django asks the database for whatever a field that completes was sent."""
    for model, model_admin in admin.site._registry.items():
        fields = model_admin.autocomplete_fields
        if fields and model_admin.has_add_permission(desk.get("/admin/").wsgi_request):
            answer = desk.post(
                f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/", dict.fromkeys(fields, odd)
            )
            assert answer.status_code == 200, model
            assert 'class="errorlist"' in answer.content.decode()
