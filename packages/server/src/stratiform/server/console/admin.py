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
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.key import KeyPair, Keys
from stratiform.server.credential.password import Passwords
from stratiform.server.session.store import end_all

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
@click.option("--revoke", is_flag=True, help="Revoke all earlier API keys of the administrator.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def admin(data: Path, database: str, revoke: bool, as_json: bool) -> None:
    """A new password and new API keys for the administrator. The earlier password is worth nothing from then on.

    Whoever is logged in by it is out, too. Earlier keys stay valid unless they are revoked.
    """
    settings = Settings(data=data, database=database)
    option.require(settings, ring=True)
    with option.reading(settings) as opened:
        made = renew(opened, settings, revoke=revoke)
    click.echo(msgspec.json.encode(made) if as_json else _card(made))


def renew(database: Database, settings: Settings, *, revoke: bool = False) -> Credentials:
    """Set the password of the cloud's first administrator to a new one, end all sessions, and issue a key pair.

    With `revoke`, no earlier key pair is accepted from the same commit on.
    """
    authenticator = plugins.one("stratiform.authenticator", settings.authenticator, Authenticator).plugin
    keys, passwords = Keys(database, KeyRing.load(settings.ring)), Passwords(database, authenticator, Effort(1))
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    prepared = passwords.prepare(password)

    def enter(tx: Transaction) -> tuple[str, KeyPair]:
        first = (account_user.c.is_default, account_user.c.removed.is_(None))
        user = tx.execute(sqlalchemy.select(account_user).where(*first).order_by(account_user.c.id).limit(1)).one()
        passwords.keep(tx, user.uuid, prepared)
        one = sqlalchemy.select(account_user.c.id).where(account_user.c.id == user.id)
        end_all(tx, one)
        if revoke:
            keys.revoke_all(tx, one)
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
