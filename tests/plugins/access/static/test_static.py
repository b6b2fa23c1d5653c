"""The plug-in keeps the contract of access; its tables say what CloudStack's default roles say."""

import pytest

from stratiform.api.access import Access, Nothing, holds
from stratiform.api.principal import Principal, Role
from stratiform.api.testing.access import KINDS as EVERY_KIND
from stratiform.api.testing.access import AccessContract
from stratiform.framework import plugins
from stratiform.plugins.access.static.access import Static, static
from stratiform.plugins.access.static.role import DOMAIN_ADMIN, RESOURCE_ADMIN, USER
from stratiform.plugins.access.static.visibility import KINDS


class TestStatic(AccessContract):
    @pytest.fixture
    def access(self):
        return Static()


def who(role: Role, scope: str = "root/a/") -> Principal:
    return Principal(user="u", account="acc", role=role, scope=scope)


def uses(principal: Principal, action: str, kind: str, **entity: object) -> bool:
    return Static().may_use(principal, action, kind, entity)


def test_every_kind_is_in_the_table():
    assert set(KINDS) == set(EVERY_KIND)


def test_each_role_has_what_a_user_has():
    assert USER < DOMAIN_ADMIN
    assert USER < RESOURCE_ADMIN


@pytest.mark.parametrize(
    ("command", "roles"),
    [
        ("deployVirtualMachine", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN, Role.USER}),
        ("listApis", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN, Role.USER}),
        ("createSSHKeyPair", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN, Role.USER}),
        ("listUserKeys", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN, Role.USER}),
        ("deleteUserKeys", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN, Role.USER}),
        ("createAccount", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN}),
        ("listDomains", {Role.ADMIN, Role.RESOURCE_ADMIN, Role.DOMAIN_ADMIN}),
        ("createDomain", {Role.ADMIN, Role.DOMAIN_ADMIN}),
        ("listHosts", {Role.ADMIN, Role.RESOURCE_ADMIN}),
        ("addHost", {Role.ADMIN, Role.RESOURCE_ADMIN}),
        ("createStoragePool", {Role.ADMIN}),
        ("a command that comes later", {Role.ADMIN}),
    ],
)
def test_a_command_is_granted_as_cloudstack_grants_it(command, roles):
    assert {role for role in Role if Static().may_call(who(role), command)} == roles


def test_who_may_not_call_sees_nothing():
    assert Static().visible(who(Role.USER), "listHosts", "vm") == Nothing()


@pytest.mark.parametrize("kind", ["zone", "service_offering", "disk_offering", "network_offering"])
@pytest.mark.parametrize(
    ("scope", "role", "seen"),
    [
        (None, Role.USER, True),
        ("root/", Role.USER, True),
        ("root/a/", Role.USER, True),
        ("root/a/b/", Role.USER, False),
        ("root/a/b/", Role.DOMAIN_ADMIN, True),
        ("root/c/", Role.USER, False),
        ("root/c/", Role.DOMAIN_ADMIN, False),
    ],
)
def test_what_is_a_domains_is_seen_by_it_and_those_below(kind, scope, role, seen):
    assert uses(who(role), "listServiceOfferings", kind, scope=scope) is seen
    assert uses(who(role), "deployVirtualMachine", kind, scope=scope) is seen


def test_a_domain_admin_deletes_its_own_offerings_and_no_public_one():
    admin = who(Role.DOMAIN_ADMIN)
    assert uses(admin, "deleteServiceOffering", "service_offering", scope="root/a/b/")
    assert not uses(admin, "deleteServiceOffering", "service_offering", scope=None)
    assert not uses(admin, "deleteServiceOffering", "service_offering", scope="root/")


HARDWARE = ["pod", "cluster", "host", "physical_network", "storage_pool", "image_store"]


@pytest.mark.parametrize("kind", HARDWARE)
def test_tenants_do_not_see_hardware(kind):
    seen = [role for role in Role if holds(Static().visible(who(role), "listZones", kind), {})]
    assert seen == [Role.ADMIN, Role.RESOURCE_ADMIN]


def test_everyone_sees_operating_systems():
    assert uses(who(Role.USER), "listOsTypes", "os_type")


@pytest.mark.parametrize(
    ("action", "kind", "own", "other"),
    [
        ("listUsers", "user", {"id": "u", "scope": "root/a/"}, {"id": "v", "scope": "root/a/"}),
        ("listAccounts", "account", {"id": "acc", "scope": "root/a/"}, {"id": "x", "scope": "root/a/"}),
        ("deployVirtualMachine", "domain", {"scope": "root/a/"}, {"scope": "root/a/b/"}),
    ],
)
def test_a_user_sees_its_own_user_account_and_domain(action, kind, own, other):
    assert uses(who(Role.USER), action, kind, **own)
    assert not uses(who(Role.USER), action, kind, **other)
    assert uses(who(Role.DOMAIN_ADMIN), action, kind, **other)


def test_it_is_loaded_by_its_name():
    assert plugins.one("stratiform.access", "static", Access).plugin is static
