"""Actionables, and what waits for the person who signed in."""

from django.urls import path, re_path

from .views import export, follow, lists, many, me, one, saved, watch, write

ACT = r"(?P<reference>ACT-[1-9]\d{0,8})"

urlpatterns = [
    path("actionables/", lists.listed, name="actionables"),
    path("actionables/export.csv", export.export, {"kind": "csv"}, name="actionables_csv"),
    path("actionables/export.json", export.export, {"kind": "json"}, name="actionables_json"),
    path("actionables/follow-through/", follow.report, name="follow_through"),
    path("actionables/prevention/", follow.prevention, name="prevention"),
    path("actionables/ledger/<slug:slug>/", follow.ledger, name="cause_ledger"),
    path("actionables/save-view/", saved.save, name="save_view"),
    path("actionables/new/", write.add, name="new_actionable"),
    path("actionables/change/", many.change_many, name="change_actionables"),
    path("actionables/undo/", many.undo, name="undo_change"),
    re_path(r"^actionables/calendar/(?P<secret>[\w-]{43})\.ics$", export.calendar, name="calendar"),
    re_path(rf"^actionables/{ACT}/$", one.detail, name="actionable"),
    re_path(rf"^actionables/{ACT}/change/$", one.change, name="change_actionable"),
    re_path(rf"^actionables/{ACT}/edit/$", write.edit, name="edit_actionable"),
    re_path(rf"^actionables/{ACT}/comment/$", one.comment, name="comment_actionable"),
    re_path(rf"^actionables/{ACT}/choose/$", one.choose, name="choose_actionable"),
    re_path(rf"^actionables/{ACT}/snooze/$", one.snooze, name="snooze_actionable"),
    re_path(r"^ACT-(?P<number>[1-9]\d{0,8})/?$", one.by_reference, name="actionable_reference"),
    path("watch/", watch.watch, name="watch"),
    path("unwatch/", watch.unwatch, name="unwatch"),
    path("me/", me.mine, name="me"),
    path("me/calendar/", me.calendar, name="my_calendar"),
    path("me/mail/", me.mail, name="my_mail"),
]
