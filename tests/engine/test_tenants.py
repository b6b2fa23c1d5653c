"""Domains, accounts, users and SSH key pairs: who may do what to whom, and what is refused with which words."""

import pytest
import sqlalchemy
from tests.engine.conftest import principal

from stratiform.api.access import Equals, Everything, Within
from stratiform.api.cloud import Query
from stratiform.api.errors import InUse
from stratiform.api.principal import Role
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.engine.registry import Taken
from stratiform.framework.base import errors
from stratiform.framework.events.table import event

CHOSEN = "0190f3c2-aaaa-7000-8000-00000000000a"
PERSON = {"email": "x@example.org", "firstname": "X", "lastname": "Y"}
ROLES = {"user": Role.USER, "admin": Role.DOMAIN_ADMIN, "operator": Role.RESOURCE_ADMIN}


def seen(who, action, kind):
    """A mere user sees itself and its own, an administrator its domain and those below."""
    if who.role is Role.ADMIN:
        return Everything()
    if who.role is not Role.USER:
        return Within("scope", who.scope)
    oneself = {
        "user": Equals("id", who.user),
        "account": Equals("id", who.account),
        "domain": Equals("scope", who.scope),
    }
    return oneself.get(kind, Equals("owner", who.account))


@pytest.fixture
def engine(database, gate):
    """The engine with the commands on tenants, without credentials, as the server completes them."""
    completed = {
        "createAccount": api.Change("account", lambda call: api.open_account(call)[0]),
        "createUser": api.Change("user", api.add_user),
        "updateUser": api.Change("user", api.change_user),
        "deleteUser": api.Change("user", lambda call: api.drop_user(call) and None),
    }
    commands = api.program.extended(completed).commands
    return api.Engine(database, gate(seen), listings=api.LISTINGS, commands=commands)


@pytest.fixture
def people(site):
    """Of each role somebody in the domain `sales` and somebody in the domain `other`, by name."""
    found = {"root": site.root_admin}
    with site.database.transaction() as tx:
        other = api.create_domain(tx, site.world, name="other", parent=site.root_domain)
        for place, domain in (("sales", site.domain), ("other", other)):
            for name, role in ROLES.items():
                account = api.create_account(tx, site.world, name=f"{name}-{place}", domain=domain, role=role)
                user = site.add_user(tx, account, f"{name}-{place}")
                found[f"{name}-{place}"] = principal(user, account, domain, role)
    site.other = other
    return found


def domains(engine, who):
    return {row["path"] for row in engine.list("domain", who, "listDomains", Query(filters={"listall": True})).rows}


def events(site, uuid):
    found = sqlalchemy.select(event.c.kind).where(event.c.resource == uuid).order_by(event.c.id)
    with site.database.reading() as connection:
        return connection.execute(found).scalars().all()


# Domains.


def test_a_domain_is_made_below_the_callers_own(engine, site, people):
    made = engine.change("createDomain", site.root_admin, {"name": "trade", "networkdomain": "trade.example.org"})
    assert (made["path"], made["level"], made["networkdomain"]) == ("ROOT/trade", 1, "trade.example.org")
    assert (made["state"], made["haschild"]) == ("Active", False)
    made = engine.change("createDomain", people["admin-sales"], {"name": "north"})
    assert (made["path"], made["parentdomainid"]) == ("ROOT/sales/north", site.domain.uuid)
    below = engine.change("createDomain", people["admin-sales"], {"name": "far", "parentdomainid": made["id"]})
    assert below["path"] == "ROOT/sales/north/far"
    assert events(site, below["id"]) == ["DOMAIN.CREATE"]


def test_a_name_is_unique_below_one_parent(engine, site):
    engine.change("createDomain", site.root_admin, {"name": "Sales", "parentdomainid": site.domain.uuid})
    with pytest.raises(Taken, match="a domain with the name SALES"):
        engine.change("createDomain", site.root_admin, {"name": "SALES"})


@pytest.mark.parametrize("domain", ["nowhere.", "-a.example", "a_b", "x" * 64, ".".join("ab" * 70)])
def test_a_network_domain_is_one_of_dns(engine, site, domain):
    with pytest.raises(BadParameter, match=r"networkdomain cannot be .* cloud\.example\.org"):
        engine.change("createDomain", site.root_admin, {"name": "a", "networkdomain": domain})


