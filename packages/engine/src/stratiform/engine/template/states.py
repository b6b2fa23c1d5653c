"""The states of templates."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether machines may be made from a template; spelled as the wire's download states."""

    NOT_DOWNLOADED = "NOT_DOWNLOADED"
    DOWNLOADING = "DOWNLOAD_IN_PROGRESS"
    DOWNLOADED = "DOWNLOADED"
    DOWNLOAD_ERROR = "DOWNLOAD_ERROR"
    BYPASSED = "BYPASSED"
    ABANDONED = "ABANDONED"


class Event(StrEnum):
    """What happens to a template."""

    DOWNLOAD = "download"
    SUCCEED = "succeed"
    FAIL = "fail"
    BYPASS = "bypass"
    ABANDON = "abandon"


machine = Machine(
    kind="template",
    initial=State.NOT_DOWNLOADED,
    rows=[
        # It is brought to an image store,
        (State.NOT_DOWNLOADED, Event.DOWNLOAD, State.DOWNLOADING),
        (State.DOWNLOADING, Event.SUCCEED, State.DOWNLOADED),
        (State.DOWNLOADING, Event.FAIL, State.DOWNLOAD_ERROR),
        (State.DOWNLOAD_ERROR, Event.DOWNLOAD, State.DOWNLOADING),
        # or hosts fetch it themselves, when they first need it.
        (State.NOT_DOWNLOADED, Event.BYPASS, State.BYPASSED),
        (State.NOT_DOWNLOADED, Event.ABANDON, State.ABANDONED),
        (State.DOWNLOADED, Event.ABANDON, State.ABANDONED),
        (State.DOWNLOAD_ERROR, Event.ABANDON, State.ABANDONED),
        (State.BYPASSED, Event.ABANDON, State.ABANDONED),
    ],
    final=[State.ABANDONED],
)

READY = frozenset({State.DOWNLOADED, State.BYPASSED})
"""The states in which machines may be made from a template."""
