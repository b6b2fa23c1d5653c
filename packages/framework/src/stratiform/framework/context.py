"""Who asked for what runs now: the identifiers that go with every job, thread, event and log line."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import wraps
from typing import ParamSpec, TypeVar

from stratiform.framework.base import errors
from stratiform.framework.base.ids import Ids

P = ParamSpec("P")
T = TypeVar("T")

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")


class NoContext(errors.Error):
    """This code runs for nobody: it has to be called inside `context.use(...)`."""

    code = "no_context"


@dataclass(frozen=True, kw_only=True)
class Context:
    """On whose behalf something is done, and which request, job and trace it belongs to.

    The principal and the account that it acts for are opaque identifiers; the principal never has a default.
    Raises `Invalid` if it, the request or the trace (32 hexadecimal digits, as in W3C's traceparent) is not one.
    """

    principal: str
    request: str
    trace: str
    root: str | None = None
    job: str | None = None
    account: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would leave a trail that leads to nobody."""
        if not self.principal or not self.request:
            raise errors.Invalid(reason="A context needs a principal and a request.")
        if not _TRACE.fullmatch(self.trace):
            raise errors.Invalid(reason=f"A trace is 32 hexadecimal digits, not {self.trace!r}.")


_current: ContextVar[Context | None] = ContextVar("stratiform", default=None)


def begin(ids: Ids, principal: str) -> Context:
    """A context for work that arrives from outside: a new request, a new trace."""
    return Context(principal=principal, request=ids.uuid(), trace=ids.uuid().replace("-", ""))


def current() -> Context:
    """The context of this thread. Raises `NoContext`; there is no fallback to anybody."""
    context = _current.get()
    if context is None:
        raise NoContext
    return context


def find() -> Context | None:
    """The context of this thread, or None: for what must work outside of any, as a log line must."""
    return _current.get()


@contextmanager
def use(context: Context) -> Iterator[Context]:
    """Run the block in `context`; the one before returns afterwards, whatever happens."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def carry(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, to be called in another thread in the context of this one. Raises `NoContext` at once."""
    context = current()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> T:
        with use(context):
            return function(*args, **kwargs)

    return carried


def attributes(context: Context) -> dict[str, str]:
    """The identifiers of a context by name, without those that it lacks."""
    named = ((field.name, getattr(context, field.name)) for field in fields(context))
    return {name: value for name, value in named if value is not None}
