"""Events in words, made when somebody reads them."""

from collections.abc import Mapping

PARTICIPLES: Mapping[str, str] = {
    "CANCEL": "taken out of maintenance",
    "CONFIGURE": "configured",
    "CREATE": "created",
    "DELETE": "removed",
    "DESTROY": "destroyed",
    "EDIT": "changed",
    "EXPUNGE": "expunged",
    "KEYPAIR": "registered",
    "MIGRATE": "moved to another host",
    "PREPARE": "prepared for maintenance",
    "REBOOT": "rebooted",
    "RECOVER": "recovered",
    "START": "started",
    "STOP": "stopped",
    "UPDATE": "changed",
}
"""What was done, by the last word of the event's name."""

SENTENCES: Mapping[str, str] = {
    "HOST.DISCONNECTED": "does not answer",
    "HOST.UP": "answers",
    "REGISTER.USER.KEY": "was given a key",
    "DELETE.USER.KEY": "lost a key",
    "JOB.CANCEL": "was told to end and to undo what it did",
    "JOB.HOLD": "was told to wait",
    "JOB.PRIORITIZE": "was given another place in its queue",
    "JOB.RELEASE": "was told to go on",
    "JOB.RETRY": "was filed anew",
    "SHARE.UPDATE": "was given another weight",
    "USER.LOGIN": "has logged in",
    "USER.LOGOUT": "has logged out",
}
"""What else happens, by the whole name."""

_NOUNS = {
    "vm": "virtual machine",
    "os_type": "type of operating system",
    "share": "account",
    "ssh_key_pair": "SSH key pair",
}


def describe(event: str, kind: str, name: str, *, done: bool = True, failed: bool = False) -> str:
    """What happened to the thing of this kind and name, as a sentence.

    `done` is whether it is over; `failed`, whether it came to nothing.
    """
    noun = _NOUNS.get(kind, kind.replace("_", " "))
    return f"{noun[:1].upper()}{noun[1:]} {name} {_predicate(event, done=done, failed=failed)}"


def _predicate(event: str, *, done: bool, failed: bool) -> str:
    if event in SENTENCES:
        return SENTENCES[event]
    participle = PARTICIPLES.get(event.rpartition(".")[2])
    if participle is None:
        return f"met with {event}"
    return f"could not be {participle}" if failed else f"was {participle}" if done else f"is being {participle}"
