"""Who signed a request: CloudStack's own vectors, the deviations of its clients, and for how long."""

import pytest

from stratiform.server import signature
from stratiform.server.errors import Unauthenticated

FULL = {
    "command": "listVirtualMachines",
    "response": "json",
    "apiKey": "KEY",
    "name": "a b*c~d+e/é",
    "details[0].cpuNumber": "2",
    "signatureVersion": "3",
    "expires": "2030-01-01T00:00:00+0000",
}
ODD = {"command": "listZones", "apiKey": "KEY", "zoneId": "1", "Zebra": "2", "name": "~[x]*"}


def test_the_first_vector_of_cloudstacks_own_encoder():
    text = signature.canonical(FULL, signature.strict, signature.as_received)
    assert text == (
        "apikey=key&command=listvirtualmachines&details[0].cpunumber=2&expires=2030-01-01t00%3a00%3a00%2b0000"
        "&name=a%20b*c%7ed%2be%2f%c3%a9&response=json&signatureversion=3"
    )
    assert signature.sign(FULL, "SECRET") == "y2GCKKzxioJz0ZPd0CXRRvRgSGY="


def test_the_second_vector():
    parameters = {"command": "listZones", "response": "json", "apiKey": "KEY", "name": "web 01*"}
    text = signature.canonical(parameters, signature.strict, signature.as_received)
    assert text == "apikey=key&command=listzones&name=web%2001*&response=json"
    assert signature.sign(parameters, "SECRET") == "B7UTSrPh2IZ5Gh5CBa4s/tww+qs="


def test_the_signature_itself_is_not_signed_however_it_is_spelled():
    signed = signature.sign(FULL, "SECRET")
    assert signature.sign(FULL | {"Signature": "anything"}, "SECRET") == signed


@pytest.mark.parametrize("order", [signature.as_received, signature.lower_case])
@pytest.mark.parametrize("encoding", [signature.strict, signature.bare_tilde, signature.bare_brackets])
def test_every_known_deviation_is_accepted(encoding, order):
    signed = signature.sign(ODD, "SECRET", encoding, order)
    assert signature.verify(ODD, signed, "SECRET")


def test_the_deviations_differ_from_each_other():
    orders, encodings = (
        (signature.as_received, signature.lower_case),
        (signature.strict, signature.bare_tilde, signature.bare_brackets),
    )
    assert len({signature.sign(ODD, "SECRET", each, order) for each in encodings for order in orders}) == 6


@pytest.mark.parametrize("changed", [{"name": "other"}, {"more": "1"}, {"command": "listPods"}, {"apiKey": "K"}])
def test_whatever_is_changed_is_noticed(changed):
    signed = signature.sign(FULL, "SECRET")
    assert signature.verify(FULL, signed, "SECRET")
    assert not signature.verify(FULL | changed, signed, "SECRET")
    assert not signature.verify(FULL, signed, "secret")


@pytest.mark.parametrize("wrong", ["", "x", "é", "\ud800", "y2GCKKzxioJz0ZPd0CXRRvRgSGY", "A" * 5000])
def test_what_is_no_signature_is_refused(wrong):
    assert not signature.verify(FULL, wrong, "SECRET")


def authenticate(parameters, callers, clock, key="KEY", secret="SECRET"):
    parameters = {"command": "listZones", "apiKey": key} | parameters
    signed = parameters | {"signature": signature.sign(parameters, secret)}
    return signature.authenticate(signed, callers, clock)


@pytest.mark.parametrize(
    "expires",
    [
        "2026-01-31T10:00:01Z",
        "2026-01-31T10:00:01+0000",
        "2026-01-31T10:00:01+00:00",
        "2026-01-31T10:00:01.500000+0000",
        "2026-01-31T10:00:01Z+0000",
        "2026-01-31T12:00:01+0200",
        "2026-01-31T10:00:00Z",
    ],
)
def test_a_signature_holds_until_it_expires(expires, callers, clock):
    known = {"signatureVersion": "3", "expires": expires}
    assert authenticate(known, callers, clock).user == "user-Admin"
    clock.advance(2_000_000)
    with pytest.raises(Unauthenticated):
        authenticate(known, callers, clock)


