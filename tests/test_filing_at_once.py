"""Several people, or one impatient one, at the same forms at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from postmortems.models import Incident
from tests.filing import address

TITLE = "Fans of rack 7 stopped"


@pytest.mark.django_db(transaction=True)
def test_a_form_posted_twelve_times_at_once_makes_one_incident(alice: User) -> None:
    clients = [Client() for _ in range(12)]
    for each in clients:
        each.force_login(alice)

    def post(each: Client) -> str:
        try:
            response = each.post("/incidents/new/", {"title": TITLE, "csrfmiddlewaretoken": "x" * 64})
            return str(response.headers["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        places = set(pool.map(post, clients))
    assert places == {address(Incident.objects.get())}
