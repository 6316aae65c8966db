from django.db import migrations

# The history of an actionable is read by whoever reads the actionable.
MODELS = ("fieldchange", "comment", "snooze")
ROLES = ("Reader", "Author", "Manager", "Admin")


def allow(apps, schema_editor):
    """Only the roles as they were made here; permissions that exist already are found and left alone."""
    rights = [permission(apps, model) for model in MODELS]
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        group.permissions.add(*rights)


def permission(apps, model):
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="actionables", model=model)
    name = apps.get_model("actionables", model)._meta.verbose_name
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=f"view_{model}", defaults={"name": f"Can view {name}"}
    )
    return found


class Migration(migrations.Migration):
    dependencies = [("kb", "0003_filing"), ("actionables", "0006_watch")]

    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
