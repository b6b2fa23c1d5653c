"""What a command is about: read from its message without carrying it out."""

import msgspec

from stratiform.framework.agents.frame import Request
from stratiform.plugins.hypervisor.simulator.rule import Target
from stratiform.plugins.hypervisor.simulator.state import State


class _Thing(msgspec.Struct, frozen=True):
    uuid: str = ""
    name: str = ""
    path: str = ""


class _Body(msgspec.Struct, frozen=True):
    vm: _Thing = _Thing()
    volume: _Thing = _Thing()
    pool: _Thing = _Thing()
    name: str = ""


_decoder = msgspec.json.Decoder(_Body)


def target(state: State, request: Request) -> Target:
    """What a command is about; a name that runs on the host is looked up, so that its UUID is known too."""
    uuid, name = _subject(request)
    if name and not uuid:
        statement = "SELECT uuid FROM vm WHERE host = ? AND name = ?"
        uuid = state.first(str, statement, request.resource, name) or ""
    verb = request.message.verb if request.message else ""
    return Target(host=(request.resource, request.address), verb=verb, subject=(uuid, name))


def _subject(request: Request) -> tuple[str, str]:
    if request.message is None:
        return "", ""
    try:
        body = _decoder.decode(request.message.body)
    except msgspec.DecodeError:
        return "", ""
    thing = next((each for each in (body.vm, body.volume, body.pool) if each.uuid), _Thing(name=body.name))
    return thing.uuid, thing.path or thing.name