def test_a_domain_of_others_is_not_there(engine, site, people):
    words = []
    for parent in (site.other.uuid, site.root_domain.uuid, CHOSEN):
        with pytest.raises(errors.NotFound) as refused:
            engine.change("createDomain", people["admin-sales"], {"name": "a", "parentdomainid": parent})
        words.append(str(refused.value).replace(parent, "it"))
    assert len(set(words)) == 1
    assert domains(engine, people["admin-sales"]) == {"ROOT/sales"}


def test_operators_choose_uuids_and_nobody_else(engine, site, people):
    made = engine.change("createDomain", site.root_admin, {"name": "a", "domainid": CHOSEN.upper()})
    assert made["id"] == CHOSEN
    with pytest.raises(Taken, match=f"id {CHOSEN}"):
        engine.change("createDomain", site.root_admin, {"name": "b", "domainid": CHOSEN})
    with pytest.raises(errors.Denied):
        engine.change("createDomain", people["admin-sales"], {"name": "b", "domainid": CHOSEN})


def test_the_root_and_what_is_not_empty_stay(site, world):
    with site.database.transaction() as tx, pytest.raises(BadParameter, match="root domain cannot be removed"):
        api.remove_domain(tx, world, site.root_domain)
    with site.database.transaction() as tx, pytest.raises(InUse, match="domain sales is in use by a"):
        api.remove_domain(tx, world, site.domain)


# Accounts.


def account(engine, who, name="bob", **more):
    return engine.change("createAccount", who, {"username": name, "accounttype": 0, **PERSON, **more})


def test_an_account_is_made_with_its_user(engine, site):
    chosen = {"accountid": CHOSEN, "userid": CHOSEN.replace("a", "b")}
    made = account(
        engine, site.root_admin, account="Bob's", domainid=site.domain.uuid, networkdomain="bob.example",
        timezone="Europe/Vienna", **chosen,
    )  # fmt: skip
    assert (made["id"], made["name"], made["domainpath"]) == (CHOSEN, "Bob's", "ROOT/sales")
    assert (made["accounttype"], made["roletype"], made["rolename"]) == (0, "User", "User")
    assert (made["state"], made["networkdomain"], made["iscleanuprequired"]) == ("enabled", "bob.example", False)
    (user,) = made["user"]
    assert (user["id"], user["username"], user["account"]) == (chosen["userid"], "bob", "Bob's")
    assert (user["timezone"], user["email"], user["state"]) == ("Europe/Vienna", "x@example.org", "enabled")
    assert events(site, CHOSEN) == ["ACCOUNT.CREATE"]
    assert events(site, user["id"]) == ["USER.CREATE"]


def test_it_is_called_after_its_user_in_the_callers_domain(engine, people):
    made = account(engine, people["admin-sales"])
    assert (made["name"], made["domainpath"]) == ("bob", "ROOT/sales")
    with pytest.raises(Taken, match="account with the name BOB"):
        account(engine, people["admin-sales"], "BOB")
    with pytest.raises(Taken, match="user with the name Bob"):
        account(engine, people["admin-sales"], "Bob", account="another")


def test_what_is_missing_or_wrong_leaves_nothing(engine, site):
    before = engine.list("account", site.root_admin, "listAccounts", Query(filters={"listall": True})).count
    wrongs = {"accounttype": None, "email": " ", "networkdomain": "a b", "account": "a\tb"}
    for wrong in ({"accounttype": 7}, *({name: value} for name, value in wrongs.items())):
        with pytest.raises(BadParameter, match=f"^{next(iter(wrong))} cannot be"):
            account(engine, site.root_admin, **wrong)
    with pytest.raises(errors.NotFound):
        account(engine, site.root_admin, roleid=CHOSEN)
    assert engine.list("account", site.root_admin, "listAccounts", Query(filters={"listall": True})).count == before


@pytest.mark.parametrize(
    ("maker", "makes"),
    [
        ("root", {0, 1, 2, 3}),
        ("admin-sales", {0, 2}),
        ("operator-sales", {0, 3}),
    ],
)
def test_nobody_makes_an_account_that_may_do_more(engine, site, people, maker, makes):
    made = set()
    for number in range(4):
        try:
            account(engine, people[maker], f"user{number}", accounttype=number)
            made.add(number)
        except errors.Denied:
            continue
    assert made == makes


def test_a_role_is_named_by_its_id(engine, site):
    rows = engine.list("account", site.root_admin, "listAccounts", Query(filters={"listall": True})).rows
    roleid = next(row["roleid"] for row in rows if row["name"] == "admin")
    made = account(engine, site.root_admin, "chief", roleid=roleid, accounttype=None)
    assert (made["roletype"], made["accounttype"], made["roleid"]) == ("Admin", 1, roleid)


