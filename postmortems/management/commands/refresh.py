"""`manage.py refresh`: work out everything derived anew, after loading fixtures or writing to the database by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from postmortems.models import Cause, Incident, Organisation, Service, catch_up
from postmortems.refresh import refresh_cause, refresh_place, refresh_texts
from postmortems.tallying import rebuild


class Command(BaseCommand):
    """Kept HTML, references between incidents, counts per cause and year."""

    help = "Work out everything derived anew: kept HTML, references, counts. Safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """One transaction per row, so that readers and writers go on meanwhile."""
        incidents = 0
        for incident in Incident.objects.order_by("pk").iterator(
            chunk_size=500
        ):  # what is rare depends on what came before
            refresh_texts(incident)
            incidents += 1
        for cause in Cause.objects.order_by("pk").iterator():
            refresh_cause(cause)
        for place in (*Organisation.objects.all(), *Service.objects.all()):
            refresh_place(place)
        catch_up("INC", Incident.objects.all())
        rebuild()
        if options["verbosity"]:
            self.stdout.write(f"Refreshed {incidents} incidents.")
