"""The simulator's process: one for a directory, started by whoever needs it first, outliving them all."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec

from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.farend import Answer
from stratiform.framework.agents.fate import Outcome, done, failed
from stratiform.framework.agents.frame import Reply, Request, pack
from stratiform.framework.agents.message import verbs
from stratiform.framework.agents.socket import serve
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import Error
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.telemetry.logs import Format, configure, get_logger
from stratiform.plugins.hypervisor.simulator.client import SimulatorClient
from stratiform.plugins.hypervisor.simulator.control import CONTROL, Control
from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.simulator import Simulator
from stratiform.plugins.hypervisor.simulator.state import State
from stratiform.plugins.hypervisor.simulator.steering import Steering

log = get_logger(__name__)

PACKAGE = "stratiform.plugins.hypervisor.simulator"
START_SECONDS = 30


class NotStarted(Error):
    """The simulator did not start ({reason}). Look into its log, {log}."""

    code = "simulator_not_started"


def start(data: Path, seed: int = 0) -> None:
    """Return once a simulator serves the directory; start one, apart from this process, if none does.

    Any number of processes may call it at once. Raises `NotStarted`.
    """
    place = Place(data)
    if place.serves():
        return
    with place.locked("simulator.start.lock"):
        if place.serves():
            return
        command = [sys.executable, "-m", PACKAGE, "--data", str(place.data), "--seed", str(seed), "--detach"]
        try:
            with place.log.open("ab") as out:
                subprocess.run(
                    command,
                    check=True,
                    timeout=START_SECONDS,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                )
        except subprocess.SubprocessError as error:
            raise NotStarted(reason=str(error), log=str(place.log)) from error


def stop(data: Path) -> None:
    """End the simulator that serves the directory, wait until it is gone, and forget its hosts and disks.

    Does nothing where there is none.
    """
    place = Place(data)
    if not place.data.exists():
        return
    with place.locked("simulator.start.lock"):
        if place.serves():
            with SimulatorClient(data) as client:
                client.shutdown()
        with place.locked("simulator.lock"):
            place.forget()


def run(data: Path, seed: int, *, detach: bool) -> None:
    """Be the simulator of a directory until it is shut down; waits until an earlier one has ended.

    With `detach` a child is the simulator, and this returns once it listens; raises SystemExit if it failed.
    """
    place = Place(data)
    with place.locked("simulator.lock"):  # a child holds it too, and goes on doing so
        if not detach:
            return _serve(place, seed)
        told, tell = os.pipe()
        if os.fork():
            os.close(tell)
            if os.read(told, 1) != b"!":
                sys.exit("the simulator ended before it listened")
            return None
        _serve(place, seed, tell)
        os._exit(0)


def _serve(place: Place, seed: int, tell: int | None = None) -> None:
    configure(sys.stderr, Format.JSON, "warning")
    threads, clock = SystemThreads(), SystemClock()
    state = State(place.state)
    clerk = Clerk("simulator", threads, clock)
    simulator = Simulator(state, clerk, clock, seed)
    place.pid.write_text(str(os.getpid()))
    steering = Steering(simulator, lambda: server.retire())
    server = serve(place.address(), partial(_receive, simulator, steering), threads)
    if tell is not None:
        os.write(tell, b"!")
        os.close(tell)
    with suppress(KeyboardInterrupt):
        clerk.join()
    server.close()
    state.close()


def _receive(
    simulator: Simulator, steering: Steering, frame: bytes, reply: Callable[[bytes], None]
) -> None:
    try:
        request = msgspec.json.decode(frame, type=Request)
    except msgspec.DecodeError as error:
        log.warning("not a request", reason=str(error))
        return

    def answer(answered: Reply) -> None:
        reply(pack(answered))

    if request.resource == CONTROL:
        simulator.clerk.post(partial(_steer, simulator, steering, request, answer))
    else:
        simulator.receive(request, answer)


def _steer(simulator: Simulator, steering: Steering, request: Request, answer: Answer) -> None:
    outcome = _steered(steering, request)
    simulator.state.sync()
    answer(
        Reply(
            act=request.act,
            resource=CONTROL,
            command=request.command,
            fate=outcome.fate,
            answer=outcome.answer,
            error=outcome.error,
        )
    )


def _steered(steering: Steering, request: Request) -> Outcome:
    try:
        assert request.message is not None
        return done(verbs(Control, steering)[request.message.verb](request.message))
    except Error as error:
        return failed(error)