def test_accounts_are_listed_by_what_they_are(engine, site, people):
    def listed(**filters):
        page = engine.list("account", site.root_admin, "listAccounts", Query(filters={"listall": True, **filters}))
        return {row["name"] for row in page.rows}

    assert listed(accounttype=2) == {"admin-sales", "admin-other"}
    assert listed(domainid=site.domain.uuid) == {"ann", "user-sales", "admin-sales", "operator-sales"}
    assert listed(iscleanuprequired=True) == set()
    assert listed(iscleanuprequired=False, name="ANN") == {"ann"}


# Users.


def test_a_user_is_added_to_an_account_by_its_name(engine, site, people):
    made = engine.change("createUser", people["admin-sales"], {"account": "ANN", "username": "eve", **PERSON})
    assert (made["account"], made["domain"], made["username"]) == ("ann", "sales", "eve")
    with pytest.raises(errors.NotFound, match="account with name nobody"):
        engine.change("createUser", people["admin-sales"], {"account": "nobody", "username": "v", **PERSON})


def test_an_account_of_others_and_none_are_told_alike(engine, site, people):
    words = []
    for name in ("admin", "nobody"):
        asked = {"account": name, "domainid": site.root_domain.uuid, "name": "k", "publickey": "p", "fingerprint": "f"}
        with pytest.raises(errors.NotFound) as refused:
            engine.change("createSSHKeyPair", people["admin-sales"], asked)
        words.append(str(refused.value))
    assert words[0] == words[1], "its domain is not there either"
    words = []
    for name in ("ann", "nobody"):
        asked = {"account": name, "domainid": site.domain.uuid, "name": "k", "publickey": "p", "fingerprint": "f"}
        with pytest.raises(errors.NotFound) as refused:
            engine.change("createSSHKeyPair", people["user-sales"], asked)
        words.append(str(refused.value).replace(name, "it"))
    assert words[0] == words[1]


CASES = [
    # who, whom, what comes of it
    ("root", "admin-other", None),
    ("root", "operator-sales", None),
    ("admin-sales", "user-sales", None),
    ("admin-sales", "admin-sales", None),
    ("admin-sales", "operator-sales", errors.Denied),
    ("admin-sales", "user-other", errors.NotFound),
    ("admin-sales", "root", errors.NotFound),
    ("operator-sales", "user-sales", None),
    ("operator-sales", "admin-sales", errors.Denied),
    ("user-sales", "user-sales", None),
    ("user-sales", "admin-sales", errors.NotFound),
    ("user-sales", "user-other", errors.NotFound),
]


@pytest.mark.parametrize(("who", "whom", "refused"), CASES)
def test_who_changes_whom(engine, people, who, whom, refused):
    asked = {"id": people[whom].user, "firstname": "New"}
    if refused:
        with pytest.raises(refused):
            engine.change("updateUser", people[who], asked)
        assert engine.find("user", people["root"], "listUsers", people[whom].user)["firstname"] != "New"
    else:
        assert engine.change("updateUser", people[who], asked)["firstname"] == "New"


def test_a_domain_administrator_of_the_root_domain_has_no_power_over_its_administrator(engine, site):
    made = account(engine, site.root_admin, "deputy", accounttype=2)
    deputy = site.root_admin.__class__(
        user=made["user"][0]["id"], account=made["id"], role=Role.DOMAIN_ADMIN, scope=site.root_domain.path
    )
    assert engine.find("user", deputy, "listUsers", site.root_user.uuid)
    for command in ("updateUser", "deleteUser"):
        with pytest.raises(errors.Denied, match="may do more"):
            engine.change(command, deputy, {"id": site.root_user.uuid})
    with pytest.raises(errors.Denied):
        engine.change("createUser", deputy, {"account": "admin", "username": "backdoor", **PERSON})


def test_what_a_user_changes_is_told_and_the_rest_stays(engine, site, people):
    before = engine.find("user", site.root_admin, "listUsers", people["user-sales"].user)
    changed = {"username": "Mia", "email": "m@example.org", "lastname": "Z", "timezone": "UTC"}
    after = engine.change("updateUser", people["user-sales"], {"id": before["id"], **changed})
    assert after == before | changed
    assert events(site, before["id"]) == ["USER.CREATE", "USER.UPDATE"]
    with pytest.raises(Taken, match="user with the name ann"):
        engine.change("updateUser", people["user-sales"], {"id": before["id"], "username": "ann"})
    with pytest.raises(BadParameter, match="firstname cannot be"):
        engine.change("updateUser", people["user-sales"], {"id": before["id"], "firstname": ""})


