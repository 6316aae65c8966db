from collections import defaultdict
from datetime import UTC

from django.db import migrations, models

MILESTONES = ("started", "detected", "acknowledged", "mitigated", "resolved")


def note_what_was_counted(apps, schema_editor):
    """For each open incident what it adds to the counts there are, so that the next change takes off just that."""
    links = apps.get_model("postmortems", "IncidentCause").objects.filter(incident__is_open=1)
    columns = [f"incident__{name}_{part}" for name in MILESTONES for part in ("at", "precision")]
    told = links.order_by("incident_id", "cause_id").values_list(
        "incident_id", "cause_id", "certainty", "incident__occurred_at", *columns
    )
    facts = defaultdict(dict)
    for incident, cause, certainty, at, *moments in told.iterator(chunk_size=5_000):
        year = at.astimezone(UTC).year if at else None
        precision = next((one for when, one in zip(moments[::2], moments[1::2]) if when), "unknown")
        quarter = (at.astimezone(UTC).month + 2) // 3 if at and precision != "year" else None
        before = facts[incident].get(cause, (year, quarter, 1))
        facts[incident][cause] = (year, quarter, min(before[2], int(certainty != "confirmed")))
    counted = apps.get_model("postmortems", "CountedIncident")
    counted.objects.bulk_create(
        (
            counted(incident=incident, facts=[[cause, *fact] for cause, fact in sorted(of_causes.items())])
            for incident, of_causes in facts.items()
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [("postmortems", "0014_filing")]

    operations = [
        migrations.CreateModel(
            name="CountedIncident",
            fields=[
                ("incident", models.BigIntegerField(primary_key=True, serialize=False)),
                ("facts", models.JSONField(default=list, help_text="See postmortems/tallying.py.")),
            ],
        ),
        migrations.RunPython(note_what_was_counted, migrations.RunPython.noop),
    ]
