"""The choices under a field of filing while somebody types a name into it, as pieces of HTML."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..access import may_file
from ..conditional import tagged
from ..models import Organisation, Service
from ..picking import Offer, causes_for, places_for, typed_name
from ..sections import Sections


@require_safe
@tagged
def causes(request: HttpRequest, sections: Sections) -> HttpResponse:
    """Causes of the taxonomy; what none is called can be proposed."""
    offer = causes_for(_typed(request))
    return _answer(request, "cause", "Causes", offer, "Propose “{}” as a new cause", then="group")


@require_safe
@tagged
def services(request: HttpRequest, sections: Sections) -> HttpResponse:
    """Services; what none is called is made when the form is saved."""
    offer = places_for(Service.objects.all(), "services", _typed(request), request.user)
    return _answer(request, "service", "Services", offer, "“{}” as a new service")


@require_safe
@tagged
def organisations(request: HttpRequest, sections: Sections) -> HttpResponse:
    """Organisations; what none is called is made when the form is saved."""
    offer = places_for(Organisation.objects.all(), "organisation", _typed(request), request.user)
    return _answer(request, "organisation", "Organisations", offer, "“{}” as a new organisation")


def _typed(request: HttpRequest) -> str:
    """What was typed, for whoever may file: 403 for others."""
    if not may_file(request.user):
        raise PermissionDenied
    return typed_name(request.GET.get("q", ""))


def _answer(request: HttpRequest, kind: str, heading: str, offer: Offer, words: str, then: str = "") -> HttpResponse:
    """`words` say what is done with what is new, `then` is the field that asks more about it."""
    context = {
        "kind": kind,
        "heading": heading,
        "offer": offer,
        "words": words.format(offer.new),
        "then": then,
    }
    return render(request, "postmortems/_choices.html", context)
