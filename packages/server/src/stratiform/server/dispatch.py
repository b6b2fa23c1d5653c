"""One request, from its parameters to its answer: look up, authenticate, gate, type, carry out, write."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.api.access import ApiAccess
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.framework import context
from stratiform.framework.base.errors import NotFound
from stratiform.framework.base.world import World
from stratiform.framework.context import Context
from stratiform.framework.telemetry.logs import get_logger
from stratiform.server import answer, arguments, errors, request, signature
from stratiform.server.answer import Body
from stratiform.server.errors import NotAvailable, Unauthenticated
from stratiform.server.handlers.call import Call, Handler
from stratiform.server.handlers.capability import VERSION
from stratiform.server.signature import Callers

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as HTTP carries it."""

    status: str
    content_type: str
    body: bytes
    headers: Mapping[str, str]


class Dispatcher:
    """Answers requests; safe to be used by any number of threads."""

    def __init__(
        self,
        *,
        commands: Mapping[str, Command],
        handlers: Mapping[str, Handler],
        access: ApiAccess,
        callers: Callers,
        world: World,
    ) -> None:
        self._commands = commands
        self._handlers = handlers
        self._access = access
        self._callers = callers
        self._world = world

    def answer(self, query: str, body: bytes = b"") -> Reply:
        """The answer to a query string and a form; an error is an answer too, so this raises nothing."""
        exchange = _Exchange(request=self._world.ids.uuid(), json="response=json" in query.lower())
        try:
            parameters = request.merge(query, body)
            exchange.json = request.wants_json(parameters)
            return self._carry_out(exchange, parameters)
        except Exception as error:  # whatever it is, the caller gets the protocol's own error
            return exchange.refuse(error)

    def refuse(self, error: Exception, query: str) -> Reply:
        """The answer to what is no request of this API at all."""
        return _Exchange(request=self._world.ids.uuid(), json="response=json" in query.lower()).refuse(error)

    def _carry_out(self, exchange: "_Exchange", parameters: Mapping[str, str]) -> Reply:
        command = exchange.command = self._commands.get(parameters.get("command", ""))
        if command is None:
            raise Unauthenticated
        exchange.who = who = signature.authenticate(parameters, self._callers, self._world.clock)
        trace = self._world.ids.uuid().replace("-", "")
        with context.use(Context(principal=who.user, request=exchange.request, trace=trace)):
            try:
                given = request.given(parameters)
                if not self._access.may_call(who, command.name):
                    raise NotAvailable(command=command.name)
                call = Call(command=command, who=who, arguments=arguments.read(command, given, who.role))
                return exchange.reply(command.response, self._handle(call))
            except Exception as error:
                return exchange.refuse(error)

    def _handle(self, call: Call) -> Body:
        try:
            return self._handlers[call.command.name](call)
        except NotFound as error:
            raise arguments.blame(call.command, call.arguments, error) from error


@dataclass(kw_only=True)
class _Exchange:
    """What is known of a request so far: how to answer, and to whom."""

    request: str
    json: bool
    command: Command | None = None
    who: Principal | None = None

    def reply(self, wrapper: str, body: Mapping[str, object], status: str = "200 OK", **headers: str) -> Reply:
        """The answer in the form that was asked for."""
        version = VERSION if self.who else None
        return Reply(
            status=status,
            content_type=answer.JSON if self.json else answer.XML,
            body=answer.encode(wrapper, body, json=self.json, version=version),
            headers={"X-Request-Id": self.request, **headers},
        )

    def refuse(self, error: Exception) -> Reply:
        """The answer that tells of an error; what it does not tell goes into the log."""
        wrapper = self.command.response if self.command else errors.UNKNOWN_WRAPPER
        role = self.who.role if self.who else None
        refusal = errors.refuse(error, wrapper=wrapper, role=role, request=self.request)
        name = self.command.name if self.command else None
        if refusal.status is errors.INTERNAL:
            log.error("request failed", command=name, asked=self.request, exc_info=error)
        else:
            log.info("request refused", command=name, status=refusal.status.http, text=refusal.text)
        headers = {"X-Description": refusal.description}
        return self.reply(refusal.wrapper, refusal.body, refusal.line, **headers)
