"""What every test of the repository may use; copied along when a distribution is tested alone."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

import pytest
from tests import postgres

HERE = pathlib.Path(__file__).parent
DATABASES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    default = int(os.environ.get("STRATIFORM_SAMPLE", "0")) or None
    parser.addoption("--sample", type=int, default=default, help="how many cases a crash or scale test takes")
    parser.addoption(
        "--databases", default=",".join(DATABASES), help="what tests of a database run on: sqlite, postgresql or both"
    )


def pytest_configure(config: pytest.Config) -> None:
    unknown = chosen(config) - set(DATABASES)
    if unknown:
        raise pytest.UsageError(f"--databases is one or more of {', '.join(DATABASES)}, not {', '.join(unknown)}")
    with contextlib.suppress(ImportError):  # where the walls alone are tested there is none
        _log_plainly()


def _log_plainly() -> None:
    """Let nobody draw every local of every frame of what fails on purpose, thousands of times: that takes minutes."""
    from structlog.dev import ConsoleRenderer, plain_traceback

    ConsoleRenderer.get_active().exception_formatter = plain_traceback


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what lies in tests/crash and tests/scale, so that it is run by the session of that name alone.

    What needs PostgreSQL is marked too, and left out where PostgreSQL is not chosen. Whole servers come first: they
    take longest, and with several processes none is to wait for the last of them.
    """
    left_out = []
    items.sort(key=lambda item: HERE / "system" not in item.path.parents)
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in ("crash", "scale"):
            item.add_marker(folder)
        if _needs_postgresql(item):
            item.add_marker("postgresql")
            if "postgresql" not in chosen(config):
                left_out.append(item)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _needs_postgresql(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    is_one_of_both = call is not None and call.params.get("dialect") == "postgresql"
    says_so = item.get_closest_marker("postgresql") is not None
    return is_one_of_both or says_so or "postgresql" in getattr(item, "fixturenames", ())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that has a database, or says that it wants each `dialect`, runs once for each of `--databases`."""
    if "dialect" in metafunc.fixturenames:
        metafunc.parametrize("dialect", [each for each in DATABASES if each in chosen(metafunc.config)])


def chosen(config: pytest.Config) -> set[str]:
    """What tests of a database run on."""
    return set(config.getoption("--databases").split(","))


@pytest.fixture(scope="session")
def sample(request: pytest.FixtureRequest) -> int | None:
    """How many cases to take, from `--sample` or STRATIFORM_SAMPLE; None leaves it to the test."""
    size: int | None = request.config.getoption("--sample")
    return size


@pytest.fixture(scope="session")
def postgresql() -> Iterator[object]:
    """The PostgreSQL of this run, started when the first test wants it; whoever wants it fails if it cannot be."""
    from stratiform.framework.testing.databases import Postgres

    with postgres.server() as url, contextlib.closing(Postgres(url)) as server:
        yield server
