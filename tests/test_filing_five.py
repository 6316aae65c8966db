"""The five incidents through the forms of filing: what is saved as it was opened stays as it was, byte for byte."""

from __future__ import annotations

import pytest
from django.test import Client

from kb.filing import SECTIONS
from postmortems.document import document_of
from postmortems.models import Incident
from postmortems.sections import Rows
from tests.filing import address, opened

pytestmark = pytest.mark.usefixtures("five")


@pytest.mark.parametrize("name", [name for name, section in SECTIONS.items() if not isinstance(section, Rows)])
def test_a_section_saved_as_it_was_opened_changes_nothing(author: Client, name: str) -> None:
    for incident in Incident.objects.all():
        before = document_of(incident)
        where = address(incident, name)
        assert author.post(where, opened(author, where)).status_code == 302
        assert document_of(Incident.objects.get(pk=incident.pk)) == before
        assert incident.revisions.count() <= 1


@pytest.mark.parametrize("name", ["timeline", "causes", "links"])
def test_a_row_saved_as_it_was_opened_changes_nothing(author: Client, name: str) -> None:
    for incident in Incident.objects.all():
        before = document_of(incident)
        for row in getattr(incident, SECTIONS[name].related).all()[::3]:  # type: ignore[union-attr]
            where = address(incident, name, row.pk)
            response = author.post(where, opened(author, where))
            assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
                302,
                address(incident, name),
            )
        assert document_of(Incident.objects.get(pk=incident.pk)) == before