@pytest.mark.parametrize("expires", ["", "tomorrow", "2030-01-01", "2030-01-01T00:00:00", "2030-13-01T00:00:00Z"])
def test_version_3_needs_a_time_that_can_be_read(expires, callers, clock):
    with pytest.raises(Unauthenticated):
        authenticate({"signatureVersion": "3", "expires": expires}, callers, clock)


def test_version_3_needs_a_time(callers, clock):
    with pytest.raises(Unauthenticated):
        authenticate({"signatureversion": "3"}, callers, clock)


def test_without_version_3_a_time_is_signed_but_not_looked_at(callers, clock):
    assert authenticate({"expires": "2001-01-01T00:00:00Z"}, callers, clock).user == "user-Admin"


@pytest.mark.parametrize("missing", ["apiKey", "signature"])
def test_key_and_signature_are_both_needed(missing, callers, clock):
    parameters = {"command": "listZones", "apiKey": "KEY", "signature": "x"}
    del parameters[missing]
    with pytest.raises(Unauthenticated):
        signature.authenticate(parameters, callers, clock)
    assert callers.asked == []


@pytest.mark.parametrize("key", ["K\0", "K" * 256])
def test_what_can_be_nobodys_key_is_not_looked_for(key, callers, clock):
    with pytest.raises(Unauthenticated):
        authenticate({}, callers, clock, key=key)
    assert callers.asked == []


@pytest.mark.parametrize(
    ("known", "accepted"),
    [
        ({}, False),
        ({"expires": "2026-01-31T10:05:00Z"}, False),
        ({"signatureVersion": "2", "expires": "2026-01-31T10:05:00Z"}, False),
        ({"signatureVersion": "3", "expires": "2026-01-31T10:15:00Z"}, True),
        ({"signatureVersion": "3", "expires": "2026-01-31T10:15:01Z"}, False),
        ({"signatureVersion": "3", "expires": "2026-01-31T09:59:59Z"}, False),
    ],
)
def test_strictly_a_signature_ends_within_a_quarter_of_an_hour(known, accepted, callers, clock):
    parameters = {"command": "listZones", "apiKey": "KEY"} | known
    signed = parameters | {"signature": signature.sign(parameters, "SECRET")}
    if accepted:
        assert signature.authenticate(signed, callers, clock, strictly=True).user == "user-Admin"
    else:
        with pytest.raises(Unauthenticated):
            signature.authenticate(signed, callers, clock, strictly=True)


def test_an_unknown_key_is_refused_like_a_wrong_signature(callers, clock):
    with pytest.raises(Unauthenticated) as unknown:
        authenticate({}, callers, clock, key="NOBODY")
    with pytest.raises(Unauthenticated) as wrong:
        authenticate({}, callers, clock, secret="WRONG")
    assert str(unknown.value) == str(wrong.value)


def test_a_name_that_is_signed_like_several_parameters_hides_none_of_them(callers, clock):
    asked = {"command": "listZones", "response": "json", "apiKey": "KEY"} | {"signatureVersion": "3", "expires": "2020"}
    proof = signature.sign(asked, "SECRET")
    hidden = {"command": "listZones", "apiKey": "KEY", "expires": "2020", "response=json&signatureVersion": "3"}
    spelled = [signature.canonical(each, signature.strict, signature.as_received) for each in (asked, hidden)]
    assert spelled[0] == spelled[1]
    with pytest.raises(Unauthenticated):
        signature.authenticate(hidden | {"signature": proof}, callers, clock)


def test_a_caller_does_not_show_its_secret(callers):
    assert "SECRET" not in repr(callers.find("KEY"))
