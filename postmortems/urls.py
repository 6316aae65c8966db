"""Incidents, causes, services and organisations; saved searches."""

from django.urls import path, re_path

from .views import causes, exports, incidents, linking, places, searches, suggest

urlpatterns = [
    path("incidents/", incidents.listing, name="incidents"),
    path("incidents/export.csv", exports.as_csv, name="incidents_csv"),
    path("incidents/export.json", exports.as_json, name="incidents_json"),
    path("incidents/feed.atom", exports.as_atom, name="incidents_feed"),
    re_path(r"^(?:incidents/)?INC-(?P<number>[1-9]\d{0,8})/?$", incidents.by_reference, name="incident_reference"),
    path("incidents/<slug:slug>/", incidents.detail, name="incident"),
    path("incidents/<slug:slug>/causes/", linking.suggestions, name="incident_causes"),
    path("incidents/<slug:slug>/causes/link/", linking.link, name="cause_link"),
    path("incidents/<slug:slug>/causes/unlink/", linking.unlink, name="cause_unlink"),
    path("incidents/<slug:slug>/causes/reject/", linking.reject, name="cause_reject"),
    path("incidents/<slug:slug>/causes/take-back/", linking.take_back, name="cause_take_back"),
    path("incidents/<slug:slug>/relations/", linking.decide, name="relation_decide"),
    path("causes/", causes.index, name="causes"),
    path("causes/<slug:slug>/", causes.detail, name="cause"),
    path("services/<slug:slug>/", places.service, name="service"),
    path("organisations/<slug:slug>/", places.organisation, name="organisation"),
    path("suggest/", suggest.options, name="suggest"),
    path("searches/", searches.index, name="saved_searches"),
    path("searches/save/", searches.save, name="saved_search_save"),
    path("searches/<int:pk>/", searches.run, name="saved_search"),
    path("searches/<int:pk>/rename/", searches.rename, name="saved_search_rename"),
    path("searches/<int:pk>/share/", searches.share, name="saved_search_share"),
    path("searches/<int:pk>/unshare/", searches.unshare, name="saved_search_unshare"),
    path("searches/<int:pk>/delete/", searches.delete, name="saved_search_delete"),
]
