"""The tables of search, and beside them what each database searches with."""

import django.db.models.deletion
from django.db import migrations, models

TOKENS = "tokenize = \"ascii tokenchars '~^+!@:-._'\""
WORDS = "new.key, new.stream, new.bag, new.facets"
OLD = "'delete', old.key, old.stream, old.bag, old.facets"
INSERT = "INSERT INTO postmortems_searchindex (rowid, stream, bag, facets) VALUES"
DELETE = "INSERT INTO postmortems_searchindex (postmortems_searchindex, rowid, stream, bag, facets) VALUES"
SQLITE = [
    "CREATE VIRTUAL TABLE postmortems_searchindex USING fts5(stream, bag, facets, content='postmortems_searchdocument',"
    f" content_rowid='key', columnsize=0, {TOKENS})",
    "CREATE TRIGGER postmortems_search_added AFTER INSERT ON postmortems_searchdocument BEGIN "
    f"{INSERT} ({WORDS}); END",
    "CREATE TRIGGER postmortems_search_removed AFTER DELETE ON postmortems_searchdocument BEGIN "
    f"{DELETE} ({OLD}); END",
    "CREATE TRIGGER postmortems_search_changed AFTER UPDATE ON postmortems_searchdocument BEGIN "
    f"{DELETE} ({OLD}); {INSERT} ({WORDS}); END",
]
NO_SQLITE = [
    "DROP TRIGGER postmortems_search_added",
    "DROP TRIGGER postmortems_search_removed",
    "DROP TRIGGER postmortems_search_changed",
    "DROP TABLE postmortems_searchindex",
]
# The index is over what a function makes of the texts. Its cost keeps the planner from working it out row by row.
# Long texts stand beside the table, so that walking it reads little. A long pending list would slow every search.
POSTGRESQL = [
    "CREATE FUNCTION postmortems_search_tokens(stream text, bag text, facets text) RETURNS tsvector "
    "LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000 AS $$ BEGIN RETURN array_to_tsvector(array_remove("
    r"string_to_array(regexp_replace(stream, '(^|\n)§\S+', '', 'g') || ' ' || bag || ' ' || facets, ' '), '')); END $$",
    "ALTER TABLE postmortems_searchdocument SET (toast_tuple_target = 128)",
    "ALTER TABLE postmortems_searchdocument ALTER COLUMN facets SET STORAGE MAIN",
    "CREATE INDEX postmortems_search_index ON postmortems_searchdocument "
    "USING gin (postmortems_search_tokens(stream, bag, facets)) WITH (fastupdate = on, gin_pending_list_limit = 256)",
]
NO_POSTGRESQL = [
    "DROP INDEX postmortems_search_index",
    "DROP FUNCTION postmortems_search_tokens(text, text, text)",
]


def _run(schema_editor, **statements):
    for statement in statements.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement, None)


def make(apps, schema_editor):
    _run(schema_editor, sqlite=SQLITE, postgresql=POSTGRESQL)


def unmake(apps, schema_editor):
    _run(schema_editor, sqlite=NO_SQLITE, postgresql=NO_POSTGRESQL)


class Migration(migrations.Migration):

    dependencies = [("postmortems", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            # Short columns first: SQLite reads a row from its beginning.
            fields=[
                ("key", models.BigAutoField(help_text="The newer the incident the higher; undated ones lowest.", primary_key=True, serialize=False)),
                ("incident", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="search_document", to="postmortems.incident")),
                ("minute", models.BigIntegerField(help_text="When it occurred, since the year 1; null when not known.", null=True)),
                ("lasted", models.IntegerField(help_text="Seconds.", null=True)),
                ("facets", models.TextField(help_text="Who may read it and what it can be narrowed by, as tokens.")),
                ("stream", models.TextField(help_text="Its words as they stand, one passage a line.")),
                ("bag", models.TextField(help_text="Stems and parts of identifiers, each once.")),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                ("word", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("stem", models.CharField(db_index=True, max_length=64)),
                ("documents", models.IntegerField(default=0, help_text="In how many open incidents it stands, about.")),
            ],
        ),
        migrations.CreateModel(
            name="NameIndexed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("object_id", models.BigIntegerField()),
                ("words", models.TextField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="name_indexed_once")]},
        ),
        migrations.RunPython(make, unmake),
    ]
