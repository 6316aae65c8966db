from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("actionables", "0008_occurrences")]

    operations = [
        migrations.AddField(
            model_name="reminderchoice",
            name="assigned",
            field=models.BooleanField(default=True, help_text="At once, when somebody else makes something theirs."),
        ),
        migrations.AddField(
            model_name="watch",
            name="told",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="The version of the incident its changes were told up to.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="watch",
            name="told_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When a mail about them went out.", null=True
            ),
        ),
    ]
