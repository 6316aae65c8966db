from django.db import migrations

# Templates and wording rules are kept by whoever keeps the taxonomy.
MODELS = ("filingtemplate", "templatetext", "wordingrule")
ROLES = ("Manager", "Admin")


def allow(apps, schema_editor):
    """Only the roles as they were made here; permissions that exist already are found and left alone."""
    rights = [permission(apps, verb, model) for verb in ("view", "add", "change", "delete") for model in MODELS]
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        group.permissions.add(*rights)


def permission(apps, verb, model):
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="postmortems", model=model)
    name = apps.get_model("postmortems", model)._meta.verbose_name
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {name}"}
    )
    return found


class Migration(migrations.Migration):
    dependencies = [("kb", "0002_roles"), ("postmortems", "0014_filing")]

    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
