"""The table of contents of the site."""

from django.contrib import admin
from django.urls import include, path

from . import views
from .filing import SECTIONS

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("postmortems.urls_filing"), {"sections": SECTIONS}),
    path("", include("postmortems.urls")),
    path("", include("actionables.urls")),
    path("", include("timelines.urls")),
    path("", include("kb.accounts.urls")),
    path("preferences/", views.preferences, name="preferences"),
    path("keyboard/", views.keyboard, name="keyboard"),
    path("healthz", views.health, name="health"),
    path("admin/r/<path:place>", views.closed, name="closed"),
    path("admin/", admin.site.urls),
]
handler400 = "kb.views.bad_request"
handler403 = "kb.views.forbidden"
handler404 = "kb.views.not_found"
handler500 = "kb.views.broken"
