"""Access by fixed tables: what a role may call, and what it may see."""

from collections.abc import Mapping
from typing import ClassVar

from stratiform.api.access import Filter, Nothing, holds
from stratiform.api.principal import Principal
from stratiform.plugins.access.static.role import GRANTED
from stratiform.plugins.access.static.visibility import seen


class Static:
    """The three gates over two tables; a check is the list's own predicate, so they cannot disagree."""

    name: ClassVar[str] = "static"
    order: ClassVar[int] = 100

    def may_call(self, who: Principal, command: str) -> bool:
        """Whether the role is granted the command; Admin is granted every one."""
        return who.role not in GRANTED or command in GRANTED[who.role]

    def visible(self, who: Principal, action: str, kind: str) -> Filter:
        """What the principal sees of a kind for an action; nothing if it may not call that."""
        return seen(who, action, kind) if self.may_call(who, action) else Nothing()

    def may_use(self, who: Principal, action: str, kind: str, entity: Mapping[str, object]) -> bool:
        """Whether the entity is among those visible."""
        return holds(self.visible(who, action, kind), entity)


static = Static()
"""What the entry point names: it holds nothing."""
