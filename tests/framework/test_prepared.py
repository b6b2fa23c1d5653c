"""A prepared SELECT: one statement, no transaction, and what becomes of it when its connection is lost."""

import pytest
import sqlalchemy
from sqlalchemy import BigInteger, Text, bindparam, column, literal

from stratiform.framework.db.prepared import Prepared
from stratiform.framework.testing.statements import count

FIRST = sqlalchemy.select(literal(1, BigInteger).label("id"), literal("one", Text).label("name"))
ROWS = FIRST.union_all(sqlalchemy.select(literal(2, BigInteger), sqlalchemy.null())).subquery()
FIND = sqlalchemy.select(ROWS.c.name, literal(7)).where(ROWS.c.id == bindparam("id", type_=BigInteger))


@pytest.fixture
def find(database):
    return Prepared(database, FIND).first


def test_it_finds_the_first_row_or_none(find):
    assert find({"id": 1}) == ("one", 7)
    assert find({"id": 2}) == (None, 7)
    assert find({"id": 3}) is None


def test_it_is_one_statement_and_begins_nothing(find, database):
    with count(database) as asked:
        find({"id": 1})
    asked.expect(statements=1, commits=0)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        assert database.dialect == "sqlite" or not connection.connection.driver_connection.autocommit


def test_a_lost_connection_is_replaced(find, database):
    find({"id": 1})
    lost = database.engine.raw_connection()
    lost.driver_connection.close()
    lost.close()
    assert find({"id": 1}) == ("one", 7)


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it(database):
    absent = sqlalchemy.select(sqlalchemy.table("absent", column("id")).c.id)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="absent"):
        Prepared(database, absent).first({})
    assert Prepared(database, FIND).first({"id": 1}) == ("one", 7)
