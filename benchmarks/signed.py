"""A signed, authorised and validated command against a bare Falcon answer of the same size, both served by waitress.

Prints the CPU that the server spends on a request of either kind, and their ratio, on SQLite; trust the ratio.
"""

import logging
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
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

REQUESTS = 2_000
ROUNDS = 7
CONNECTIONS = 4
THREADS = 4
COMMANDS = {
    "listCapabilities": {},
    "listApis": {"name": "listZones"},
    "listZones": {},
}
BARE = "/bare"


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


def signer(server: Server) -> Callable[[str, dict[str, str]], str]:
    """Signs as the administrator: the address of a command."""
    with use(begin(server.world.ids, "bench")), server.database.transaction() as tx:
        user = tx.execute(sqlalchemy.select(account_user.c.uuid)).scalars().first()
        pair = server.keys.issue(tx, user)

    def address(command: str, parameters: dict[str, str]) -> str:
        asked = {"command": command, "response": "json", "apiKey": pair.api_key, **parameters}
        return f"/client/api?{urlencode(asked | {'signature': signature.sign(asked, pair.secret)})}"

    return address


def measure(server: Server, bare: Bare, other: Serving, asking: Client) -> None:
    """Print a line for each command."""
    address = signer(server)
    for command, parameters in COMMANDS.items():
        target = address(command, parameters)
        bare.take(server.serving.port, target)
        rounds = []
        for number in range(ROUNDS + 1):
            pair = asking.ask(other.port, BARE), asking.ask(server.serving.port, target)
            if number:  # the first warms up
                rounds.append((*pair, pair[1] / pair[0]))
        plain, signed, ratio = map(statistics.median, zip(*rounds, strict=True))
        print(f"{command}: {len(bare.body)} bytes, {signed:.0f} us, bare Falcon {plain:.0f} us, ratio {ratio:.2f}")


def main() -> None:
    """Serve both, ask both in turns."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), port=0, threads=THREADS)
        bootstrap.prepare(settings)
        server = bootstrap.compose(settings)
        bare, app = Bare(), falcon.App()
        app.add_route(BARE, bare)
        other = Serving(app, "127.0.0.1", 0, THREADS)
        asking = Client()
        for each in (server.serving, other):
            threading.Thread(target=each.run, daemon=True).start()
        try:
            measure(server, bare, other, asking)
        finally:
            asking.close()
            server.serving.stop()
            other.stop()
            server.stop()


if __name__ == "__main__":
    client() if sys.argv[1:] == ["client"] else main()
