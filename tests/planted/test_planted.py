"""Bugs that somebody might make, planted one by one in a copy of the code: the tests notice each of them."""

import pytest
from tests.planted.planting import carry_out, plant


@pytest.fixture(scope="session")
def sound(request, tmp_path_factory):
    """What becomes of the tests of all bugs of this run while none is planted."""
    bugs = [item.callspec.params["bug"] for item in request.session.items if "bug" in item.fixturenames]
    tests = sorted({test for bug in bugs for test in bug.tests})
    databases = ",".join(sorted({bug.database for bug in bugs}))
    return carry_out(tests, tmp_path_factory.mktemp("sound"), databases=databases, limit=600)


def test_a_planted_bug_is_caught(bug, sound, tmp_path, told):
    assert [test for test in bug.tests if not sound.passed(test)] == [], f"without the bug:\n{sound.output}"
    before = plant(bug, tmp_path)
    modules = [edit.module for edit in bug.edits]
    found = carry_out(bug.tests, tmp_path, databases=bug.database, before=before, modules=modules)
    assert found.slip is None, found.output
    missed = [test for test in bug.tests if not (found.ended and found.failed(test))]
    told.append((bug.name, "nothing" if missed else ", ".join(bug.caught_by), f"{found.seconds:.1f}"))
    assert missed == [], f"{bug.harm}\n{found.output}"
