from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("postmortems", "0017_noted_saves")]

    operations = [
        migrations.AddField(
            model_name="remark",
            name="was_open",
            field=models.BooleanField(default=False, help_text="It was said where everybody who reads it may see it."),
        ),
    ]
