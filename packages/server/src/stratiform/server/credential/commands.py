"""What the server adds to commands on tenants: credentials, in the transaction that makes or ends their users."""

from dataclasses import replace

from stratiform.api.cloud import Submitted
from stratiform.api.events import EventName
from stratiform.engine import api as engine
from stratiform.engine.schema import account_user
from stratiform.framework.base.errors import Invalid, NotFound
from stratiform.framework.events.outbox import Event
from stratiform.server.credential.credentials import ENDING, Credentials
from stratiform.server.credential.key import holder_of

PREPARED = "prepared"
"""The argument with what is kept of a password, which takes the place of the password before a transaction begins."""
PROOF = "proof"
"""The argument with what was kept of the password until now, which the caller has proven."""


def extended(program: engine.Program, credentials: Credentials) -> engine.Program:
    """The engine's program with the commands that handle credentials."""
    own = _Commands(credentials)
    ending = {name: own.ending(program.commands[name]) for name in ("deleteAccount", "deleteDomain")}
    return program.extended({**own.commands, **ending})


class Unproven(Invalid):
    """currentpassword is not your password until now; without it you cannot change it."""

    code = "unproven"


class _Commands:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self.commands: engine.Commands = {
            "createAccount": engine.Change("account", self.create_account),
            "createUser": engine.Change("user", self.create_user),
            "updateUser": engine.Change("user", self.update_user),
            "deleteUser": engine.Change("user", self.delete_user),
            "registerUserKeys": engine.Submit(self.register, (engine.record_job("registerUserKeys"),)),
            "deleteUserKeys": engine.Submit(self.revoke, (engine.record_job("deleteUserKeys"),)),
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
        """Other names, another address, and another password if there is one.

        Raises `Unproven` where the password that the caller has proven is not the one any more.
        """
        user = engine.change_user(call)
        proof = call.text_if_given(PROOF)
        if proof is not None and not self._credentials.passwords.stands(call.tx, call.who.user, proof):
            raise Unproven
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
        submitted = engine.recorded(call, "user", user.uuid)
        told = {
            "name": name or None,
            "description": description,
            "apikey": pair.api_key,
            "secretkey": pair.secret,
            "userid": user.uuid,
            "startdate": starts,
            "enddate": ends,
        }
        self._credentials.results.keep(call.tx, submitted.job, call.who.user, told)
        _publish(call, EventName.REGISTER_USER_KEY, user, pair.uuid)
        return submitted

    def revoke(self, call: engine.Call) -> Submitted:
        """Let nothing be signed with a key pair any more."""
        key = call.text("keypairid")
        user = _holder(call, key)
        self._credentials.keys.revoke(call.tx, key)
        _publish(call, EventName.DELETE_USER_KEY, user, key)
        return engine.recorded(call, "user", user.uuid)

    def ending(self, known: engine.Does) -> engine.Submit:
        """A command that begins to end accounts; with it their users' credentials are forgotten."""
        if not isinstance(known, engine.Submit):
            raise TypeError("what ends an account is a job")

        def run(call: engine.Call) -> Submitted:
            submitted = known.run(call)
            self._credentials.forget(call.tx, ENDING)
            return submitted

        return engine.Submit(run, known.jobs)

    def _keep(self, call: engine.Call, user: engine.Row) -> None:
        self._credentials.change_password(call.tx, user.uuid, call.text(PREPARED))


def _holder(call: engine.Call, key: str) -> engine.Row:
    """The user who has a key pair, if the caller may handle it. Raises `NotFound`, for somebody else's too."""
    user = holder_of(call.tx.connection, key)
    try:
        if user is not None:
            return engine.user_looked_after(replace(call, arguments={"id": user}))
    except NotFound:
        pass  # somebody else's, which must not be told from none
    raise NotFound(kind="key pair", key="id", value=key)


def _publish(call: engine.Call, kind: EventName, user: engine.Row, key: str) -> None:
    payload = {"name": user.name, "key": key}
    call.work.publish(
        Event(kind=kind, resource_kind="user", resource=user.uuid, generation=user.generation, payload=payload)
    )


def _span(call: engine.Call) -> tuple[int | None, int | None]:
    starts, ends = call.number_if_given("startdate"), call.number_if_given("enddate")
    now = call.world.clock.now()
    if ends is not None and ends <= max(now, starts or now):
        raise Invalid(reason="enddate is over already, or not after startdate: such keys could never be used")
    return starts, ends
