"""One request, from its parameters to its answer: look up, authenticate, gate, type, carry out, write."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from stratiform.api.access import ApiAccess
from stratiform.api.command import Command
from stratiform.api.principal import Principal
from stratiform.framework import context
from stratiform.framework.base.errors import NotFound
from stratiform.framework.base.world import World
from stratiform.framework.context import Context
from stratiform.framework.telemetry.logs import get_logger
from stratiform.server import answer, arguments, errors, request, traffic
from stratiform.server.answer import Body
from stratiform.server.configuration import Configuration
from stratiform.server.door import Authenticate, Door
from stratiform.server.errors import NotAvailable
from stratiform.server.handlers.call import PAGE_SIZE, Call, Handler
from stratiform.server.handlers.capability import VERSION
from stratiform.server.request import Asked
from stratiform.server.token import Tokens
from stratiform.server.traffic import Requests

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer as HTTP carries it."""

    status: str
    content_type: str
    body: bytes
    headers: Mapping[str, str]
    cookies: tuple[str, ...] = ()
    """Values of `Set-Cookie`."""


class Dispatcher:
    """Answers requests; safe to be used by any number of threads, and behind any number of doors."""

    def __init__(
        self,
        *,
        commands: Mapping[str, Command],
        handlers: Mapping[str, Handler],
        access: ApiAccess,
        config: Configuration,
        tokens: Tokens,
        requests: Requests,
        world: World,
    ) -> None:
        self._commands = commands
        self._handlers = handlers
        self._access = access
        self._config = config
        self._tokens = tokens
        self._requests = requests
        self._world = world

    def answer(self, asked: Asked, door: Door) -> Reply:
        """The answer to what came through a door; an error is an answer too, so this raises nothing."""
        began = self._requests.now()
        exchange = _Exchange(request=self._world.ids.uuid(), asked=asked, door=door)
        reply = self._answer(exchange)
        command = exchange.command.name if exchange.command else None
        self._requests.answered(exchange.request, command, reply.status, began)
        return reply

    def _answer(self, exchange: "_Exchange") -> Reply:
        asked = exchange.asked
        try:
            parameters = request.merge(asked.query, asked.form)
            exchange.json = request.wants_json(parameters)
            return self._carry_out(exchange, parameters)
        except Exception as error:  # whatever it is, the caller gets the protocol's own error
            return exchange.refuse(error)

    def refuse(self, error: Exception, asked: Asked, door: Door) -> Reply:
        """The answer to what is no request of this API at all."""
        return _Exchange(request=self._world.ids.uuid(), asked=asked, door=door).refuse(error)

    def _carry_out(self, exchange: "_Exchange", parameters: Mapping[str, str]) -> Reply:
        name = parameters.get("command", "")
        authenticate = exchange.door.authenticators.get(name.lower())
        if authenticate is not None:
            return self._welcome(exchange, authenticate, parameters)
        command = exchange.command = self._commands.get(name)
        exchange.who = who = exchange.door.admit(exchange.asked, parameters, command)
        if command is None:
            raise NotAvailable(command=name)
        trace = traffic.trace(exchange.request)
        with context.use(Context(principal=who.user, account=who.account, request=exchange.request, trace=trace)):
            try:
                given = request.given(parameters)
                if not self._access.may_call(who, command.name):
                    raise NotAvailable(command=command.name)
                read, most = arguments.read(command, given, who.role), self._config.value(PAGE_SIZE)
                token = self._tokens.of(command, who, exchange.asked.token, given)
                call = Call(command=command, who=who, arguments=read, most=most, token=token)
                return exchange.reply(command.response, self._handle(call))
            except Exception as error:
                return exchange.refuse(error)

    def _welcome(self, exchange: "_Exchange", authenticate: Authenticate, parameters: Mapping[str, str]) -> Reply:
        exchange.command = command = self._commands[parameters["command"].lower()]
        welcome = authenticate(exchange.asked, parameters, exchange.request)
        return exchange.reply(command.response, welcome.body, cookies=welcome.cookies)

    def _handle(self, call: Call) -> Body:
        try:
            return self._handlers[call.command.name](call)
        except NotFound as error:
            raise arguments.blame(call.command, call.arguments, error) from error


@dataclass(kw_only=True)
class _Exchange:
    """What is known of a request so far: how to answer, and to whom."""

    request: str
    asked: Asked
    door: Door
    json: bool | None = None
    command: Command | None = None
    who: Principal | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def reply(
        self, wrapper: str, body: Mapping[str, object], status: str = "200 OK", cookies: tuple[str, ...] = ()
    ) -> Reply:
        """The answer in the form that was asked for."""
        json = self.asked.wants_json if self.json is None else self.json
        version = VERSION if self.who else None
        return Reply(
            status=status,
            content_type=answer.JSON if json else answer.XML,
            body=answer.encode(wrapper, body, json=json, version=version),
            headers={"X-Request-Id": self.request, **self.headers},
            cookies=cookies,
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
        self.headers["X-Description"] = refusal.description
        if refusal.allowed:
            self.headers["Allow"] = refusal.allowed
        line = f"{refusal.status.http} {refusal.description}" if self.door.reasons else refusal.line
        reply = self.reply(refusal.wrapper, refusal.body, line)
        return replace(reply, body=refusal.text.encode()) if refusal.bare else reply
