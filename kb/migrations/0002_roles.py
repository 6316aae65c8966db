from django.db import migrations

# What each role may do, as of this migration; kb/accounts/roles.py holds the present state, and a test compares.
VIEWED = [
    ("postmortems", model)
    for model in ("incident", "incidentcause", "incidentlink", "service", "organisation", "cause", "causegroup")
] + [("timelines", "timelineentry"), ("actionables", "actionable"), ("actionables", "statuschange")]
READ = [("view", app, model) for app, model in VIEWED]
WRITE = (
    [(verb, "postmortems", model) for verb in ("add", "change") for model in ("incident", "service", "organisation")]
    + [(verb, "postmortems", m) for verb in ("add", "change", "delete") for m in ("incidentcause", "incidentlink")]
    + [(verb, "timelines", "timelineentry") for verb in ("add", "change", "delete")]
    + [(verb, "actionables", "actionable") for verb in ("add", "change")]
)
MANAGE = (
    [
        (verb, "postmortems", model)
        for verb in ("add", "change", "delete")
        for model in ("cause", "causegroup", "service", "organisation")
    ]
    + [("delete", "actionables", "actionable"), ("delete", "postmortems", "incident")]
    + [("publish", "postmortems", "incident")]
)
ADMINISTER = [(verb, "auth", model) for verb in ("view", "add", "change", "delete") for model in ("user", "group")] + [
    ("view", "postmortems", "auditentry")
]
ROLES = {
    "Reader": READ,
    "Author": READ + WRITE,
    "Manager": READ + WRITE + MANAGE,
    "Admin": READ + WRITE + MANAGE + ADMINISTER,
}


def make_roles(apps, schema_editor):
    """Permissions are otherwise made after all migrations; those made here are then found and left alone."""
    for role, rights in ROLES.items():
        group, made = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        if made:  # somebody's own group of that name keeps what it has
            group.permissions.set(permission(apps, *right) for right in rights)


def permission(apps, verb, app, model):
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    name = apps.get_model(app, model)._meta.verbose_name if app != "auth" else model
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {name}"}
    )
    return found


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0001_accounts"),
        ("postmortems", "0007_audit"),
        ("timelines", "0001_initial"),
        ("actionables", "0002_faster_lists"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
