"""Calls a server as clients do, unsigned or signed, and finds every answer as it must be."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse
from http.client import HTTPConnection

from tests.system.bringup import conform

DEADLINE = 60


class Refused(Exception):
    """The server refused: its status and what it said."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Caller:
    """One caller: of the integration port without keys, else signing by them."""

    def __init__(self, host, port, path="/client/api", keys=None):
        self.address = (host, port)
        self.path = path
        self.keys = keys

    def __call__(self, command, /, **parameters):
        """What stands inside the answer; of an asynchronous command the object of its job's result, or success."""
        given = {"command": command, "response": "json"} | {k: _text(v) for k, v in parameters.items()}
        if self.keys:
            given = self._signed(given | {"apiKey": self.keys[0]})
        inner = conform.check(command, self.get(given))
        if "jobid" not in inner or command == "queryAsyncJobResult":
            return inner
        return self._result(command, inner)

    def get(self, parameters):
        """The body of an answer. Raises `Refused`."""
        connection = HTTPConnection(*self.address, timeout=DEADLINE)
        try:
            connection.request("GET", f"{self.path}?{urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)}")
            answer = connection.getresponse()
            body = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(answer.status, body)
        return body

    def _result(self, command, inner):
        until = time.monotonic() + DEADLINE
        while (job := self("queryAsyncJobResult", jobid=inner["jobid"]))["jobstatus"] == 0:
            assert time.monotonic() < until, f"{command} still {job}"
        if job["jobstatus"] != 1:
            raise Refused(job["jobresultcode"], job["jobresult"])
        conform.check_result(command, job["jobresult"])
        ((_, found),) = job["jobresult"].items()
        if "id" in inner:
            assert found["id"] == inner["id"]
        return found

    def _signed(self, given):
        pairs = sorted(given.items())
        text = "&".join(f"{name}={urllib.parse.quote(value, safe='*')}" for name, value in pairs).lower()
        mac = hmac.new(self.keys[1].encode(), text.encode(), hashlib.sha1).digest()
        return given | {"signature": base64.b64encode(mac).decode()}


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
