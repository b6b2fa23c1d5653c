"""The tables of accounts and users."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, flag, index, named, reference, unique

account = entity(
    "account",
    *named(),
    reference("domain"),
    Column("role", Text, nullable=False),  # a value of api.principal.Role
    Column("state", Text, nullable=False),
    Column("network_domain", Text),
    reference("zone", optional=True, name="default_zone_id"),
    flag("is_default"),
    flag("needs_cleanup"),  # it is being ended: nothing new is made for it
    unique("account", "domain_id", "name_key"),
)

account_user = entity(
    "account_user",
    *named(),  # the name that the user logs in with
    reference("account"),
    reference("domain"),  # the account's, since the name is unique in it
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("timezone", Text),
    Column("state", Text, nullable=False),
    flag("is_default"),
    unique("account_user", "domain_id", "name_key"),
    index("account_user", "account_id"),
)
