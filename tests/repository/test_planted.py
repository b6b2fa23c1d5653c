"""The planted bugs are where they are said to be, and the page lists them as they are."""

import pytest
from tests.planted import page
from tests.planted.bug import ROOT
from tests.planted.bugs import BUGS


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len({bug.name for bug in BUGS}) == len(BUGS) > 40


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_place_of_a_bug_is_there_once_and_its_tests_exist(bug):
    texts = {edit.path: edit.path.read_text() for edit in bug.edits}
    for edit in bug.edits:
        texts[edit.path] = edit.apply(texts[edit.path])
    for file, text in texts.items():
        compile(text, file, "exec")
    for test in bug.caught_by:
        file, _, function = test.partition("::")
        assert f"\ndef {function}(" in (ROOT / "tests" / file).read_text(), test


def test_the_page_is_current():
    assert page.render(page.PAGE.read_text()) == page.PAGE.read_text(), "run python -m tests.planted.page"
