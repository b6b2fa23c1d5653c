"""A signed, authorised and validated command against the same request answered by a bare Falcon with the same bytes.

Both are served by waitress, in turns. Prints the CPU that a server spends on a request, on SQLite, and the ratio;
trust the ratio.
"""

import json
import logging
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import falcon
import sqlalchemy

from stratiform.engine.schema import account_user
from stratiform.framework.context import begin, use
from stratiform.server import bootstrap, signature
from stratiform.server.bootstrap import Server, Settings
from stratiform.server.serving import Serving

REQUESTS = 1_000
ROUNDS = 15
CONNECTIONS = 4
THREADS = 4
GOAL = 3
"""How many times the bare answer's CPU the first command may take."""


class Bare:
    """Answers the same bytes as the command did."""

    def __init__(self) -> None:
        self.status, self.kind, self.body = "200 OK", "application/json", b""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        """Answer them."""
        response.status, response.content_type, response.data = self.status, self.kind, self.body

    def take(self, port: int, target: str) -> None:
        """Learn what the server answers there."""
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("GET", target)
        answer = connection.getresponse()
        self.status, self.kind = f"{answer.status} {answer.reason}", answer.headers["Content-Type"]
        self.body = answer.read()
        connection.close()


class Client:
    """Asks from a process of its own, so that only the server's CPU is counted here."""

    def __init__(self) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, __file__, "client"], **pipes)

    def ask(self, port: int, target: str, count: int = REQUESTS) -> float:
        """Microseconds of this process's CPU for each of `count` requests."""
        began = time.process_time()
        print(port, target, count, file=self._process.stdin, flush=True)
        self._process.stdout.readline()
        return (time.process_time() - began) / count * 1e6

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait(10)


def client() -> None:
    """What the client's process does: for each line of its input, that many requests."""
    for line in sys.stdin:
        port, target, count = line.split()
        request = f"GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        share = int(count) // CONNECTIONS
        threads = [threading.Thread(target=_asks, args=(int(port), request, share)) for _ in range(CONNECTIONS)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        print("done", flush=True)


def _asks(port: int, request: bytes, count: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        for _ in range(count):
            connection.sendall(request)
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)


class Caller:
    """Signs as the administrator."""

    def __init__(self, server: Server) -> None:
        with use(begin(server.world.ids, "bench")), server.database.transaction() as tx:
            self.user = tx.execute(sqlalchemy.select(account_user.c.uuid)).scalars().first()
            self._pair = server.keys.issue(tx, self.user)
        self._port = server.serving.port

    def address(self, command: str, **parameters: str) -> str:
        """Where a command is asked for."""
        asked = {"command": command, "response": "json", "apiKey": self._pair.api_key, **parameters}
        return f"/client/api?{urlencode(asked | {'signature': signature.sign(asked, self._pair.secret)})}"

    def ask(self, command: str, **parameters: str) -> dict[str, str]:
        """What stands under the answer's wrapper."""
        taken = Bare()
        taken.take(self._port, self.address(command, **parameters))
        return next(iter(json.loads(taken.body).values()))


def measure(caller: Caller, bare: Bare, ports: tuple[int, int], asking: Client) -> None:
    """Print a line for each command: one without a statement of its own, and two with."""
    job = caller.ask("registerUserKeys", id=caller.user)["jobid"]
    commands = {"listApis": {"name": "listZones"}, "queryAsyncJobResult": {"jobid": job}, "listZones": {}}
    for command, parameters in commands.items():
        target = caller.address(command, **parameters)
        bare.take(ports[0], target)
        rounds = [(asking.ask(ports[1], target), asking.ask(ports[0], target)) for _ in range(ROUNDS)]
        plain, signed = map(statistics.median, zip(*rounds, strict=True))
        ratio = statistics.median(mine / bare for bare, mine in rounds)
        goal = f" (goal: {GOAL})" if command == "listApis" else ""
        figures = f"{signed:.0f} us, bare Falcon {plain:.0f} us: {ratio:.2f} times"
        print(f"{command}, {len(bare.body)} bytes: {figures}{goal}")


def main() -> None:
    """Serve both, ask both in turns."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), port=0, threads=THREADS)
        bootstrap.prepare(settings)
        server = bootstrap.compose(settings)
        bare, app = Bare(), falcon.App()
        app.add_route("/client/api", bare)
        other = Serving(app, "127.0.0.1", 0, THREADS)
        asking = Client()
        for each in (server.serving, other):
            threading.Thread(target=each.run, daemon=True).start()
        try:
            measure(Caller(server), bare, (server.serving.port, other.port), asking)
        finally:
            asking.close()
            server.serving.stop()
            other.stop()
            server.stop()


if __name__ == "__main__":
    client() if sys.argv[1:] == ["client"] else main()
