"""What every test of the repository may use; copied along when a distribution is tested alone."""

import os
import pathlib

import pytest

HERE = pathlib.Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    default = int(os.environ.get("STRATIFORM_SAMPLE", "0")) or None
    parser.addoption("--sample", type=int, default=default, help="how many cases a crash or scale test takes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/crash and tests/scale, so that it is run by the session of that name alone."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in ("crash", "scale"):
            item.add_marker(folder)


@pytest.fixture(scope="session")
def sample(request: pytest.FixtureRequest) -> int | None:
    """How many cases to take, from `--sample` or STRATIFORM_SAMPLE; None leaves it to the test."""
    size: int | None = request.config.getoption("--sample")
    return size
