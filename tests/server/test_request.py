"""How a request is read: what wins, what is decoded how, what is refused."""

import pytest

from stratiform.server import request
from stratiform.server.errors import ControlCharacter, Malformed, MalformedMap, TooLarge


def test_the_query_wins_and_in_it_the_last_in_the_body_the_first():
    assert request.merge("a=1&b=2&a=3", b"a=4&c=5&c=6") == {"a": "3", "b": "2", "c": "5"}


def test_a_plus_is_a_space_and_what_has_no_value_is_not_there():
    assert request.merge("a=x+y%2Bz&empty=&token&=nameless&&n%20m=1") == {
        "a": "x y+z",
        "empty": "",
        "n m": "1",
    }


def test_decoding_is_utf_8_in_names_too():
    assert request.merge("n%C3%A9=%E2%82%AC") == {"né": "€"}
    assert request.merge("a=" + "é".encode().decode("latin-1")) == {"a": "é"}


@pytest.mark.parametrize(("query", "body"), [("a=%ff", b""), ("", b"a=\xff"), ("a=€", b""), ("%c3=1", b"")])
def test_what_is_not_utf_8_is_refused(query, body):
    with pytest.raises(Malformed):
        request.merge(query, body)


@pytest.mark.parametrize(
    ("query", "body"), [("&".join(f"a{n}=" for n in range(5001)), b""), ("", b"a" * (1024 * 1024 + 1))]
)
def test_what_is_too_large_is_refused(query, body):
    with pytest.raises(TooLarge):
        request.merge(query, body)


def test_names_are_compared_without_case_and_lower_case_wins():
    assert request.given({"zoneId": "1", "ID": "2"}).values == {"zoneid": "1", "id": "2"}
    for order in ({"zoneId": "1", "zoneid": "2"}, {"zoneid": "2", "zoneId": "1"}):
        assert request.given(order).values == {"zoneid": "2"}


def test_maps_are_gathered_and_their_parts_keep_their_case():
    given = request.given({"Details[0].cpuNumber": "2", "details[7].a.b": "x", "[odd": "y"})
    assert given.maps == {"details": {0: {"cpuNumber": "2"}, 7: {"a.b": "x"}}}
    assert given.values == {"[odd": "y"}


@pytest.mark.parametrize(
    "name", ["ids[0]", "ids[]", "a[0]b.c", "a[x].b", "a[0][1].b", "a[0].", "a[-1].b", "a[", "a[0].b[1]"]
)
def test_a_bracket_that_belongs_to_no_map_is_refused(name):
    with pytest.raises(MalformedMap):
        request.given({name: "x"})


@pytest.mark.parametrize("character", ["\x00", "\t", "\x0b", "\x1f", "\x7f"])
def test_control_characters_are_refused(character):
    with pytest.raises(ControlCharacter, match="The value of name has"):
        request.given({"name": f"a{character}b"})


def test_line_ends_are_no_control_characters_and_a_rule_may_have_any():
    assert request.given({"name": "a\r\nb", "activationRule": "\tif"}).values["activationrule"] == "\tif"
