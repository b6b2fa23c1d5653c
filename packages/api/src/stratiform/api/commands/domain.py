"""Domains: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.limit import LIMITS, SECONDARY
from stratiform.api.events import EventName
from stratiform.api.parameter import LISTING, TREE, Check, Parameter, Type, boolean, entity, integer, refused, text
from stratiform.api.view import Field, View, date, flag, string, whole

DOMAIN = View(
    "domain",
    (
        string("id", "the domain's UUID"),
        string("name", "its name"),
        whole("level", "how deep it lies, 0 for ROOT"),
        string("parentdomainid", "UUID of the domain above"),
        string("parentdomainname", "name of the domain above"),
        flag("haschild", "whether there are domains below", default=False),
        string("networkdomain", "DNS domain of its networks"),
        string("path", "its path of names"),
        string("state", "Active, or Inactive while it is being ended"),
        date("created", "when it was made"),
        *LIMITS,
        SECONDARY,
        Field("tags", "set", "its tags"),
    ),
)

list_domains = Command(
    name="listDomains",
    description="Lists domains.",
    parameters=(
        *LISTING,
        *TREE,
        entity("id", "domain", "The domain's UUID."),
        text("name", "The domain's name."),
        integer("level", "How deep it lies, 0 for ROOT."),
    ),
    refused=refused("account", "domainid", "projectid", "tag", "tags"),
    returns=Returns.LIST,
    mutates=False,
    view=DOMAIN,
    object="domain",
    kind="domain",
    example={"listall": "true"},
)

create_domain = Command(
    name="createDomain",
    description="Makes a domain below another.",
    parameters=(
        text("name", "Its name, which no other domain below the same one has.", required=True),
        entity("parentdomainid", "domain", "The domain above it; the caller's own if left out."),
        text("networkdomain", "DNS domain of the networks in it."),
        Parameter("domainid", Type.STRING, "The UUID that it is to have; for operators.", check=Check.UUID),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.DOMAIN_CREATE,
    view=DOMAIN,
    object="domain",
    kind="domain",
    example={"name": "sales", "networkdomain": "sales.example.org"},
)

delete_domain = Command(
    name="deleteDomain",
    description="Removes a domain that is empty, or with all that is in it.",
    parameters=(
        entity("id", "domain", "The domain's UUID.", required=True),
        boolean("cleanup", "Whether its accounts and the domains below it are ended too, with all that they own."),
    ),
    returns=Returns.ASYNC,
    mutates=True,
    event=EventName.DOMAIN_DELETE,
    kind="domain",
    example={"id": "0190f3c2-9999-7000-8000-000000000001", "cleanup": "true"},
)
