"""What a command answers with: the fields of an object as data."""

from dataclasses import dataclass

from stratiform.api.parameter import EVERYONE
from stratiform.api.principal import Role


@dataclass(frozen=True)
class Field:
    """One field of an answer; it is left out where the object has nothing for it."""

    name: str
    """As the wire spells it."""
    type: str
    """As listApis shows it: `string`, `integer`, `long`, `boolean`, `date`, `map`, `set` or `list`."""
    description: str
    view: "View | None" = None
    """What the elements of a set or list look like."""
    default: bool | int | float | None = None
    """What is answered where the object has nothing: set for the fields that clients count on."""
    roles: frozenset[Role] = EVERYONE
    """Who is shown it."""
    sealed: bool = False
    """Whether it is a secret in the result of a job: told for a short while, and only to who asked for the job."""


@dataclass(frozen=True, eq=False)
class View:
    """The fields of an object, in the order in which single ones are answered; equal only to itself."""

    name: str
    fields: tuple[Field, ...]

    @property
    def sealed(self) -> bool:
        """Whether there are secrets among them that a job keeps sealed."""
        return any(each.sealed for each in self.fields)


SUCCESS = View(
    "success",
    (
        Field("success", "boolean", "true if the command was carried out"),
        Field("displaytext", "string", "what there is to say about it"),
    ),
)
"""The answer of commands that have nothing to show."""


def string(name: str, description: str, *, roles: frozenset[Role] = EVERYONE) -> Field:
    """A text."""
    return Field(name, "string", description, roles=roles)


def whole(name: str, description: str, *, roles: frozenset[Role] = EVERYONE) -> Field:
    """A number of 32 bits."""
    return Field(name, "integer", description, roles=roles)


def long(name: str, description: str, *, default: int | None = None) -> Field:
    """A number of 64 bits."""
    return Field(name, "long", description, default=default)


def flag(name: str, description: str, *, default: bool | None = None, roles: frozenset[Role] = EVERYONE) -> Field:
    """A truth."""
    return Field(name, "boolean", description, default=default, roles=roles)


def date(name: str, description: str) -> Field:
    """A time, told by the engine in microseconds and answered to the second."""
    return Field(name, "date", description)
