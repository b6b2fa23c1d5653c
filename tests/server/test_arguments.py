"""How values become arguments, type by type, as CloudStack's do."""

import pytest

from stratiform.api import registry
from stratiform.api.command import Command, Returns
from stratiform.api.parameter import ADMINS, Check, Parameter, Refused, Style, Type
from stratiform.api.principal import Role
from stratiform.api.view import View, string
from stratiform.server import arguments, moment, request
from stratiform.server.errors import BadParameter, NotSupported

UUID = "0190F3C2-1111-7000-8000-000000000001"


def read(parameter, text=None, *, role=Role.ADMIN, refused=(), given=None):
    command = Command(
        name="listThings",
        description="Lists things.",
        parameters=(parameter,),
        refused=refused,
        returns=Returns.LIST,
        mutates=False,
        view=View("thing", (string("id", "its id"),)),
        object="thing",
        example={},
    )
    raw = {parameter.name: text} if given is None else given
    return arguments.read(command, request.given(raw), role).get(parameter.name)


def value(type, text, **more):
    return read(Parameter("value", type, "A value.", **more), text)


@pytest.mark.parametrize("text", ["true", "TRUE", "True"])
def test_a_boolean_is_true_only_for_true(text):
    assert value(Type.BOOLEAN, text) is True


@pytest.mark.parametrize("text", ["", "1", "yes", "on", "false", " true"])
def test_a_boolean_is_false_for_anything_else(text):
    assert value(Type.BOOLEAN, text) is False


@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        (Type.INTEGER, "7", 7),
        (Type.INTEGER, "-2147483648", -(2**31)),
        (Type.INTEGER, "", None),
        (Type.INTEGER, "  ", None),
        (Type.LONG, "9223372036854775807", 2**63 - 1),
        (Type.SHORT, "-5", -5),
        (Type.FLOAT, "1.5", 1.5),
        (Type.DOUBLE, "2e3", 2000.0),
        (Type.DOUBLE, " ", None),
        (Type.STRING, "", ""),
        (Type.STRING, " a ", " a "),
        (Type.UUID, UUID, UUID.lower()),
        (Type.UUID, "-1", "-1"),
    ],
)
def test_a_value_is_read_as_its_type(type, text, expected):
    assert value(type, text) == expected


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (Type.INTEGER, "seven"),
        (Type.INTEGER, "2147483648"),
        (Type.INTEGER, "1_000"),
        (Type.INTEGER, "٣"),
        (Type.LONG, ""),
        (Type.LONG, "9223372036854775808"),
        (Type.LONG, "9" * 5000),
        (Type.SHORT, "40000"),
        (Type.FLOAT, "nan"),
        (Type.DOUBLE, "inf"),
        (Type.DOUBLE, "1e999"),
        (Type.DATE, "yesterday"),
        (Type.DATE, "2026-02-30"),
        (Type.UUID, "web-1"),
        (Type.UUID, ""),
        (Type.STRING, "x" * 256),
    ],
)
def test_what_is_not_of_its_type_is_refused_by_name(type, text):
    with pytest.raises(BadParameter, match=r"listthings due to invalid value.* parameter value"):
        value(type, text)


def test_a_parameter_with_a_release_takes_what_is_no_uuid_for_nothing():
    assert value(Type.UUID, "web-1", since="4.2") is None
    assert value(Type.UUID, UUID, since="4.2") == UUID.lower()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+0000"),
        ("2026-01-31 10:11:12", "2026-01-31T10:11:12+0000"),
        ("2026-01-31T10:11:12+0200", "2026-01-31T08:11:12+0000"),
        ("2026-01-31T10:11:12-02:30", "2026-01-31T12:41:12+0000"),
        ("2026-01-31T10:11:12Z", "2026-01-31T10:11:12+0000"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59+0000"),
    ],
)
def test_dates(text, expected):
    assert moment.show(value(Type.DATE, text)) == expected


def test_a_day_that_ends_something_means_its_last_second():
    end = read(Parameter("enddate", Type.DATE, "The end."), "2026-01-31")
    assert moment.show(end) == "2026-01-31T23:59:59+0000"


