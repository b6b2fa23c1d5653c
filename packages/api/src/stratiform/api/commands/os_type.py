"""Types of guest operating systems: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import ADMINS, LISTING, Refused, boolean, entities, entity, text
from stratiform.api.view import View, date, flag, string

OS_CATEGORY = View(
    "oscategory",
    (
        string("id", "the category's UUID"),
        string("name", "its name"),
        flag("isfeatured", "whether it is shown first"),
        date("created", "when it was made"),
    ),
)

OS_TYPE = View(
    "ostype",
    (
        string("id", "the type's UUID"),
        string("name", "its name"),
        string("description", "its name, in words for tenants"),
        string("oscategoryid", "UUID of its category"),
        string("oscategoryname", "name of its category"),
        flag("isuserdefined", "whether an operator added it"),
        flag("fordisplay", "whether tenants are shown it"),
    ),
)

list_os_categories = Command(
    name="listOsCategories",
    description="Lists the categories of guest operating systems.",
    parameters=(
        *LISTING,
        entity("id", "os_category", "The category's UUID."),
        text("name", "The category's name.", since="3.0.1"),
        boolean("isfeatured", "Whether it is shown first.", since="4.21.0"),
        text("arch", "List the categories that there are templates of, for this architecture.", since="4.21.0"),
        entity("zoneid", "zone", "List the categories that there are templates of, in this zone.", since="4.21.0"),
    ),
    refused=(Refused("isiso", harmless=("false",)), Refused("isvnf", harmless=("false",))),
    returns=Returns.LIST,
    mutates=False,
    view=OS_CATEGORY,
    object="oscategory",
    kind="os_category",
    example={"name": "Debian"},
)

list_os_types = Command(
    name="listOsTypes",
    description="Lists the types of guest operating systems.",
    parameters=(
        *LISTING,
        entity("id", "os_type", "The type's UUID."),
        entities("ids", "os_type", "Several types' UUIDs.", since="4.22.1"),
        text("description", "The type's description.", since="3.0.1"),
        entity("oscategoryid", "os_category", "List the types of this category."),
        boolean("fordisplay", "Whether tenants are shown it.", since="4.18.1", roles=ADMINS),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=OS_TYPE,
    object="ostype",
    kind="os_type",
    example={"description": "Debian GNU/Linux 12 (64-bit)"},
)
