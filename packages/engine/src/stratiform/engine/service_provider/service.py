"""Adding network service providers to physical networks, switching them on and off, and taking them away."""

from collections.abc import Iterable

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.entity import above
from stratiform.engine.network_element import service as element
from stratiform.engine.network_element.rules import BALANCERS, ROUTERS
from stratiform.engine.network_element.table import network_element
from stratiform.engine.registry import Noun, Row
from stratiform.engine.service_provider import rules
from stratiform.engine.service_provider.states import Event, State, machine
from stratiform.engine.service_provider.table import service_provider
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(
    kind="service_provider",
    table=service_provider,
    event="SERVICE.PROVIDER",
    name=None,
    within=None,
    parts=(network_element.c.service_provider_id,),
    names={"EDIT": "SERVICE.PROVIDER.UPDATE"},
)

EVENTS = {State.ENABLED: Event.ENABLE, State.DISABLED: Event.DISABLE, State.SHUTDOWN: Event.SHUT_DOWN}

_network = above("network", "id", "name", "physical_network_id", "network_offering_id", "removed")
_service = above("offering_service", "network_offering_id", "provider", "removed")


class NotReady(errors.Invalid):
    """The element of the provider {provider} is not enabled. Configure it with enabled=true first."""

    code = "provider_not_ready"


def add(
    tx: Transaction,
    world: World,
    *,
    physical_network: Row,
    name: str,
    services: Iterable[str] = (),
    destination: Row | None = None,
) -> Row:
    """A provider for the networks of a physical network that the caller holds, disabled, with its element.

    Without `services` it provides all that it can. Raises `BadParameter` if the physical network has it already.
    """
    provider = rules.provider(name)
    same = (service_provider.c.provider == provider, service_provider.c.removed.is_(None))
    here = service_provider.c.physical_network_id == physical_network.id
    if tx.execute(sqlalchemy.select(service_provider.c.id).where(here, *same)).first():
        reason = "the physical network has it already"
        raise check.BadParameter(parameter="name", value=name, reason=reason)
    row = registry.create(
        tx,
        world,
        NOUN,
        physical_network_id=physical_network.id,
        destination_physical_network_id=destination.id if destination else None,
        provider=provider,
        state=State.DISABLED,
        services=rules.services(provider, services),
    )
    if provider in (*ROUTERS, *BALANCERS):
        element.create(tx, world, provider=row)
    return row


def update(tx: Transaction, row: Row, *, state: str | None = None, services: Iterable[str] = ()) -> Row:
    """Set a provider's state, and the services that it provides if any is named. Raises `NotReady`."""
    wanted = tuple(services)
    chosen = rules.services(row.provider, wanted) if wanted else row.services
    if chosen != row.services:
        row = registry.change(tx, NOUN, row, services=chosen)
    if state is None or (to := check.choice("state", state, State)) == row.state:
        return row
    if to is State.ENABLED and row.provider in (*ROUTERS, *BALANCERS) and not element.is_ready(tx, row):
        raise NotReady(provider=row.provider)
    return registry.move(tx, NOUN, row, machine, EVENTS[to])


def provide(tx: Transaction, *, physical_network: Row, name: str) -> Row:
    """Switch a provider of a physical network on, with the element behind it."""
    mine = (service_provider.c.physical_network_id == physical_network.id, service_provider.c.provider == name)
    row = tx.execute(sqlalchemy.select(service_provider).where(*mine, service_provider.c.removed.is_(None))).one()
    behind = (network_element.c.service_provider_id == row.id, network_element.c.removed.is_(None))
    for each in tx.execute(sqlalchemy.select(network_element).where(*behind)).all():
        element.configure(tx, each, is_enabled=True)
    return update(tx, row, state=State.ENABLED)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Take a provider from a physical network that the caller holds. Raises `InUse` while a network is served by it."""
    served = (
        sqlalchemy.select(_network.c.name)
        .join(_service, _service.c.network_offering_id == _network.c.network_offering_id)
        .where(
            _network.c.physical_network_id == row.physical_network_id,
            _network.c.removed.is_(None),
            _service.c.provider == row.provider,
            _service.c.removed.is_(None),
        )
    )
    found = tx.execute(served.limit(1)).first()
    if found is not None:
        raise InUse(kind=NOUN.label, id=row.provider, by=f"the network {found.name}")
    registry.remove(tx, world, NOUN, row)
