"""What the pages say is so: their examples run, in order, and their links lead somewhere.

A fenced block of `python` runs in the page's own namespace; of `console`, its `$` lines run in the page's own
folder and must print what stands below them (`...` for anything). A fence that says `no-run` is only read.
"""

import doctest
import pathlib
import re
import subprocess
from dataclasses import dataclass

import pytest

from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.provider import simulator

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/**/README.md")})
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?!\w+:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block that is to be run."""

    language: str
    text: str
    line: int


def blocks(page: pathlib.Path) -> list[Block]:
    """Return the blocks of a page that are to be run, in order."""
    found = []
    for fence in FENCE.finditer(page.read_text()):
        language, *options = fence["info"].split() or [""]
        if language in ("python", "console") and "no-run" not in options:
            line = fence.string.count("\n", 0, fence.start()) + 2
            found.append(Block(language=language, text=fence["text"], line=line))
    return found


def name(page: pathlib.Path) -> str:
    """Return what a page is called in the report."""
    return f"{page.relative_to(ROOT)}"


def anchors(page: pathlib.Path) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def converse(text: str, folder: pathlib.Path) -> None:
    """Run the commands of a console block and compare what they print, where the block says it."""
    for said in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = said.partition("\n")
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(command, shell=True, cwd=folder, timeout=50, **streams)
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        same = doctest.OutputChecker().check_output(expected, done.stdout, doctest.ELLIPSIS)
        assert same or not expected.strip(), f"$ {command}\n{done.stdout}"


@pytest.fixture
def folder(tmp_path):
    """A folder for a page, whose simulated hosts end with its test, though they outlive servers."""
    yield tmp_path
    for data in tmp_path.iterdir():
        if data.is_dir() and Place(data).serves():
            simulator.retire(data)


@pytest.mark.parametrize("page", [*filter(blocks, PAGES)], ids=name)
def test_the_examples_run(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    namespace = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python":
            source = "\n" * (block.line - 1) + block.text        # so that a traceback names the page's line
            exec(compile(source, f"{page}", "exec", dont_inherit=True), namespace)
        else:
            converse(block.text, folder)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_links_lead_somewhere(page):
    for link in LINK.finditer(FENCE.sub("", page.read_text())):
        target = page.parent / link["path"] if link["path"] else page
        assert target.exists(), link[0]
        assert not link["anchor"] or link["anchor"] in anchors(target), link[0]
