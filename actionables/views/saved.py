"""Saving what a list of actionables shows under a name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from actionables.asked import described, normalised
from postmortems.models import SavedSearch
from postmortems.views.searches import saving


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def save(request: HttpRequest) -> HttpResponse:
    """Save the view that the query string asks for: its filters, its order, table or board."""
    query = normalised(request.GET)
    return saving(request, query, described(query), SavedSearch.Listing.ACTIONABLES)
