"""Times as the wire writes them."""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from stratiform.framework.base.clock import SECOND

_FORM = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:[T ](?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,6}))?)?"
    r" ?(?P<offset>Z|Z?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d))?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def show(moment: int) -> str:
    """Microseconds of UTC as `2026-01-31T10:00:00+0000`: an offset without a colon, no fraction."""
    return _second(moment // SECOND)


def read(text: str, *, end: bool = False) -> int | None:
    """The moment that a text means, or None if it means none.

    Understood are ISO times with an offset (`Z`, `+00:00`, `+0000`, `Z+0000`), with or without a fraction,
    and, without an offset, times and days of UTC; a day means its beginning, or its last second with `end`.
    """
    found = _FORM.fullmatch(text.strip())
    if not found:
        return None
    clock = found["clock"] or ("23:59:59" if end else "00:00:00")
    offset = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{clock}").replace(tzinfo=UTC)
    except ValueError:
        return None
    since = moment - _EPOCH + (offset if found["sign"] == "-" else -offset)
    return since // timedelta(seconds=1) * SECOND + int((found["fraction"] or "0").ljust(6, "0"))


@lru_cache(maxsize=16384)
def _second(number: int) -> str:
    """Who lists things lists them again, and the times in a list are often the same."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(number))


def has_offset(text: str) -> bool:
    """Whether a time says by itself which zone it is of."""
    found = _FORM.fullmatch(text.strip())
    return bool(found and found["clock"] and found["offset"])
