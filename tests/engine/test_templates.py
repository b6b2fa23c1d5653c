"""Templates: registering them, and which of them a list chooses for whom."""

import pytest
import sqlalchemy

from stratiform.api.access import Any, Equals, Everything, SharedWith, Within
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api
from stratiform.engine.check import BadParameter
from stratiform.engine.seed import BUILT_IN
from stratiform.framework.base import errors
from stratiform.framework.events.table import event

DEBIAN = {"name": "debian", "url": "https://example.org/debian.qcow2", "format": "qcow2", "hypervisor": "simulator"}
EVERYWHERE = {**DEBIAN, "zoneid": "-1"}


def seen(who, action, kind):
    """Templates are lent; an administrator of a domain sees those of the domains below, and a user its own account."""
    if who.role is Role.ADMIN:
        return Everything()
    own = Equals("owner", who.account) if who.role is Role.USER else Within("scope", who.scope)
    return {"template": Any((own, SharedWith(who.account))), "account": own}.get(kind, Everything())


class Cloud:
    """The engine as the server calls it."""

    def __init__(self, site, gate):
        self.site = site
        self.engine = api.Engine(site.database, gate, listings=api.LISTINGS, commands=api.program.commands)

    def register(self, who=None, **arguments):
        """A template that was registered, by the tenant unless somebody else is named."""
        return dict(self.engine.change("registerTemplate", who or self.site.tenant, arguments))

    def names(self, choice, who=None, **filters):
        """The names of the templates that a list chooses, but for the two of the cloud itself."""
        query = Query(filters={"templatefilter": choice, **filters})
        rows = self.engine.list("template", who or self.site.tenant, "listTemplates", query).rows
        return sorted({row["name"] for row in rows} - {BUILT_IN, "tiny"})


@pytest.fixture
def cloud(site, gate):
    return Cloud(site, gate(seen))


@pytest.fixture
def manager(site):
    """Who administers the tenant's domain, by an account of its own."""
    with site.database.transaction() as tx:
        account = api.create_account(tx, site.world, name="boss", domain=site.domain, role=Role.DOMAIN_ADMIN)
        user = site.add_user(tx, account, "boss")
    return Principal(user=user.uuid, account=account.uuid, role=Role.DOMAIN_ADMIN, scope=site.domain.path)


def refused(parameter, action, *what, **arguments):
    with pytest.raises(BadParameter) as raised:
        action(*what, **arguments)
    assert raised.value.parameters["parameter"] == parameter
    return str(raised.value)


def test_a_template_is_ready_at_once_and_told_as_it_was_registered(cloud, site):
    made = cloud.register(
        **EVERYWHERE,
        displaytext="Debian",
        ostypeid=site.os_type.uuid,
        bits=32,
        checksum="{SHA-256}0",
        ispublic=True,
        isextractable=True,
        passwordenabled=True,
        sshkeyenabled=True,
        isdynamicallyscalable=True,
        requireshvm=False,
        details={"rootDiskController": "scsi", "keyboard": "de"},
    )
    assert (made["isready"], made["status"]) == (True, "Bypassed Secondary Storage")
    assert made["directdownload"], "hosts fetch it themselves"
    assert (made["name"], made["displaytext"], made["url"]) == ("debian", "Debian", DEBIAN["url"])
    assert (made["format"], made["hypervisor"], made["templatetype"]) == ("QCOW2", "Simulator", "USER")
    assert (made["account"], made["domainpath"]) == ("ann", "ROOT/sales")
    assert (made["crossZones"], "zoneid" in made) == (True, False)
    assert (made["bits"], made["checksum"], made["ostypename"]) == (32, "{SHA-256}0", site.os_type.name)
    assert made["details"] == {"rootDiskController": "scsi", "keyboard": "de"}
    flags = ("ispublic", "isextractable", "passwordenabled", "sshkeyenabled", "isdynamicallyscalable")
    assert all(made[flag] for flag in flags)
    assert not made["requireshvm"]
    found = sqlalchemy.select(event.c.kind).where(event.c.resource == made["id"])
    with site.database.reading() as connection:
        assert [*connection.execute(found).scalars()] == ["TEMPLATE.CREATE"]


def test_what_nobody_says_is_as_clients_expect(cloud):
    made = cloud.register(**EVERYWHERE)
    assert (made["displaytext"], made["bits"], made["requireshvm"], made["details"]) == ("debian", 64, True, {})
    assert made["ostypename"] == "Other (64-bit)"
    assert not any(made[flag] for flag in ("ispublic", "isfeatured", "isextractable"))


