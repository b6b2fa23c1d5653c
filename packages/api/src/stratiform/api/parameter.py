"""What a command can be asked with: parameters as data, and short ways to write the common ones."""

from dataclasses import dataclass
from enum import StrEnum

from stratiform.api.principal import Role

EVERYONE = frozenset(Role)
ADMINS = frozenset({Role.ADMIN})


class Type(StrEnum):
    """How a value is written on the wire, by the names that listApis shows."""

    STRING = "string"
    BOOLEAN = "boolean"
    SHORT = "short"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    DATE = "date"
    UUID = "uuid"
    LIST = "list"
    MAP = "map"


class Style(StrEnum):
    """What the parts of a map parameter, `name[0].part=value`, mean."""

    KEY_VALUE = "key-value"
    """`name[0].key=a&name[0].value=b`: one entry for each index."""
    FLAT = "flat"
    """`name[0].a=b`: every index adds its parts to one mapping."""
    FLAT_FIRST = "flat-first-index-only"
    """As flat, but only the lowest index is read."""
    FIELDS = "fields"
    """`name[0].part=b`: each index is an object with named parts."""


class Check(StrEnum):
    """What is asked of a value beside its type."""

    NOT_EMPTY = "not empty"
    POSITIVE = "positive"
    UUID = "a UUID"
    HOST_NAME = "a host name of letters, digits and hyphens, at most 63, that begins with a letter"


@dataclass(frozen=True)
class Parameter:
    """One parameter that a command honours; what it does not honour it does not declare."""

    name: str
    """In lower case, which is how names are compared."""
    type: Type
    description: str
    required: bool = False
    kind: str | None = None
    """The kind of entity that a UUID names."""
    items: Type | None = None
    """The type of a list's elements."""
    style: Style | None = None
    """What a map's parts mean."""
    choices: tuple[str, ...] = ()
    """The texts allowed, compared without regard to case; any if empty."""
    check: Check | None = None
    length: int = 255
    """The longest text allowed."""
    since: str | None = None
    """The release of CloudStack that brought it."""
    roles: frozenset[Role] = EVERYONE
    """Who may use it; for anybody else it does not exist."""
    secret: bool = False
    """Whether no error and no log may tell its value."""


@dataclass(frozen=True)
class Refused:
    """A parameter that CloudStack has, this cloud lacks, and that would change the result."""

    name: str
    harmless: tuple[str, ...] = ()
    """Values that ask for what happens anyway, compared without regard to case."""
    roles: frozenset[Role] = EVERYONE
    """For whom CloudStack has it; for anybody else it is ignored there, and so here."""


def refused(*names: str) -> tuple[Refused, ...]:
    """Parameters refused with whatever value."""
    return tuple(map(Refused, names))


def text(name: str, description: str, *, required: bool = False, since: str | None = None) -> Parameter:
    """A text."""
    return Parameter(name, Type.STRING, description, required, since=since)


def secret(name: str, description: str, *, required: bool = False) -> Parameter:
    """A text that nobody is told again, such as a password."""
    return Parameter(name, Type.STRING, description, required, secret=True)


def boolean(name: str, description: str, *, since: str | None = None, roles: frozenset[Role] = EVERYONE) -> Parameter:
    """A truth."""
    return Parameter(name, Type.BOOLEAN, description, since=since, roles=roles)


def integer(name: str, description: str, *, since: str | None = None) -> Parameter:
    """A number of 32 bits."""
    return Parameter(name, Type.INTEGER, description, since=since)


def entity(
    name: str,
    kind: str,
    description: str,
    *,
    required: bool = False,
    since: str | None = None,
    roles: frozenset[Role] = EVERYONE,
) -> Parameter:
    """The UUID of an entity of a kind."""
    return Parameter(name, Type.UUID, description, required, kind=kind, since=since, roles=roles)


def entities(name: str, kind: str, description: str, *, since: str | None = None) -> Parameter:
    """UUIDs of entities of a kind, separated by commas."""
    return Parameter(name, Type.LIST, description, kind=kind, items=Type.UUID, since=since)


LISTING = (
    text("keyword", "List by keyword: a part of the name."),
    integer("page", "The page to answer, from 1; needs pagesize."),
    integer("pagesize", "How many to answer at once, at most default.page.size; -1 without a page for all."),
)
"""What every list takes."""

TREE = (
    boolean("isrecursive", "Whether the domains below domainid are listed too."),
    boolean("listall", "Whether all that the caller may see is listed, not only the caller's own."),
)
"""What every list over the tree of domains takes."""

OWNED = (
    text("account", "List what belongs to this account; needs domainid."),
    entity("domainid", "domain", "List what belongs to this domain."),
    *TREE,
)
"""What every list of things with owners takes."""

COUNT_ONLY = boolean("retrieveonlyresourcecount", "Answer only the count.")
