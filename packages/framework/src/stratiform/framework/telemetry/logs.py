"""Log lines: one set-up for structlog and the standard library, each line with the ids of its context."""

import json
import logging
import re
from collections.abc import Collection, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND, Clock, SystemClock
from stratiform.framework.telemetry.redaction import redact

LEVELS = ("debug", "info", "warning", "error", "critical")

_BEGINS = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\s+")
_IDS = frozenset(field.name for field in fields(context.Context))
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


class Format(StrEnum):
    """How a line looks: for a machine or for a person."""

    JSON = "json"
    CONSOLE = "console"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that was logged, with what follows it of the same record, such as a traceback."""

    at: int
    """When, in microseconds of UTC."""
    text: str
    """What it says, without its time; of JSON in words."""


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second `configure` replaces the first and nothing else."""


def get_logger(name: str) -> BoundLogger:
    """A logger to be kept in a module as `log = get_logger(__name__)`; it follows every later `configure`."""
    logger: BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def configure(stream: TextIO, format: Format, level: str, *, clock: Clock | None = None) -> None:
    """Send every log line of this process to `stream`; called by the composition root only.

    Lines of the standard library's loggers go the same way. Each has its time (UTC, by `clock`), level,
    logger, event, and the ids of the context it was written in. Raises `Invalid` for an unknown level.
    """
    if level not in LEVELS:
        raise errors.Invalid(reason=f"There is no log level {level}, only {', '.join(LEVELS)}.")
    threshold = logging.getLevelNamesMapping()[level.upper()]
    common = _common(clock or SystemClock())
    arguments = structlog.stdlib.PositionalArgumentsFormatter()
    structlog.configure(
        processors=[*common, arguments, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(stream)
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=common, processors=_last(format, stream)))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(threshold)


def _common(clock: Clock) -> list[Processor]:
    def add_time(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        moment = datetime.fromtimestamp(clock.now() / SECOND, UTC)
        return {"time": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"), **line}

    return [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _add_context, add_time]


def _last(format: Format, stream: TextIO) -> list[Processor]:
    render: Processor = structlog.processors.JSONRenderer()
    if format is Format.CONSOLE:
        render = structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="time")
    return [
        ProcessorFormatter.remove_processors_meta,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact,
        render,
    ]


def _add_context(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    found = context.find()
    for name, value in (context.attributes(found) if found else {}).items():
        if line.get(name, value) != value:
            line[f"given_{name}"] = line[name]
        line[name] = value
    return line


def _redact(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    hidden = redact(line)
    assert isinstance(hidden, MutableMapping)
    return hidden


def about(stream: Iterable[str], ids: Collection[str]) -> Iterator[Line]:
    """The lines of a log in either format that name one of these identifiers, in the order written.

    What no `configure` wrote is passed over.
    """
    for at, text in _records(stream):
        if any(each in text for each in ids):
            yield Line(at=at, text=_words(text))


def _records(stream: Iterable[str]) -> Iterator[tuple[int, str]]:
    at, lines = 0, list[str]()
    for line in stream:
        plain = _COLOURS.sub("", line.rstrip("\n"))
        began = _began(plain)
        if began is None:
            lines.append(plain)
            continue
        if at:
            yield at, "\n".join(lines)
        at, lines = began[0], [began[1]]
    if at:
        yield at, "\n".join(lines)


def _began(line: str) -> tuple[int, str] | None:
    """When a record began, and what it says; None if the line belongs to the one before."""
    if line.startswith('{"time": "'):
        found = _BEGINS.match(line.removeprefix('{"time": "').replace('"', " ", 1))
        return (_moment(found["time"]), line) if found else None
    found = _BEGINS.match(line)
    return (_moment(found["time"]), line[found.end() :]) if found else None


def _moment(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * SECOND + moment.microsecond


def _words(text: str) -> str:
    """A record of JSON as a person reads it; any other as it is."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    level, event, exception = (said.pop(name, "") for name in ("level", "event", "exception"))
    rest = " ".join(f"{name}={value}" for name, value in said.items() if name not in {*_IDS, "time", "logger"})
    return "\n".join(part for part in (f"[{level}] {event} {rest}".rstrip(), exception) if part)
