"""Whatever arrives, the answer is the protocol's own: never a 500, never HTML."""

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratiform.api import registry
from stratiform.server.handlers.table import OWN
from stratiform.server.request import Asked

KNOWN = {"deployVirtualMachine", "listApis", "listAsyncJobs", "listCapabilities", "queryAsyncJobResult"}
"""Commands with a handler of their own that the cloud in memory is enough for; test_generator has a whole one."""
COMMANDS = {name: each for name, each in registry.collect().items() if name in KNOWN or name not in OWN}
STATUSES = {200, 400, 401, 405, 429, 430, 431, 432, 503, 511, 530, 531, 532, 533, 534, 535, 536, 537}
FORM = "application/x-www-form-urlencoded"

settings.register_profile("server", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("server")

UNSENDABLE = set("=&+%#")
"""What Falcon's client cannot send in a name: it encodes only values."""
NAMES = sorted({each.name for command in COMMANDS.values() for each in (*command.parameters, *command.refused)})
texts = st.text(st.characters(codec="utf-8"), max_size=40)
values = st.one_of(
    texts,
    st.sampled_from(["", "-1", "0", "true", "json", "2026-01-31", "\x00", "١", "1e400", "9" * 400, "a" * 300]),
    st.uuids().map(str),
    st.lists(st.uuids().map(str), max_size=3).map(",".join),
    st.integers().map(str),
)
names = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(["details[0].a", "ids[0]", "[", "]", "a[", "details[99999999999].x", "page", "PAGESIZE"]),
    texts,
)


def check(answer):
    assert answer.status_code in STATUSES
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    [(wrapper, body)] = orjson.loads(answer.content).items()
    assert wrapper.endswith("response")
    assert answer.status_code == body.get("errorcode", 200)
    return body


@given(command=st.sampled_from(sorted(COMMANDS)), more=st.dictionaries(names, values, max_size=6), data=st.data())
def test_signed_requests_with_any_parameters(client, command, more, data):
    key = data.draw(st.sampled_from(["KEY", "TENANT"]))
    example = {**COMMANDS[command].example}
    for name in data.draw(st.sets(st.sampled_from(sorted(example)))) if example else ():
        example[name] = data.draw(values)
    reserved = {"command", "response", "apikey", "signature", "signatureversion", "expires"}
    given = {name: value for name, value in (example | more).items() if name.lower() not in reserved}
    parameters = {name: value for name, value in given.items() if name and not set(name) & UNSENDABLE}
    client.wrapped(command, key, **parameters)
    body = check(client.last)
    assert body.get("errorcode") != 401
    assert body.get("errorcode") != 530 or command == "listApis"


@given(
    query=st.one_of(st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")), texts),
    body=st.binary(max_size=200),
)
def test_any_bytes_at_all(client, query, body):
    query = query.replace("#", "").replace("?", "")
    api = client.http.app._sinks[0][1]
    for form in (b"", body, b"command=listZones&apiKey=KEY&signature=" + body):
        reply = api._dispatcher.answer(Asked(query=f"response=json&{query}", form=form), api._door)
        if reply.content_type.startswith("application/json"):
            assert int(reply.status[:3]) in {401, 431}
            assert orjson.loads(reply.body)
        else:
            assert reply.body.startswith(b"<?xml")


@given(query=st.binary(max_size=80))
def test_any_query_over_http(client, query):
    raw = "".join(f"%{each:02x}" if each < 33 or each > 126 or each in b'"#<>?' else chr(each) for each in query)
    answer = client.http.simulate_get("/client/api", query_string=raw)
    assert answer.status_code in {401, 431}
    assert answer.headers["Content-Type"] in ("application/json; charset=UTF-8", "text/xml; charset=UTF-8")
