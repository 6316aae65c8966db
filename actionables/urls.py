"""Actionables."""

from django.urls import path, re_path

from . import views

urlpatterns = [
    path("actionables/", views.table, name="actionables"),
    re_path(r"^actionables/(?P<reference>ACT-[1-9]\d{0,8})/$", views.detail, name="actionable"),
    re_path(r"^ACT-(?P<number>[1-9]\d{0,8})/?$", views.by_reference, name="actionable_reference"),
]
