"""A list and a check cannot disagree: the same filter finds the same rows in SQL and in memory."""

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from stratiform.api import access
from stratiform.engine.entity import Exact
from stratiform.engine.visible import MOST, Binding, Link, Reach, TooMany, after, compile
from stratiform.framework.db.migrate import Layer

metadata = MetaData()
thing = Table(
    "thing",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", Exact, nullable=False),
    Column("owner", Exact),
    Column("scope", Exact),
    Column("is_public", Boolean, nullable=False),
    Column("reach", Exact),
    Column("below", Boolean, nullable=False),
)
places = Table(
    "domain", metadata, Column("id", BigInteger, primary_key=True, autoincrement=False), Column("path", Exact)
)
people = Table(
    "account",
    metadata,
    Column("uuid", Exact, primary_key=True),
    Column("id", BigInteger),
    Column("domain_id", BigInteger),
)
thing_tag = Table(
    "thing_tag", metadata, Column("thing_id", BigInteger), Column("tag_key", Text), Column("tag_value", Text)
)
thing_share = Table("thing_share", metadata, Column("thing_id", BigInteger), Column("account", Text))

WHOLE = Binding(
    table=thing,
    owner=thing.c.owner,
    scope=thing.c.scope,
    tags=Link(entity=thing_tag.c.thing_id, value=thing_tag.c.tag_value, key=thing_tag.c.tag_key),
    public=thing.c.is_public,
    shares=Link(entity=thing_share.c.thing_id, value=thing_share.c.account),
)
OWNED = Binding(table=thing, owner=thing.c.owner, scope=thing.c.scope)
SHARED = Binding(table=thing, owner=thing.c.owner, shares=WHOLE.shares)
REACHING = Binding(table=thing, owner=thing.c.owner, reach=Reach(path=thing.c.reach, below=thing.c.below))
LENT = Binding(table=thing, shares=WHOLE.shares, reach=REACHING.reach)
BARE = Binding(table=thing)

thing_key = Table(
    "thing_key", metadata, Column("id", BigInteger), Column("uuid", Exact), Column("owner", Exact),
    Column("account_id", BigInteger),
)  # fmt: skip
"""What refers to its account."""
HOMES = ["a/", "a/b/", "ab/"]

letters = st.sampled_from(["a", "b", "B", "é", "\U0001f600", "%", "_", "/", "'"])
texts = st.text(letters, max_size=3)
keys, values = st.sampled_from(["k", "l"]), st.sampled_from(["v", "w"])
attributes = st.sampled_from(["owner", "scope", "id", "colour"])

filters = st.recursive(
    st.one_of(
        st.builds(access.Nothing),
        st.builds(access.Everything),
        st.builds(
            access.Equals, st.sampled_from(["owner", "scope", "id", "colour", "tag", "shared"]), st.none() | texts
        ),
        st.builds(access.Within, attributes, texts),
        st.builds(access.OneOf, attributes, st.lists(texts, max_size=3).map(tuple)),
        st.builds(access.Tagged, keys, values),
        st.builds(access.SharedWith, texts),
    ),
    lambda inner: st.one_of(
        st.builds(access.All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(access.Any, st.lists(inner, max_size=3).map(tuple)),
        st.builds(access.Not, inner),
    ),
    max_leaves=6,
)
things = st.lists(
    st.fixed_dictionaries(
        {
            "uuid": texts,
            "owner": st.none() | texts,
            "scope": st.none() | texts,
            "is_public": st.booleans(),
            "tags": st.dictionaries(keys, values),
            "shares": st.sets(texts, max_size=2),
            "reach": st.none() | texts,
            "below": st.booleans(),
        }
    ),
    max_size=5,
)
homes = st.dictionaries(texts, texts, max_size=3)
"""The paths of the domains that accounts are in."""


@pytest.fixture
def layers():
    return (Layer(name="toy", package="", metadata=(metadata,), version=1, oldest=1),)


@pytest.fixture
def connection(database):
    with database.engine.connect() as connection:
        yield connection


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    things=things,
    homes=homes,
    predicate=filters,
    binding=st.sampled_from([WHOLE, OWNED, SHARED, REACHING, LENT, BARE]),
)
def test_sql_and_memory_agree(connection, things, homes, predicate, binding):
    with connection.begin() as transaction:
        for id, (name, path) in enumerate(homes.items()):
            connection.execute(places.insert().values(id=id, path=path))
            connection.execute(people.insert().values(uuid=name, domain_id=id))
        for id, each in enumerate(things):
            row = {name: each[name] for name in ("uuid", "owner", "scope", "is_public", "reach", "below")}
            connection.execute(thing.insert().values(id=id, **row))
            for key, value in each["tags"].items():
                connection.execute(thing_tag.insert().values(thing_id=id, tag_key=key, tag_value=value))
            for account in each["shares"]:
                connection.execute(thing_share.insert().values(thing_id=id, account=account))
        wanted = sqlalchemy.select(thing.c.id).where(compile(predicate, binding))
        in_sql = set(connection.execute(wanted).scalars())
        rows = connection.execute(sqlalchemy.select(thing, *binding.columns())).all()
        held = {row.id for row in rows if access.holds(predicate, binding.attributes(connection, row))}
        transaction.rollback()
    assert in_sql == held


