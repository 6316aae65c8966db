"""How a postmortem begins: from a template, or with the structure of an earlier incident."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from postmortems.forms_new import frame_of
from postmortems.models import Cause, FilingTemplate, Incident, TemplateText
from tests.factories import make_cause, make_group, make_incident, make_organisation, make_service
from tests.filing import address


@pytest.fixture
def author(client: Client, alice: User) -> Client:
    """Alice's browser, and the templates that come along."""
    call_command("loaddata", "filing", verbosity=0)
    client.force_login(alice)
    return client


def begin(client: Client, **typed: str) -> Incident:
    """A draft begun with what is typed."""
    response = client.post("/incidents/new/", {"title": "Fans stopped", **typed})
    assert response.status_code == 302
    return Incident.objects.latest("pk")


def test_a_template_gives_texts_to_begin_with_and_guidance_under_the_fields(author: Client) -> None:
    draft = begin(author, template="blameless", impact="ignored")
    assert draft.impact.startswith("- **Users:**")
    page = author.get(address(draft, "impact")).content.decode()
    assert TemplateText.objects.get(template__slug="blameless", field="impact").guidance in page
    plain = begin(author, template="blank")
    assert plain.impact == ""
    assert "Figures with their unit." in author.get(address(plain, "impact")).content.decode()


def test_what_was_typed_goes_before_what_the_template_says(author: Client) -> None:
    ours = FilingTemplate.objects.create(name="Ours", organisation=make_organisation("Ice works"))
    ours.texts.create(field="summary", text="Begin here.")
    assert begin(author, template=ours.slug, summary="Typed.").summary == "Typed."
    draft = begin(author, template=ours.slug)
    assert (draft.summary, str(draft.organisation)) == ("Begin here.", "Ice works")
    ours.delete()
    assert author.get(address(draft, "impact")).status_code == 200


@pytest.mark.parametrize("typed", ["INC-{}", "inc{}", "{}"])
def test_the_structure_of_an_earlier_incident(author: Client, typed: str) -> None:
    former = make_incident(
        services=(make_service("Fans"),), organisation=make_organisation(), time_zone="Europe/Berlin",
        analysis="# What broke\n\nThe fans.\n\n- **Why.** Dust.\n", impact="All of it.",
    )  # fmt: skip
    draft = begin(author, like=typed.format(former.number))
    assert (draft.organisation, draft.time_zone) == (former.organisation, "Europe/Berlin")
    assert [service.name for service in draft.services.all()] == ["Fans"]
    assert (draft.analysis, draft.impact) == ("# What broke\n\n- **Why.**", "")


def test_a_hidden_incident_is_as_one_there_is_not(author: Client) -> None:
    hidden = make_incident(status="draft")
    for typed in (f"INC-{hidden.number}", "INC-4711", "the last one"):
        response = author.post("/incidents/new/", {"title": "x", "like": typed})
        assert response.status_code == 422
        assert f"There is no incident {typed}." in response.content.decode()


def test_a_frame_is_headings_and_bold_beginnings() -> None:
    assert frame_of("Text **bold** inside\n## A heading\n    # code\n**Lead:** words\n* **Point**. More") == (
        "## A heading\n\n**Lead:**\n\n* **Point**."
    )


def test_a_cause_that_is_not_there_is_proposed_and_confirmed(author: Client, bob: User, mallory: User) -> None:
    draft, group = begin(author), make_group("Cooling")
    make_cause("Another")
    typed = {"cause_name": "Fans clogged", "role": "root", "certainty": "suspected"}
    where = address(draft, "causes")
    refused = author.post(where, typed)
    assert refused.status_code == 422
    assert "propose it as a new one" in refused.content.decode()
    assert author.post(where, typed | {"group": str(group.pk)}).status_code == 302
    cause = Cause.objects.get(name="Fans clogged")
    assert (cause.is_proposed, cause.nature) == (True, "fault")
    page = author.get(cause.get_absolute_url()).content.decode()
    assert "no manager has confirmed it yet" in page
    assert "Confirm it" not in page
    confirm = f"{cause.get_absolute_url()}confirm/"
    assert author.post(confirm).status_code == 403
    author.force_login(bob)
    assert "Confirm it" in author.get(cause.get_absolute_url()).content.decode()
    assert author.post(confirm).headers["Location"] == cause.get_absolute_url()
    cause.refresh_from_db()
    assert not cause.is_proposed
    assert "confirmed it yet" not in author.get(cause.get_absolute_url()).content.decode()
