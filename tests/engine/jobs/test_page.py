"""The jobs as they are told of: a page that is as the code is, and steps that say what they do."""

import importlib.util
import inspect
import pathlib

import pytest

from stratiform.engine.api import program

TOOL = pathlib.Path(__file__).parents[3] / "tools/jobs_page.py"

STEPS = [
    pytest.param(step, id=f"{job.name}.{step.name}") for job in program.registry.jobs.values() for step in job.steps
]


@pytest.mark.skipif(not TOOL.exists(), reason="the page is the repository's")
def test_the_page_is_current():
    spec = importlib.util.spec_from_file_location("jobs_page", TOOL)
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    assert page.PAGE.read_text() == page.render(), "run tools/jobs_page.py"


@pytest.mark.parametrize("step", STEPS)
def test_each_step_says_in_a_sentence_what_it_does(step):
    for function in filter(None, (step.run, step.reverse)):
        said = inspect.getdoc(function)
        assert said, function
        assert said.endswith("."), said
        assert "\n\n" not in said, "one sentence is what `job show` has room for"
