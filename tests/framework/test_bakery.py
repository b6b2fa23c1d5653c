"""The guide's bakery, run from the page itself: here the framework may be all that is installed."""

import pathlib
import re

PAGE = pathlib.Path(__file__).parents[2] / "docs/framework/bakery.md"


def test_the_bakery_of_the_guide_runs_on_the_framework_alone():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 7
    exec(compile("\n".join(blocks), str(PAGE), "exec"), {"__name__": "bakery"})
