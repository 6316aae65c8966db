import django.utils.timezone
from django.db import migrations, models


# A second wall behind the model's own refusal: the database too takes no change of an entry.
SQLITE = """
CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON postmortems_auditentry
BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
"""
POSTGRESQL = """
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON postmortems_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_entry_stays()
"""


def guard(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER audit_entry_stays")
    else:
        schema_editor.execute("DROP FUNCTION audit_entry_stays() CASCADE")


class Migration(migrations.Migration):

    dependencies = [
        ('postmortems', '0006_named_readers'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ('actor_number', models.BigIntegerField(editable=False, null=True, verbose_name='account')),
                ('actor', models.CharField(blank=True, editable=False, max_length=150, verbose_name='who')),
                ('action', models.CharField(db_index=True, editable=False, max_length=40)),
                ('object', models.CharField(blank=True, editable=False, max_length=300, verbose_name='what it was done to')),
                ('detail', models.CharField(blank=True, editable=False, max_length=500)),
                ('address', models.CharField(blank=True, editable=False, max_length=45, verbose_name='from')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'ordering': ['-at', '-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.AlterModelOptions(
            name='incident',
            options={'permissions': [('publish_incident', 'Can publish incident')]},
        ),
        migrations.RunPython(guard, unguard),
    ]
