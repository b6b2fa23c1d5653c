"""`stratiform admin`: credentials for the administrator, by whoever may read the key ring."""

import secrets
from pathlib import Path

import click
import msgspec
import sqlalchemy

from stratiform.api.adapters.authenticator import Authenticator
from stratiform.engine.schema import account_user
from stratiform.framework import context, plugins
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.secrets import KeyRing
from stratiform.server.bootstrap import Settings
from stratiform.server.console import option
from stratiform.server.credential.key import KeyPair, Keys
from stratiform.server.credential.password import Passwords

PASSWORD_BYTES = 15
PRINCIPAL = "system:console"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the administrator signs in with."""

    username: str
    password: str
    apikey: str
    secretkey: str


@click.command()
@option.data
@option.database
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def admin(data: Path, database: str, as_json: bool) -> None:
    """A new password and new API keys for the administrator. Earlier keys stay valid, the earlier password does not."""
    settings = Settings(data=data, database=database)
    option.require(settings, ring=True)
    with option.reading(settings) as opened:
        made = renew(opened, settings)
    click.echo(msgspec.json.encode(made) if as_json else _card(made))


def renew(database: Database, settings: Settings) -> Credentials:
    """Set the password of the cloud's first administrator to a new one and issue a key pair."""
    authenticator = plugins.one("stratiform.authenticator", settings.authenticator, Authenticator).plugin
    keys, passwords = Keys(database, KeyRing.load(settings.ring)), Passwords(database, authenticator)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    prepared = passwords.prepare(password)

    def enter(tx: Transaction) -> tuple[str, KeyPair]:
        first = (account_user.c.is_default, account_user.c.removed.is_(None))
        user = tx.execute(sqlalchemy.select(account_user).where(*first).order_by(account_user.c.id).limit(1)).one()
        passwords.keep(tx, user.uuid, prepared)
        return user.name, keys.issue(tx, user.uuid, name="console")

    with context.use(context.begin(database.world.ids, PRINCIPAL)):
        name, pair = database.run(enter)
    return Credentials(username=name, password=password, apikey=pair.api_key, secretkey=pair.secret)


def _card(made: Credentials) -> str:
    return f"""\
  API key     {made.apikey}
  secret key  {made.secretkey}
  user        {made.username}
  password    {made.password}"""
