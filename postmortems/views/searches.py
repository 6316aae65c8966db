"""Searches that people save, share and come back to. Everything here is for those who are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import category

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..listed import described, descriptions, normalised
from ..models import SavedSearch
from .paging import page_number

SHARED_PAGE = 50
GET_OR_POST = ["GET", "HEAD", "POST"]
TAKEN = "You have another search of this name."


class NameForm(forms.Form):
    """The name of a search of this owner."""

    name = forms.CharField(
        max_length=SavedSearch.LONGEST_NAME,
        error_messages={
            "required": "Give the search a name.",
            "max_length": "A name has at most %(limit_value)d characters; this one has %(show_value)d.",
            "null_characters_not_allowed": "A name cannot hold that character.",
        },
    )

    def clean_name(self) -> str:
        """On one line, of characters that can be shown, some of which can be seen."""
        name = " ".join(self.cleaned_data["name"].split())
        if any(category(character) == "Cc" for character in name):
            raise forms.ValidationError("A name cannot hold control characters.")
        if not any(character.isprintable() for character in name):
            raise forms.ValidationError("Give the search a name that can be seen.")
        return name


class SaveForm(NameForm):
    """What is asked for when a search is saved."""

    shared = forms.BooleanField(required=False)


@require_safe
@never_cache
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The reader's own searches, and those that others share."""
    page = page_number(request)
    own = list(SavedSearch.objects.owned_by(request.user)) if page == 1 else []
    others = SavedSearch.objects.shared_with(request.user).select_related("owner")
    shared = list(others[(page - 1) * SHARED_PAGE : page * SHARED_PAGE + 1])
    context = {
        "own": _with_words(own),
        "shared": _with_words(shared[:SHARED_PAGE]),
        "page": page,
        "has_next": len(shared) > SHARED_PAGE,
    }
    return render(request, "postmortems/searches.html", context)


def _with_words(searches: list[SavedSearch]) -> list[tuple[SavedSearch, str]]:
    """Each with what it asks for, in words."""
    told = iter(descriptions([search.query for search in searches if not search.words]))
    return [(search, search.words or next(told)) for search in searches]


@require_http_methods(GET_OR_POST)
@never_cache
@login_required
def save(request: HttpRequest) -> HttpResponse:
    """Save the search that the query string asks for. Signing in on the way here loses nothing of it."""
    query = normalised(request.GET)
    return saving(request, query, described(query), SavedSearch.Listing.INCIDENTS)


def saving(request: HttpRequest, query: str, words: str, listing: SavedSearch.Listing) -> HttpResponse:
    """Save a query of one of the lists, which `words` describe, or ask for its name."""
    suggested = {"name": re.sub("[“”]", "", words)[: SavedSearch.LONGEST_NAME]}
    form = SaveForm(request.POST if request.method == "POST" else None, initial=suggested)
    problem = _problem(request, query)
    if request.method == "POST" and form.is_valid() and not problem:
        assert request.user.is_authenticated  # says the decorator
        told = "" if listing == SavedSearch.Listing.INCIDENTS else words
        search = SavedSearch(owner=request.user, query=query, listing=listing, words=told, **form.cleaned_data)
        if _stored(form, search.save):
            return redirect(_in_list(search))
    context = {"form": form, "query": query, "words": words, "problem": problem, "listing": listing.value}
    return render(request, "postmortems/search_save.html", context, status=_status(form, problem))


def _problem(request: HttpRequest, query: str) -> str:
    """Why this search cannot be saved under any name."""
    if not query:
        return "There is nothing to save: search for something or choose a filter first."
    if len(query) > SavedSearch.LONGEST_QUERY:
        return "This search is too long to be saved. Shorten its text."
    if SavedSearch.objects.owned_by(request.user).count() >= SavedSearch.MOST:
        return f"You have {SavedSearch.MOST} saved searches, which is as many as there can be. Delete one first."
    return ""


def _stored(form: NameForm, store: Callable[[], None]) -> bool:
    """Whether the search could be stored under its name; its owner may have another one of that name."""
    try:
        with transaction.atomic():
            store()
    except IntegrityError:
        form.add_error("name", TAKEN)
    return not form.errors


def _status(form: forms.Form, problem: str = "") -> int:
    return 422 if form.is_bound and (form.errors or problem) else 200


def _in_list(search: SavedSearch) -> str:
    return f"{reverse('saved_searches')}#search-{search.pk}"


@require_safe
@never_cache
@login_required
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to what a search finds now."""
    search = get_object_or_404(SavedSearch.objects.visible_to(request.user), pk=pk)
    return redirect(f"{reverse(search.listing)}?{search.query}")


@require_http_methods(GET_OR_POST)
@never_cache
@login_required
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one's own search another name."""
    search = _own(request, pk)
    former = search.name
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": former})
    if form.is_valid() and _stored(form, lambda: search.rename(form.cleaned_data["name"])):
        return redirect(_in_list(search))
    context = {"form": form, "search": search, "former": former, "words": search.words or described(search.query)}
    return render(request, "postmortems/search_rename.html", context, status=_status(form))


@require_POST
@never_cache
@login_required
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """Let everybody who signs in find one's own search."""
    search = _own(request, pk)
    search.share()
    return redirect(_in_list(search))


@require_POST
@never_cache
@login_required
def unshare(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep one's own search to oneself again."""
    search = _own(request, pk)
    search.unshare()
    return redirect(_in_list(search))


@require_http_methods(GET_OR_POST)
@never_cache
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one's own search, once that is confirmed."""
    search = _own(request, pk)
    if request.method == "POST":
        search.delete()
        return redirect("saved_searches")
    context = {"search": search, "words": search.words or described(search.query)}
    return render(request, "postmortems/search_delete.html", context)


def _own(request: HttpRequest, pk: int) -> SavedSearch:
    """The reader's own search; 404 for everybody else's, shared or not."""
    return get_object_or_404(SavedSearch.objects.owned_by(request.user), pk=pk)
