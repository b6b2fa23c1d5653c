"""What the server adds to commands on tenants: credentials, in the transaction that makes or ends their users."""

import sqlalchemy

from stratiform.api.cloud import Submitted
from stratiform.api.events import EventName
from stratiform.engine import api as engine
from stratiform.engine.schema import account, account_user
from stratiform.framework.base.errors import Invalid
from stratiform.framework.events.outbox import Event
from stratiform.server.credential.credentials import Credentials

PREPARED = "prepared"
"""The argument with what is kept of a password, which takes the place of the password before a transaction begins."""

_REGISTER = engine.record_job("registerUserKeys")
_ENDING = account_user.c.account_id.in_(
    sqlalchemy.select(account.c.id).where(account.c.needs_cleanup, account.c.removed.is_(None))
)


def extended(program: engine.Program, credentials: Credentials) -> engine.Program:
    """The engine's program with the commands that handle credentials."""
    own = _Commands(credentials)
    ending = {name: own.ending(program.commands[name]) for name in ("deleteAccount", "deleteDomain")}
    return program.extended({**own.commands, **ending})


class _Commands:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self.commands: engine.Commands = {
            "createAccount": engine.Change("account", self.create_account),
            "createUser": engine.Change("user", self.create_user),
            "updateUser": engine.Change("user", self.update_user),
            "deleteUser": engine.Change("user", self.delete_user),
            "registerUserKeys": engine.Submit(self.register, (_REGISTER,)),
        }

    def create_account(self, call: engine.Call) -> engine.Row:
        """An account and its first user, with a password."""
        row, user = engine.open_account(call)
        self._keep(call, user)
        return row

    def create_user(self, call: engine.Call) -> engine.Row:
        """A user with a password."""
        user = engine.add_user(call)
        self._keep(call, user)
        return user

    def update_user(self, call: engine.Call) -> engine.Row:
        """Other names, another address, and another password if there is one."""
        user = engine.change_user(call)
        if call.given(PREPARED):
            self._keep(call, user)
        return user

    def delete_user(self, call: engine.Call) -> None:
        """Remove a user with all that proves who it is."""
        user = engine.drop_user(call)
        self._credentials.forget(call.tx, account_user.c.id == user.id)

    def register(self, call: engine.Call) -> Submitted:
        """Issue a key pair at once; the job that says so keeps its secret for who asked."""
        user = engine.user_looked_after(call)
        starts, ends = _span(call)
        name, description = call.text_if_given("name") or "", call.text_if_given("description")
        pair = self._credentials.keys.issue(
            call.tx, user.uuid, name=name, description=description, starts=starts, ends=ends
        )
        run = call.work.submit(
            _REGISTER, engine.Nothing(), fair_key=call.who.account, resource=f"user/{user.uuid}"
        )
        told = {
            "name": name or None,
            "description": description,
            "apikey": pair.api_key,
            "secretkey": pair.secret,
            "userid": user.uuid,
            "startdate": starts,
            "enddate": ends,
        }
        self._credentials.results.keep(call.tx, run.uuid, call.who.user, told)
        call.work.publish(
            Event(
                kind=EventName.REGISTER_USER_KEY,
                resource_kind="user",
                resource=user.uuid,
                generation=user.generation,
                payload={"name": user.name, "key": pair.uuid},
            )
        )
        return Submitted(job=run.uuid, entity=user.uuid)

    def ending(self, known: engine.Does) -> engine.Submit:
        """A command that begins to end accounts; with it their users' credentials are forgotten."""
        if not isinstance(known, engine.Submit):
            raise TypeError("what ends an account is a job")

        def run(call: engine.Call) -> Submitted:
            submitted = known.run(call)
            self._credentials.forget(call.tx, _ENDING)
            return submitted

        return engine.Submit(run, known.jobs)

    def _keep(self, call: engine.Call, user: engine.Row) -> None:
        self._credentials.passwords.keep(call.tx, user.uuid, call.text(PREPARED))


def _span(call: engine.Call) -> tuple[int | None, int | None]:
    starts, ends = call.number_if_given("startdate"), call.number_if_given("enddate")
    now = call.world.clock.now()
    if ends is not None and ends <= max(now, starts or now):
        raise Invalid(reason="enddate is over already, or not after startdate: such keys could never be used")
    return starts, ends
