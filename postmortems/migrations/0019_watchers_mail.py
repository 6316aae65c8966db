from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("postmortems", "0018_discussion")]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="watched",
            field=models.BooleanField(
                default=True, verbose_name="when a postmortem I watch is published, reopened or withdrawn"
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="watched_changed",
            field=models.BooleanField(
                default=True, verbose_name="when a postmortem I watch is changed, at most once an hour"
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="watched_commented",
            field=models.BooleanField(default=True, verbose_name="when somebody comments on a postmortem I watch"),
        ),
        migrations.AlterField(
            model_name="mailing",
            name="commented",
            field=models.BooleanField(
                default=True, verbose_name="when somebody comments where I take part or answers me"
            ),
        ),
    ]
