"""The tables: made by the migrations as they are declared, and following the rules of every entity."""

import pytest
from sqlalchemy.sql.expression import TableClause

from stratiform.engine import api, schema
from stratiform.framework.testing.migrations import assert_migrations_match

TABLES = schema.metadata.sorted_tables


def test_migrations_make_what_is_declared(database_url):
    assert_migrations_match(schema.LAYER, url=database_url)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_entity_has_identity_generation_and_span(table):
    assert {"id", "uuid", "generation", "created", "removed"} <= set(table.c.keys())
    assert ("name" in table.c) == ("name_key" in table.c)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_no_name_needs_quoting(table):
    from sqlalchemy.dialects import postgresql as dialect

    preparer = dialect.dialect().identifier_preparer
    for name in (table.name, *table.c.keys(), *(index.name for index in table.indexes)):
        assert preparer.quote(name) == name, "statements are written without quotes"
        assert len(name) < 64, "PostgreSQL cuts longer ones"


def test_index_names_are_unique():
    names = [index.name for table in TABLES for index in table.indexes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", api.LISTINGS)
def test_a_table_seen_from_below_is_as_it_is_declared(kind):
    for other, _ in api.LISTINGS[kind].joins:
        if type(other) is TableClause:
            assert set(other.c.keys()) <= set(schema.metadata.tables[other.name].c.keys())
