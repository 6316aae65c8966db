"""Who is named on an incident, and an edition for each audience instead of one for all."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("postmortems", "0005_saved_searches"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Marks can be thrown away; the next change makes new ones.
        migrations.DeleteModel(name="Edition"),
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("audience", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("mark", models.CharField(max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name="IncidentReader",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_author", models.BooleanField(default=False, help_text="Writes the postmortem, not only reads it.", verbose_name="author")),
                ("incident", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="named_readers", to="postmortems.incident")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="named_on", to=settings.AUTH_USER_MODEL, verbose_name="person")),
            ],
            options={
                "verbose_name": "named reader",
                "ordering": ["-is_author", "pk"],
                "constraints": [models.UniqueConstraint(fields=("incident", "user"), name="reader_once_per_incident")],
            },
        ),
        migrations.AddField(
            model_name="incident",
            name="readers",
            field=models.ManyToManyField(blank=True, help_text="Who may read it also while it is a draft or restricted, its authors among them.", related_name="incidents_named_on", through="postmortems.IncidentReader", to=settings.AUTH_USER_MODEL),
        ),
    ]
