"""The contract of access plug-ins. Subclass and give the plug-in; the kit makes its own tenants."""

from collections.abc import Mapping
from itertools import product
from typing import ClassVar

import msgspec
import pytest

from stratiform.api.access import Access, Filter, holds
from stratiform.api.principal import Principal, Role
from stratiform.api.testing.contract import Contract

DOMAINS = ("root/", "root/a/", "root/a/b/", "root/ab/")
"""A domain, one inside it, one inside that, and one whose name only begins like the second's."""
ACCOUNTS = [f"account-{number}@{domain}" for domain in DOMAINS for number in (1, 2)]
OWNED = ("vm", "volume", "address", "job", "ssh_key_pair", "event")
"""Kinds whose entities are one account's, and never shared."""
KINDS = (
    *("domain", "account", "user", "zone", "pod", "cluster", "host", "physical_network", "network"),
    *("traffic_type", "service_provider", "network_element", "ip_range", "storage_pool", "image_store"),
    *("service_offering", "disk_offering", "network_offering", "os_type", "os_category", "hypervisor"),
    *("template", *OWNED),
)
ACTIONS = (
    *("listVirtualMachines", "deployVirtualMachine", "destroyVirtualMachine", "listVolumes"),
    *("listNetworks", "deleteNetwork", "listTemplates", "listZones", "listHosts", "queryAsyncJobResult"),
    *("createZone", "noSuchCommand"),
)


def principal(role: Role, account: str) -> Principal:
    """A user of one of the kit's accounts."""
    return Principal(user=f"user@{account}", account=account, role=role, scope=account.partition("@")[2])


WHO = [principal(role, account) for role in Role for account in ACCOUNTS]


def entity(account: str | None, scope: str | None, shared: object = ()) -> Mapping[str, object]:
    """An entity's attributes."""
    return {"owner": account, "scope": scope, "id": f"id@{account}", "tag": {}, "shared": shared}


UNSHARED = [
    *(entity(account, account.partition("@")[2]) for account in ACCOUNTS),
    *(entity(None, domain) for domain in DOMAINS),
    entity(None, None),
]
ENTITIES = [
    *UNSHARED,
    *(entity(ACCOUNTS[0], DOMAINS[0], shared=shared) for shared in (True, (ACCOUNTS[3],))),
    {},
]


class AccessContract(Contract):
    """Lists and checks that agree, filters that cross a socket, and no tenant in another's house."""

    protocol: ClassVar[type] = Access

    @pytest.fixture
    def access(self) -> Access:
        """The plug-in: its author's to define."""
        raise NotImplementedError("define the fixture `access`")

    @pytest.fixture
    def adapter(self, access: Access) -> object:
        """The plug-in."""
        return access

    @pytest.mark.parametrize("kind", [*KINDS, "no_such_kind"])
    @pytest.mark.parametrize("role", Role)
    def test_a_check_and_a_list_agree(self, access: Access, role: Role, kind: str) -> None:
        """An entity may be used if and only if the command may be called and its list shows the entity."""
        for who, action in product((who for who in WHO if who.role is role), ACTIONS):
            visible, may_call = access.visible(who, action, kind), access.may_call(who, action)
            for each in ENTITIES:
                may_use = access.may_use(who, action, kind, each)
                assert may_use == (may_call and holds(visible, each)), (who, action, each)

    @pytest.mark.parametrize("kind", [*KINDS, "no_such_kind"])
    def test_a_filter_crosses_a_socket(self, access: Access, kind: str) -> None:
        for who, action in product(WHO, ACTIONS):
            visible = access.visible(who, action, kind)
            sent: Filter = msgspec.json.decode(msgspec.json.encode(visible), type=Filter)
            assert sent == visible

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_question_has_the_same_answer(self, access: Access, kind: str) -> None:
        for who, action in product(WHO, ACTIONS):
            assert access.visible(who, action, kind) == access.visible(who, action, kind)
            assert access.may_call(who, action) is access.may_call(who, action)

    @pytest.mark.parametrize("kind", OWNED)
    @pytest.mark.parametrize("action", ["listVirtualMachines", "destroyVirtualMachine"])
    @pytest.mark.parametrize("account", ACCOUNTS)
    def test_a_user_has_what_its_account_owns_and_no_more(
        self, access: Access, account: str, action: str, kind: str
    ) -> None:
        who = principal(Role.USER, account)
        used = {each["owner"] for each in UNSHARED if access.may_use(who, action, kind, each)}
        assert used == {account}

    @pytest.mark.parametrize("kind", OWNED)
    @pytest.mark.parametrize("account", ACCOUNTS)
    def test_a_domain_admin_has_its_domain_and_those_below(
        self, access: Access, account: str, kind: str
    ) -> None:
        who = principal(Role.DOMAIN_ADMIN, account)
        for owner in ACCOUNTS:
            scope = owner.partition("@")[2]
            may_use = access.may_use(who, "destroyVirtualMachine", kind, entity(owner, scope))
            assert may_use == scope.startswith(who.scope), owner

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_root_admin_has_everything(self, access: Access, kind: str) -> None:
        who = principal(Role.ADMIN, ACCOUNTS[0])
        assert all(access.may_use(who, action, kind, each) for action in ACTIONS[:-1] for each in ENTITIES)

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    @pytest.mark.parametrize("command", ["createZone", "noSuchCommand", "", "*"])
    def test_who_is_no_root_admin_runs_no_cloud(self, access: Access, role: Role, command: str) -> None:
        assert not access.may_call(principal(role, ACCOUNTS[0]), command)

    @pytest.mark.parametrize("role", Role)
    def test_everyone_runs_virtual_machines(self, access: Access, role: Role) -> None:
        for command in ("deployVirtualMachine", "listVirtualMachines", "destroyVirtualMachine", "listZones"):
            assert access.may_call(principal(role, ACCOUNTS[0]), command)

    @pytest.mark.parametrize("kind", ["network", "template"])
    @pytest.mark.parametrize("shared", [True, (ACCOUNTS[7],)])
    def test_what_is_shared_may_be_used_but_not_deleted(
        self, access: Access, kind: str, shared: object
    ) -> None:
        who, lent = principal(Role.USER, ACCOUNTS[7]), entity(ACCOUNTS[0], DOMAINS[0], shared=shared)
        assert access.may_use(who, "deployVirtualMachine", kind, lent)
        assert not access.may_use(who, "deleteNetwork", kind, lent)

    @pytest.mark.parametrize("kind", ["network", "template"])
    def test_what_is_shared_with_one_is_not_shared_with_all(self, access: Access, kind: str) -> None:
        lent = entity(ACCOUNTS[0], DOMAINS[0], shared=(ACCOUNTS[6],))
        assert not access.may_use(principal(Role.USER, ACCOUNTS[7]), "deployVirtualMachine", kind, lent)
