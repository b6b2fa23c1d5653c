"""What every kit is made of: deviations need reasons, purity is watched, errors have to help."""

import contextlib
import os
import random
import subprocess
import threading
import time

import pytest

from stratiform.api.adapters.hypervisor import Hypervisor, NotRunning
from stratiform.api.testing.contract import Contract, deviates, explained
from stratiform.api.testing.purity import Impure, pure
from stratiform.framework.base import errors


class Kit(Contract):
    protocol = Hypervisor

    def test_promise(self):
        pass


def test_a_replaced_test_without_a_reason_is_refused():
    with pytest.raises(TypeError, match="Sloppy replaces test_promise of its contract"):

        class Sloppy(Kit):
            def test_promise(self):
                pass


def test_a_test_that_was_taken_away_is_refused():
    with pytest.raises(TypeError, match="replaces test_promise"):

        class Sloppy(Kit):
            test_promise = None


def test_a_test_that_another_base_replaces_is_refused():
    class Mixin:
        def test_promise(self):
            pass

    with pytest.raises(TypeError, match="replaces test_promise"):

        class Sloppy(Mixin, Kit):
            pass


def test_a_deviation_with_a_reason_is_kept_and_told():
    class Honest(Kit):
        @deviates("the hardware has no clock")
        def test_promise(self):
            pass

    class Heir(Honest):
        pass

    assert Heir.deviations() == {"test_promise": "the hardware has no clock"}
    assert Kit.deviations() == {}


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_empty_reason_is_none(reason):
    with pytest.raises(ValueError, match="needs a reason"):
        deviates(reason)


def test_further_tests_and_fixtures_are_welcome():
    class More(Kit):
        def test_of_my_own(self):
            pass

        @pytest.fixture
        def adapter(self):
            return object()

    assert More.deviations() == {}


@pytest.mark.parametrize(
    "impure",
    [
        lambda: open("/dev/null").close(),
        lambda: os.open("/dev/null", os.O_RDONLY),
        lambda: subprocess.run(["true"]),
        lambda: time.sleep(0),
        lambda: os.remove("/nowhere/at/all"),
        lambda: os.system("true"),
    ],
)
def test_what_reaches_outside_is_caught(impure):
    with pytest.raises(Impure), pure():
        impure()


def test_what_hides_its_failure_is_caught_too():
    def sly():
        with contextlib.suppress(AssertionError):
            open("/dev/null").close()

    with pytest.raises(Impure, match="open"), pure():
        sly()


def test_what_changes_its_arguments_is_caught():
    given = {"hosts": [1, 2]}
    with pytest.raises(Impure, match="changed"), pure(given):
        given["hosts"].pop()


def test_an_error_inside_is_told_as_it_is():
    with pytest.raises(ZeroDivisionError), pure():
        print(1 / 0)


def test_thinking_is_pure_and_other_threads_are_not_watched():
    other = threading.Thread(target=lambda: open("/dev/null").close())
    with pure([1]):
        random.Random(1).shuffle(list(range(100)))
    other.start()
    with pure():
        other.join()
    open("/dev/null").close()


def test_an_error_that_helps_passes():
    explained(NotRunning(name="i-2-42-VM.1"), "i-2-42-VM.1")


@pytest.mark.parametrize(
    "error",
    [errors.Error(reason="x. Do y."), errors.Unreachable(address="a", reason="b"), NotRunning(name="other")],
)
def test_an_error_that_does_not_help_is_caught(error):
    with pytest.raises(AssertionError):
        explained(error, "i-2-42-VM.1")
