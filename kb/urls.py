"""The table of contents of the site."""

urlpatterns: list = []
