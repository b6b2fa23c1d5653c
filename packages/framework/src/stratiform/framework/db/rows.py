"""Many rows in one statement: a JSON parameter read as a table, in the words of either database.

`INSERT … SELECT … FROM rows` and `UPDATE … FROM rows` are one statement and one round trip however many rows
there are, which is where the engine's batches gain most of what they gain. To insert on SQLite, where there is no trip,
`VALUES` takes a seventh of the time that it takes to pick 40 columns of each row out of JSON: see `plain_insertion`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec
import sqlalchemy
from sqlalchemy import Table
from sqlalchemy.types import TypeEngine

NAMES = {"sqlite": {}, "postgresql": {"integer": "bigint", "boolean": "boolean", "text": "text"}}


def encode(rows: Sequence[Mapping[str, object]]) -> str:
    """The parameter for a statement made by `source`: rows of plain numbers, texts and None."""
    return msgspec.json.encode(rows).decode()


def source(dialect: str, columns: Mapping[str, str], *, parameter: str = "rows", alias: str = "r") -> str:
    """A FROM item that reads the JSON parameter as a table of `integer`, `boolean` and `text` columns."""
    if dialect == "postgresql":
        types = ", ".join(f"{name} {NAMES[dialect][kind]}" for name, kind in columns.items())
        return f"jsonb_to_recordset(CAST(:{parameter} AS jsonb)) AS {alias}({types})"
    picked = ", ".join(f"value->>'{name}' AS {name}" for name in columns)
    return f"(SELECT {picked} FROM json_each(:{parameter})) AS {alias}"


def few(dialect: str, table: str, column: str, kind: str) -> str:
    """A condition beside the join with a `source`, that has PostgreSQL look its rows up by an index of this column.

    It cannot tell how few a parameter holds, takes them for 100, and reads a table of thousands whole for those.
    """
    if dialect != "postgresql":
        return ""
    wanted = source(dialect, {column: kind}, alias="few")
    return f" AND {table}.{column} = ANY (ARRAY(SELECT few.{column} FROM {wanted}))"


def kinds(table: Table, names: Iterable[str]) -> dict[str, str]:
    """The column types of `source` for some columns of a table."""
    return {name: _kind(table.c[name].type) for name in names}


def _kind(type_: TypeEngine[object]) -> str:
    if isinstance(type_, sqlalchemy.Boolean):
        return "boolean"  # PostgreSQL does not assign a bigint to it
    return "integer" if isinstance(type_, sqlalchemy.Integer) else "text"


@lru_cache(maxsize=512)
def insertion(dialect: str, table: Table, names: tuple[str, ...]) -> sqlalchemy.TextClause:
    """INSERT of any number of rows with these columns."""
    columns = ", ".join(names)
    rows = source(dialect, kinds(table, names))
    return sqlalchemy.text(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {rows} WHERE true")


@lru_cache(maxsize=512)
def plain_insertion(table: Table, names: tuple[str, ...]) -> sqlalchemy.TextClause:
    """INSERT of a row with these columns, each a parameter of its name; of any number of rows with as many of them."""
    values = ", ".join(f":{name}" for name in names)
    return sqlalchemy.text(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})")


@lru_cache(maxsize=512)
def alteration(dialect: str, table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> sqlalchemy.TextClause:
    """UPDATE of any number of rows found by `keys`, setting `names`; answers the `keys` of the rows that matched.

    They are looked up by the first key that is no guard, of which there is to be an index.

    A key named `was_X` is compared with the column X, so that a column may be both guard and value.
    """
    types = kinds(table, names) | {
        key: kinds(table, [key.removeprefix("was_")])[key.removeprefix("was_")] for key in keys
    }
    sets = ", ".join(f"{name} = r.{name}" for name in names)
    match = " AND ".join(f"{table.name}.{key.removeprefix('was_')} = r.{key}" for key in keys)
    identity = next(key for key in keys if not key.startswith("was_"))
    match += few(dialect, table.name, identity, types[identity])
    answer = ", ".join(f"{table.name}.{key.removeprefix('was_')} AS {key}" for key in keys)
    return sqlalchemy.text(
        f"UPDATE {table.name} SET {sets} FROM {source(dialect, types)} WHERE {match} RETURNING {answer}"
    )
