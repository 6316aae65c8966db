from django.db import migrations
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

FINISHED = ["done", "declined"]


def fill(apps, schema_editor):
    """When each actionable was opened and closed, from the history that is there."""
    actionables = apps.get_model("actionables", "Actionable").objects.using(schema_editor.connection.alias)
    history = apps.get_model("actionables", "StatusChange").objects.filter(actionable=OuterRef("pk"))
    for name, rows, found in (
        ("opened", actionables.all(), history.filter(from_status="").order_by("position")),
        ("closed", actionables.filter(status__in=FINISHED), history.filter(to_status__in=FINISHED).order_by("-position")),
    ):
        values = {f"{name}_{part}": Subquery(found.values(f"when_{part}")[:1]) for part in ("at", "clock", "precision")}
        values[f"{name}_precision"] = Coalesce(values[f"{name}_precision"], Value("unknown"))
        rows.update(**values)


class Migration(migrations.Migration):

    dependencies = [
        ('actionables', '0003_follow_through'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
