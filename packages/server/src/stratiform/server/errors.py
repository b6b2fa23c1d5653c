"""Errors as the wire tells them: the only place where there are HTTP statuses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.api.principal import Role
from stratiform.framework.base import errors
from stratiform.framework.base.errors import Error

_UNPRINTABLE = re.compile(r"[^ -~]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

UNKNOWN_WRAPPER = "errorresponse"
"""The top-level name of an error where no command gives one."""


class BadParameter(Error):
    """Unable to execute API command {command} due to {reason}."""

    code = "api_parameter"


class NotSupported(Error):
    """Unable to execute API command {command}: {parameter} is not supported, and the result would differ."""

    code = "parameter_not_supported"


class Malformed(Error):
    """The request cannot be read: {reason}."""

    code = "malformed_request"


class ControlCharacter(Error):
    """The value of {name} has a control character."""

    code = "control_character"


class MalformedMap(Error):
    """The parameter {name} is malformed: a part of a map is written name[0].part=value."""

    code = "malformed_map"


class Unauthenticated(Error):
    """unable to verify user credentials and/or request signature"""

    code = "unauthenticated"


class NotAvailable(Error):
    """The given command '{command}' either does not exist or is not available for user."""

    code = "command_not_available"


class UnknownApi(Error):
    """There is no API {name}, or it is not available for user."""

    code = "unknown_api"


class MethodNotAllowed(Error):
    """{method} is not a method of this API; use {allowed}."""

    code = "method_not_allowed"


class NotHttp(Error):
    """This is not a request that HTTP knows: {reason}."""

    code = "not_http"


class NoCommand(Error):
    """There is no command in the request."""

    code = "no_command"


class PostOnly(Error):
    """{command} changes something, so it must be sent with POST: enforce.post.requests.and.timestamps is set."""

    code = "post_only"


class LogInByPost(Error):
    """Log in with {allowed}: a password does not belong into an address."""

    code = "log_in_by_post"


class LogInFailed(Error):
    """Nobody logs in with this username, password and domain."""

    code = "log_in_failed"


class NoDomain(Error):
    """domainid is the UUID of a domain."""

    code = "log_in_domain"


class NoSession(Error):
    """There is no session to log out of."""

    code = "no_session"


class NotHere(Error):
    """{parameter} is not accepted on the integration port."""

    code = "not_on_integration_port"


class Foreign(Error):
    """The integration port answers programs of this machine, and no browser."""

    code = "foreign_site"


class Authenticator(Error):
    """{command} begins or ends a session, and there are none here."""

    code = "authenticator"


class TooLarge(Error):
    """The request is too large: {what} are at most {limit}."""

    code = "request_too_large"


class UnderWay(Error):
    """{command} was accepted and goes on. Ask queryAsyncJobResult for the job {job}."""

    code = "under_way"


@dataclass(frozen=True)
class Status:
    """How an error is told."""

    http: int
    name: str
    exception: int | None
    """`cserrorcode`, the number of CloudStack's exception; None where there is none."""


BAD_REQUEST = Status(400, "BAD_REQUEST", None)
UNAUTHORIZED = Status(401, "UNAUTHORIZED", None)
NOT_ALLOWED = Status(405, "METHOD_NOT_ALLOWED", None)
PARAMETER = Status(431, "PARAM_ERROR", 9999)
INVALID = Status(431, "PARAM_ERROR", 4350)
UNAVAILABLE = Status(534, "RESOURCE_UNAVAILABLE_ERROR", 4380)
INTERNAL = Status(530, "INTERNAL_ERROR", 4250)

