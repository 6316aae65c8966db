from django.db import migrations, models


def say_what_was_open(apps, schema_editor):
    """What versions that are kept already say of themselves in their first lines."""
    for revision in apps.get_model("postmortems", "Revision").objects.iterator():
        facts = revision.document.partition("\n---\n")[0].split("\n")
        revision.was_open = "status: published" in facts and "visibility: restricted" not in facts
        revision.save(update_fields=["was_open"])


class Migration(migrations.Migration):
    dependencies = [("postmortems", "0009_suggestions")]

    operations = [
        migrations.AddField(
            model_name="revision",
            name="changed",
            field=models.CharField(
                blank=True, help_text="What differs from the version before, in words.", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="was_open",
            field=models.BooleanField(default=False, help_text="It was published and open when this was saved."),
        ),
        migrations.RunPython(say_what_was_open, migrations.RunPython.noop, elidable=True),
    ]
