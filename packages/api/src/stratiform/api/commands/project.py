"""Projects: truthfully none."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, OWNED, Parameter, Style, Type, entity, text
from stratiform.api.view import Field, View, date, string

PROJECT = View(
    "project",
    (
        string("id", "the project's UUID"),
        string("name", "its name"),
        string("displaytext", "its name in words"),
        string("state", "Active, Suspended or Disabled"),
        string("domainid", "UUID of its domain"),
        string("domain", "name of its domain"),
        string("projectaccountname", "name of the account that owns what is in it"),
        Field("tags", "list", "its tags"),
        date("created", "when it was made"),
    ),
)

list_projects = Command(
    name="listProjects",
    description="Lists projects; there are none yet.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("id", "project", "The project's UUID."),
        text("name", "The project's name."),
        text("displaytext", "The project's name in words."),
        text("state", "Active, Suspended or Disabled."),
        text("username", "The name of a user who is in it."),
        Parameter("tags", Type.MAP, "Tags that it has.", style=Style.KEY_VALUE),
        Parameter("details", Type.LIST, "How much is told of each.", items=Type.STRING),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=PROJECT,
    object="project",
    since="3.0.0",
    example={"listall": "true"},
)
