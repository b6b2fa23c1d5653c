"""Domains: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.commands.limit import LIMITS, SECONDARY
from stratiform.api.parameter import LISTING, TREE, entity, integer, refused, text
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
        string("state", "Active or Inactive"),
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
