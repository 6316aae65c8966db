"""Incidents, causes, services and organisations; saved searches."""

from django.urls import path, re_path

from .views import causes, comments, exports, history, incidents, places, review, searches, suggest

urlpatterns = [
    path("incidents/", incidents.listing, name="incidents"),
    path("incidents/export.csv", exports.as_csv, name="incidents_csv"),
    path("incidents/export.json", exports.as_json, name="incidents_json"),
    path("incidents/feed.atom", exports.as_atom, name="incidents_feed"),
    re_path(r"^(?:incidents/)?INC-(?P<number>[1-9]\d{0,8})/?$", incidents.by_reference, name="incident_reference"),
    path("incidents/<slug:slug>/", incidents.detail, name="incident"),
    path("incidents/<slug:slug>/history/", history.history, name="history"),
    path("incidents/<slug:slug>/diff/", history.diff, name="diff"),
    path("incidents/<slug:slug>/versions/<int:number>/", history.version, name="version"),
    path("incidents/<slug:slug>/versions/<int:number>/restore/", history.restoring, name="restore"),
    path("incidents/<slug:slug>/document.md", history.document, name="document"),
    path("incidents/<slug:slug>/review/", review.review, name="review"),
    path("incidents/<slug:slug>/review/ask/", review.asking, name="ask"),
    path("incidents/<slug:slug>/review/unask/<int:pk>/", review.unasking, name="unask"),
    path("incidents/<slug:slug>/review/approve/", review.approve, name="approve"),
    path("incidents/<slug:slug>/review/ask-for-changes/", review.ask_for_changes, name="ask_for_changes"),
    path("incidents/<slug:slug>/review/publish/", review.publishing, name="publish"),
    path("incidents/<slug:slug>/review/withdraw/", review.withdrawing, name="withdraw"),
    path("incidents/<slug:slug>/review/reopen/", review.reopening, name="reopen"),
    path("incidents/<slug:slug>/review/comment/", comments.add, name="comment"),
    path("incidents/<slug:slug>/review/comments/<int:pk>/reply/", comments.reply, name="reply"),
    path("incidents/<slug:slug>/review/comments/<int:pk>/resolve/", comments.resolve, name="resolve"),
    path("incidents/<slug:slug>/review/comments/<int:pk>/unresolve/", comments.unresolve, name="unresolve"),
    path("mails/", review.mails, name="mails"),
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
