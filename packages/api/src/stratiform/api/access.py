"""The predicate that lists and entity checks share, and the gates that answer with it.

A `Filter` speaks of named attributes only, so that it can cross a socket. The engine compiles it into the one
SELECT of a list; `holds` evaluates the same value for one entity: a check and a list cannot disagree.

The attributes every entity offers where it has them: `owner` (account UUID), `scope` (path of its domain),
`id` (its UUID), `tag` (key and value), `shared` (accounts it is shared with).
"""

from collections.abc import Container, Mapping
from typing import Protocol, TypeAlias

import msgspec

from stratiform.api.principal import Principal


class Nothing(msgspec.Struct, frozen=True, tag="nothing"):
    """No entity."""


class Everything(msgspec.Struct, frozen=True, tag="everything"):
    """Every entity."""


class Equals(msgspec.Struct, frozen=True, tag="equals"):
    """The attribute has this value; `None` asks for an entity without one, such as a public offering."""

    attribute: str
    value: str | None


class Within(msgspec.Struct, frozen=True, tag="within"):
    """The entity's path is `path` or below it."""

    attribute: str
    path: str


class OneOf(msgspec.Struct, frozen=True, tag="one_of"):
    """The attribute is one of at most 1,000 values."""

    attribute: str
    values: tuple[str, ...]


class Tagged(msgspec.Struct, frozen=True, tag="tagged"):
    """The entity has this tag."""

    key: str
    value: str


class SharedWith(msgspec.Struct, frozen=True, tag="shared_with"):
    """The entity's owner has shared it with this account, or it is public."""

    account: str


class All(msgspec.Struct, frozen=True, tag="all"):
    """Every one of these holds; an empty one holds always."""

    of: tuple["Filter", ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """At least one of these holds; an empty one never does."""

    of: tuple["Filter", ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """This does not hold; it is what a deny becomes."""

    of: "Filter"


Filter: TypeAlias = Nothing | Everything | Equals | Within | OneOf | Tagged | SharedWith | All | Any | Not
"""A predicate over the named attributes of an entity."""


def holds(predicate: Filter, entity: Mapping[str, object]) -> bool:
    """Whether the predicate holds for one entity, given its attributes.

    `tag` is a mapping of its tags, `shared` what contains the UUIDs of accounts or True for public; an attribute
    that the entity lacks is None.
    """
    match predicate:
        case Nothing():
            return False
        case Everything():
            return True
        case Equals(attribute, value):
            return entity.get(attribute) == value
        case Within(attribute, path):
            place = entity.get(attribute)
            return isinstance(place, str) and place.startswith(path)
        case OneOf(attribute, values):
            return entity.get(attribute) in values
        case Tagged(key, value):
            tags = entity.get("tag")
            return isinstance(tags, Mapping) and tags.get(key) == value
        case SharedWith(account):
            shared = entity.get("shared")
            if isinstance(shared, str) or not isinstance(shared, Container):
                return shared is True
            return account in shared
        case All(of):
            return all(holds(each, entity) for each in of)
        case Any(of):
            return any(holds(each, entity) for each in of)
        case Not(of):
            return not holds(of, entity)


class ApiAccess(Protocol):
    """Gate: may this command be called at all?"""

    def may_call(self, who: Principal, command: str) -> bool:
        """Whether the principal may call the command, whatever it names."""


class EntityAccess(Protocol):
    """Gate: may this entity be used so?"""

    def may_use(self, who: Principal, action: str, kind: str, entity: Mapping[str, object]) -> bool:
        """Whether the principal may do `action` (a command's name) to the entity with these attributes."""


class QueryFilter(Protocol):
    """Gate: which entities may be seen?"""

    def visible(self, who: Principal, action: str, kind: str) -> Filter:
        """The predicate that a list of `kind` is narrowed by; `kind` is a noun such as `vm` or `zone`."""


class Access(ApiAccess, EntityAccess, QueryFilter, Protocol):
    """The three gates as one plug-in, loaded from the entry points `stratiform.access`."""

    order: int
