"""Migrations: every layer at its version, all or nothing, one server at a time."""

import subprocess
import sys
from dataclasses import replace

import pytest
import sqlalchemy
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, MetaData, Table, Text

from stratiform.framework.db import migrate
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Dangling, Layer, SchemaTooNew, SchemaTooOld
from stratiform.framework.db.revision import NothingNew, generate
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing.migrations import assert_migrations_match

HEAD = "import sqlalchemy as sa\nfrom alembic import op\nrevision = {!r}\ndown_revision = {!r}\n\n"
STEPS = [
    'op.create_table("oven", sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False))',
    'op.add_column("oven", sa.Column("name", sa.Text))',
]


@pytest.fixture
def bakery(tmp_path, monkeypatch):
    """Makes a layer whose migrations are the given lines of code, one revision each."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def bakery(*steps, tables=(), name="bakery"):
        package = f"{name}_{tmp_path.name}_{len(made)}"
        made.append(package)
        versions = tmp_path / package / "versions"
        versions.mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
        for number, step in enumerate(steps, 1):
            head = HEAD.format(f"{number:04d}", f"{number - 1:04d}" if number > 1 else None)
            (versions / f"{number:04d}_step.py").write_text(f"{head}def upgrade():\n    {step}\n")
        metadata = MetaData()
        for table in tables:
            table.to_metadata(metadata)
        return Layer(name=name, package=package, metadata=[metadata], version=len(steps), oldest=1)

    yield bakery
    for package in made:
        sys.modules.pop(package, None)


@pytest.fixture
def empty(database_url, world):
    database = Database(database_url, world)
    yield database
    database.close()


def tables(database):
    with database.reading() as connection:
        return set(sqlalchemy.inspect(connection).get_table_names())


def test_the_frameworks_migrations_make_what_is_declared(database_url):
    assert_migrations_match(FRAMEWORK, url=database_url)


def test_a_fresh_database_gets_every_layer_in_order(empty, bakery):
    layers = [FRAMEWORK, bakery(*STEPS)]
    assert migrate.current(empty, layers) == {"framework": 0, "bakery": 0}
    with pytest.raises(SchemaTooOld, match=r"framework tables are at version 0.*stratiform migrate"):
        migrate.check(empty, layers)
    migrate.upgrade(empty, layers)
    migrate.check(empty, layers)
    assert migrate.current(empty, layers) == {"framework": FRAMEWORK.version, "bakery": 2}
    assert {"oven", "event", "process", "sequence", "framework_version", "bakery_version"} <= tables(empty)


def test_it_goes_on_where_it_stood_and_twice_is_once(empty, bakery):
    layer = bakery(*STEPS)
    migrate.upgrade(empty, [replace(layer, version=1)])
    for _ in range(2):
        migrate.upgrade(empty, [layer])
        assert migrate.current(empty, [layer]) == {"bakery": 2}


def test_a_failure_leaves_everything_as_it_was(empty, bakery):
    first, second = bakery(*STEPS), bakery(STEPS[0].replace("oven", "till"), "1 / 0", name="shop")
    with pytest.raises(ZeroDivisionError):
        migrate.upgrade(empty, [first, second])
    assert tables(empty) == set()
    assert migrate.current(empty, [first, second]) == {"bakery": 0, "shop": 0}


def test_code_runs_with_tables_between_its_oldest_and_its_own(empty, bakery):
    layer = bakery(*STEPS)
    migrate.upgrade(empty, [replace(layer, version=1)])
    migrate.check(empty, [layer])
    with pytest.raises(SchemaTooOld, match="at version 1, but 2 is needed"):
        migrate.check(empty, [replace(layer, oldest=2)])


def test_older_code_refuses_newer_tables_and_leaves_them_alone(empty, bakery):
    layer = bakery(*STEPS)
    migrate.upgrade(empty, [layer])
    older = replace(layer, version=1)
    with pytest.raises(SchemaTooNew, match="at version 2, but this program knows only 1"):
        migrate.check(empty, [older])
    with pytest.raises(SchemaTooNew):
        migrate.upgrade(empty, [older])
    assert migrate.current(empty, [layer]) == {"bakery": 2}


UPGRADER = """
import sys
from stratiform.framework.base.world import World
from stratiform.framework.db import migrate
from stratiform.framework.db.database import Database
from stratiform.framework.db.store import DriverStore
from stratiform.framework.schema import FRAMEWORK
database = Database(sys.argv[1], World(store=DriverStore()))
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(database, [FRAMEWORK])
migrate.check(database, [FRAMEWORK])
"""


def test_servers_that_migrate_at_once_take_turns(database_url):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    servers = [subprocess.Popen([sys.executable, "-c", UPGRADER, database_url], **pipes) for _ in range(3)]
    assert [server.stdout.readline() for server in servers] == ["ready\n"] * 3
    for server in servers:
        server.stdin.write("go\n")
        server.stdin.flush()
    ends = [(server.communicate()[1], server.returncode) for server in servers]
    assert ends == [("", 0)] * 3


def test_sqlite_may_rebuild_a_table_that_others_refer_to(empty, bakery):
    layer = bakery(
        *STEPS,
        'oven = sa.ForeignKey("oven.id", ondelete="CASCADE")\n'
        '    op.create_table("loaf", sa.Column("oven", sa.BigInteger, oven))',
        """op.execute("INSERT INTO oven VALUES (1, 'x')"); op.execute("INSERT INTO loaf VALUES (1)")""",
        'with op.batch_alter_table("oven") as batch:\n'
        '        batch.alter_column("name", nullable=False, existing_type=sa.Text())',
    )
    migrate.upgrade(empty, [layer])
    with empty.reading() as connection:
        found = connection.exec_driver_sql("SELECT oven, name FROM loaf JOIN oven ON oven = id")
        assert found.all() == [(1, "x")]
        assert not sqlalchemy.inspect(connection).get_columns("oven")[1]["nullable"]
        if empty.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_migration_that_leaves_dangling_rows_is_rolled_back(empty, bakery):
    if empty.dialect != "sqlite":
        pytest.skip("PostgreSQL refuses the row itself")
    layer = bakery(
        STEPS[0],
        'op.create_table("loaf", sa.Column("oven", sa.BigInteger, sa.ForeignKey("oven.id")))',
        'op.execute("INSERT INTO loaf (oven) VALUES (1)")',
    )
    with pytest.raises(Dangling, match="loaf"):
        migrate.upgrade(empty, [layer])
    assert tables(empty) == set()


def declared_ovens():
    metadata = MetaData()
    oven = Table("oven", metadata, Column("id", BigInteger, primary_key=True, autoincrement=False))
    loaf = Table("loaf", metadata, Column("id", BigInteger, primary_key=True), Column("note", Text))
    loaf.append_column(Column("oven", ForeignKey("oven.id")))
    noted = loaf.c.note.is_not(None)
    Index("loaf_noted", loaf.c.oven, sqlite_where=noted, postgresql_where=noted)
    return oven, loaf


def test_a_revision_is_written_that_makes_what_is_declared(bakery, database_url):
    layer = bakery(tables=declared_ovens())
    file = generate(layer, "Ovens and loaves")
    assert file.name == "0001_ovens_and_loaves.py"
    layer = replace(layer, version=1)
    assert_migrations_match(layer, url=database_url)
    with pytest.raises(NothingNew):
        generate(layer, "Nothing")
    layer.metadata[0].tables["oven"].append_column(Column("name", Text, nullable=False, server_default="x"))
    second = generate(layer, "Names.")
    assert second.name == "0002_names.py"
    assert 'down_revision = "0001"' in second.read_text().replace("'", '"')
    assert_migrations_match(replace(layer, version=2))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda layer: layer.metadata[0].tables["oven"].append_column(Column("x", Text)), "add_column"),
        (lambda layer: Index("more", layer.metadata[0].tables["loaf"].c.note), "create_index"),
        (lambda layer: layer.metadata[0].remove(layer.metadata[0].tables["loaf"]), "drop_table"),
    ],
)
def test_a_declaration_without_a_migration_is_found(bakery, change, told):
    layer = bakery(tables=declared_ovens())
    generate(layer, "All")
    layer = replace(layer, version=1)
    change(layer)
    with pytest.raises(AssertionError, match=told):
        assert_migrations_match(layer)


def test_the_condition_of_an_index_is_compared_too(bakery, database_url):
    layer = bakery(tables=declared_ovens())
    file = generate(layer, "All")
    file.write_text(file.read_text().replace("note IS NOT NULL", "note IS NULL"))
    with pytest.raises(AssertionError, match="loaf_noted"):
        assert_migrations_match(replace(layer, version=1), url=database_url)


WRITTEN = "sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),"
CHECKED = "sa.CheckConstraint('id > 0', name='oven_numbered'),"


@pytest.mark.parametrize(
    ("declared", "migrated", "told"),
    [
        (CHECKED, "", r"\+ oven check_constraints .*oven_numbered"),
        (CHECKED, CHECKED.replace("0", "1"), r"- oven check_constraints .*id > 1"),
        ("", CHECKED, r"- oven check_constraints .*oven_numbered"),
    ],
    ids=["missing", "other", "left over"],
)
def test_the_checks_of_a_table_are_compared_too(bakery, database_url, declared, migrated, told):
    oven, loaf = declared_ovens()
    if declared:
        oven.append_constraint(CheckConstraint("id > 0", name="oven_numbered"))
    layer = bakery(tables=(oven, loaf))
    file = generate(layer, "All")
    text = file.read_text().replace(CHECKED, "")
    assert WRITTEN in text
    file.write_text(text.replace(WRITTEN, f"{WRITTEN} {migrated}", 1))
    with pytest.raises(AssertionError, match=told):
        assert_migrations_match(replace(layer, version=1), url=database_url)


def test_a_layer_says_its_version_right(bakery):
    layer = bakery(*STEPS)
    with pytest.raises(AssertionError, match="is at 1, its last migration is 0002"):
        assert_migrations_match(replace(layer, version=1))


def test_layers_in_one_database_do_not_miss_each_others_tables(bakery, database_url):
    layer = bakery(tables=declared_ovens())
    generate(layer, "All")
    assert_migrations_match(replace(layer, version=1), below=[FRAMEWORK], url=database_url)