def test_a_list_is_split_at_commas_and_never_trimmed():
    assert value(Type.LIST, "a, b,,c", items=Type.STRING) == ("a", " b", "c")
    assert value(Type.LIST, f"{UUID},{UUID}", items=Type.UUID, kind="zone") == (UUID.lower(),) * 2
    with pytest.raises(BadParameter):
        value(Type.LIST, f"{UUID}, {UUID}", items=Type.UUID, kind="zone")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (Style.FIELDS, ({"key": "a", "value": "1"}, {"key": "b", "x.y": "2"})),
        (Style.KEY_VALUE, {"a": "1", "b": ""}),
        (Style.FLAT, {"key": "b", "value": "1", "x.y": "2"}),
        (Style.FLAT_FIRST, {"key": "a", "value": "1"}),
    ],
)
def test_a_map_means_what_its_style_says(style, expected):
    given = {"value[9].key": "b", "value[9].x.y": "2", "VALUE[3].key": "a", "value[3].value": "1"}
    assert read(Parameter("value", Type.MAP, "A map.", style=style), given=given) == expected


def test_what_is_required_is_named_when_it_is_missing_or_empty():
    name = Parameter("name", Type.STRING, "A name.", required=True)
    with pytest.raises(BadParameter, match="missing parameter name"):
        read(name, given={})
    with pytest.raises(BadParameter, match="invalid value for parameter name"):
        read(name, "")


@pytest.mark.parametrize(
    ("more", "good", "bad"),
    [
        ({"check": Check.HOST_NAME}, "Web-1", "-web"),
        ({"check": Check.HOST_NAME}, "a" * 63, "a" * 64),
        ({"check": Check.HOST_NAME}, "w", "web-"),
        ({"check": Check.HOST_NAME}, "w1", "1w"),
        ({"check": Check.HOST_NAME}, "w", "web\n"),
        ({"check": Check.UUID}, UUID, "42"),
        ({"check": Check.NOT_EMPTY}, "x", " "),
        ({"choices": ("self", "all")}, "self", "mine"),
    ],
)
def test_checks_and_choices(more, good, bad):
    assert value(Type.STRING, good, **more) == good
    with pytest.raises(BadParameter):
        value(Type.STRING, bad, **more)


def test_a_number_may_have_to_be_positive():
    assert value(Type.INTEGER, "1", check=Check.POSITIVE) == 1
    with pytest.raises(BadParameter):
        value(Type.INTEGER, "0", check=Check.POSITIVE)


def test_what_is_not_the_callers_to_use_is_ignored():
    host = Parameter("hostid", Type.UUID, "A host.", roles=ADMINS)
    assert read(host, UUID) == UUID.lower()
    assert read(host, "nonsense", role=Role.USER) is None


@pytest.mark.parametrize("given", [{"tags": "x"}, {"TAGS": "x"}, {"tags[0].key": "x"}, {"leased": "true"}])
def test_what_would_change_the_result_is_refused(given):
    refused = (Refused("tags"), Refused("leased", harmless=("false",)))
    with pytest.raises(NotSupported, match="is not supported"):
        read(Parameter("name", Type.STRING, "A name."), given=given, refused=refused)


@pytest.mark.parametrize("given", [{"tags": ""}, {"leased": "FALSE"}, {"unheard": "of"}, {"unheard[0].of": "x"}])
def test_what_would_change_nothing_is_ignored(given):
    refused = (Refused("tags"), Refused("leased", harmless=("false",)))
    assert read(Parameter("name", Type.STRING, "A name."), given=given, refused=refused) is None


def test_what_cloudstack_has_for_operators_alone_is_refused_to_operators_alone():
    refused = (Refused("displayvm", harmless=("true",), roles=ADMINS),)
    name = Parameter("name", Type.STRING, "A name.")
    assert read(name, given={"displayvm": "false"}, refused=refused, role=Role.USER) is None
    with pytest.raises(NotSupported):
        read(name, given={"displayvm": "false"}, refused=refused)


@pytest.mark.parametrize("command", registry.collect().values(), ids=lambda each: each.name)
def test_every_example_is_understood(command):
    typed = arguments.read(command, request.given(command.example), Role.ADMIN)
    assert typed.keys() == command.example.keys()
