from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("postmortems", "0016_removed_rows")]

    operations = [
        migrations.AddField(
            model_name="revision",
            name="why",
            field=models.CharField(
                blank=True, default="", help_text="What the person noted about it, in their words.", max_length=200
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="revision",
            name="note",
            field=models.CharField(
                blank=True, help_text="What was done, as in the name of a section.", max_length=200
            ),
        ),
    ]
