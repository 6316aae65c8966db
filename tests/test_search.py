"""Search over the five incidents: what is found, shown, counted, suggested, and by whom. The same on each database."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postmortems import search
from postmortems.models import Cause, Incident, Organisation, Service
from postmortems.refresh import refresh_incident
from tests.factories import make_actionable, make_entry, make_incident, make_service, moment

pytestmark = pytest.mark.usefixtures("five")
NOBODY = AnonymousUser()
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def find(text: str, user: Any = NOBODY, **options: Any) -> list[int]:
    """The numbers of what is found, in order."""
    numbers = dict(Incident.objects.values_list("pk", "number"))
    return [numbers[pk] for pk in search.search(text, user, **options).ids]


def quoted(text: str) -> list[tuple[str, str, str]]:
    """Label, anchor and HTML of all passages of all results."""
    results = search.search(text, NOBODY)
    shown = search.passages(results.ids, results.words)
    return [(one.label, one.anchor, str(one.html)) for pk in results.ids for one in shown.get(pk, [])]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("ENOTCONN", {1}),
        ("enotconn", {1}),
        ("rsyslogd", {2}),
        ("labcontrol1001", {3}),
        ("labcontrol", {3}),
        ("2015-08-12", {3}),
        ("2012-01-05", {2}),
        ("LP:1094230", {1}),
        ("MessagingTimeout", {3}),
        ("messaging timeout", {3}),
        ("network_host", {3}),
        ("/en/Main_Page", {4}),
        ("4.6.2", {2}),
        ("https://gerrit.wikimedia.org/r/#/c/231177/", {3}),
        ("*.* @@syslog.private.bitbucket.org", {2}),
        ("zombies", {5}),
        ('"kernel logging"', {2}),
        ("rsyslog -swift", set()),
        ("syslog -imagescalers", {2}),
        ('puppet -"host key"', {1, 4}),
        ("-puppet", {2, 5}),
        ("org:linkedin", {5}),
        ("org:Wikimedia puppet", {1, 3, 4}),
        ("service:rsyslog", {1, 2}),
        ('service:"OpenStack Nova"', {3}),
        ("cause:restart", {1, 2, 3, 4, 5}),
        ("cause:out-of-memory", {5}),
        ("severity:unknown year:2013", {4}),
        ("year:unknown", {1, 5}),
        ("year:2012,2013", {2, 4}),
        ("status:published has:timeline", {1, 2, 3, 4, 5}),
        ("owner:andrew", {3}),
        ("before:2014", {2, 4}),
        ("until:2013-04", {2, 4}),
        ("date:2015-08", {3}),
        ("date:2012..2013", {2, 4}),
        ("year:2012..2014", {2, 4}),
        ("-org:wikimedia", {2, 5}),
        ("-has:timeline", set()),
        ("rsyslog -service:swift", {2}),
        ('cause:"out of memory"', {5}),
        ("cause:“out of memory”", {5}),
        ("service:nginx,rabbitmq", {2, 3}),
        ("after:2013", {3, 4}),
        ("after:2012-01-05 before:2013-04-19", {2, 4}),
        ("", {1, 2, 3, 4, 5}),
        ("???", {1, 2, 3, 4, 5}),
        ("the", {1, 2, 3, 4, 5}),
        ("labcon", {3}),
        ("imagesc*", {1}),
        ("xyzzy plugh", set()),
    ],
)
def test_what_is_found(text: str, numbers: set[int]) -> None:
    assert set(find(text)) == numbers


@pytest.mark.parametrize(
    ("text", "how", "first"),
    [
        ("rsyslog", "", 1),
        ("rabb", "prefix", 3),
        ("livelock xyzzy tcp", "any", 5),
        ('"logging kernel"', "any", 2),
        ("kernel.livelock", "parts", 5),
        ('"livelock in the port"', "any", 5),
    ],
)
def test_it_says_how_it_understood(text: str, how: str, first: int) -> None:
    results = search.search(text, NOBODY)
    assert results.how == how
    assert find(text)[0] == first


def test_undated_incidents_are_neither_before_nor_lost():
    assert find("", sort="newest") == [3, 4, 2, 5, 1]
    assert find("", sort="oldest") == [2, 4, 3, 1, 5]
    assert find("", sort="longest")[:2] == [3, 1]
    assert sorted(find("", sort="severity")) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "label", "anchor", "mark"),
    [
        ("labcontrol1001", "Timeline 23:23", "t-2323", "<mark>labcontrol1001</mark>"),
        ("zombie", "What explains it", "analysis", "<mark>zombie</mark>"),
        ("HUPIsRestart", "Actionable", "ACT-5", "<mark>HUPIsRestart</mark>"),
        ("imagescalers", "Timeline about 18:55", "t-1855", "<mark>imagescalers</mark>"),
        ("imudp.so", "What explains it", "analysis", "<mark>imudp.so</mark>"),
        ("shinken", "What went well", "went_well", "<mark>Shinken</mark>"),
        ("livelock", "Actionable", "ACT-16", "<mark>livelock</mark>"),
    ],
)
def test_passages_say_where_they_stand(text: str, label: str, anchor: str, mark: str) -> None:
    found = [html for said, at, html in quoted(text) if (said, at) == (label, anchor)]
    assert found, quoted(text)
    assert any(mark in html for html in found)


def test_a_passage_of_a_cause_leads_to_it():
    cause = Cause.objects.get(slug="out-of-memory")
    assert ("Cause", f"cause-{cause.pk}-trigger") in {(label, at) for label, at, _ in quoted("cgroup machine")}


def test_passages_are_safe_html():
    incident = make_incident(summary="A zyzzyva <script>alert(1)</script> & [x](javascript:alert(1)) **bold** `code`")
    refresh_incident(incident)
    ((_, anchor, html),) = quoted("zyzzyva")
    assert anchor == "summary"
    assert html == "A <mark>zyzzyva</mark> &lt;script&gt;alert(1)&lt;/script&gt; &amp; x bold code"


def test_marks_are_forms_of_the_words():
    marked = search.marked("Restarted Nova, restarting INC-3 & INC-4", search.search("restart INC-3", NOBODY).words)
    assert marked == "<mark>Restarted</mark> Nova, <mark>restarting</mark> <mark>INC-3</mark> &amp; INC-4"


def test_facets_are_counted_without_their_own_selection():
    wikimedia = str(Organisation.objects.get(slug="wikimedia").pk)
    bitbucket = str(Organisation.objects.get(slug="bitbucket").pk)
    facets = search.search("restart", NOBODY, filters={"organisation": ["wikimedia"]}).facets
    assert facets["organisation"][wikimedia] == 3
    assert facets["organisation"][bitbucket] == 1
    assert facets["year"] == {"unknown": 1, "2013": 1, "2015": 1}
    assert facets["severity"] == {"unknown": 3}


def test_values_are_alternatives_and_kinds_must_all_hold():
    assert set(find("", filters={"year": ["2012", "2015"]})) == {2, 3}
    assert find("", filters={"year": ["2012", "2015"], "service": ["nginx"]}) == [2]
    assert find("", filters={"service": ["no-such-service"]}) == []
    assert find("", filters={"severity": ["nonsense"]}) == []


def test_nothing_found_says_which_filter_to_drop():
    results = search.search("rsyslog", NOBODY, filters={"organisation": ["linkedin"], "severity": ["unknown"]})
    assert results.count == 0
    assert [(drop.kind, drop.count) for drop in results.drops] == [("organisation", 2)]


def test_unknown_names_are_said():
    results = search.search("service:nosuch puppet", NOBODY)
    assert results.query.notices == ["There is no service “nosuch”."]


@pytest.mark.parametrize("text", ["title:rabbitmq", "team:platform outage", "-foo:bar rabbitmq"])
def test_unknown_qualifiers_are_said(text: str) -> None:
    (notice,) = search.search(text, NOBODY).query.notices
    name = text.lstrip("-").split(":")[0]
    assert notice.startswith(
        f"There is no qualifier “{name}:”, so it was looked for as text. There are org:, service:,"
    )


@pytest.mark.parametrize("text", ["nova:compute", "LP:1094230", "https://gerrit.wikimedia.org/r/#/c/231177/", "22:30"])
def test_what_stands_somewhere_is_no_qualifier(text: str) -> None:
    results = search.search(text, NOBODY)
    assert results.query.notices == []
    assert results.ids


def test_a_word_that_is_nowhere_is_put_right_unasked():
    results = search.search("rabitmq restart", NOBODY)
    assert (results.how, results.did_you_mean, find("rabitmq restart")[0]) == ("spelling", "rabbitmq restart", 3)
    assert search.search("rsyslog", NOBODY).how == ""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("rsylsog", "rsyslog"),
        ("bitbuckett", "bitbucket"),
        ("rabitmq restart", "rabbitmq restart"),
        ("parsiod org:wikimedia", "parsoid org:wikimedia"),
        ("imagescallrs", "imagescalers"),
    ],
)
def test_a_misspelling_is_put_right(text: str, meant: str) -> None:
    assert search.search(text, NOBODY).did_you_mean == meant


@pytest.mark.parametrize("text", ["rsyslogd", "livelock zombie", "xyzzy", "INC-3"])
def test_nothing_is_put_right_that_is_not_wrong(text: str) -> None:
    assert search.search(text, NOBODY).did_you_mean == ""


def test_a_cause_or_service_that_matches_by_name_is_offered():
    named = [(one.kind, one.slug) for one in search.search("out of memory", NOBODY).named]
    assert named[0] == ("cause", "out-of-memory")
    assert ("service", "rabbitmq") in {(one.kind, one.slug) for one in search.search("rabbitmq", NOBODY).named}


@pytest.mark.parametrize(
    ("typed", "kind", "slug"),
    [
        ("swi", "incident", "swift-hung-after-rsyslog-upgrade"),
        ("labs netw", "incident", "labs-outage-nova-and-rabbitmq"),
        ("inc-3", "incident", "labs-outage-nova-and-rabbitmq"),
        ("out of mem", "cause", "out-of-memory"),
        ("rabb", "service", "rabbitmq"),
        ("monitor rab", "actionable", "ACT-10"),
        ("act-7", "actionable", "ACT-7"),
    ],
)
def test_suggestions_while_typing(typed: str, kind: str, slug: str) -> None:
    assert (kind, slug) in {(one.kind, one.slug) for one in search.suggest(typed, NOBODY)}


@pytest.mark.parametrize("typed", ["", " ", "?", '"', "xyzzy"])
def test_nothing_is_suggested_for_nothing(typed: str) -> None:
    assert search.suggest(typed, NOBODY) == []


@pytest.mark.parametrize("hidden", [{"visibility": "restricted"}, {"status": "draft"}, {"status": "review"}])
def test_what_a_reader_may_not_see_leaves_no_trace(hidden: dict[str, Any], carol: User, mallory: User) -> None:
    service = make_service("Quondam store")
    incident = make_incident("Plugh overflow", summary="The frobnicator melted.", services=(service,), **hidden)
    make_entry(incident, when=moment("2015-08-12 22:05"), text="A xylograph appeared.")
    make_actionable(incident, title="Replace the frobnicator")
    refresh_incident(incident)
    for text in ("frobnicator", "plugh", "xylograph", incident.reference, "service:quondam-store", "frobnicatr"):
        results = search.search(text, mallory)
        assert incident.pk not in results.ids
        assert results.did_you_mean == ""
    assert search.search("frobnicator", mallory).count == 0
    assert search.search("", mallory).count == 5
    assert str(service.pk) not in search.search("", mallory).facets["service"]
    for typed in ("frob", "plu", "replace frob", incident.reference, "xylo"):
        assert not [one for one in search.suggest(typed, mallory) if one.kind in ("incident", "actionable")]
    assert search.search("frobnicator", carol).ids == [incident.pk]
    assert search.search("", carol).count == 6


def test_an_index_that_lags_shows_nothing_hidden():
    Incident.objects.filter(number=1).update(visibility="restricted")
    assert find("ENOTCONN") == []


@pytest.mark.parametrize(
    "text",
    [
        '"', '""', "'", "\\", "a\0b", "NOT", "AND OR NOT", "NEAR(a b)", "a* b*", "*", "^rsyslog", "~rsyslog", "@open",
        "{stream bag} : x", "stream:rsyslog", "rsyslog) OR (1=1", "'; DROP TABLE x; --", "a & b | !c",
        "'a' <-> 'b'", ":*", "%", "_", "🔥 rsyslog 🔥", "שלום rsyslog", "\u202ersyslog", "事故", "\ud800", "-", "--",
        "- -", '-"', "org:", "org:\0", "after:0000", "before:99999", "year:0", "x" * 10_000, "x " * 5_000, '"' * 10_000,
        "a:b:c:d", "é" * 5_000, "(" * 5_000, "\n" * 5_000,
    ],
)  # fmt: skip
def test_hostile_text_is_just_text(text: str) -> None:
    begun = time.process_time()
    results = search.search(text, NOBODY)
    search.passages(results.ids, results.words)
    search.suggest(text, NOBODY)
    assert time.process_time() - begun < 0.5


@SLOW
@given(st.text(max_size=400))
def test_no_text_is_an_error(text: str) -> None:
    results = search.search(text, NOBODY)
    search.passages(results.ids, results.words)
    search.suggest(text, NOBODY)


@SLOW
@given(
    st.lists(
        st.sampled_from(['"', "-", ":", "(", "*", "AND", "NOT", "org:", "rsyslog", "'", "\0", " ", "@open", "a.b"])
    )
)
def test_no_syntax_is_an_error(pieces: list[str]) -> None:
    results = search.search("".join(pieces), NOBODY)
    assert search.passages(results.ids, results.words) is not None


def test_pages_do_not_overlap_and_lose_nothing():
    for number in range(45):
        refresh_incident(make_incident(f"Frumious {number}", started=moment("2016-01-01 10:00")))
    for sort in search.SORTS:
        pages = [search.search("frumious", NOBODY, page=page, sort=sort) for page in (1, 2, 3, 4)]
        assert [len(page.ids) for page in pages] == [20, 20, 5, 0]
        assert [page.has_next for page in pages] == [True, True, False, False]
        assert len({pk for page in pages for pk in page.ids}) == 45


def test_an_old_title_is_not_cut_off_by_newer_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postmortems.search_find.CAP", 40)
    monkeypatch.setattr("postmortems.search.CAP", 40)
    monkeypatch.setattr("postmortems.search_find.RANKED", 10)
    old = make_incident("Bandersnatch", started=moment("2001-01-01 10:00"))
    refresh_incident(old)
    for number in range(45):
        text = "A bandersnatch." if number % 2 else "The bandersnatch returned."
        refresh_incident(make_incident(impact=text, started=moment(f"2016-01-{number % 28 + 1:02d} 10:00")))
    results = search.search("bandersnatch", NOBODY)
    assert results.ids[0] == old.pk
    assert results.capped
    pages = [search.search("bandersnatch", NOBODY, page=page).ids for page in (1, 2, 3)]
    assert len({pk for page in pages for pk in page}) == 46


def test_the_number_of_queries_is_bounded(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(9):
        search.search("rabbitmq restart", NOBODY)
    with django_assert_max_num_queries(17):
        results = search.search("rabbitmq restart", NOBODY, filters={"year": ["2015"], "service": ["puppet"]})
    with django_assert_max_num_queries(7):
        search.passages(results.ids, results.words)


def test_a_renamed_service_is_found_by_its_new_name_alone():
    service = Service.objects.get(slug="watchmouse")
    service.name = "Snarkwatch"
    service.save()
    search.index_name(service)
    assert find("snarkwatch") == [4]