STATUSES = {
    BadParameter.code: PARAMETER,
    NotSupported.code: PARAMETER,
    ControlCharacter.code: PARAMETER,
    Malformed.code: PARAMETER,
    TooLarge.code: PARAMETER,
    MalformedMap.code: Status(430, "MALFORMED_PARAMETER_ERROR", 9999),
    Unauthenticated.code: UNAUTHORIZED,
    MethodNotAllowed.code: NOT_ALLOWED,
    LogInByPost.code: NOT_ALLOWED,
    Authenticator.code: Status(405, "METHOD_NOT_ALLOWED", 9999),
    NotHttp.code: BAD_REQUEST,
    NoCommand.code: BAD_REQUEST,
    PostOnly.code: BAD_REQUEST,
    LogInFailed.code: Status(531, "ACCOUNT_ERROR", None),
    NoDomain.code: UNAUTHORIZED,
    Foreign.code: UNAUTHORIZED,
    NoSession.code: PARAMETER,
    NotHere.code: Status(531, "ACCOUNT_ERROR", 9999),
    NotAvailable.code: Status(432, "UNSUPPORTED_ACTION_ERROR", 9999),
    UnknownApi.code: Status(530, "INTERNAL_ERROR", 4250),  # CloudStack's, though nothing went wrong
    "invalid": INVALID,
    "not_found": INVALID,
    "conflict": INVALID,
    "bad_value": INVALID,
    "not_scoped": INVALID,
    "not_running": INVALID,
    "denied": Status(531, "ACCOUNT_ERROR", 4365),
    "account_limit": Status(532, "ACCOUNT_RESOURCE_LIMIT_ERROR", 4280),
    "insufficient_capacity": Status(533, "INSUFFICIENT_CAPACITY_ERROR", 4325),
    "insufficient_address_capacity": Status(533, "INSUFFICIENT_CAPACITY_ERROR", 4320),
    "insufficient_storage_capacity": Status(533, "INSUFFICIENT_CAPACITY_ERROR", 4340),
    "unavailable": UNAVAILABLE,
    "unreachable": UNAVAILABLE,
    "limit_exceeded": Status(535, "RESOURCE_ALLOCATION_ERROR", 4370),
    "in_use": Status(536, "RESOURCE_IN_USE_ERROR", 4375),
    "rule_conflict": Status(537, "NETWORK_RULE_CONFLICT_ERROR", 4360),
    UnderWay.code: Status(503, "SERVICE_UNAVAILABLE", 9999),
    "overloaded": Status(503, "SERVICE_UNAVAILABLE", 9999),
    "cancelled": Status(503, "SERVICE_UNAVAILABLE", 9999),  # an operator's doing: whoever asked may ask again
    "again": Status(503, "SERVICE_UNAVAILABLE", 9999),
    "internal": INTERNAL,
}
"""By the codes of errors, where none is given by that of the error it is a kind of; any other is `INTERNAL`."""

GENERIC = frozenset({530, 533, 534})
"""Statuses whose text only operators are shown."""

ERRORRESPONSE = frozenset(
    each.code for each in (NotAvailable, NoCommand, MethodNotAllowed, Malformed, NotHttp, TooLarge)
)
"""Errors that are told under `errorresponse` whatever the command."""

BARE = frozenset({LogInByPost.code})
"""Errors that are told as their text alone."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error, ready to be written."""

    status: Status
    wrapper: str
    text: str
    entities: tuple[Mapping[str, str], ...] = ()
    """What the error is about, each by `uuid` and, as `description`, what kind of id that is."""
    allowed: str | None = None
    """The methods to use instead."""
    bare: bool = False
    """Whether it is told as its text alone."""

    @property
    def line(self) -> str:
        """The HTTP status with its name."""
        return f"{self.status.http} {self.status.name}"

    @property
    def description(self) -> str:
        """The text as the header X-Description can carry it: one line of ASCII."""
        return _UNPRINTABLE.sub("?", " ".join(self.text.split()))[:1000]

    @property
    def body(self) -> dict[str, object]:
        """What stands under the wrapper."""
        code = {} if self.status.exception is None else {"cserrorcode": self.status.exception}
        return {"uuidList": [*self.entities], "errorcode": self.status.http, **code, "errortext": self.text}


def status(error: Error) -> Status:
    """How an error is told."""
    codes = (kind.code for kind in type(error).__mro__ if issubclass(kind, Error))
    return next((STATUSES[code] for code in codes if code in STATUSES), INTERNAL)


def refuse(error: Exception, *, wrapper: str, role: Role | None, request: str) -> Refusal:
    """The refusal that tells of an error to a caller with this role, or to nobody known.

    What is not an `Error` of ours tells nothing but the request's id, nor does one that is not for tenants.
    """
    if not isinstance(error, Error):
        return Refusal(status=INTERNAL, wrapper=wrapper, text=_generic("An internal error occurred", request))
    found = status(error)
    if error.code in ERRORRESPONSE:
        wrapper = UNKNOWN_WRAPPER
    if found.http in GENERIC and role is not Role.ADMIN:
        reason = "An internal error occurred" if found == INTERNAL else "The resources needed are not available now"
        return Refusal(status=found, wrapper=wrapper, text=_generic(reason, request))
    allowed = error.parameters.get("allowed") if found.http == NOT_ALLOWED.http else None
    return Refusal(
        status=found,
        wrapper=wrapper,
        text=str(error),
        entities=_entities(error),
        allowed=None if allowed is None else str(allowed),
        bare=error.code in BARE,
    )


def job_result(described: Mapping[str, object]) -> dict[str, object]:
    """The result of a job that failed, from its error as `errors.describe` told it."""
    error = errors.restore(described)
    return {"errorcode": status(error).http, "errortext": str(error)}


def _entities(error: Error) -> tuple[Mapping[str, str], ...]:
    given = error.parameters
    kind, uuid = given.get("kind"), given.get("value" if given.get("key") == "id" else "id")
    if not isinstance(kind, str) or not isinstance(uuid, str) or not _UUID.fullmatch(uuid):
        return ()
    first, *rest = re.split("[ _]", f"{kind} id")
    return ({"uuid": uuid, "description": first + "".join(map(str.capitalize, rest))},)


def _generic(reason: str, request: str) -> str:
    return f"{reason}. Your operator finds the details under request {request}."
