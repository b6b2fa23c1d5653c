"""Log lines: one set-up for structlog and the standard library, each line with the ids of its context."""

import logging
from collections.abc import MutableMapping
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


class Format(StrEnum):
    """How a line looks: for a machine or for a person."""

    JSON = "json"
    CONSOLE = "console"


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