@pytest.fixture
def accounts(connection):
    """An account in each of three domains, named after it."""
    with connection.begin() as transaction:
        for id, path in enumerate(HOMES, start=1):
            connection.execute(places.insert().values(id=id, path=path))
            connection.execute(people.insert().values(id=10 + id, uuid=path, domain_id=id))
        yield {path: 10 + id for id, path in enumerate(HOMES, start=1)}
        transaction.rollback()


owned = st.recursive(
    st.one_of(
        st.builds(access.Equals, st.sampled_from(["owner", "scope"]), st.none() | st.sampled_from([*HOMES, "x"])),
        st.builds(access.Within, st.sampled_from(["owner", "scope"]), st.sampled_from(["", "a", *HOMES, "x"])),
        st.builds(
            access.OneOf, st.sampled_from(["owner", "scope"]), st.lists(st.sampled_from(HOMES), max_size=2).map(tuple)
        ),
    ),
    lambda inner: st.one_of(
        st.builds(access.Any, st.lists(inner, max_size=3).map(tuple)), st.builds(access.Not, inner)
    ),
    max_leaves=4,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(owners=st.lists(st.none() | st.sampled_from(HOMES), max_size=5), predicate=owned, by_id=st.booleans())
def test_what_is_found_by_its_account_is_what_is_held(connection, accounts, owners, predicate, by_id):
    """The account is referred to by its id or by its UUID, and what it says is found without a join."""
    key = thing_key.c.account_id if by_id else thing_key.c.owner
    owner = people.c.uuid if by_id else key
    binding = Binding(table=thing_key, owner=owner, owner_key=key, scope=places.c.path)
    joined = thing_key.outerjoin(people, people.c.id == thing_key.c.account_id)
    joined = joined.outerjoin(places, places.c.id == people.c.domain_id)
    with connection.begin_nested() as savepoint:
        for id, each in enumerate(owners):
            row = {"id": id, "uuid": f"{id}", "owner": each, "account_id": accounts.get(each)}
            connection.execute(thing_key.insert().values(**row))
        wanted = sqlalchemy.select(thing_key.c.id).select_from(joined).where(compile(predicate, binding))
        in_sql = set(connection.execute(wanted).scalars())
        rows = connection.execute(sqlalchemy.select(thing_key, *binding.columns()).select_from(joined)).all()
        held = {row.id for row in rows if access.holds(predicate, binding.attributes(connection, row))}
        savepoint.rollback()
    assert in_sql == held


@given(path=st.text(max_size=4), rest=st.text(max_size=2), other=st.text(max_size=4))
def test_a_path_is_a_range_by_code_point(path, rest, other):
    following = after(path)
    if following is not None:
        assert path <= path + rest < following
        assert other.startswith(path) or other < path or other >= following
    else:
        assert set(path) <= {"\U0010ffff"}


def test_a_filter_of_too_many_values_is_refused():
    with pytest.raises(TooMany, match="1001"):
        compile(access.OneOf("id", tuple(map(str, range(MOST + 1)))), BARE)
