"""Taking away the filter at any one place of the code is noticed: see tests/security/visibility_mutants.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import pytest
from django.test import Client
from django.urls import resolve
from pytest_django.plugin import DjangoDbBlocker

from tests.leaking import (
    Answer,
    Key,
    add_restricted,
    answers,
    answers_at,
    bin_by_admin,
    change_by_admin,
    clients_of,
    delete_by_admin,
    differences,
    mailed_by_admin,
    make_people,
    public_world,
    shown_by_a_stale_index,
    staff_answers,
)
from tests.leaking_asked import own_addresses
from tests.security.visibility_mutants import HARMLESS, Site, mutated, places, sites

pytestmark = pytest.mark.sqlite  # it is about the code; what the filters do on PostgreSQL, the leak test says
PEOPLE = ("anonymous", "erin", "bob")
NOTHING = Site("search/admin.py", "", 0, 0, "nothing")


class World(NamedTuple):
    """Browsers of some who may not see it, and what they get as long as there is no restricted incident."""

    clients: dict[str, Client]
    before: dict[Key, Answer]


def asked(world: dict[str, Client]) -> Iterator[tuple[Key, Answer]]:
    """Everything as everybody sees it, as somebody named elsewhere does, and the admin as the staff does."""
    yield from answers({"anonymous": world["anonymous"], "erin": world["erin"]})
    yield from staff_answers(world)


@pytest.fixture(scope="module")
def without(_five: None, django_db_blocker: DjangoDbBlocker) -> World:
    """Asked once for all mutants."""
    with django_db_blocker.unblock():
        make_people()
        public_world()
        clients = clients_of(PEOPLE)
        return World(clients, dict(asked(clients)))


def near(site: Site) -> list[str]:
    """The addresses of the same app, those of the same file first."""
    module = site.path.removesuffix(".py").replace("/", ".")
    made_by = {address: resolve(address.partition("?")[0]).func.__module__ for address in own_addresses()}
    app = [address for address, view in made_by.items() if view.partition(".")[0] == module.partition(".")[0]]
    return sorted(app, key=lambda address: made_by[address] != module)


def noticed(site: Site, world: World) -> Iterator[str]:
    """What shows that something was taken away; what is quickest to find comes first."""
    add_restricted()
    for name in ("anonymous", "erin"):
        yield from differences(answers_at(world.clients[name], name, near(site)), world.before)
    if "search" in site.path:
        yield from shown_by_a_stale_index(world.clients)
    if site.path.endswith("admin.py"):
        yield from differences(staff_answers(world.clients), world.before)
    yield from differences(asked(world.clients), world.before)
    yield from shown_by_a_stale_index(world.clients)
    yield from mailed_by_admin(world.clients)
    yield from bin_by_admin(world.clients, world.before)
    change_by_admin()
    yield from differences(answers({"anonymous": world.clients["anonymous"]}), world.before)
    delete_by_admin()
    yield from differences(answers({"anonymous": world.clients["anonymous"]}), world.before)


def test_a_filter_that_is_taken_away_is_noticed(without: World, db: None, site: Site) -> None:
    """And nothing, while nothing is taken away."""
    with nullcontext() if site == NOTHING else mutated(site):
        assert (next(noticed(site, without), None) is None) == (site == NOTHING)


@pytest.mark.sqlite
def test_what_is_left_out_is_in_the_code() -> None:
    assert HARMLESS.keys() - {site.name for site in places()} == set()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All places with --mutants=all, and none; else the first there is."""
    if "site" in metafunc.fixturenames:
        first = {site.path: site for site in reversed(sites())}
        wanted = metafunc.config.getoption("mutants") == "all"
        chosen = [NOTHING, *sites()] if wanted else sorted(first.values())[:1]
        metafunc.parametrize("site", chosen, ids=lambda site: f"{site.path}:{site.line} {site.what}")
