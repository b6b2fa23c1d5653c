"""Events: the command and what it answers."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, OWNED, Parameter, Refused, Type, entity, refused, text
from stratiform.api.view import View, date, string

EVENT = View(
    "event",
    (
        string("id", "the event's UUID"),
        string("type", "what happened, for example VM.START"),
        string("description", "what happened, in words"),
        string("state", "Started, or Completed when it was over"),
        string("level", "INFO, or ERROR if it came to nothing"),
        string("username", "name of the user who asked for it, or system"),
        string("account", "name of the account whose it is, or system"),
        string("domainid", "UUID of the account's domain"),
        string("domain", "name of the account's domain"),
        string("domainpath", "path of the account's domain"),
        string("resourceid", "UUID of what it happened to"),
        string("resourcename", "name of what it happened to, at that time"),
        string("resourcetype", "type of what it happened to, for example VirtualMachine"),
        date("created", "when it happened"),
    ),
)

list_events = Command(
    name="listEvents",
    description="Lists events, the newest first; they outlive what they tell of.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("id", "event", "The event's UUID."),
        text("type", "What happened, for example VM.START."),
        text("level", "INFO or ERROR."),
        text("state", "Started or Completed."),
        Parameter("startdate", Type.DATE, "List what happened since then."),
        Parameter("enddate", Type.DATE, "List what happened until then; a day is meant to its end."),
        Parameter("resourceid", Type.STRING, "UUID of what it happened to.", since="4.17.0"),
        text("resourcetype", "Type of what it happened to, for example VirtualMachine.", since="4.17.0"),
    ),
    refused=(*refused("duration", "entrytime", "projectid", "startid"), Refused("archived", harmless=("false",))),
    returns=Returns.LIST,
    mutates=False,
    view=EVENT,
    object="event",
    kind="event",
    example={"type": "VM.START", "startdate": "2026-01-31"},
)
