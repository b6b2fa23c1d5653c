"""Paging: which part of a list is wanted, and what of it CloudStack refuses."""

from collections.abc import Mapping, Sequence

from stratiform.api.cloud import Page, Query
from stratiform.server.errors import BadParameter
from stratiform.server.handlers.call import Call

ALL = -1
"""As a page's size."""
APART = frozenset({"page", "pagesize", "retrieveonlyresourcecount"})


def query(call: Call) -> Query:
    """The query of a list command. Raises `BadParameter` for a page without a size and the like."""
    page, pagesize = _number(call, "page"), _number(call, "pagesize")
    if (page is None) != (pagesize is None) and not (page is None and pagesize == ALL):
        raise _bad(call, "page and pagesize must be given together")
    if pagesize is not None and pagesize != ALL and not 0 < pagesize <= call.most:
        raise _bad(call, f"pagesize {pagesize}: it must be 1 to {call.most}, or {ALL} for all")
    if page is not None and (pagesize == ALL or page < 0):
        raise _bad(call, f"page {page} of size {pagesize}")
    filters = {name: value for name, value in call.arguments.items() if name not in APART}
    if "account" in filters and "domainid" not in filters:
        raise _bad(call, "missing parameter domainid: an account is named together with its domain")
    return Query(
        filters=filters,
        page=page if page is None else max(page, 1),
        pagesize=call.most if pagesize is None else pagesize,
    )


def part(rows: Sequence[Mapping[str, object]], query: Query) -> Page:
    """The page that is asked for, of rows that are all at hand."""
    size = len(rows) if query.pagesize in (None, ALL) else int(query.pagesize or 0)
    start = ((query.page or 1) - 1) * size
    return Page(count=len(rows), rows=rows[start : start + size])


def _number(call: Call, name: str) -> int | None:
    value = call.arguments.get(name)
    return value if isinstance(value, int) else None


def _bad(call: Call, reason: str) -> BadParameter:
    return BadParameter(command=call.command.name.lower(), reason=reason)