def test_a_template_is_in_one_zone_or_in_all(cloud, site):
    with site.database.transaction() as tx:
        other = api.create_zone(
            tx, site.world, name="zone2", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
    here = cloud.register(**DEBIAN, zoneid=site.zone.uuid)
    assert (here["zoneid"], here["zonename"], here["crossZones"]) == (site.zone.uuid, "zone1", False)
    cloud.register(**{**DEBIAN, "name": "there"}, zoneids=(other.uuid,))
    cloud.register(**{**DEBIAN, "name": "all"}, zoneids=("-1",))
    assert cloud.names("self", zoneid=site.zone.uuid) == ["all", "debian"]
    assert cloud.names("self", zoneid=other.uuid) == ["all", "there"]
    assert "one zone" in refused("zoneids", cloud.register, **DEBIAN, zoneids=(site.zone.uuid, other.uuid))
    refused("zoneids", cloud.register, **DEBIAN)
    refused("zoneids", cloud.register, **DEBIAN, zoneid="-1", zoneids=(other.uuid,))
    with pytest.raises(errors.NotFound):
        cloud.register(**DEBIAN, zoneid="00000000-0000-7000-8000-000000000000")


def test_the_templates_of_a_zone_go_with_it(cloud, site):
    with site.database.transaction() as tx:
        other = api.create_zone(
            tx, site.world, name="zone2", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
    cloud.register(**DEBIAN, zoneid=other.uuid)
    cloud.register(**{**EVERYWHERE, "name": "all"})
    with site.database.transaction() as tx:
        api.remove_zone(tx, site.world, other)
    assert cloud.names("self") == ["all"]


@pytest.mark.parametrize(
    ("values", "parameter", "hint"),
    [
        ({"url": "nfs://10.0.0.3/images/x.qcow2"}, "url", "https"),
        ({"url": "file:///etc/shadow"}, "url", "https"),
        ({"url": "debian.qcow2"}, "url", "https"),
        ({"url": "http://[/x"}, "url", "https"),
        ({"url": "https:///x"}, "url", "https"),
        ({"format": "ISO"}, "format", "QCOW2"),
        ({"hypervisor": "Simulatr"}, "hypervisor", "Simulator"),
        ({"bits": 16}, "bits", "32 or 64"),
        ({"name": ""}, "name", "give a name"),
    ],
)
def test_a_template_that_cannot_be_is_refused_and_nothing_is_left(cloud, values, parameter, hint):
    assert hint in refused(parameter, cloud.register, **{**EVERYWHERE, **values})
    assert cloud.names("self") == []


def test_only_operators_name_images_inside_the_data_centre(cloud, site):
    made = cloud.register(site.root_admin, **{**EVERYWHERE, "url": "nfs://10.0.0.3/images/x.qcow2"}, isfeatured=True)
    assert (made["isfeatured"], made["account"]) == (True, "admin")


def test_a_hypervisor_of_the_clusters_is_one_to_register_for(cloud, site):
    with site.database.transaction() as tx:
        api.create_cluster(tx, site.world, pod=site.pod, name="other", hypervisor="Own")
    assert cloud.register(**{**EVERYWHERE, "hypervisor": "OWN"})["hypervisor"] == "Own"


def test_an_administrator_registers_for_an_account_of_its_domain(cloud, site, manager):
    ann = {"account": "ann", "domainid": site.domain.uuid}
    assert cloud.register(manager, **EVERYWHERE, **ann)["account"] == "ann"
    refused("account", cloud.register, manager, **EVERYWHERE, account="ann")
    with pytest.raises(errors.NotFound):
        cloud.register(site.tenant, **EVERYWHERE, account="boss", domainid=site.domain.uuid)
    with pytest.raises(errors.NotFound):
        cloud.register(manager, **EVERYWHERE, account="admin", domainid=site.root_domain.uuid)


def test_whose_templates_are_ones_own(cloud, site, manager):
    cloud.register(**EVERYWHERE)
    cloud.register(manager, **{**EVERYWHERE, "name": "bosses"})
    cloud.register(site.root_admin, **{**EVERYWHERE, "name": "roots"}, ispublic=True)
    ann = {"account": "ann", "domainid": site.domain.uuid}
    assert cloud.names("self") == ["debian"]
    assert cloud.names("self", listall=True) == ["debian"], "a tenant looks after nobody else"
    assert cloud.names("selfexecutable", manager) == ["bosses"]
    assert cloud.names("self", manager, listall=True) == ["bosses", "debian"]
    assert cloud.names("self", manager, **ann) == ["debian"]
    assert cloud.names("self", manager, domainid=site.domain.uuid) == ["bosses", "debian"]
    assert cloud.names("self", site.root_admin) == ["roots"]
    assert cloud.names("self", site.root_admin, listall=True) == ["bosses", "debian", "roots"]
    assert cloud.names("self", site.root_admin, domainid=site.root_domain.uuid) == ["roots"]
    below = {"domainid": site.root_domain.uuid, "isrecursive": True}
    assert cloud.names("self", site.root_admin, **below) == ["bosses", "debian", "roots"]


def test_executable_are_ones_own_and_the_public_ones_whoever_is_named(cloud, site, manager):
    cloud.register(**EVERYWHERE)
    cloud.register(manager, **{**EVERYWHERE, "name": "bosses"})
    cloud.register(site.root_admin, **{**EVERYWHERE, "name": "roots"}, ispublic=True)
    ann = {"account": "ann", "domainid": site.domain.uuid}
    assert cloud.names("executable") == ["debian", "roots"]
    assert cloud.names("executable", site.root_admin, **ann) == ["debian", "roots"]
    assert cloud.names("community", site.root_admin, **ann) == ["roots"]
    assert cloud.names("featured") == []
    assert cloud.names("all", site.root_admin) == ["bosses", "debian", "roots"]
    assert cloud.names("all", site.root_admin, **ann) == ["debian"]
    assert cloud.names("all", manager) == ["bosses", "debian", "roots"]
    assert "administrator" in refused("templatefilter", cloud.names, "all")


def test_one_that_is_asked_for_by_its_id_needs_no_choosing(cloud, site, manager):
    private = cloud.register(manager, **{**EVERYWHERE, "name": "bosses"})["id"]
    public = cloud.register(site.root_admin, **{**EVERYWHERE, "name": "roots"}, ispublic=True)["id"]
    assert cloud.names("self", id=public) == ["roots"]
    assert cloud.names("featured", manager, id=private) == ["bosses"]
    assert cloud.names("executable", id=private) == [], "what one may not see is not there"


def test_templates_are_narrowed_whatever_the_case(cloud):
    cloud.register(**EVERYWHERE)
    assert cloud.names("self", hypervisor="SIMULATOR", templatetype="user", name="Debian") == ["debian"]
    assert cloud.names("self", hypervisor="KVM") == []
    assert cloud.names("self", isready=False) == []
