"""Filing a postmortem."""

from django.urls import path, re_path

from .unsaved import PASTE
from .views import filing, filing_kept, filing_rows, filing_together, pasting, picking

EDIT = r"^INC-(?P<number>[1-9]\d{0,8})/edit/"
ROW = EDIT + r"(?P<name>[a-z]{1,20})/(?P<pk>[1-9]\d{0,17})/"

urlpatterns = [
    path("incidents/new/", filing.new, name="new"),
    path("incidents/new/paste/", pasting.paste, {"name": PASTE}, name="paste"),
    path("writing/keep/", filing_kept.keep, name="keep_unsaved"),
    path("writing/discard/", filing_kept.discard, name="discard_unsaved"),
    path("writing/alike/", filing_kept.alike, name="alike"),
    path("writing/causes/", picking.causes, name="pick_cause"),
    path("writing/services/", picking.services, name="pick_service"),
    path("writing/organisations/", picking.organisations, name="pick_organisation"),
    path("writing/preview/", filing_kept.preview, name="preview"),
    re_path(rf"{EDIT}$", filing.edit, name="edit"),
    re_path(rf"{EDIT}all/$", filing_together.together, name="edit_together"),
    re_path(rf"{EDIT}(?P<name>[a-z]{{1,20}})/$", filing.section, name="edit_section"),
    re_path(rf"{ROW}$", filing_rows.row, name="edit_row"),
    re_path(rf"{ROW}move/$", filing_rows.move, name="move_row"),
    re_path(rf"{ROW}remove/$", filing_rows.remove, name="remove_row"),
    re_path(rf"{ROW}put-back/$", filing_rows.put_back, name="put_back_row"),
]
