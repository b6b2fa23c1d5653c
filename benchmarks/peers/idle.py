"""What a server asks its database while nobody asks anything of it: every statement of every thread, per second."""

import tempfile
import time
from pathlib import Path

from peers import lent

from stratiform.framework.testing.statements import count
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings

SETTLING = 2
"""Seconds until what is done once, at the start, is done."""


def rate(server: str, seconds: int) -> float:
    """Statements per second of one server with an empty cloud."""
    with tempfile.TemporaryDirectory() as data, lent.database(server) as url:
        settings = Settings(data=Path(data), database=url, port=0)
        bootstrap.prepare(settings)
        running = bootstrap.compose(settings)
        running.start()
        time.sleep(SETTLING)
        with count(running.database) as counted:
            time.sleep(seconds)
        running.serving.close()
        running.stop()
        for each in running.tools.hypervisors.values():
            each.retire(settings.data)
    return len(counted) / seconds
