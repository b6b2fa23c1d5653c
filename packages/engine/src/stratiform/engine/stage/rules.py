"""What is listed with the stages and is none."""

from collections.abc import Mapping

from stratiform.engine import check
from stratiform.framework.telemetry import figures

SET_ELSEWHERE: Mapping[str, str] = {
    figures.HTTP: "it is the queue of requests, whose threads a server is started with (--threads)",
    figures.MONITOR: "it watches hosts, as often as ping.interval says",
    figures.HOUSEKEEPING: "it is the loop that every server goes round each second",
}
"""Why each cannot be set as a stage is, and what sets it."""


def settable(name: str) -> None:
    """Refuse what is listed with the stages and is none. Raises `BadParameter`."""
    if name in SET_ELSEWHERE:
        reason = f"{SET_ELSEWHERE[name]}; only what listStages tells to be of type stage can be set"
        raise check.BadParameter(parameter="name", value=name, reason=reason)
