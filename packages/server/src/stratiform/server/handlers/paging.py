"""Paging: which part of a list is wanted, and what of it CloudStack refuses."""

from stratiform.api.cloud import Query
from stratiform.server.errors import BadParameter
from stratiform.server.handlers.call import Call

MOST = 500
"""Objects of a page at most, and where nobody asks for pages. `cs` asks for as many."""
ALL = -1
APART = frozenset({"page", "pagesize", "retrieveonlyresourcecount"})


def query(call: Call) -> Query:
    """The query of a list command. Raises `BadParameter` for a page without a size and the like."""
    page, pagesize = _number(call, "page"), _number(call, "pagesize")
    if (page is None) != (pagesize is None) and not (page is None and pagesize == ALL):
        raise _bad(call, "page and pagesize must be given together")
    if pagesize is not None and pagesize != ALL and not 0 < pagesize <= MOST:
        raise _bad(call, f"pagesize {pagesize}: it must be 1 to {MOST}, or {ALL} for all")
    if page is not None and (pagesize == ALL or page < 0):
        raise _bad(call, f"page {page} of size {pagesize}")
    filters = {name: value for name, value in call.arguments.items() if name not in APART}
    if "account" in filters and "domainid" not in filters:
        raise _bad(call, "missing parameter domainid: an account is named together with its domain")
    return Query(filters=filters, page=page if page is None else max(page, 1), pagesize=pagesize)


def _number(call: Call, name: str) -> int | None:
    value = call.arguments.get(name)
    return value if isinstance(value, int) else None


def _bad(call: Call, reason: str) -> BadParameter:
    return BadParameter(command=call.command.name.lower(), reason=reason)
