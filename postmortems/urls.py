"""Incidents, causes, services and organisations."""

from django.urls import path, re_path

from .views import causes, incidents, places, suggest

urlpatterns = [
    path("incidents/", incidents.listing, name="incidents"),
    re_path(r"^(?:incidents/)?INC-(?P<number>[1-9]\d{0,8})/?$", incidents.by_reference, name="incident_reference"),
    path("incidents/<slug:slug>/", incidents.detail, name="incident"),
    path("causes/", causes.index, name="causes"),
    path("causes/<slug:slug>/", causes.detail, name="cause"),
    path("services/<slug:slug>/", places.service, name="service"),
    path("organisations/<slug:slug>/", places.organisation, name="organisation"),
    path("suggest/", suggest.options, name="suggest"),
]
