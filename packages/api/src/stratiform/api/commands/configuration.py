"""Options: the commands that list and set them, and what these answer."""

from collections.abc import Iterator

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Refused, Type, entity, text
from stratiform.api.view import Field, View, long, string

CONFIGURATION = View(
    "configuration",
    (
        string("category", "what it is shown with"),
        string("group", "what it is shown with, inside its category"),
        string("subgroup", "what it is shown with, inside its group"),
        string("name", "its name"),
        string("value", "what it is set to where it was asked for"),
        string("defaultvalue", "what it is where nobody sets it"),
        string("scope", "the kinds of places that it can be set for"),
        long("id", "its number; options have none here"),
        string("description", "what it does"),
        Field("isdynamic", "boolean", "whether it acts without a new start", default=True),
        string("component", "the part of the software that reads it"),
        string("displaytext", "its name in words"),
        string("type", "Boolean, Number, Decimal, String or Select"),
        string("options", "what a Select may be, separated by commas"),
    ),
)


def _places(verb: str) -> Iterator[Parameter]:
    kinds = {
        "zoneid": "zone",
        "clusterid": "cluster",
        "storageid": "storage_pool",
        "imagestoreuuid": "image_store",
        "domainid": "domain",
        "accountid": "account",
    }
    return (entity(name, kind, f"{verb} this {kind.replace('_', ' ')}.") for name, kind in kinds.items())


list_configurations = Command(
    name="listConfigurations",
    description="Lists the options of the cloud, or those that can be set for one place.",
    parameters=(
        *LISTING,
        text("name", "The option's name."),
        text("category", "The option's category."),
        text("group", "The option's group.", since="4.18.0"),
        text("subgroup", "The option's subgroup.", since="4.18.0"),
        *_places("List what can be set for"),
    ),
    refused=(Refused("managementserverid"), Refused("parent")),
    returns=Returns.LIST,
    mutates=False,
    view=CONFIGURATION,
    object="configuration",
    example={"name": "default.page.size"},
)

update_configuration = Command(
    name="updateConfiguration",
    description="Sets an option of the cloud, for every server and without a new start of any.",
    parameters=(
        text("name", "The option's name.", required=True),
        Parameter("value", Type.STRING, "Its value; an empty one forgets what was set there.", length=4096),
        *_places("Set it for"),
    ),
    refused=(Refused("managementserverid"),),
    returns=Returns.OBJECT,
    mutates=True,
    event="CONFIGURATION.VALUE.EDIT",
    view=CONFIGURATION,
    object="configuration",
    example={"name": "default.page.size", "value": "1000"},
)
