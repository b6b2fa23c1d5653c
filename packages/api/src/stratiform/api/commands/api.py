"""The API about itself."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import text
from stratiform.api.view import Field, View, flag, string, whole

_NAMED = (
    string("name", "its name"),
    string("description", "what it is"),
    string("type", "its type"),
)

API = View(
    "api",
    (
        string("name", "the command's name"),
        string("description", "what it does"),
        string("since", "the release that brought it"),
        flag("isasync", "whether it answers with a job"),
        string("related", "commands about the same, separated by commas"),
        Field(
            "params",
            "set",
            "what it can be asked with",
            View(
                "parameter",
                (
                    *_NAMED,
                    whole("length", "the longest text allowed"),
                    flag("required", "whether it must be given"),
                    string("since", "the release that brought it"),
                    string("related", "commands that list what it may name, separated by commas"),
                ),
            ),
        ),
        Field(
            "response",
            "set",
            "what it answers with",
            View("field", (*_NAMED, Field("response", "set", "fields of its elements", View("field", _NAMED)))),
        ),
        string("httprequesttype", "the HTTP method that suits it"),
    ),
)

list_apis = Command(
    name="listApis",
    description="Lists the commands that the caller may call.",
    parameters=(text("name", "The command's name."),),
    returns=Returns.LIST,
    mutates=False,
    view=API,
    object="api",
    since="4.1.0",
    example={"name": "listZones"},
)