def test_a_user_is_removed_though_its_machines_stay(engine, site, people):
    with site.database.transaction() as tx:
        tx.insert(schema.vm, [site.vm_row(tx, 1)])
    assert engine.change("deleteUser", people["admin-sales"], {"id": site.user.uuid}) == {}
    assert events(site, site.user.uuid)[-1] == "USER.DELETE"
    vms = engine.list("vm", site.root_admin, "listVirtualMachines", Query(filters={"listall": True})).rows
    assert vms[0]["username"] == "ann"
    with pytest.raises(errors.NotFound):
        engine.change("deleteUser", people["admin-sales"], {"id": site.user.uuid})


def test_nobody_removes_itself_or_the_clouds_own_user(engine, site, people):
    with pytest.raises(BadParameter, match="it is you"):
        engine.change("deleteUser", people["admin-sales"], {"id": people["admin-sales"].user})
    account(engine, site.root_admin, "second", accounttype=1)
    second = engine.list("user", site.root_admin, "listUsers", Query(filters={"username": "second", "listall": True}))
    chief = site.root_admin.__class__(
        user=second.rows[0]["id"], account=second.rows[0]["accountid"], role=Role.ADMIN, scope=site.root_domain.path
    )
    with pytest.raises(BadParameter, match="own user cannot be removed"):
        engine.change("deleteUser", chief, {"id": site.root_user.uuid})


# SSH key pairs.


def key_pair(engine, who, name="laptop", **more):
    public = {"publickey": "ssh-rsa AAAA", "fingerprint": "00:11"}
    return engine.change("createSSHKeyPair", who, {"name": name, **public, **more})


def names(engine, who, **filters):
    return {row["name"] for row in engine.list("ssh_key_pair", who, "listSSHKeyPairs", Query(filters=filters)).rows}


def test_a_key_pair_is_its_accounts(engine, site, people):
    made = key_pair(engine, people["user-sales"])
    assert (made["name"], made["account"], made["domain"], made["fingerprint"]) == (
        "laptop", "user-sales", "sales", "00:11",
    )  # fmt: skip
    assert "publickey" not in made
    key_pair(engine, people["user-other"])
    with pytest.raises(Taken, match="ssh key pair with the name LAPTOP"):
        key_pair(engine, people["user-sales"], "LAPTOP")
    assert events(site, made["id"]) == ["REGISTER.SSH.KEYPAIR"]


def test_an_administrator_makes_them_for_others(engine, site, people):
    made = key_pair(engine, people["admin-sales"], account="ann", domainid=site.domain.uuid)
    assert made["account"] == "ann"
    assert names(engine, site.tenant) == {"laptop"}
    assert names(engine, people["admin-sales"]) == set()
    assert names(engine, people["admin-sales"], listall=True) == {"laptop"}
    with pytest.raises(BadParameter, match="give domainid as well"):
        key_pair(engine, people["admin-sales"], "other", account="ann")


def test_key_pairs_are_found_by_name_part_of_it_and_fingerprint(engine, people):
    who = people["user-sales"]
    key_pair(engine, who)
    key_pair(engine, who, "desktop", fingerprint="22:33")
    assert names(engine, who, name="Laptop") == {"laptop"}
    assert names(engine, who, keyword="TOP") == {"laptop", "desktop"}
    assert names(engine, who, fingerprint="22:33") == {"desktop"}
    assert names(engine, people["user-other"], listall=True) == set()


def test_a_key_pair_is_deleted_by_its_name(engine, site, people):
    made = key_pair(engine, people["user-sales"])
    for who in ("user-other", "admin-sales"):
        with pytest.raises(errors.NotFound, match="SSH key pair with name laptop"):
            engine.change("deleteSSHKeyPair", people[who], {"name": "laptop"})
    assert engine.change("deleteSSHKeyPair", people["user-sales"], {"name": "Laptop"}) == {}
    assert events(site, made["id"])[-1] == "SSH.KEYPAIR.DELETE"
    key_pair(engine, people["user-sales"])
    asked = {"name": "laptop", "account": "user-sales", "domainid": site.domain.uuid}
    assert engine.change("deleteSSHKeyPair", people["admin-sales"], asked) == {}


def test_a_key_pair_needs_an_enabled_account(engine, site, people):
    with site.database.transaction() as tx:
        tx.execute(schema.account.update().where(schema.account.c.name == "ann").values(state="locked"))
    with pytest.raises(errors.Conflict, match="is locked, which does not allow making a key pair for it"):
        key_pair(engine, people["admin-sales"], account="ann", domainid=site.domain.uuid)
